"""The interval of one AUC, its edges, and what is said of few or failed splits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from score_boards import board, cell

from engine.stats.intervals import auc_interval, estimate, estimate_cells
from engine.stats.scores import CellScores
from store.errors import DataError

PERFECT = [("A", 1, 0.9), ("B", 1, 0.8), ("C", 0, 0.5), ("D", 0, 0.1), ("E", 0, 0.2)]
TIED = [(gene, label, 0.5) for gene, label, _ in PERFECT]


@settings(max_examples=100)
@given(st.floats(0.01, 0.99), st.floats(0.001, 0.2), st.integers(2, 100))
def test_an_interval_is_students_on_the_logit_scale(auc, se, tested):
    low, high = auc_interval(auc, se, tested)
    half = stats.t.ppf(0.975, tested - 1) * se / (auc * (1 - auc))
    middle = math.log(auc / (1 - auc))
    if half < 10:
        assert math.log(low / (1 - low)) == pytest.approx(middle - half, abs=1e-6)
        assert math.log(high / (1 - high)) == pytest.approx(middle + half, abs=1e-6)
    assert 0 <= low <= auc <= high <= 1


def test_an_auc_of_one_has_the_one_sided_bound():
    made = estimate([cell("a", {"x": PERFECT, "y": PERFECT})])
    assert made.auc == 1
    assert made.interval == (pytest.approx(0.025 ** (1 / 2)), 1)
    assert auc_interval(1.0, 0.0, 25)[0] == pytest.approx(0.863, abs=5e-4)
    upside_down = [(gene, 1 - label, score) for gene, label, score in PERFECT]
    made = estimate([cell("a", {"x": upside_down})])
    assert made.auc == 0
    assert made.interval == (0, pytest.approx(1 - 0.025 ** (1 / 2)))


def test_without_spread_there_is_no_interval():
    made = estimate([cell("a", {"x": TIED, "y": TIED})])
    assert (made.auc, made.se, made.interval) == (0.5, 0, None)


def test_a_single_gene_of_a_class_gives_no_interval():
    rows = [("A", 1, 0.4), ("C", 0, 0.5), ("D", 0, 0.1), ("E", 0, 0.2)]
    made = estimate([cell("a", {"x": rows, "y": rows[:3]})])
    assert made.nu == 0
    assert made.se > 0
    assert made.interval is None


def test_one_split_has_the_error_of_genes_alone():
    made = estimate(board(2, models=1, splits=1))
    assert (made.sd, made.split_se) == (None, None)
    assert made.se == made.gene_se > 0
    assert made.preliminary


@pytest.mark.parametrize(
    ("splits", "preliminary"), [(2, True), (3, True), (4, True), (5, False), (10, False)]
)
def test_fewer_than_five_splits_are_preliminary(splits, preliminary):
    made = estimate(board(1, models=1, splits=splits))
    assert made.preliminary is preliminary
    assert made.se == max(made.gene_se, made.split_se)
    assert made.splits[0].used == splits


def test_failed_splits_are_counted_and_not_used():
    whole = board(1, models=1)[0]
    names = [fit.split for fit in whole.fits]
    failing = CellScores("m0", "T", whole.ratio, False, whole.fits[2:], frozenset(names[:2]))
    count = estimate([failing]).splits[0]
    assert (count.task, count.used, count.tried, count.failed) == ("T", 8, 10, 2)
    only = CellScores("m0", "T", whole.ratio, False, whole.fits[2:])
    assert estimate([failing]).auc == estimate([only]).auc


def test_a_mean_over_tasks_needs_every_task():
    one, other = board(1, models=1)[0], board(1, models=1, task="U")[0]
    made = estimate([one, other])
    assert made.auc == pytest.approx((estimate([one]).auc + estimate([other]).auc) / 2)
    assert made.sd is None
    assert made.interval[0] < made.auc < made.interval[1]
    assert [count.task for count in made.splits] == ["T", "U"]
    failed = CellScores("m0", "U", 0.1, False, (), frozenset({"x"}))
    assert estimate([one, failed]) is None
    assert estimate([]) is None


def test_no_cell_depends_on_what_else_is_estimated():
    cells = [*board(1, tested=(12, 17)), *board(1, task="U", sizes=(6, 7, 8), tested=(3, 4, 5))]
    cells.append(CellScores("short", "T", 0.1, False, cells[0].fits[:6]))
    cells.append(CellScores("empty", "T", 0.1, False, ()))
    together = estimate_cells(cells)
    assert list(together) == [(one.model, one.task) for one in cells if one.fits]
    assert all(estimate([one]) == together[one.model, one.task] for one in cells if one.fits)


def test_several_runs_of_one_cell_are_never_mixed():
    own = board(1, models=1)[0]
    with pytest.raises(DataError, match="m0 has two cells in T"):
        estimate_cells([own, own])


def test_the_sd_is_that_of_the_splits():
    made = estimate(board(6, models=1))
    aucs = [estimate([CellScores("m0", "T", 0.1, False, (fit,))]).auc for fit in board(6, models=1)[0].fits]
    assert made.sd == pytest.approx(np.std(aucs, ddof=1))
    assert made.auc == pytest.approx(np.mean(aucs))
