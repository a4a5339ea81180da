"""Friedman, Iman-Davenport and Nemenyi, on the published tables and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published_tables import published

from engine.stats.friedman import friedman
from store.errors import DataError

PRINTED = {
    "lr": (11.3569, 0.3304, 1.1895, 0.3363, 7.5484, 4.875, 11.5068),
    "rf": (13.5763, 0.1932, 1.5414, 0.1734, 7.5484, 5.750, 13.5388),
    "lr-cv": (11.8599, 0.2945, 1.2644, 0.2935, 7.5484, 6.000, 11.8599),
    "rf-cv": (12.8114, 0.2344, 1.4136, 0.2219, 7.5484, 6.625, 12.3421),
    "finetune": (8.2373, 0.5104, 0.8901, 0.5465, 6.7730, 3.750, 8.3731),
}


@pytest.mark.parametrize("protocol", PRINTED)
def test_no_published_table_has_ranks_beyond_chance(protocol: str) -> None:
    found = friedman(published(protocol, "rank"))
    tested = (found.statistic, found.p, found.f, found.f_p, found.critical_distance, found.rank_range)
    assert tested == pytest.approx(PRINTED[protocol][:6], abs=5.1e-5)
    assert friedman(-published(protocol)).statistic == pytest.approx(PRINTED[protocol][6], abs=5.1e-5)
    assert found.pairs_beyond == 0


def test_three_models_by_hand() -> None:
    """Rank sums 4, 5, 9 of three tasks: 12/(3*3*4) * (16 + 25 + 81) - 3*3*4 = 14/3."""
    found = friedman([[1, 1, 2], [2, 2, 1], [3, 3, 3]])
    assert found.mean_ranks == pytest.approx((4 / 3, 5 / 3, 3))
    assert found.statistic == pytest.approx(14 / 3)
    assert found.p == pytest.approx(math.exp(-7 / 3))
    assert found.f == pytest.approx(2 * (14 / 3) / (6 - 14 / 3))
    assert found.critical_distance == pytest.approx(2.343 * math.sqrt(12 / 18), abs=1e-3)


def test_many_tasks_that_agree_put_pairs_beyond_the_critical_distance() -> None:
    found = friedman(np.tile([[1], [2], [3]], 20))
    assert (found.f, found.f_p, found.rank_range) == (math.inf, 0, 2)
    assert found.critical_distance < 1
    assert found.pairs_beyond == 3


def test_ties_everywhere_leave_nothing_to_test() -> None:
    found = friedman(np.ones((4, 3)))
    assert (found.statistic, found.p, found.f, found.f_p) == (None, None, None, None)
    assert found.mean_ranks == (2.5,) * 4


@given(st.integers(3, 6), st.integers(2, 6), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_only_the_order_in_each_task_counts(models: int, tasks: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 5, (models, tasks)).astype(float)
    assert friedman(np.exp(values) + np.arange(tasks)).mean_ranks == friedman(values).mean_ranks
    assert friedman(values**3).statistic == friedman(values).statistic
    assert sum(friedman(values).mean_ranks) == pytest.approx(models * (models + 1) / 2)


@pytest.mark.parametrize("shape", [(2, 4), (4, 1), (4,)])
def test_too_small_a_table_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="At least three models and two tasks") as refused:
        friedman(np.arange(math.prod(shape)).reshape(shape))
    assert "cannot be tested" in refused.value.message


def test_a_missing_rank_is_never_filled_in() -> None:
    with pytest.raises(DataError, match="lacks its rank"):
        friedman([[1, 2], [2, np.nan], [3, 1]])
