"""Each screen's text at two sizes, beside the text it had when somebody last looked at it.

GENEARENA_SNAPSHOTS=write pytest tests/tui/test_snapshots.py writes them anew; look at the difference
before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_arena import FakeArena, a_status, a_table, at_rest, drive, make_app, screen_text, until

from engine.machine import Load

FOLDER = Path(__file__).parent / "snapshots"
LOAD = Load(12.0, 3 << 30, 16 << 30, ((87, 21 << 30, 80 << 30, 61),))
SHOTS = {
    "plan": ((), "enter queues the 80"),
    "plan-tasks": (("tab",), "L leaks"),
    "plan-details": (("i",), "esc or enter closes"),
    "runs": (("2",), "12 %"),
    "runs-empty": (("2",), "No run yet"),
    "board": (("3",), "above all of the paper"),
    "board-empty": (("3",), "Nothing is ranked"),
    "board-matrix": (("3", "M"), "▌mini"),
    "cell": (("3", "enter"), "AUC .900 [.800 .960]"),
    "compare": (("4",), "A better 58 %"),
    "compare-empty": (("4",), "Nothing to compare"),
    "genes": (("5",), "Text and labels FOXP2"),
    "genes-empty": (("5",), "No task can be used"),
    "sql": (("6", "f5"), "3 rows"),
    "help": (("3", "question_mark"), "Keys on Board"),
    "intake": (("I", "t", "x", "enter"), "imports it like this"),
    "leave": (("2", "q"), "A run is going on"),
    "export": (("3", "e"), "The ending chooses"),
}
"""Picture -> keys from the start, and what shows once it is complete."""


def an_arena(name: str) -> FakeArena:
    arena = FakeArena()
    if name.endswith("-empty"):
        arena.gene_errors = {}
        return arena
    arena.boards = {"lr": a_table(), "rf": a_table(auc=0.8)}
    arena.status = a_status()
    return arena


@pytest.mark.parametrize("size", [(80, 24), (200, 60)], ids=["80x24", "200x60"])
@pytest.mark.parametrize("name", SHOTS)
async def test_the_screen_looks_as_it_did(name, size, monkeypatch, soon_read):
    monkeypatch.setattr("tui.screens.plan.reading.Machine", lambda: SimpleNamespace(look=lambda: LOAD))
    monkeypatch.setattr("tui.screens.runs.reading.Machine", lambda: SimpleNamespace(look=lambda: LOAD))
    keys, wanted = SHOTS[name]
    app = make_app(an_arena(name))
    async with drive(app, size) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await at_rest(pilot)
        for key in keys:
            await pilot.press(key)
            await at_rest(pilot)
        await until(pilot, lambda: wanted in screen_text(app))
        await at_rest(pilot)
        shown = "\n".join(line.rstrip() for line in screen_text(app).splitlines()) + "\n"
    path = FOLDER / f"{name}-{size[0]}x{size[1]}.txt"
    if os.environ.get("GENEARENA_SNAPSHOTS") == "write":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")
