"""What these splits could have shown, and what it would take."""

from __future__ import annotations

import math

import pytest
from scipy import stats
from score_boards import board

from engine.stats.pairs import Pair, Spread, Verdict, compare
from engine.stats.power import detectable, planned, requirements
from store.errors import DataError


def pair_with(*spreads: Spread, se: float = 0.02, nu: int = 30) -> Pair:
    return Pair(
        "a",
        "b",
        Verdict.UNDECIDED,
        difference=0.0,
        gene_se=se,
        split_se=se / 2,
        nu=nu,
        interval=(-0.1, 0.1),
        spreads=spreads,
    )


@pytest.mark.parametrize(
    ("splits", "expected"),
    [(1, 0.403), (3, 0.256), (5, 0.214), (10, 0.177), (30, 0.147), (100, 0.135), (math.inf, 0.129)],
)
def test_the_planning_table_of_the_weakest_task(splits, expected):
    """sd .1364 and r = 18 / 158, worked out by hand: 2.80 * .1364 * sqrt(1 / J + .113924)."""
    spread = Spread("long-vs-short-tf", 0.1364, 10, 18 / 158)
    assert planned((spread,), splits) == pytest.approx(expected, abs=6e-4)


def test_a_mean_over_tasks_adds_variances():
    """Halves the spread where four tasks are alike: sqrt(4) / 4."""
    spread = Spread("T", 0.06, 10, 1 / 9)
    assert planned((spread,) * 4) == pytest.approx(planned((spread,)) / 2)
    assert planned((spread, Spread("U", None, 1, 1 / 9))) is None
    assert planned(()) is None


def test_the_detectable_difference_is_that_of_the_pairs_error():
    pair = compare(*([own] for own in board(2, models=2)))
    expected = (stats.t.ppf(0.975, pair.nu) + stats.t.ppf(0.8, pair.nu)) * pair.se
    assert detectable(pair) == pytest.approx(expected)


def test_splits_needed_are_just_enough():
    spread = Spread("T", 0.05, 10, 0.1)
    needed = requirements(pair_with(spread), 0.06)
    assert planned((spread,), needed.splits) <= 0.06 < planned((spread,), needed.splits - 1)
    assert needed.splits == math.ceil(1 / ((0.06 / (2.80 * 0.05)) ** 2 - 0.1))
    assert not needed.hopeless


def test_the_difference_that_is_detectable_now_needs_the_splits_there_are():
    spreads = (Spread("T", 0.05, 10, 0.1), Spread("U", 0.03, 10, 0.12))
    needed = requirements(pair_with(*spreads), planned(spreads))
    assert (needed.splits, needed.genes, needed.tasks) == (10, pytest.approx(1), 2)


def test_below_the_floor_no_number_of_splits_suffices():
    spread = Spread("T", 0.05, 10, 0.1)
    floor = 2.80 * 0.05 * math.sqrt(0.1)
    needed = requirements(pair_with(spread), floor * 0.99)
    assert needed.floor == pytest.approx(floor)
    assert (needed.splits, needed.hopeless) == (None, True)
    assert planned((spread,), 1e9) > floor * 0.99
    assert requirements(pair_with(spread), floor * 1.01).splits > 100


def test_genes_and_tasks_go_with_the_square():
    spread = Spread("T", 0.05, 10, 0.1)
    now = planned((spread,))
    half = requirements(pair_with(spread), now / 2)
    assert half.genes == pytest.approx(4)
    assert half.tasks == 4
    assert requirements(pair_with(*(spread,) * 3), planned((spread,) * 3) / 2).tasks == 12
    easy = requirements(pair_with(spread), now * 10)
    assert (easy.genes, easy.tasks, easy.splits) == (1, 1, 1)


def test_one_split_says_what_it_could_show_but_not_what_more_would():
    pair = compare(*([own] for own in board(2, models=2, splits=1)))
    needed = requirements(pair, 0.02)
    assert needed.detectable == detectable(pair) > 0
    assert (needed.floor, needed.splits, needed.genes, needed.tasks) == (None, None, None, None)
    assert not needed.hopeless


def test_models_without_spread_have_nothing_to_plan_with():
    own = board(1, models=1)[0]
    pair = compare([own], [own])
    assert detectable(pair) is None
    assert requirements(pair, 0.02).floor is None
    assert detectable(Pair("a", "b", Verdict.NOT_COMPARABLE)) is None
    assert requirements(Pair("a", "b", Verdict.NOT_COMPARABLE), 0.02).splits is None


@pytest.mark.parametrize("difference", [0, -0.01, math.nan, math.inf])
def test_only_a_positive_difference_can_be_looked_for(difference):
    with pytest.raises(DataError, match="cannot be looked for"):
        requirements(pair_with(Spread("T", 0.05, 10, 0.1)), difference)
