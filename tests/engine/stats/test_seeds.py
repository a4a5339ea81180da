"""Seed luck and split luck of forests."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import f_oneway

from engine.stats.seeds import SeedVariance, seed_variance
from store.errors import DataError


def with_components(seed_sd: float, split_sd: float, splits: int = 10, seeds: int = 4) -> SeedVariance:
    """Scores whose estimated components are exactly these."""
    within = np.linspace(-1, 1, seeds)
    within *= seed_sd / within.std(ddof=1)
    between = np.linspace(-1, 1, splits)
    between *= math.sqrt(split_sd**2 + seed_sd**2 / seeds) / between.std(ddof=1)
    return seed_variance(0.7 + between[:, None] + within[None, :])


def test_a_table_by_hand() -> None:
    """Split means 1, 2, 6 of two seeds each: MSW 2, MSB 2 * 7."""
    found = seed_variance([[0, 2], [1, 3], [5, 7]])
    assert (found.splits, found.seeds) == (3, 2)
    assert found.mean_square_within == pytest.approx(2)
    assert found.mean_square_between == pytest.approx(14)
    assert found.seed_sd == pytest.approx(math.sqrt(2))
    assert found.split_sd == pytest.approx(math.sqrt(6))
    assert found.icc == pytest.approx(6 / 8)
    assert found.seed_error() == pytest.approx(math.sqrt(2 / 6))
    assert found.seed_error(splits=10, seeds=1) == pytest.approx(math.sqrt(0.2))


@pytest.mark.parametrize(
    ("seed_sd", "split_sd", "icc", "low", "high", "error", "five"),
    [
        (0.0720, 0.1023, 0.67, 0.39, 0.89, 0.0228, 0.010),
        (0.0131, 0.0412, 0.91, 0.79, 0.97, 0.0041, 0.002),
        (0.0251, 0.0500, 0.80, 0.58, 0.94, 0.0080, 0.004),
        (0.0328, 0.0884, 0.88, 0.73, 0.96, 0.0104, 0.005),
    ],
)
def test_the_forests_of_the_four_tasks(seed_sd, split_sd, icc, low, high, error, five) -> None:
    found = with_components(seed_sd, split_sd)
    assert (found.seed_sd, found.split_sd) == pytest.approx((seed_sd, split_sd), rel=1e-9)
    assert found.icc == pytest.approx(icc, abs=0.0051)
    assert found.icc_interval == pytest.approx((low, high), abs=0.0051)
    assert found.seed_error(seeds=1) == pytest.approx(error, abs=1e-4)
    assert found.seed_error(seeds=5) == pytest.approx(five, abs=6e-4)


@given(
    st.integers(2, 6), st.integers(2, 6), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.01, 0.1, 1.0])
)
@settings(max_examples=60)
def test_mean_squares_are_those_of_an_analysis_of_variance(splits, seeds, seed, between) -> None:
    random = np.random.default_rng(seed)
    luck = random.standard_normal((splits, seeds))
    auc = 0.7 + between * random.standard_normal((splits, 1)) + 0.05 * luck
    found = seed_variance(auc)
    assert found.mean_square_between / found.mean_square_within == pytest.approx(f_oneway(*auc).statistic)
    low, high = found.icc_interval
    assert 0 <= low <= found.icc <= high <= 1


def test_the_interval_of_the_icc_covers_it() -> None:
    """True ICC 0.5; 95 % of 2,000 draws within four standard errors."""
    random = np.random.default_rng(0)
    hits = 0
    for _ in range(2000):
        auc = random.standard_normal((10, 1)) + random.standard_normal((10, 4))
        low, high = seed_variance(auc).icc_interval
        hits += low <= 0.5 <= high
    assert hits / 2000 == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 2000))


def test_less_spread_between_splits_than_seed_luck_makes_is_none() -> None:
    found = seed_variance([[0.6, 0.8], [0.8, 0.6]])
    assert (found.split_sd, found.icc) == (0, 0)
    assert found.icc_interval[0] == 0


def test_seeds_that_agree() -> None:
    same = seed_variance([[0.7, 0.7], [0.9, 0.9]])
    assert (same.seed_sd, same.icc, same.icc_interval, same.seed_error()) == (0, 1, None, 0)
    constant = seed_variance([[1.0, 1.0], [1.0, 1.0]])
    assert (constant.seed_sd, constant.split_sd, constant.icc, constant.icc_interval) == (0, 0, None, None)


@pytest.mark.parametrize("auc", [[[0.5, 0.6]], [[0.5], [0.6]], [0.5, 0.6], []])
def test_one_of_either_does_not_separate_them(auc) -> None:
    with pytest.raises(DataError, match="do not separate"):
        seed_variance(auc)


def test_a_missing_seed_is_never_filled_in() -> None:
    with pytest.raises(DataError, match="lacks the score of a seed"):
        seed_variance([[0.5, 0.6], [0.7, np.nan]])
