"""The one sanitiser: what comes out can only be shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.text import clean

STEERING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_that_steers_a_terminal_is_left(text):
    assert not {unicodedata.category(character) for character in clean(text, limit=0)} & STEERING


@given(st.text(st.characters(exclude_categories=STEERING), max_size=100))
def test_harmless_text_is_left_alone(text):
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]52;c;aGk=\x07", r"\x1b]52;c;aGk=\x07"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\u202eabc\u2066", r"\u202eabc\u2066"),
        ("\x9b31m", r"\x9b31m"),
        ("\ud800", r"\ud800"),
        ("[red]x[/]", "[red]x[/]"),
        (None, "None"),
    ],
)
def test_steering_characters_become_visible_escapes(text, shown):
    assert clean(text) == shown


def test_length_is_limited_and_lines_are_kept_on_request():
    assert clean("x" * 300) == "x" * 199 + "…"
    assert clean("a\nb", lines=True) == "a\nb"
    assert clean("a\nb\x1b", lines=True) == "a\nb\\x1b"
