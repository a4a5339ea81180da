"""The rows a classifier is fitted on and judged on: scaled as asked, cut into cross-validation folds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import Normalizer, StandardScaler

from store.errors import DataError, UsageError

Vectors = Any
"""Dense float32, or a sparse matrix of float64."""
Labels = NDArray[np.int64]
Scores = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Fold:
    """One fit and the held-out rows it is judged on."""

    x: Vectors
    """Shape (n, d): the rows to fit on, scaled."""
    y: Labels
    """Shape (n,)."""
    x_held: Vectors
    """Shape (m, d): the held-out rows, scaled as the fitted rows were."""
    y_held: Labels
    """Shape (m,)."""


def make_fold(vectors: Vectors, labels: Labels, fit: Rows, held: Rows, scaling: str) -> Fold:
    """The rows `fit` and `held`, scaled with what the rows `fit` alone tell.

    Raises:
        UsageError: there is no such scaling.
    """
    x, x_held = vectors[fit], vectors[held]
    match scaling:
        case "none":
            pass
        case "l2":
            x, x_held = Normalizer().transform(x), Normalizer().transform(x_held)
        case "standard":
            # Centring would fill a sparse matrix.
            scaler = StandardScaler(with_mean=not issparse(x)).fit(x)
            x, x_held = scaler.transform(x), scaler.transform(x_held)
        case _:
            raise UsageError(f"There is no scaling named {scaling!r}.", "It is none, l2 or standard.")
    return Fold(x, labels[fit], x_held, labels[held])


def cv_folds(vectors: Vectors, labels: Labels, rows: Rows, folds: int, scaling: str) -> Iterator[Fold]:
    """The folds of GridSearchCV(cv=folds): stratified, unshuffled, in the order of `rows`.

    Raises:
        DataError: a class has fewer training genes than there are folds.
    """
    classes, counts = np.unique(labels[rows], return_counts=True)
    if counts.min() < folds:
        raise DataError(
            f"Class {classes[counts.argmin()]} has only {counts.min()} training genes, "
            f"too few for {folds}-fold cross-validation.",
            "Use a protocol without tuning, or a task with more genes of that class.",
        )
    for fit, held in StratifiedKFold(folds).split(rows, labels[rows]):
        yield make_fold(vectors, labels, rows[fit], rows[held], scaling)
