"""Metrics of a split, against hand-made numbers and plain scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from engine.classify.tuning import binary_auc
from engine.metrics import score
from store.errors import DataError


def two_columns(positive):
    positive = np.asarray(positive, dtype=np.float64)
    return np.column_stack([1 - positive, positive])


def test_two_classes_by_hand():
    metrics = score(np.array([0, 0, 1, 1]), two_columns([0.1, 0.6, 0.55, 0.9]))
    assert metrics.auc == 0.75
    assert metrics.auprc == pytest.approx((1 + 2 / 3) / 2)
    assert metrics.precision == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert metrics.recall == pytest.approx((1 / 2 + 1) / 2)
    assert metrics.f1 == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert metrics.brier == pytest.approx((0.01 + 0.36 + 0.45**2 + 0.01) / 4)


def test_auc_comes_from_probabilities_not_labels():
    """All genes get the same label, yet their order is perfect."""
    labels, probabilities = np.array([0, 0, 1, 1]), two_columns([0.1, 0.2, 0.3, 0.4])
    metrics = score(labels, probabilities)
    assert metrics.auc == 1
    assert metrics.auprc == 1
    assert roc_auc_score(labels, probabilities.argmax(axis=1)) == 0.5
    assert metrics.precision == 0.25


def test_more_classes_are_averaged_one_against_the_rest():
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [3, 9, 18])
    probabilities = random.dirichlet(np.ones(3), 30)
    metrics = score(labels, probabilities)
    one_hot = np.eye(3)[labels]
    assert metrics.auc == pytest.approx(roc_auc_score(labels, probabilities, multi_class="ovr"), abs=1e-12)
    assert metrics.auprc == pytest.approx(
        np.mean([average_precision_score(labels == k, probabilities[:, k]) for k in range(3)])
    )
    assert metrics.f1 == pytest.approx(f1_score(labels, probabilities.argmax(axis=1), average="macro"))
    assert metrics.brier == pytest.approx(((probabilities - one_hot) ** 2).sum() / 30)


def test_scores_need_not_sum_to_one_for_ranking():
    """One-vs-rest columns are judged each by itself."""
    labels = np.array([0, 1, 2, 0, 1, 2])
    assert score(labels, np.eye(3)[labels] * 0.4).auc == 1


@pytest.mark.parametrize(
    ("labels", "scores", "sentence"),
    [
        ([0, 0], two_columns([0.1, 0.2]), "No gene of class 1"),
        ([1, 1], two_columns([0.1, 0.2]), "No gene of class 0"),
        ([0, 1, 2], two_columns([0.1, 0.2, 0.3]), "outside the 2 classes"),
        ([0, 1], two_columns([0.1, np.nan]), "not a finite number"),
        ([0, 1, 1], two_columns([0.1, 0.2]), "do not fit 3"),
        ([0, 1], np.array([0.1, 0.2]), "do not fit 2"),
    ],
)
def test_what_cannot_be_scored_is_said(labels, scores, sentence):
    with pytest.raises(DataError, match=sentence):
        score(np.array(labels), scores)


@settings(max_examples=150)
@given(st.data())
def test_binary_auc_is_scikit_learns_to_the_last_bit(data):
    rows = data.draw(st.integers(2, 60))
    labels = np.array([0, 1, *data.draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows))])
    few = st.integers(0, 9).map(lambda n: n / 7)
    value = st.one_of(few, st.floats(-1e6, 1e6))
    drawn = data.draw(st.lists(value, min_size=rows + 2, max_size=rows + 2))
    scores = np.array(drawn, dtype=data.draw(st.sampled_from([np.float32, np.float64])))
    assert binary_auc(labels, scores) == roc_auc_score(labels, scores)
