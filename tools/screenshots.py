"""The README's pictures: the real application on a home that has results, one SVG a screen.

Usage: python tools/screenshots.py HOME docs [PICTURE ...]

The picture of a run wants one that is going on in HOME: genearena --home HOME run --detach ...
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from store.home import find_home
from tui.app import ArenaApp
from tui.questions.arena import Arena

SIZE = (120, 34)
SHOTS: dict[str, tuple[str, ...]] = {
    "plan": (),
    "runs": ("2",),
    "board": ("3",),
    "cell": ("3", "enter"),
    "compare": ("4",),
    "genes": ("5",),
    "sql": ("6", "f5"),
}
"""Picture -> keys pressed from the start."""


async def shoot(home: str, name: str, keys: tuple[str, ...], folder: Path) -> None:
    app = ArenaApp(Arena(find_home(home)))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(2)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(2)
        # Without the font's address: looking at a README should open no connection.
        picture = re.sub(r"@font-face \{.*?\}", "", app.export_screenshot(simplify=True), flags=re.DOTALL)
        (folder / f"{name}.svg").write_text(picture, encoding="utf-8")


def main() -> None:
    home, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(exist_ok=True)
    for name in sys.argv[3:] or SHOTS:
        asyncio.run(shoot(home, name, SHOTS[name], folder))


if __name__ == "__main__":
    main()
