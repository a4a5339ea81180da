"""The pictures of README and docs, and the tour: the real application on the results kept beside this file.

python tools/pictures.py               makes them all anew in docs/
python tools/pictures.py --check       says which no longer show what the application draws; 1 if any
python tools/pictures.py --record HOME keeps the results of a finished run of the sample for them

A picture carries what it shows as words, which is what --check compares. Results, time zone, cores, load
and the place where models are looked for are pinned, so that the same sources show the same anywhere.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import difflib
import html
import io
import json
import os
import re
import sys
import tarfile
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

from rich.console import Console

DOCS = Path(__file__).parents[1] / "docs"
RESULTS = Path(__file__).with_name("pictures.tar.xz")
SIZE = (120, 40)
PICTURES: dict[str, tuple[str, ...]] = {
    "plan": ("1",),
    "runs": ("2",),
    "board": ("3",),
    "cell": ("3", "enter"),
    "compare": ("escape", "4"),
    "genes": ("5", "right_square_bracket"),
    "sql": ("6", "f5"),
    "board-light": (":theme arena-light", "3"),
}
"""Picture -> keys pressed one after the other in one application; `:` starts a command."""
TOUR: tuple[tuple[str, float], ...] = (
    ("1", 3), ("down", 0.6), ("down", 0.6), ("tab", 1), ("question_mark", 3), ("escape", 0.6),
    ("2", 3), ("3", 3), ("down", 0.5), ("down", 0.5), ("right", 0.6), ("enter", 4), ("v", 2.5),
    ("escape", 1), ("4", 4), ("5", 1), ("right_square_bracket", 3), ("down", 1), ("6", 1), ("f5", 3),
    (":theme arena-light", 1), ("3", 3), ("1", 2),
)  # fmt: skip
"""Key -> seconds that what it shows stands."""
LASTING = ("keys", "pulse", "machine", "ask", "export-ask")
"""Groups of workers that end with the application."""
MODEL = "all-MiniLM-L6-v2"


# ---------------------------------------------------------------------------- the results


def record(source: Path) -> None:
    """Keep what the pictures need of a home: journals, the last run's snapshot, one model's vectors."""
    import numpy as np

    from store.home import find_home

    shards = [np.load(path) for folder in _shelves(find_home(str(source))) for path in folder.glob("*.npz")]
    vectors = io.BytesIO()
    keys, rows = (np.concatenate([shard[name] for shard in shards]) for name in ("keys", "vectors"))
    np.savez(vectors, keys=keys, vectors=rows.astype(np.float16))
    kept = {
        path.relative_to(source).as_posix(): path.read_bytes()
        for pattern in ("data/format", "data/journal/*.jsonl", "data/runner/*.json")
        for path in sorted(source.glob(pattern))
    }
    with tarfile.open(RESULTS, "w:xz", preset=9) as archive:
        for name, content in {**kept, "vectors.npz": vectors.getvalue()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def _shelves(home):
    """Where vectors of the one model may lie, whichever kernels computed them."""
    from engine.catalog.models import embedding_options, find_model
    from engine.catalog.presets import axes_for
    from engine.embedding.embed import fingerprint
    from engine.environment import LEVELS, cpu_kernels

    model = find_model(MODEL, home)
    options = embedding_options(model, axes_for("paper", {}))
    return [home.embeddings / fingerprint(model, options, "cpu", cpu_kernels(level)) for level in LEVELS]


@contextlib.contextmanager
def results() -> Iterator[object]:
    """A home with the kept results, gone at the end."""
    import numpy as np

    from engine.embedding.cache import VectorCache
    from store.home import find_home
    from store.store import Store

    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(RESULTS) as archive:
            archive.extractall(folder, filter="data")
        home = find_home(folder)
        with np.load(Path(folder) / "vectors.npz") as kept, VectorCache(_shelves(home)[0]) as shelf:
            shelf.add([row.tobytes() for row in kept["keys"]], kept["vectors"].astype(np.float32))
        store = Store(home)
        store.flush()
        store.close()
        with _the_same_everywhere(Path(folder)):
            yield home


@contextlib.contextmanager
def _the_same_everywhere(folder: Path) -> Iterator[None]:
    """Whatever a screen could ask of this machine, answered as on the one of the pictures."""
    from engine.machine import Load, Machine

    said = {"TZ": "UTC", "TERM": "xterm-256color", "COLORTERM": "truecolor", "HF_HOME": str(folder / "hub")}
    with contextlib.ExitStack() as pins:
        pins.enter_context(patch.dict(os.environ, said))
        for name in ("NO_COLOR", "SSH_CONNECTION"):
            os.environ.pop(name, None)
        pins.enter_context(patch.object(os, "cpu_count", lambda: 2))
        pins.enter_context(patch.object(os, "sched_getaffinity", lambda _: {0, 1}, create=True))
        pins.enter_context(patch.object(Machine, "look", lambda _: Load(12.0, 3 << 30, 16 << 30, ())))
        time.tzset()
        yield
    time.tzset()


# ---------------------------------------------------------------------------- driving the application


@contextlib.asynccontextmanager
async def opened(home) -> AsyncIterator[object]:
    """The application at rest on its first screen."""
    from tui.app import ArenaApp
    from tui.questions.arena import Arena

    async with ArenaApp(Arena(home)).run_test(size=SIZE) as pilot:
        await rest(pilot)
        yield pilot


async def press(pilot, key: str) -> None:
    """Press a key, or give a command, and let all that it sets off come to its end."""
    if key.startswith(":"):
        pilot.app.screen.open_command_line(key[1:])
        await pilot.pause()
        key = "enter"
    await pilot.press(key)
    await rest(pilot)


async def rest(pilot) -> None:
    """Wait until nothing is being read and the screen has stood still for a while."""
    still, before = 0, ""
    for _ in range(1200):
        await pilot.pause(0.05)
        busy = any(
            worker.group not in LASTING and not worker.is_finished for worker in list(pilot.app.workers)
        )
        now = words(pilot.app)
        still, before = (still + 1 if now == before and not busy else 0), now
        if still >= 8:
            return
    raise SystemExit("The application does not come to rest; look at what it goes on drawing.")


def painted(app) -> str:
    """The whole screen as a terminal is sent it, a line after each move of the cursor."""
    out = io.StringIO()
    console = Console(
        file=out, width=SIZE[0], height=SIZE[1], force_terminal=True, color_system="truecolor",
        legacy_windows=False,
    )  # fmt: skip
    console.print(app.screen._compositor.render_update(full=True, screen_stack=app._background_screens))
    return out.getvalue()


def words(app) -> str:
    """What the screen says, without colours."""
    lines = app.screen._compositor.render_strips()[: SIZE[1]]
    return "\n".join(line.text[: SIZE[0]].rstrip() for line in lines)


def picture(app) -> str:
    """The screen as an SVG in the application's own colours, with what it says as words."""
    colours = app.theme_variables
    drawn = app.export_screenshot(title="genearena", simplify=True)
    # Without the font's address: looking at a README should open no connection. Without a Mac's buttons.
    drawn = re.sub(r"@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r'<g transform="translate\(26,22\)">.*?</g>', "", drawn, count=1, flags=re.DOTALL)
    drawn = drawn.replace('fill="#292929"', f'fill="{colours["ga-ground"]}"')
    drawn = drawn.replace('stroke="rgba(255,255,255,0.35)"', f'stroke="{colours["ga-line"]}"')
    drawn = drawn.replace('fill="#c5c8c6" text-anchor', f'fill="{colours["ga-soft"]}" text-anchor')
    said = f"<title>genearena</title><desc>{html.escape(words(app), quote=False)}</desc>"
    return re.sub(r"(<svg [^>]*>)", lambda found: found[1] + said, drawn, count=1)


async def frames(home, names: Sequence[str]) -> AsyncIterator[tuple[str, object]]:
    """Name of a picture, and the application that shows it."""
    async with opened(home) as pilot:
        for name in names:
            for key in PICTURES[name]:
                await press(pilot, key)
            yield name, pilot.app


# ---------------------------------------------------------------------------- making and checking


async def make(home) -> None:
    """Draw every picture, and record the tour."""
    async for name, app in frames(home, list(PICTURES)):
        (DOCS / f"{name}.svg").write_text(picture(app), encoding="utf-8")
    (DOCS / "tour.cast").write_text(await tour(home), encoding="utf-8")


async def tour(home) -> str:
    """The tour for asciinema: of each frame the lines that differ from the one before."""
    header = {"version": 2, "width": SIZE[0], "height": SIZE[1], "title": "genearena"}
    events: list[tuple[float, str, str]] = [(0.0, "o", "\x1b[?25l\x1b[2J")]
    at, before = 0.1, {}
    async with opened(home) as pilot:
        for key, seconds in TOUR:
            await press(pilot, key)
            _, *parts = re.split(r"(\x1b\[\d+;\d+H)", painted(pilot.app))
            lines = (line.rstrip("\r\n") for line in parts[1::2])
            now = dict(zip(parts[::2], lines, strict=True))
            sent = "".join(move + line for move, line in now.items() if before.get(move) != line)
            events.append((round(at, 1), "o", sent))
            at, before = at + seconds, now
    events.append((round(at, 1), "o", "\x1b[0m\x1b[?25h"))
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in (header, *events))


