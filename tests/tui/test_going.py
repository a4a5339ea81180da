"""`:screen what`: going to a screen for something on it."""

from __future__ import annotations

import pytest
from fake_arena import FakeArena, a_status, a_table, drive, make_app, screen_text, told, until


@pytest.fixture
def arena():
    arena = FakeArena()
    arena.boards = {"lr": a_table(), "rf": a_table(auc=0.8)}
    arena.status = a_status()
    return arena


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("board rf", "rf Random forest"),
        ("plan maxi", "▌□ maxi"),
        ("runs empty", "✗ mini"),
        ("genes TP53", "Text and labels TP53"),
        ("compare other / lr", "● A other"),
        ("sql select 1", "3 rows"),
    ],
)
async def test_a_screen_is_opened_on_what_was_named(arena, typed, shown):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("colon", *typed, "enter")
        await until(pilot, lambda: shown in screen_text(app))


async def test_a_table_that_is_not_there_is_told(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("colon", *"board xgboost", "enter")
        await until(pilot, lambda: "There is no table 'xgboost'; there are lr, rf" in told(app))
