"""The arena of the screens' tests answers all that the real one does, and inherits nothing from it."""

from __future__ import annotations

import inspect

import pytest
from fake_arena import FakeArena

from store.home import find_home
from tui.questions.arena import Arena

ASKED = [name for name, _ in inspect.getmembers(Arena, inspect.isfunction) if not name.startswith("_")]


def test_the_fake_inherits_nothing():
    assert FakeArena.__mro__ == (FakeArena, object)


@pytest.mark.parametrize("name", ASKED)
def test_the_fake_is_asked_in_the_same_way(name):
    real, fake = (inspect.signature(getattr(kind, name)) for kind in (Arena, FakeArena))
    assert [(p.name, p.kind, p.default) for p in fake.parameters.values()] == [
        (p.name, p.kind, p.default) for p in real.parameters.values()
    ]


def test_the_fake_has_what_the_real_one_lets_be_read(tmp_path):
    real = Arena(find_home(tmp_path / "home"))
    assert {name for name in vars(real) if not name.startswith("_")} <= set(vars(FakeArena()))
