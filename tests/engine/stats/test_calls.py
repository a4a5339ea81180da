"""F1 and what stands instead of it where all genes are called the same."""

from __future__ import annotations

import numpy as np
import pytest
from cell_examples import one_split
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from engine.stats.calls import calls
from engine.stats.held_out import one_against_rest
from store.errors import DataError

LOW = one_split([0, 0, 0, 1], [0.1, 0.2, 0.3, 0.4])
HIGH = one_split([0, 0, 0, 1], [0.6, 0.7, 0.8, 0.9])
MIXED = one_split([0, 0, 0, 1], [0.1, 0.2, 0.8, 0.9])


def test_a_split_by_hand() -> None:
    found = calls([MIXED])
    assert (found.f1, found.precision, found.recall) == (2 / 3, 1 / 2, 1)
    assert (found.called, found.prevalence, found.all_positive_f1) == (0.5, 0.25, 0.4)
    assert (found.one_class, found.sentence()) == (0, "")


def test_a_sentence_stands_instead_of_f1() -> None:
    for splits, said in (
        ([LOW, MIXED], "no gene called positive at 0.5 in 1 of 2 splits"),
        ([HIGH, HIGH], "every gene called positive at 0.5 in 2 of 2 splits"),
        (
            [LOW, HIGH, HIGH, MIXED],
            "no gene called positive at 0.5 in 1 of 4 splits, "
            "every gene called positive at 0.5 in 2 of 4 splits",
        ),
    ):
        found = calls(splits)
        assert found.sentence() == said
        assert (found.f1, found.precision, found.recall) == (None, None, None)
    assert calls([LOW, LOW, HIGH]).called == pytest.approx(1 / 3)


def test_a_perfect_order_at_the_wrong_level_has_no_f1_rather_than_0() -> None:
    assert calls([LOW]).f1 is None
    assert calls([LOW]).none_called == 1


def test_exactly_a_half_is_not_called_as_in_the_stored_metrics() -> None:
    split = one_split([0, 1], [0.5, np.nextafter(0.5, 1)])
    assert calls([split]).called == 0.5
    assert (np.column_stack([1 - split.scores, split.scores]).argmax(axis=1) == [0, 1]).all()


@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=2, max_size=25))
def test_it_is_scikit_learns_wherever_it_is_defined(rows: list[tuple[int, float]]) -> None:
    labels, scores = (np.array(column) for column in zip(*rows, strict=True))
    if len(set(labels)) < 2:
        return
    found, called = calls([one_split(labels, scores)]), scores > 0.5
    if called.all() or not called.any():
        assert found.one_class == 1
        assert found.f1 is None
    else:
        precision, recall, f1, _ = precision_recall_fscore_support(labels, called, average="binary")
        assert (found.precision, found.recall) == (precision, recall)
        assert found.f1 == pytest.approx(f1, abs=1e-12)


@given(st.integers(1, 20), st.integers(1, 20))
def test_the_all_positive_f1_is_that_of_calling_every_gene_positive(positives: int, negatives: int) -> None:
    labels = np.repeat([1, 0], [positives, negatives])
    f1 = precision_recall_fscore_support(labels, np.ones_like(labels), average="binary")[2]
    assert calls([one_split(labels, np.full(len(labels), 0.9))]).all_positive_f1 == pytest.approx(f1)


def test_with_more_classes_a_gene_is_called_what_it_is_likeliest_to_be() -> None:
    """Nobody reaches a half, and yet each gene is called something."""
    split = one_split([0, 1, 2, 2], [[0.4, 0.3, 0.3], [0.4, 0.3, 0.3], [0.3, 0.3, 0.4], [0.3, 0.3, 0.4]])
    first, second, third = (calls([split, split], positive) for positive in range(3))
    assert (first.precision, first.recall, third.f1) == (0.5, 1, 1)
    assert second.f1 is None
    assert second.sentence("lys4") == "no gene called lys4 as its likeliest class in 2 of 2 splits"
    assert (
        calls([one_against_rest(split, 0)]).sentence() == "no gene called positive at 0.5 in 1 of 1 splits"
    )


def test_what_does_not_fit_is_refused_in_a_sentence() -> None:
    with pytest.raises(DataError, match="no class 2"):
        calls([MIXED], 2)
    with pytest.raises(DataError, match="not a probability"):
        calls([one_split([0, 1], [-3.0, 2.0])])
