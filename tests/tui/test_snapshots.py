"""Each screen's text at two sizes, beside the text it had when somebody last looked at it.

GENEARENA_SNAPSHOTS=write pytest tests/tui/test_snapshots.py writes them anew; look at the difference
before committing it.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from fake_arena import FakeArena, a_status, a_table, at_rest, drive, make_app, screen_text, until

from engine.machine import Load
from tui.questions.genelist import Contestant, GeneList, Listed
from tui.questions.maps import Dot, GeneMap, Mapped

pytestmark = pytest.mark.usefixtures("many_colours")
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
    "cell": (("3", "enter"), "AUC .900 [.800, .960]"),
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
async def test_the_screen_looks_as_it_did(name, size, monkeypatch):
    monkeypatch.setattr("engine.machine.Machine", lambda: SimpleNamespace(look=lambda: LOAD))
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
    as_it_was(f"{name}-{size[0]}x{size[1]}", shown)


def a_mapped_task(places: int = 40) -> tuple[GeneList, GeneMap]:
    """Genes on two rings, one a class, so that every nearest is known; some are told apart wrongly."""
    classes, genes, dots = ("short", "tall"), [], []
    for place in range(places):
        label, at = place % 2, 2 * math.pi * place / places
        ring, gene, error = 0.35 + 0.1 * label, f"G{place:02}", (place * 7 % places) / places
        text = f"{gene}: gene number {place}. Gene type: protein-coding."
        genes.append(Listed(gene, label, text, "", error, 0.05, 4))
        x, y = 0.5 + ring * math.cos(at), 0.5 + ring * math.sin(at)
        dots.append(Dot(gene, x, y, label, error, 0.05, 4, place % 6))
    near = [
        tuple(((place + step) % places, 0.95 - step / 50) for step in range(1, 9))
        for place in range(places)
    ]
    genes.sort(key=lambda item: -item.error)
    of, drawn = (
        Contestant("tall", "mini", "paper", "facts", False, True, "hash"),
        Mapped("mini", "tall", "paper", "facts"),
    )
    return GeneList(of, classes, genes), GeneMap(
        drawn, "pca", "", classes, dots, (0.27, 0.04), 384, 10, 0.8, 0.5, near, 0
    )


async def test_genes_with_a_map_look_as_they_did():
    arena = an_arena("genes")
    listed, drawn = a_mapped_task()
    arena.gene_lists, arena.drawn_maps = {listed.of: listed}, [drawn]
    app = make_app(arena)
    async with drive(app, (120, 40)) as pilot:
        await pilot.press("5")
        await until(pilot, lambda: "PC1 27 %" in screen_text(app))
        await at_rest(pilot)
        shown = "\n".join(line.rstrip() for line in screen_text(app).splitlines()) + "\n"
    as_it_was("genes-map-120x40", shown)


def as_it_was(name: str, shown: str) -> None:
    """Compare what is shown with what was kept, or keep it."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("GENEARENA_SNAPSHOTS") == "write":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")
