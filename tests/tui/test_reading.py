"""What has not been read yet is being read; that there is none is said only once it is known."""

from __future__ import annotations

import threading

import pytest
from fake_arena import (
    FakeArena,
    a_status,
    a_table,
    at_rest,
    drive,
    make_app,
    rested,
    screen_text,
    told,
    until,
)

from store.errors import StoreError

WIDE = (200, 60)
CASES = {
    "runs": ("pulse", "2", ("No run yet", "none yet", "no run yet", "Nothing has been logged"), "31/160"),
    "board": ("rankings", "3", ("Nothing is ranked", "No splits", "No curve"), "ROC mini"),
    "glance": ("cell_detail", "3", ("No splits", "No curve"), "mean of 2 splits"),
    "cell": ("cell_detail", "3\r", ("no splits", "No score", "no curve"), "mean .900"),
    "sides": ("sides", "4", ("nothing is ranked", "Nothing to compare", "no splits"), "In the mean of 2"),
    "contrast": ("contrast", "4", ("nothing is ranked", "Nothing to", "no splits"), "In the mean of 2"),
    "genes": ("genes", "5", ("No task can be", "in no test set"), "FOXP2"),
    "scores": ("gene_detail", "5", ("in no test set",), "1 mean"),
    "plan": ("catalog", "1", ("0/0",), "80 to run"),
}
"""What is read late, the keys to where it is shown, what is false meanwhile, what shows in the end."""


@pytest.fixture
def arena():
    arena = FakeArena()
    arena.boards = {"lr": a_table(), "rf": a_table(auc=0.8)}
    arena.status = a_status()
    return arena


@pytest.mark.parametrize("name", CASES)
async def test_nothing_is_said_to_be_missing_before_it_was_read(arena, monkeypatch, name):
    method, keys, false, wanted = CASES[name]
    gate, asked = threading.Event(), threading.Event()
    whole = getattr(arena, method)

    def late(*arguments):
        asked.set()
        gate.wait(60)
        return whole(*arguments)

    monkeypatch.setattr(arena, method, late)
    app = make_app(arena)
    try:
        async with drive(app, WIDE) as pilot:
            await pilot.press(keys[0])
            if keys.endswith("\r"):
                await until(pilot, lambda: "▌ mini" in screen_text(app))
                await pilot.press("enter")
            await until(pilot, lambda: "Reading" in screen_text(app) and asked.is_set())
            await rested(pilot)
            shown = screen_text(app)
            gate.set()
            await until(pilot, lambda: wanted in screen_text(app))
            assert [sentence for sentence in false if sentence in shown] == []
    finally:
        gate.set()


async def test_another_table_takes_the_place_of_the_last_only_when_it_is_there(arena):
    app = make_app(arena)
    whole, gate = arena.rankings, threading.Event()
    async with drive(app, WIDE) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "mean of 2 splits" in screen_text(app))
        arena.rankings = lambda *arguments: gate.wait(60) and whole(*arguments)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "rf Random" in screen_text(app))
        text = screen_text(app)
        gate.set()
        assert ".900" not in text
        assert "mean of 2 splits" not in text
        await until(pilot, lambda: "▌ mini" in screen_text(app))


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("2", "No run yet"),
        ("3", "Nothing is ranked"),
        ("4", "Nothing to compare"),
        ("5", "0, hardest first"),
        ("6", "No rows"),
    ],
)
async def test_where_there_is_nothing_nothing_is_being_read(arena, key, said):
    arena.boards, arena.gene_errors, arena.status = {}, {}, None
    app = make_app(arena)
    async with drive(app, WIDE) as pilot:
        await until(pilot, lambda: "80 to run" in screen_text(app))
        await pilot.press(key)
        await until(pilot, lambda: said in screen_text(app))
        await until(pilot, lambda: "Reading" not in screen_text(app))


async def test_two_sides_that_are_chosen_are_not_told_the_last_ones_verdict(arena):
    app = make_app(arena)
    whole, gate = arena.contrast, threading.Event()
    async with drive(app) as pilot:
        await pilot.press("4")
        await until(pilot, lambda: "A better 58 %" in screen_text(app))
        arena.contrast = lambda *arguments: gate.wait(60) and whole(*arguments)
        await pilot.press("w")
        await until(pilot, lambda: "Reading" in screen_text(app))
        text = screen_text(app)
        gate.set()
        assert "A better 58 %" not in text
        await until(pilot, lambda: "A better 58 %" in screen_text(app))


async def test_a_model_without_results_leaves_the_sides_as_they_were(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "80 to run" in screen_text(app))
        await pilot.press("colon", *"compare nobody", "enter")
        await until(pilot, lambda: "A better 58 %" in screen_text(app))


@pytest.mark.parametrize(("method", "keys"), [("sides", ("4", "b")), ("rankings", ("3", "enter"))])
async def test_a_key_that_needs_what_is_being_read_says_so(arena, monkeypatch, method, keys):
    whole, gate = getattr(arena, method), threading.Event()
    monkeypatch.setattr(arena, method, lambda *arguments: gate.wait(60) and whole(*arguments))
    app = make_app(arena)
    try:
        async with drive(app) as pilot:
            await until(pilot, lambda: "80 to run" in screen_text(app))
            await pilot.press(keys[0])
            await until(pilot, lambda: "Reading." in screen_text(app))
            await pilot.press(keys[1])
            await until(pilot, lambda: "still being read" in told(app))
    finally:
        gate.set()


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("runs", "glance", "cell")])
async def test_what_could_not_be_read_is_said_to_be_unread_and_is_there_once_it_can_be(arena, name):
    method, keys, false, wanted = CASES[name]
    arena.broken[method] = StoreError("The home is gone.")
    app = make_app(arena)
    async with drive(app, WIDE) as pilot:
        await pilot.press(keys)
        await until(pilot, lambda: "The home is gone." in screen_text(app))
        await at_rest(pilot)  # what else cannot be read says it in the same dialog
        await pilot.press("escape")
        await rested(pilot)
        shown = screen_text(app)
        assert "It could not be read." in shown
        assert "Reading" not in shown
        assert [sentence for sentence in false if sentence in shown] == []
        if name != "plan":
            arena.broken.clear()
            arena.version += 1
            await until(pilot, lambda: wanted in screen_text(app))
            await until(pilot, lambda: "It could not be read." not in screen_text(app))


@pytest.mark.parametrize(
    ("key", "method", "held"), [("3", "tables", "mini"), ("4", "sides", "In the mean of 2")]
)
async def test_what_cannot_be_read_again_is_not_shown_any_more(arena, key, method, held):
    app = make_app(arena)
    async with drive(app, WIDE) as pilot:
        await pilot.press(key)
        await until(pilot, lambda: held in screen_text(app))
        arena.broken[method] = StoreError("The home is gone.")
        arena.version = 0
        await until(pilot, lambda: "The home is gone." in screen_text(app))
        await at_rest(pilot)  # what else cannot be read says it in the same dialog
        await pilot.press("escape")
        await rested(pilot)
        await until(pilot, lambda: "It could not be read." in screen_text(app))
        await until(pilot, lambda: held not in screen_text(app))
