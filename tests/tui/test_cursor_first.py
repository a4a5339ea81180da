"""A cursor that moves is painted before what is beside it is drawn anew."""

from __future__ import annotations

import pytest
from fake_arena import FakeArena, a_table, drive, make_app, screen_text, until
from textual.app import App

from tui.screens.board.screen import BoardScreen
from tui.screens.compare.screen import CompareScreen
from tui.screens.genes.screen import GenesScreen
from tui.screens.plan.screen import PlanScreen
from tui.widgets.grid import Grid

BESIDE = {
    "1": (PlanScreen, "_show_glance", "to run"),
    "3": (BoardScreen, "_show_row", "▌mini"),
    "4": (CompareScreen, "_show_line", "A minus B"),
    "5": (GenesScreen, "show_card", "hardest first"),
}
"""Key of a screen -> its class, what draws the rest, and a word that it is there."""


@pytest.mark.parametrize("key", BESIDE)
async def test_the_cursor_is_painted_before_what_is_beside_it(monkeypatch, key):
    arena = FakeArena()
    arena.boards["lr"] = a_table()
    screen, draws, there = BESIDE[key]
    order: list[str] = []
    drawn, display = getattr(screen, draws), App._display
    monkeypatch.setattr(screen, draws, lambda self: order.append("beside") or drawn(self))
    monkeypatch.setattr(App, "_display", lambda self, *what: order.append("paint") or display(self, *what))
    app = make_app(arena)
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press(key)
        await until(pilot, lambda: there in screen_text(app) and len(getattr(app.focused, "shown", ())) > 1)
        await pilot.pause(0.3)
        grid = app.focused
        assert isinstance(grid, Grid)
        before = grid.cursor
        order.clear()
        await pilot.press("j" if before + 1 < len(grid.shown) else "k")
        await until(pilot, lambda: "beside" in order)
        assert grid.cursor != before
        assert order[0] == "paint"