def outdated(name: str, shown: str) -> str:
    """How what is shown differs from what the picture shows; empty if it does not."""
    path = DOCS / f"{name}.svg"
    found = (
        re.search(r"<desc>(.*?)</desc>", path.read_text(encoding="utf-8"), re.DOTALL)
        if path.exists()
        else None
    )
    had = html.unescape(found[1]) if found else ""
    if plain(had) == plain(shown):
        return ""
    return "\n".join(
        difflib.unified_diff(plain(had), plain(shown), f"docs/{name}.svg", "now", lineterm="", n=0)
    )


def plain(said: str) -> list[str]:
    """Lines without what may differ from one time to the next: measured seconds, and the blanks around."""
    said = re.sub(r"\d[\d.]* (ms|s)\b", r"# \1", said)
    return [re.sub(r"[ ─━│]+", " ", line).strip() for line in said.splitlines()]


async def check(home, names: Sequence[str] = tuple(PICTURES)) -> str:
    """What the pictures no longer show; empty if they are current."""
    found = [outdated(name, words(app)) async for name, app in frames(home, names)]
    return "\n".join(one for one in found if one)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--check", action="store_true", help="say which pictures are out of date")
    asked.add_argument(
        "--record", metavar="HOME", type=Path, help="keep the results of a run for the pictures"
    )
    options = asked.parse_args()
    if options.record:
        record(options.record)
        return
    with results() as home:
        differences = asyncio.run(check(home) if options.check else make(home))
    if differences:
        sys.exit(f"{differences}\nThese pictures are out of date: make pictures")


if __name__ == "__main__":
    main()
