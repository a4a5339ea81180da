"""Rows marked on Board, sent to Compare, set against each other, and back: on saved results."""

from __future__ import annotations

import re

import judged_home
import pytest
from fake_arena import at_rest, drive, screen_text, shows, until
from pressing import presses

from store.arm import Arm, Table
from store.home import find_home
from tui.app import ArenaApp
from tui.questions.arena import Arena
from tui.screens.board.view import SEPARATOR
from tui.widgets.grid import Grid

OWN = ("good", "fair", "poor", "odd")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = find_home(tmp_path_factory.mktemp("home")).create()
    judged_home.fill(home, {"good": 4.0, "fair": 2.0, "poor": 0.1, "odd": 1.0}, seeds=range(41, 46))
    return home


async def mark(pilot, *models: str) -> None:
    """Go to each row and press space."""
    grid = pilot.app.screen.query_one("#board", Grid)
    for model in models:
        grid.go_to(next(row.key for row in grid.shown if row.key.partition(SEPARATOR)[2] == model))
        await pilot.press("space")
    await until(pilot, lambda: all(f"■ {model[:12]}" in screen_text(pilot.app) for model in models))


async def on_board(pilot) -> None:
    await pilot.press("3")
    await until(pilot, lambda: "4 own" in screen_text(pilot.app))
    await at_rest(pilot)


@presses("grid.mark", "board.compare", "back")
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=["80x24", "120x40", "200x60"])
async def test_marked_rows_are_compared_all_with_all(home, size):
    app = ArenaApp(Arena(home), beat=0.05)
    async with drive(app, size) as pilot:
        await on_board(pilot)
        await mark(pilot, "good", "poor", "fair")
        await pilot.press("c")
        await until(pilot, lambda: "3 marked rows, row minus column, mean of 4 tasks" in screen_text(app))
        await at_rest(pilot)
        found = Arena(home).among(Table(Arm("lr")), OWN[:3])
        assert found.rows == OWN[:3]
        lines = screen_text(app).splitlines()
        title = next(place for place, line in enumerate(lines) if "3 marked rows" in line)
        at = next(at for at in range(title, len(lines)) if re.search(r"good +\.\d{3} ", lines[at]))
        shown = lines[at]
        for other in found.rows[1:]:
            difference = f"+{found.difference('good', other):.3f}".replace("+0", "+")
            told = ("good", other) in found.told
            assert f"{difference}{'*' if told else ' '}" in shown, other
        assert ("good", "poor") in found.told
        assert not any("odd" in line for line in lines[title : at + 4])
        await shows(pilot, "● A good   ◆ B fair")
        await pilot.press("escape")
        await until(pilot, lambda: "■ good" in screen_text(app))
        assert pilot.app.screen.MODE == "board"


async def test_of_printed_rows_among_the_marked_it_is_said_that_they_are_left_out(home):
    app = ArenaApp(Arena(home), beat=0.05)
    async with drive(app) as pilot:
        await on_board(pilot)
        await mark(pilot, "NoInstruct-small-Embedding-v0", "good", "poor")
        await pilot.press("c")
        await until(pilot, lambda: "2 of 3 marked rows, none printed" in screen_text(app))
        await shows(pilot, "● A good   ◆ B poor")


async def test_a_side_chosen_later_ends_the_comparison_of_the_marked(home):
    app = ArenaApp(Arena(home), beat=0.05)
    async with drive(app) as pilot:
        await on_board(pilot)
        await mark(pilot, "good", "poor", "fair")
        await pilot.press("c")
        await until(pilot, lambda: "3 marked rows" in screen_text(app))
        await pilot.press("b", *"odd", "enter")
        await until(pilot, lambda: "● A good   ◆ B odd" in screen_text(app))
        await until(pilot, lambda: "marked rows" not in screen_text(app) and "odd " in screen_text(app))
