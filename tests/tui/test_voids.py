"""No pane ends in blank rows over a third of its height, with the sample's results on every screen."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from fake_arena import at_rest, drive, screen_text, until
from textual.widget import Widget

from tui.app import ArenaApp
from tui.questions.arena import Arena
from tui.widgets.pane import Pane, PaneTitle

SELDOM = 5.0
"""Seconds between looks at the run, which is over: each would keep the pilot waiting."""
SIZES = ((80, 24), (120, 40), (200, 60))
VIEWS = {
    "Plan": ("1",),
    "Plan, on a task": ("tab",),
    "Plan, on a protocol": ("tab",),
    "Plan, on a setting": ("tab",),
    "Runs": ("2",),
    "Board": ("3",),
    "Board, every model by every task": ("M",),
    "Cell": ("M", "enter"),
    "Compare": ("escape", "4"),
    "Genes": ("5", "right_square_bracket"),
    "Genes, one opened": ("enter",),
    "Genes, the map alone": ("escape", "m"),
    "Genes, the confidently wrong": ("m", "w"),
    "Genes, filtered": ("w", "slash", "z", "n", "f", "enter"),
    "SQL": ("6",),
    "SQL, a long result": ("f5",),
}
"""View -> the keys to it from the one before."""


@pytest.fixture(scope="module")
def sample():
    """A home with the finished run of the sample that the pictures are made of."""
    path = Path(__file__).parents[2] / "tools" / "pictures.py"
    spec = importlib.util.spec_from_file_location("pictures", path)
    pictures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pictures)
    with pictures.results() as home:
        yield home


def voids(app) -> dict[str, tuple[int, int]]:
    """Id of each framed pane that is shown -> the blank rows it ends in, and the rows inside it."""
    lines = screen_text(app).splitlines()
    found = {}
    for pane in app.screen.query(Widget):
        if not isinstance(pane, Pane) and not pane.has_class("framed"):
            continue
        inside = pane.content_region
        titles = sum(title.display for title in pane.query(PaneTitle))
        rows = [lines[y][inside.x : inside.right] for y in range(inside.y + titles, inside.bottom)]
        if rows and pane.display and all(node.display for node in pane.ancestors if node.is_attached):
            blank = len(rows) - max((at for at, row in enumerate(rows, 1) if row.strip()), default=0)
            found[pane.id] = blank, len(rows)
    return found


def too_void(app) -> list[str]:
    """Those over a third of which is blank at the end."""
    return [f"{id}: {blank} of {rows}" for id, (blank, rows) in voids(app).items() if 3 * blank > rows]


async def planned(pilot) -> None:
    """Wait until Plan says what there is to run."""
    app = pilot.app
    await until(pilot, lambda: "3 ranks it" in screen_text(app) or "enter runs" in screen_text(app))
    await at_rest(pilot)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "200x60"])
async def test_no_pane_ends_in_blank_rows_over_a_third_of_its_height(sample, size):
    app, found = ArenaApp(Arena(sample), beat=SELDOM), {}
    async with drive(app, size) as pilot:
        await planned(pilot)
        for view, keys in VIEWS.items():
            for key in keys:
                await pilot.press(key)
                await at_rest(pilot)
            assert voids(app), f"{view} has no pane"
            found[view] = too_void(app)
    assert {view: panes for view, panes in found.items() if panes} == {}


async def test_a_pane_emptied_on_purpose_is_found(sample):
    app = ArenaApp(Arena(sample), beat=SELDOM)
    async with drive(app, (120, 40)) as pilot:
        await planned(pilot)
        await until(pilot, lambda: too_void(app) == [])
        app.screen.query_one("#models-pane", Pane).inside.visible = False
        await until(pilot, lambda: [line.partition(":")[0] for line in too_void(app)] == ["models-pane"])
