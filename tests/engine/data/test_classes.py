"""Spellings of a class are one class, and of two the one that is not negated is the positive."""

from __future__ import annotations

import pytest

from engine.data.formats.classes import doubtful_classes, one_spelling, order_classes, why_positive


@pytest.mark.parametrize(
    "spellings",
    [
        ("Yes", "yes", "YES", " yes "),
        ("1", "1.0", "1.00"),
        ("up", "u\u200bp", "up\u00a0"),
        ("caf\u00e9", "cafe\u0301"),
        ("long  range", "long range"),
    ],
)
def test_spellings_of_a_class_are_one(spellings: tuple[str, ...]) -> None:
    labels = [spellings[0], *spellings, "other"]
    spelt, notes = one_spelling(labels)
    assert {spelt[label] for label in spellings} == {spellings[0]}
    assert spelt["other"] == "other"
    assert len(notes) == 1
    assert notes[0].isascii()


def test_other_classes_stay_apart() -> None:
    labels = ["a", "b", "1", "1.5", "type I", "type II"]
    spelt, notes = one_spelling(labels)
    assert list(spelt.values()) == labels
    assert notes == ()


@pytest.mark.parametrize(
    ("negative", "positive"),
    [
        ("non-essential", "essential"),
        ("nonessential", "Essential"),
        ("not TF", "TF"),
        ("no effect", "effect"),
        ("dosage_insensitive", "dosage_sensitive"),
        ("unmethylated", "methylated"),
        ("HER2-negative", "HER2-positive"),
        ("0", "1"),
        ("false", "True"),
        ("control", "case"),
        ("healthy", "disease"),
        ("-", "+"),
        ("-1", "1"),
        ("rest", "apoptosis"),
        ("not bivalent", "active"),
    ],
)
def test_the_negated_class_is_the_negative_one(negative: str, positive: str) -> None:
    for counts in ({negative: 5, positive: 50}, {negative: 50, positive: 5}):
        for labels in ((negative, positive), (positive, negative)):
            assert order_classes(labels, counts) == (negative, positive)
    assert "negation" in why_positive((negative, positive), {negative: 5, positive: 50})


def test_of_two_plain_classes_the_rarer_is_positive() -> None:
    assert order_classes(("up", "down"), {"up": 9, "down": 3}) == ("up", "down")
    assert order_classes(("up", "down"), {"up": 3, "down": 9}) == ("down", "up")
    assert order_classes(("up", "down"), {"up": 9, "down": 9}) == ("down", "up")
    assert why_positive(("up", "down"), {"up": 9, "down": 3}) == "it is the rarer one"
    assert why_positive(("down", "up"), {"up": 9, "down": 9}) == "it comes last in the alphabet"


def test_a_doubtful_word_is_a_class_beside_one_other() -> None:
    assert doubtful_classes(["+", "-", ""]) == frozenset()
    assert doubtful_classes(["None", "TF"]) == frozenset()
    assert doubtful_classes(["a", "b", "-", "None"]) == {"-", "none"}
