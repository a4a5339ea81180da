"""What is read before the first frame."""

import threading

import pytest

from store.errors import UsageError
from store.home import find_home
from tui.questions.ahead import Ahead
from tui.questions.arena import Arena


def test_the_models_read_ahead_are_those_of_the_catalog(tmp_path):
    arena = Arena(find_home(str(tmp_path)).create())
    assert arena.models_ahead() is None
    arena.read_ahead()
    arena._models.take()
    found = arena.models_ahead()
    catalog = arena.catalog()
    assert found.cards == catalog.models
    assert found.chosen == catalog.first.models
    assert arena.models_ahead() is None


def test_what_cannot_be_read_ahead_is_said_when_it_is_asked_for(tmp_path):
    home = find_home(str(tmp_path)).create()
    home.config_file.write_text("[[models]]\nname = 3\n")
    arena = Arena(home)
    arena.read_ahead()
    with pytest.raises(UsageError):
        arena.catalog()
    assert arena.models_ahead() is None


def test_nothing_is_there_before_it_has_been_read():
    gate = threading.Event()
    ahead = Ahead(lambda: gate.wait() and "read")
    assert ahead.look() is None
    gate.set()
    assert ahead.take() == "read"
