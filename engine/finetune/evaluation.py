"""The AUC that picks the best epoch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score


def evaluation_auc(labels: NDArray[np.integer[Any]], scores: NDArray[np.float64]) -> float | None:
    """AUC of class 1, or with more classes the mean of every class against the rest.

    Args:
        labels: int [n].
        scores: float [n, n_classes].

    Returns:
        None if no class has both members and others among `labels`: there is nothing to rank. A
        class that is absent from a small evaluation set is left out of the mean.
    """
    if not np.isfinite(scores).all():
        return None
    classes = (1,) if scores.shape[1] == 2 else range(scores.shape[1])
    aucs = [
        float(roc_auc_score(labels == index, scores[:, index]))
        for index in classes
        if 0 < int((labels == index).sum()) < len(labels)
    ]
    return sum(aucs) / len(aucs) if aucs else None
