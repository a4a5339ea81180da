"""Every model against one: four words, and intervals that hold together."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats
from score_boards import board, boards
from test_ranks import influences_of

from engine.stats.baseline import Standing, against, against_row
from engine.stats.influence import influences
from engine.stats.pairs import compare
from engine.stats.simultaneous import draw
from store.errors import DataError

KIND = {"sizes": (80, 120), "tested": (15, 25)}


def small(means, se=0.001):
    """Independent models whose differences have the standard error `se`."""
    part = se / np.sqrt(2)
    return influences_of(means, np.kron(np.eye(len(means)), np.full((1, 40), part / np.sqrt(40))))


@pytest.mark.parametrize(
    ("difference", "se", "standing"),
    [
        (0.05, 0.001, Standing.BEATS),
        (0.005, 0.0001, Standing.BEATS),
        (-0.05, 0.001, Standing.BELOW),
        (0.001, 0.002, Standing.SAME),
        (-0.001, 0.002, Standing.SAME),
        (0.001, 0.02, Standing.NOT_SHOWN),
        (0.015, 0.009, Standing.NOT_SHOWN),
    ],
)
def test_the_four_words(difference, se, standing):
    made = against_row(small([0.8, 0.8 + difference], se), 0)
    assert [row.standing for row in made.rows] == [standing]


def test_the_interval_and_the_adjusted_p_come_from_the_same_draws():
    cells = board(1, models=5, **KIND)
    of = influences(cells)
    draws = draw(of)
    made = against(cells, "m2")
    assert [row.model for row in made.rows] == ["m0", "m1", "m3", "m4"]
    largest = np.max(
        [
            abs(draws[:, row] - draws[:, 2]) / np.linalg.norm(of.influence[row] - of.influence[2])
            for row in (0, 1, 3, 4)
        ],
        axis=0,
    )
    assert made.critical == pytest.approx(np.quantile(largest, 0.95))
    for row in made.rows:
        pair = compare([cells[int(row.model[1])]], [cells[2]])
        assert row.difference == pytest.approx(pair.difference)
        assert row.interval == pytest.approx(
            (pair.difference - made.critical * pair.se, pair.difference + made.critical * pair.se)
        )
        beyond = (largest >= abs(pair.difference) / pair.se).sum()
        assert row.p == pytest.approx((1 + beyond) / 10_001)
        assert (row.p <= 0.05) == (row.standing in (Standing.BEATS, Standing.BELOW))
    assert (made.k, made.splits[0].used) == (4, 10)


def test_one_model_alone_needs_no_adjustment():
    made = against_row(small([0.8, 0.803]), 0)
    assert made.critical == pytest.approx(stats.t.ppf(0.975, 39), abs=0.06)


def test_more_models_make_it_harder():
    cells = board(1, models=8, **KIND)
    assert (
        against(cells, "m0").critical
        > against(cells[:3], "m0").critical
        > against(cells[:2], "m0").critical
    )


def test_the_baseline_may_be_a_control_and_other_controls_are_not_compared():
    cells = board(1, models=4, **KIND)
    control = dataclasses.replace(cells[0], control=True)
    other = dataclasses.replace(cells[3], control=True, fits=cells[3].fits[:5])
    made = against([control, other, *cells[1:3]], "m0")
    assert made == against(cells[:3], "m0")
    assert [row.model for row in made.rows] == ["m1", "m2"]
    assert made.left_out == ()


@settings(max_examples=30)
@given(boards)
def test_whoever_beats_the_baseline_has_a_whole_interval_above_it(cells):
    for row in against(cells, "m0").rows:
        low, high = row.interval or (0, 0)
        assert (row.standing is Standing.BEATS) == (low > 0)
        assert (row.standing is Standing.BELOW) == (high < 0)
        assert low <= row.difference <= high or row.interval is None


def test_identical_scores_are_the_same_and_no_spread_shows_nothing():
    own = board(1, models=1, **KIND)[0]
    made = against([own, dataclasses.replace(own, model="twin")], "m0")
    assert [(row.standing, row.interval, row.p) for row in made.rows] == [(Standing.SAME, None, None)]
    shifted = influences_of([0.8, 0.7], np.ones((2, 40)) * 0.01)
    assert against_row(shifted, 0).rows[0].standing is Standing.NOT_SHOWN
    by_splits = influences_of([0.8, 0.8], np.ones((2, 40)) * 0.01, [[0.7, 0.9], [0.8, 0.8]])
    assert against_row(by_splits, 0).rows[0].standing is Standing.NOT_SHOWN


def test_who_cannot_be_compared_is_named():
    cells = board(1, models=3, **KIND)
    few = dataclasses.replace(cells[0], fits=cells[0].fits[:3])
    made = against([few, *cells[1:]], "m0")
    assert (made.k, made.critical) == (0, None)
    assert {gone.model for gone in made.left_out} == {"m1", "m2"}
    elsewhere = [*cells, *board(1, models=2, task="U", **KIND)]
    assert [(gone.model, gone.reason) for gone in against(elsewhere, "m0").left_out] == [
        ("m2", "no score in U")
    ]
    missing = [*cells, *board(1, models=2, task="U", **KIND)[1:]]
    assert against(missing, "m0").k == 0
    assert against(missing, "m0", ["T"]).k == 2
    with pytest.raises(DataError, match="no score of the baseline tfidf"):
        against(cells, "tfidf")
