from __future__ import annotations

import pytest
from fake_arena import FakeArena, a_table, at_rest, drive, make_app, screen_text, until


@pytest.fixture
def arena():
    arena = FakeArena()
    arena.boards["lr"] = a_table()
    return arena


async def opened(pilot) -> None:
    await pilot.press("3")
    await until(pilot, lambda: "▌mini" in screen_text(pilot.app))


async def test_a_large_terminal_shows_the_cell_under_the_cursor_too(arena):
    app = make_app(arena)
    async with drive(app, (200, 60)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "Splits mini, tall" in screen_text(app))
        await until(pilot, lambda: "It ran out of memory." in screen_text(app))
        assert "mean of 2 splits" in screen_text(app)
        await pilot.press("j")
        await until(pilot, lambda: "No splits of your own here; r runs the cell." in screen_text(app))
        await pilot.press("tab", "k", "l", "l", "l")
        await until(pilot, lambda: "Splits mini, small" in screen_text(app))


async def test_a_small_terminal_reads_no_cell_that_it_does_not_show(arena):
    arena.broken["cell_detail"] = RuntimeError("it was read")
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("j", "k", "l")
        await at_rest(pilot)
        assert "it was read" not in screen_text(app)


async def test_a_curve_that_is_not_shown_any_more_is_not_written(arena):
    app = make_app(arena)
    async with drive(app, (200, 60)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "It ran out of memory." in screen_text(app))
        assert app.screen.shown_plot() is not None
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "It ran out of memory." not in screen_text(app))
        assert app.screen.shown_plot() is None
