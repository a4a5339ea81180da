from __future__ import annotations

from pressing import declared
from textual.binding import Binding

from tui.app import ArenaApp
from tui.keys import _classes, every_binding

RESERVED = {"ctrl+b", "ctrl+a", "ctrl+h", "ctrl+i", "ctrl+m", "ctrl+space", "ctrl+enter"}
"""Keys that multiplexers take or that legacy terminals cannot tell from others."""


def test_some_test_presses_every_binding():
    assert set(every_binding(ArenaApp)) - declared() == set()


def test_no_test_claims_a_binding_that_is_gone():
    assert declared() - set(every_binding(ArenaApp)) == set()


def test_no_key_is_one_that_a_terminal_cannot_send():
    for name, binding in every_binding(ArenaApp).items():
        keys = {key.strip() for key in binding.key.split(",")}
        assert not keys & RESERVED, name
        assert not all(key.startswith("alt+") for key in keys), name


def test_every_binding_has_an_id_by_which_it_can_be_remapped():
    for kind in (ArenaApp, *_classes()):
        for binding in kind.__dict__.get("BINDINGS", ()):
            assert isinstance(binding, Binding), f"{kind.__name__}: {binding}"
            assert binding.id, f"{kind.__name__}: {binding.key}"
            assert every_binding(ArenaApp)[binding.id].action == binding.action, binding.id


def test_every_binding_says_what_it_does():
    for name, binding in every_binding(ArenaApp).items():
        assert binding.description, name
