from __future__ import annotations

import gc
import time
from types import SimpleNamespace

import pytest

from tui.terminal.leisure import REST, collect_at_leisure, tidy


@pytest.fixture
def collected(monkeypatch):
    """The generations that Python was asked to collect, with garbage due."""
    asked = []
    monkeypatch.setattr(gc, "collect", lambda generation=2: asked.append(generation))
    monkeypatch.setattr(gc, "get_count", lambda: (0, 0, 10))
    return asked


def test_garbage_waits_until_nobody_types(collected):
    app = SimpleNamespace(typed_at=time.monotonic())
    tidy(app)
    assert collected == []
    app.typed_at -= 2 * REST
    tidy(app)
    assert collected == [2]


def test_where_little_came_up_nothing_is_collected(collected, monkeypatch):
    monkeypatch.setattr(gc, "get_count", lambda: (600, 9, 9))
    tidy(SimpleNamespace(typed_at=0.0))
    assert collected == []


def test_by_itself_the_interpreter_collects_the_young_alone():
    before = gc.get_threshold()
    try:
        collect_at_leisure()
        young, middle, old = gc.get_threshold()
    finally:
        gc.set_threshold(*before)
    assert (young, middle) == before[:2]
    assert old > 100_000
