from __future__ import annotations

from pressing import all_bindings, declared

RESERVED = {"ctrl+b", "ctrl+a", "ctrl+h", "ctrl+i", "ctrl+m", "ctrl+space", "ctrl+enter"}
"""Keys that multiplexers take or that legacy terminals cannot tell from others."""


def test_some_test_presses_every_binding():
    assert set(all_bindings()) - declared() == set()


def test_no_test_claims_a_binding_that_is_gone():
    assert declared() - set(all_bindings()) == set()


def test_no_key_is_one_that_a_terminal_cannot_send():
    for name, binding in all_bindings().items():
        keys = {key.strip() for key in binding.key.split(",")}
        assert not keys & RESERVED, name
        assert not all(key.startswith("alt+") for key in keys), name


def test_every_binding_says_what_it_does():
    for name, binding in all_bindings().items():
        assert binding.description, name
