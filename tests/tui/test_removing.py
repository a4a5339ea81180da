"""Removing what one brought in, by a key of the Plan screen: asked once, and gone from the choice."""

from __future__ import annotations

import pytest
from fake_arena import FakeArena, drive, make_app, screen_text, shows, told, until
from pressing import presses

from store.errors import UsageError


@pytest.fixture
def arena():
    return FakeArena()


def chosen(app):
    return app.screen.selection


@presses("plan.remove")
async def test_a_task_is_removed_once_that_is_agreed_to(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: chosen(app) is not None)
        await pilot.press("tab", "x")
        await until(pilot, lambda: "Remove tall?" in screen_text(app))
        await shows(pilot, "Results stay in the tables.")
        await pilot.press("escape")
        await until(pilot, lambda: "Remove tall?" not in screen_text(app))
        assert arena.removed == []
        await pilot.press("x")
        await until(pilot, lambda: "Remove tall?" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: "The task tall is removed." in told(app))
        assert arena.removed == [("task", "tall")]
        await until(pilot, lambda: chosen(app).tasks == ("small",))
        await until(pilot, lambda: "Tasks 1 of 1" in screen_text(app))


async def test_a_model_goes_out_of_the_choice_and_what_needs_it_is_said(arena):
    arena.needed = ("Waiting runs that need it will not start: 7.",)
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: chosen(app) is not None)
        await pilot.press("x")
        await until(pilot, lambda: "Remove mini?" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: "will not start: 7." in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "mini" not in chosen(app).models)
        assert arena.removed == [("model", "mini")]


async def test_chosen_descriptions_are_removed_from_the_row_of_texts(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: chosen(app) is not None)
        await pilot.press(*["tab"] * 3, *"jjjj")
        await until(pilot, lambda: "▌text" in screen_text(app))
        await pilot.press("x")
        await until(pilot, lambda: "Put the cursor on" in told(app))
        await pilot.press("colon", *"descriptions /mine.csv", "enter")
        await until(pilot, lambda: chosen(app).descriptions == "/mine.csv")
        await pilot.press("x")
        await until(pilot, lambda: "Remove mine?" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: chosen(app).descriptions == "")
        assert arena.removed == [("descriptions", "mine")]


async def test_what_comes_with_the_program_is_refused_before_anything_is_asked(arena):
    arena.broken["own"] = UsageError("The task tall comes with the program, so it cannot be removed.")
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: chosen(app) is not None)
        await pilot.press("tab", "x")
        await until(pilot, lambda: "so it cannot be removed." in screen_text(app))
        assert "Remove tall?" not in screen_text(app)


async def test_a_watcher_removes_nothing():
    app = make_app(FakeArena(readonly=True))
    async with drive(app) as pilot:
        await until(pilot, lambda: chosen(app) is not None)
        await pilot.press("x")
        await until(pilot, lambda: "nothing can be removed here" in told(app))
        assert app.screen_stack[-1] is app.screen
