"""What errors quote from outside can be shown and written anywhere."""

from __future__ import annotations

import pickle

import pytest

from store.errors import DataError
from store.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/data/ä 基因.csv", "/data/ä 基因.csv"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\nlines", r"two\nlines"),
        ("\u202eback", r"\u202eback"),
        ("\udcff.csv", r"\udcff.csv"),
    ],
)
def test_an_error_shows_what_would_steer_a_terminal(text: str, shown: str) -> None:
    error = DataError(f"{text} is empty.", f"Look at {text}.")
    assert (error.message, error.hint) == (f"{shown} is empty.", f"Look at {shown}.")
    assert str(error) == f"{shown} is empty. Look at {shown}."
    assert str(error).encode()


def test_an_error_stays_what_it_is_on_its_way_through_a_pipe() -> None:
    error = pickle.loads(pickle.dumps(DataError("a\x1bb is \\x1b.", "Hint\n.")))
    assert (error.message, error.hint) == ("a\\x1bb is \\x1b.", "Hint\\n.")


def test_line_feeds_stay_where_they_are_wanted() -> None:
    assert visible("a\nb\r", lines=True) == "a\nb\\r"
