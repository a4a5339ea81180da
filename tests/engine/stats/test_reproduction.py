"""Own splits beside a published mean: same, differs, cannot tell."""

from __future__ import annotations

import csv
import math
from collections import defaultdict

import numpy as np
import pytest
from cell_examples import FIXTURE, TASKS, needs_fixture
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from engine.stats.reproduction import Word, reproduction
from store.errors import DataError


def splits(mean: float, sd: float, number: int = 10) -> np.ndarray:
    """So many AUCs with exactly this mean and standard deviation."""
    shape = np.linspace(-1, 1, number)
    return mean + sd * shape / shape.std(ddof=1)


def test_ten_splits_beside_ten() -> None:
    """t_{.975,18} * s * sqrt(1/10 + 1/10) = .9396 s."""
    found = reproduction([splits(0.88, 0.05)], 0.85)
    assert found.standard_error == pytest.approx(0.05 * math.sqrt(0.2))
    assert found.tolerance == pytest.approx(0.9396 * 0.05, abs=5e-6)
    assert found.difference == pytest.approx(0.03)
    assert (found.own, found.published, found.splits) == (pytest.approx(0.88), 0.85, (10,))
    assert (found.word, found.reason) == (Word.SAME, "")


@pytest.mark.parametrize(
    ("own", "published_splits", "free"), [(10, 10, 18), (5, 10, 13), (7, 3, 8), (100, 10, 108), (5, 1, 4)]
)
def test_any_numbers_of_splits(own: int, published_splits: int, free: int) -> None:
    found = reproduction([splits(0.9, 0.03, own)], 0.9, published_splits=published_splits)
    expected = student.ppf(0.975, free) * 0.03 * math.sqrt(1 / own + 1 / published_splits)
    assert found.tolerance == pytest.approx(expected)


def test_a_published_spread_is_pooled() -> None:
    found = reproduction([splits(0.9, 0.03, 6)], 0.9, published_sd=[0.06])
    pooled = math.sqrt((5 * 0.03**2 + 9 * 0.06**2) / 14)
    assert found.standard_error == pytest.approx(pooled * math.sqrt(1 / 6 + 1 / 10))


def test_a_mean_over_tasks() -> None:
    """Errors of the tasks add in squares; degrees of freedom are those of the task with the fewest."""
    found = reproduction([splits(0.8, 0.04), splits(0.9, 0.03, 6)], 0.86)
    error = math.sqrt(0.04**2 * 0.2 + 0.03**2 * (1 / 6 + 1 / 10)) / 2
    assert found.standard_error == pytest.approx(error)
    assert found.tolerance == pytest.approx(student.ppf(0.975, 14) * error)
    assert (found.own, found.splits, found.word) == (pytest.approx(0.85), (10, 6), Word.SAME)


@pytest.mark.parametrize("sign", [1, -1])
def test_it_differs_beyond_the_tolerance(sign: int) -> None:
    near, far = (reproduction([splits(0.8 + sign * by, 0.05)], 0.8).word for by in (0.046, 0.048))
    assert (near, far) == (Word.SAME, Word.DIFFERS)


def test_what_cannot_be_told() -> None:
    for own, published, reason in (
        ([[0.8]], 0.8, "fewer than 5 own splits"),
        ([splits(0.8, 0.02, 4)], 0.8, "fewer than 5 own splits"),
        ([splits(0.8, 0.02), splits(0.8, 0.02, 4)], 0.8, "fewer than 5 own splits"),
        ([[0.75] * 10], 0.8, "no spread to judge by"),
        ([splits(0.6, 0.13)], 0.61, "the tolerance reaches chance"),
        ([splits(0.5, 0.03)], 0.48, "the tolerance reaches chance"),
    ):
        found = reproduction(own, published)
        assert (found.word, found.reason) == (Word.CANNOT_TELL, reason)


def test_five_own_splits_are_enough() -> None:
    assert reproduction([splits(0.8, 0.02, 5)], 0.8).word == Word.SAME
    assert reproduction([splits(0.8, 0.02, 5)], 0.9).word == Word.DIFFERS


def test_a_wide_tolerance_still_shows_what_is_beyond_it() -> None:
    assert reproduction([splits(0.9, 0.13)], 0.61).word == Word.DIFFERS


def test_one_split_has_no_tolerance_rather_than_one_of_0() -> None:
    found = reproduction([[0.8]], 0.8)
    assert (found.standard_error, found.tolerance) == (None, None)


def test_perfect_splits_are_the_same_as_a_printed_one() -> None:
    assert reproduction([[1.0] * 10], 1.0).word == Word.SAME
    assert reproduction([[0.9126] * 10], 0.913).word == Word.SAME


@given(st.lists(st.integers(0, 100), min_size=5, max_size=20), st.integers(50, 100), st.integers(2, 30))
def test_both_numbers_have_split_luck(hundredths: list[int], published: int, published_splits: int) -> None:
    """More published splits never widen the tolerance, and never below the own error alone."""
    own = np.array(hundredths) / 100
    fewer, more = (
        reproduction([own], published / 100, published_splits=published_splits + n) for n in (0, 1)
    )
    assert more.tolerance <= fewer.tolerance + 1e-12
    assert fewer.standard_error >= own.std(ddof=1) / math.sqrt(len(own)) - 1e-12


def test_the_same_draw_is_called_different_about_once_in_twenty() -> None:
    """With the published spread pooled it is exactly the t test: 5 % of 4,000, within four errors."""
    random = np.random.default_rng(0)
    told = 0
    for _ in range(4000):
        own, theirs = 0.9 + 0.02 * random.standard_normal(8), 0.9 + 0.02 * random.standard_normal(10)
        found = reproduction([own], theirs.mean(), published_sd=[theirs.std(ddof=1)])
        told += found.word == Word.DIFFERS
    assert told / 4000 == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 4000))


def test_what_does_not_fit_is_refused_in_a_sentence() -> None:
    own = splits(0.8, 0.02)
    for arguments, options, said in (
        (([], 0.8), {}, "at least one own split"),
        (([[]], 0.8), {}, "at least one own split"),
        (([own, [0.8, np.nan]], 0.8), {}, "not a finite number"),
        (([own], math.nan), {}, "not a finite number"),
        (([own], 0.8), {"published_sd": [0.1, 0.1]}, "do not fit 1 tasks"),
        (([own], 0.8), {"published_splits": 0}, "has no such spread"),
        (([own], 0.8), {"published_splits": 1, "published_sd": [0.1]}, "has no such spread"),
    ):
        with pytest.raises(DataError, match=said):
            reproduction(*arguments, **options)


@needs_fixture
def test_the_tolerances_of_the_reference() -> None:
    scores = defaultdict(list)
    with FIXTURE.with_name("fixture.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["model"] == "minilm":
                scores[row["task"]].append(float(row["auc"]))
    tasks = [scores[task] for task in TASKS]
    found = [reproduction([task], 0.8).tolerance for task in tasks]
    assert found == pytest.approx([0.124, 0.037, 0.050, 0.077], abs=5.1e-4)
    assert reproduction(tasks, 0.8).tolerance == pytest.approx(0.040, abs=5.1e-4)
