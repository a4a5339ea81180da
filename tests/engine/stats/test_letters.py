"""Letters say exactly who is told apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.stats.letters import letter, letters


def different(k, pairs):
    flags = np.zeros((k, k), bool)
    for i, j in pairs:
        flags[i, j] = flags[j, i] = True
    return flags


@st.composite
def graphs(draw):
    k = draw(st.integers(1, 8))
    pairs = [pair for pair in combinations(range(k), 2) if draw(st.booleans())]
    means = draw(st.lists(st.integers(0, 5), min_size=k, max_size=k))
    return different(k, pairs), np.array(means, float)


@settings(max_examples=200)
@given(graphs())
def test_two_share_a_letter_if_and_only_if_they_are_not_told_apart(graph):
    flags, means = graph
    held = letters(flags, means)
    for i, j in combinations(range(len(means)), 2):
        assert bool(set(held[i]) & set(held[j])) is not bool(flags[i, j])


@settings(max_examples=200)
@given(graphs())
def test_no_letter_could_be_left_out_or_given_to_one_more(graph):
    flags, means = graph
    held = letters(flags, means)
    k = len(means)
    groups = {name: frozenset(i for i in range(k) if name in held[i]) for name in set("".join(held))}
    everyone = [frozenset(group) for size in range(1, k + 1) for group in combinations(range(k), size)]
    apart = [group for group in everyone if not flags[np.ix_(list(group), list(group))].any()]
    largest = {group for group in apart if not any(group < other for other in apart)}
    assert set(groups.values()) == largest
    assert len(groups) == len(largest)


@settings(max_examples=100)
@given(graphs())
def test_letters_go_by_the_best_mean_in_each(graph):
    flags, means = graph
    held = letters(flags, means)
    names = sorted(set("".join(held)))
    best = [max(mean for mean, own in zip(means, held, strict=True) if name in own) for name in names]
    assert names == [letter(place) for place in range(len(names))]
    assert best == sorted(best, reverse=True)


def test_a_textbook_case():
    """Neighbours are not told apart, others are."""
    chain = different(4, [(0, 2), (0, 3), (1, 3)])
    assert letters(chain, np.array([0.9, 0.8, 0.7, 0.6])) == ("a", "ab", "bc", "c")
    assert letters(chain, np.array([0.6, 0.7, 0.8, 0.9])) == ("c", "bc", "ab", "a")
    assert letters(different(3, []), np.zeros(3)) == ("a", "a", "a")


def test_after_the_alphabets_come_numbers():
    assert [letter(place) for place in (0, 25, 26, 51, 52, 104)] == ["a", "z", "A", "Z", "a1", "a2"]
    held = letters(~np.eye(60, dtype=bool), -np.arange(60.0))
    assert held[:2] == ("a", "b")
    assert held[52] == "a1"
