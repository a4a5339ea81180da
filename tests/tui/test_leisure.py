from __future__ import annotations

import gc
import time
from types import SimpleNamespace

import pytest

from tui.terminal import leisure
from tui.terminal.leisure import FRAME, LATEST, LONG, REST, Leisure, collect_at_leisure, tidy


@pytest.fixture
def collected(monkeypatch):
    """The generations that Python was asked to collect, with garbage due."""
    asked = []
    monkeypatch.setattr(gc, "collect", lambda generation=2: asked.append(generation))
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, 10))
    return asked


def test_garbage_waits_until_nobody_types(collected):
    tidy(time.monotonic())
    assert collected == []
    tidy(time.monotonic() - 2 * LONG)
    assert collected == [2]


def test_where_little_came_up_nothing_is_collected(collected, monkeypatch):
    monkeypatch.setattr(gc, "get_count", lambda: (600, 9, 9))
    tidy(0.0)
    assert collected == []


def test_by_itself_the_interpreter_collects_the_young_alone_and_seldom():
    before = gc.get_threshold()
    try:
        collect_at_leisure()
        young, middle, old = gc.get_threshold()
    finally:
        gc.set_threshold(*before)
    assert young > before[0]
    assert middle == before[1]
    assert old > 100_000


class Clock:
    """A clock, and an application whose callbacks come when it says so."""

    def __init__(self, monkeypatch):
        self.now, self.typed_at, self.later = 100.0, 0.0, []
        monkeypatch.setattr(leisure, "REST", REST)
        monkeypatch.setattr(leisure, "FRAME", FRAME)
        monkeypatch.setattr(leisure, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(
            leisure, "once", lambda _, wait, call: self.later.append((self.now + wait, call))
        )
        self.leisure = Leisure(self, lambda: self.typed_at)

    def at(self, moment, call):
        self.later.append((moment, call))

    def call_later(self, call):
        self.at(self.now, call)

    def go_on(self, seconds):
        """Let so much time pass."""
        end = self.now + seconds
        while due := [one for one in self.later if one[0] <= end]:
            self.later.remove(due[0])
            self.now = max(self.now, due[0][0])
            due[0][1]()
        self.now = max(self.now, end)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_what_is_drawn_waits_until_the_keys_rest_and_is_drawn_once(clock):
    drawn = []

    def draw():
        drawn.append(clock.now)

    clock.typed_at = clock.now
    clock.leisure.ask(draw, lambda: True)
    clock.leisure.ask(draw, lambda: True)
    clock.go_on(REST / 2)
    assert drawn == []
    clock.go_on(REST)
    assert drawn == [100.0 + REST]


def test_while_keys_keep_coming_one_thing_after_the_other_is_drawn_all_the_same(clock):
    drawn = []
    clock.typed_at = float("inf")

    def slow(name):
        def draw():
            drawn.append(name)
            clock.now += 0.05

        return draw

    for name in "ab":
        clock.leisure.ask(slow(name), lambda: True)
    clock.go_on(LATEST * 0.9)
    assert drawn == []
    clock.go_on(LATEST * 0.2)
    assert drawn == ["a"]
    clock.go_on(2 * LATEST)
    assert drawn == ["a", "b"]


def test_between_two_slow_drawings_there_is_time_for_a_frame(clock):
    at = []

    def draw():
        clock.now += 0.01
        at.append(clock.now)

    clock.leisure.ask(draw, lambda: True)
    clock.leisure.ask(lambda: draw(), lambda: True)
    clock.go_on(1.0)
    assert at[1] - at[0] >= FRAME + 0.01


def test_what_is_not_possible_any_more_is_not_drawn(clock):
    clock.leisure.ask(lambda: pytest.fail("it was drawn"), lambda: False)
    clock.go_on(1.0)
    assert clock.later == []
