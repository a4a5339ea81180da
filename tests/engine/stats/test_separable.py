"""What the published tables can tell apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from cell_examples import NEGATIVES, POSITIVES
from hypothesis import given
from hypothesis import strategies as st
from published_tables import PROTOCOLS, published

from engine.stats.separable import hanley_mcneil, implied_error, separability
from store.errors import DataError

# protocol: (best - worst, largest gap), then adjacent, one by one and after Bonferroni at .5 and at .7
PRINTED = {
    "lr": ((0.0385, 0.0100), (0, 7, 0), (0, 17, 0)),
    "rf": ((0.0593, 0.0262), (0, 11, 2), (1, 15, 7)),
    "lr-cv": ((0.0335, 0.0058), (0, 2, 0), (0, 7, 0)),
    "rf-cv": ((0.0610, 0.0217), (0, 10, 1), (0, 20, 5)),
    "finetune": ((0.0292, 0.0102), (0, 0, 0), (0, 5, 0)),
}


@pytest.mark.parametrize(
    ("protocol", "mean"), list(zip(PROTOCOLS, (0.0154, 0.0156, 0.0152, 0.0156, 0.0162), strict=True))
)
def test_the_implied_error_of_the_mean_of_four(protocol: str, mean: float) -> None:
    assert implied_error(published(protocol), POSITIVES, NEGATIVES).mean == pytest.approx(mean, abs=5.1e-5)


def test_the_tasks_of_table_3() -> None:
    auc = published("lr")
    every_gene = implied_error(auc, POSITIVES, NEGATIVES).tasks
    assert every_gene == pytest.approx((0.0486, 0.0204, 0.0199, 0.0246), abs=5.1e-5)
    one_test_set = implied_error(auc, (5, 12, 10, 10), (13, 37, 8, 4)).tasks
    assert one_test_set == pytest.approx((0.152, 0.066, 0.064, 0.081), abs=5.1e-4)


@pytest.mark.parametrize("protocol", PRINTED)
def test_what_the_published_tables_can_tell_apart(protocol: str) -> None:
    ranges, *counts = PRINTED[protocol]
    for correlation, printed, noise in zip((0.5, 0.7), counts, (0.030, 0.024), strict=True):
        found = separability(published(protocol), POSITIVES, NEGATIVES, correlation=correlation)
        assert (found.best_minus_worst, found.largest_gap) == pytest.approx(ranges, abs=5.1e-5)
        assert (found.adjacent, found.one_by_one, found.after_bonferroni) == printed
        assert found.noise == pytest.approx(noise, abs=2e-3)
        assert found.pairs == (45 if protocol == "finetune" else 55)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_adjacent_rank_of_a_published_table_is_separable(protocol: str) -> None:
    sentence = separability(published(protocol), POSITIVES, NEGATIVES).sentence
    assert sentence.startswith("No adjacent rank of this table is separable.")


def test_the_sentences() -> None:
    table = published("rf")
    assert separability(table, POSITIVES, NEGATIVES).sentence == (
        "No adjacent rank of this table is separable. The largest gap between neighbours is .026; "
        "differences below about .031 are within noise."
    )
    assert separability(table, POSITIVES, NEGATIVES, correlation=0.7).sentence == (
        "1 of 10 adjacent ranks of this table is separable; differences below about .024 are within noise."
    )
    apart = separability([[0.6], [0.8], [0.99]], [500], [500])
    assert (apart.adjacent, apart.one_by_one, apart.after_bonferroni) == (2, 3, 3)
    assert apart.sentence.startswith("2 of 2 adjacent ranks of this table are separable")


def test_one_positive_and_one_negative_is_a_coin() -> None:
    assert hanley_mcneil(0.7, 1, 1) == pytest.approx(math.sqrt(0.7 * 0.3))
    assert hanley_mcneil([0.0, 1.0], 10, 10) == pytest.approx([0, 0])


def test_a_random_order_has_the_variance_of_the_rank_sum() -> None:
    """At AUC .5 it is close to Wilcoxon's (p + q + 1) / (12pq), which is exact there."""
    assert hanley_mcneil(0.5, 40, 60) == pytest.approx(math.sqrt(101 / (12 * 40 * 60)), rel=1e-9)


@given(st.floats(0, 1), st.integers(1, 500), st.integers(1, 500))
def test_it_falls_with_genes_and_knows_no_side(auc: float, positives: int, negatives: int) -> None:
    error = hanley_mcneil(auc, positives, negatives)
    assert 0 <= error <= 0.5
    assert hanley_mcneil(1 - auc, negatives, positives) == pytest.approx(error, abs=1e-7)
    assert hanley_mcneil(auc, positives + 1, negatives + 1) <= error + 1e-9


def test_ties_and_a_perfect_column_are_not_separable() -> None:
    found = separability(np.ones((3, 2)), [5, 5], [5, 5])
    assert (found.noise, found.largest_gap, found.adjacent, found.one_by_one) == (0, 0, 0, 0)


def test_what_does_not_fit_is_refused_in_a_sentence() -> None:
    table = [[0.6, 0.7], [0.8, 0.9]]
    for arguments, said in (
        ((table, [5], [5]), "do not fit 2 tasks"),
        ((table, [5, 0], [5, 5]), "at least one gene of either class"),
        (([[0.6, np.nan], [0.8, 0.9]], [5, 5], [5, 5]), "outside 0 to 1"),
        ((table[:1], [5, 5], [5, 5]), "single model"),
        (([0.6, 0.7], [5, 5], [5, 5]), "a row for each model"),
    ):
        with pytest.raises(DataError, match=said):
            separability(*arguments)
    with pytest.raises(DataError, match="correlation of 1"):
        separability(table, [5, 5], [5, 5], correlation=1)
