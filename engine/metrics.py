"""What a split's test scores are worth: the numbers of one row of `scores`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_fscore_support, roc_auc_score

from store.errors import DataError
from store.records import Metrics


def score(labels: NDArray[np.integer[Any]], scores: NDArray[np.floating[Any]]) -> Metrics:
    """The metrics of one test set; ranking metrics come from probabilities, never from labels.

    With two classes AUC and AUPRC are those of class 1; with more, the plain mean over the
    one-vs-rest problems.

    Args:
        labels: Class indices, shape (n,).
        scores: Probability of each class, shape (n, k), in class order.

    Raises:
        DataError: a class has no gene in the test set, or the shapes do not fit.
    """
    labels = np.asarray(labels)
    probabilities = np.asarray(scores, dtype=np.float64)
    if probabilities.ndim != 2 or probabilities.shape[1] < 2 or len(probabilities) != len(labels):
        raise DataError(
            f"Scores of shape {probabilities.shape} do not fit {len(labels)} labelled genes.",
            "There must be one row for each gene and one column for each class.",
        )
    if not np.isfinite(probabilities).all():
        raise DataError(
            "A score is not a finite number.", "Look for empty or overflowing vectors of this model."
        )
    one_hot = _one_hot(labels, probabilities.shape[1])
    positive, ranked = (
        (one_hot[:, 1], probabilities[:, 1]) if one_hot.shape[1] == 2 else (one_hot, probabilities)
    )
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels,
        probabilities.argmax(axis=1),
        labels=range(one_hot.shape[1]),
        average="macro",
        zero_division=0,
    )
    squared_error = ((probabilities - one_hot) ** 2).sum(axis=1).mean()
    return Metrics(
        auc=float(roc_auc_score(positive, ranked, average="macro")),
        auprc=float(average_precision_score(positive, ranked, average="macro")),
        precision=float(precision),
        recall=float(recall),
        f1=float(f1),
        brier=float(squared_error / 2 if one_hot.shape[1] == 2 else squared_error),
    )


def _one_hot(labels: NDArray[np.integer[Any]], classes: int) -> NDArray[np.int64]:
    """Indicator matrix (n, k) of `labels`.

    Raises:
        DataError: nobody belongs to a class, or somebody to one beyond the last.
    """
    one_hot: NDArray[np.int64] = (labels[:, None] == np.arange(classes)).astype(np.int64)
    missing = np.flatnonzero(one_hot.sum(axis=0) == 0)
    if missing.size:
        raise DataError(
            f"No gene of class {missing[0]} is in the test set, so its AUC is undefined.",
            "Use a task with more genes of that class, or a split scheme with larger test sets.",
        )
    if one_hot.sum() < len(labels):
        raise DataError(f"A label lies outside the {classes} classes that were scored.")
    return one_hot
