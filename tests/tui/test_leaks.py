"""What may give a task's labels away: behind a key on Plan, and after an import."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from fake_arena import FakeArena, drive, make_app, screen_text, told, until
from pressing import presses

from engine.cancel import Stopped
from engine.leaks.finding import Finding
from store.errors import DataError
from store.home import find_home
from tui.questions.arena import Arena

ALARM = Finding("length", "The length of the text alone reaches AUC .734.", "Read every score beside it.")
CALM = Finding("both", "No gene stands in more than one class.")


@pytest.fixture
def arena():
    made = FakeArena()
    made.findings = [ALARM, CALM]
    return made


async def on_a_task(pilot, app) -> None:
    await until(pilot, lambda: "to run" in screen_text(app))
    await pilot.press("tab")


@presses("plan.leaks")
async def test_a_key_says_what_gives_the_labels_of_a_task_away(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_a_task(pilot, app)
        await pilot.press("L")
        await until(pilot, lambda: "! The length of the text alone reaches AUC .734." in screen_text(app))
        await until(pilot, lambda: "Read every score beside it." in screen_text(app))
        shown = screen_text(app)
        assert "Leaks: tall" in shown
        assert "No gene stands in more than one class." in shown
        await pilot.press("escape")
        await until(pilot, lambda: "Leaks: tall" not in screen_text(app))


@presses("leaks.close")
async def test_a_clean_task_is_said_to_be_one(arena):
    arena.findings = [CALM]
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_a_task(pilot, app)
        await pilot.press("L")
        await until(pilot, lambda: "Nothing alarming." in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Nothing alarming." not in screen_text(app))
        assert app.screen.MODE == "plan"
        assert not arena.launched


async def test_only_a_task_can_be_asked_about(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("L")
        await until(pilot, lambda: "Put the cursor on a task first." in told(app))
    assert not arena.calls["leaks"]


async def test_esc_stops_the_auditor_and_no_key_waits_for_it(arena, monkeypatch):
    begun, stopped = threading.Event(), threading.Event()

    def leaks(task, selection, cancel, progress):
        progress(3, 10)
        begun.set()
        assert cancel.wait(60)
        stopped.set()
        raise Stopped

    monkeypatch.setattr(arena, "leaks", leaks)
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_a_task(pilot, app)
        await pilot.press("L")
        await until(pilot, begun.is_set)
        await until(pilot, lambda: "looking" in screen_text(app))
        await pilot.press("j", "k", "escape")
        await until(pilot, stopped.is_set)
        await until(pilot, lambda: "Leaks: tall" not in screen_text(app))


async def test_what_cannot_be_audited_says_why(arena):
    arena.broken["leaks"] = DataError("Task tall cannot be split.", "Merge its smallest classes.")
    app = make_app(arena)
    async with drive(app) as pilot:
        await on_a_task(pilot, app)
        await pilot.press("L")
        await until(pilot, lambda: "Task tall cannot be split." in screen_text(app))
        await until(pilot, lambda: "Merge its smallest classes." in screen_text(app))


async def test_after_an_import_its_leaks_appear(arena, monkeypatch):
    monkeypatch.setattr(arena, "change", lambda selection, what, value: selection)
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("I", "t", *"mine.csv", "enter")
        await until(pilot, lambda: "enter imports it like this" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "AUC .734" in screen_text(app))
        shown = screen_text(app)
        assert "Imported in" in shown
        assert "mine.csv is here." in shown
        assert "It is chosen." in shown


def test_the_arena_asks_the_auditor_of_the_task_as_it_is_chosen(tmp_path):
    home = find_home(tmp_path / "home").create()
    arena, steps = Arena(home), []
    chosen = arena.catalog().first
    masked = replace(chosen, text="symbol-name+masked")
    found = arena.leaks(
        "bivalent-vs-no-methyl", masked, threading.Event(), lambda done, total: steps.append((done, total))
    )
    kinds = {one.kind for one in found}
    assert {"tfidf", "length", "both"} <= kinds
    assert "masked" not in kinds, "there is nothing more to mask"
    assert steps[-1][0] == steps[-1][1]
