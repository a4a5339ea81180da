"""Average precision and precision at k, beside what a random order reaches."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
from cell_examples import one_split
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from engine.stats.held_out import one_against_rest
from engine.stats.retrieval import average_precision, chance_average_precision, precision_at, retrieval
from store.errors import DataError


@pytest.mark.parametrize(
    ("positives", "genes", "chance"),
    [(5, 18, 0.383779), (12, 49, 0.299630), (10, 18, 0.620787), (10, 14, 0.763771)],
)
def test_chance_in_the_papers_test_sets(positives: int, genes: int, chance: float) -> None:
    assert chance_average_precision(positives, genes) == pytest.approx(chance, abs=5e-7)


@pytest.mark.parametrize(("positives", "genes"), [(1, 1), (1, 2), (1, 5), (2, 5), (4, 5), (5, 5), (3, 7)])
def test_chance_is_the_mean_over_all_orders(positives: int, genes: int) -> None:
    scores = -np.arange(genes, dtype=np.float64)
    orders = set(permutations([1] * positives + [0] * (genes - positives)))
    mean = np.mean([average_precision(np.array(order) == 1, scores) for order in orders])
    assert chance_average_precision(positives, genes) == pytest.approx(mean, abs=1e-12)


@pytest.mark.parametrize(("positives", "genes"), [(0, 4), (5, 4), (0, 0)])
def test_chance_needs_positives(positives: int, genes: int) -> None:
    with pytest.raises(DataError, match="not defined"):
        chance_average_precision(positives, genes)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=30).filter(
        lambda rows: any(positive for positive, _ in rows)
    )
)
def test_average_precision_is_scikit_learns(rows: list[tuple[bool, int]]) -> None:
    truth, scores = (np.array(column) for column in zip(*rows, strict=True))
    found = average_precision(truth, scores.astype(np.float64))
    assert found == pytest.approx(average_precision_score(truth, scores), abs=1e-12)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2)), min_size=1, max_size=6), st.integers(1, 6))
@settings(max_examples=60)
def test_precision_at_k_is_the_mean_over_the_orders_of_ties(rows: list[tuple[bool, int]], k: int) -> None:
    k = min(k, len(rows))
    tops = [
        sum(positive for positive, _ in order[:k]) / k
        for order in permutations(rows)
        if all(a[1] >= b[1] for a, b in pairwise(order))
    ]
    truth, scores = (np.array(column) for column in zip(*rows, strict=True))
    assert precision_at(k, truth, scores.astype(np.float64)) == pytest.approx(np.mean(tops), abs=1e-12)


def test_a_cell_by_hand() -> None:
    """Two splits of two positives among four; in the second, three genes tie for the second place."""
    found = retrieval(
        [one_split([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1]), one_split([1, 1, 0, 0], [0.9, 0.5, 0.5, 0.5])]
    )
    first, second = (1 + 2 / 3) / 2, (1 + 2 / 4) / 2
    chance = 1 / 3 + (25 / 12) / 4 * (2 / 3)
    assert found.average_precision == pytest.approx((first + second) / 2)
    assert found.chance_average_precision == pytest.approx(chance)
    assert found.skill == pytest.approx(((first + second) / 2 - chance) / (1 - chance))
    assert found.precision_at_k == pytest.approx((1 / 2 + (1 + 1 / 3) / 2) / 2)
    assert (found.prevalence, found.k) == (0.5, 2)


def test_unequal_splits_count_alike() -> None:
    small, large = one_split([1, 0], [0.1, 0.2]), one_split([1, 0, 0, 0, 0], [0.9, 0.8, 0.7, 0.6, 0.5])
    both = retrieval([small, large])
    alone = [retrieval([split]) for split in (small, large)]
    assert both.skill == pytest.approx((alone[0].skill + alone[1].skill) / 2)
    assert alone[1].skill == 1
    assert alone[0].skill < 0


def test_all_scores_equal_are_worth_the_prevalence() -> None:
    found = retrieval([one_split([1, 0, 0, 0], [0.5] * 4)])
    assert found.precision_at_k == found.average_precision == found.prevalence == 0.25


def test_more_classes_are_averaged_one_against_the_rest() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [3, 9, 18])
    split = one_split(labels, random.dirichlet(np.ones(3), 30))
    found = retrieval([split])
    each = [retrieval([one_against_rest(split, k)]) for k in range(3)]
    assert found.average_precision == pytest.approx(
        average_precision_score(np.eye(3)[labels], split.scores)
    )
    assert found.skill == pytest.approx(np.mean([one.skill for one in each]))
    assert [one.k for one in each] == [3, 9, 18]
    assert found.prevalence == pytest.approx(1 / 3)


def test_two_columns_are_read_as_class_1() -> None:
    scores = np.array([0.9, 0.3, 0.6])
    columns = one_split([1, 0, 0], np.column_stack([1 - scores, scores]))
    assert retrieval([columns]) == retrieval([one_split([1, 0, 0], scores)])


def test_what_does_not_fit_is_refused_in_a_sentence() -> None:
    good = one_split([0, 1], [0.1, 0.2])
    for bad, said in (
        ([], "at least one split"),
        ([good, one_split([0, 1, 2], np.eye(3))], "same classes"),
        ([one_split([1, 1], [0.1, 0.2])], "No gene of class 0"),
        ([one_split([0, 1], [0.1, np.nan])], "not a finite number"),
        ([one_split([0, 2], [0.1, 0.2])], "outside the 2 classes"),
        ([one_split([0, 1], [0.1, 0.2, 0.3])], "do not fit"),
        ([one_split([0, 1], [[0.1], [0.2]])], "do not fit"),
        ([one_split([0, 1], [0.1, 0.2], ["A"])], "do not fit"),
    ):
        with pytest.raises(DataError, match=said):
            retrieval(bad)
    with pytest.raises(DataError, match="no class 2"):
        one_against_rest(good, 2)
