"""A tuning grid as GridSearchCV keeps it: the AUC of every cell in every fold, and the best cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from engine.cancel import Progress, check
from engine.classify.folds import Fold, Labels, Scores
from store.records import CvTrial

Cell = Mapping[str, Any]
"""One combination of parameters, under scikit-learn's names."""


@dataclass(slots=True)
class Pace:
    """How far a job has come, and whether it should go on."""

    cancel: Event
    progress: Progress | None
    total: int
    done: int = 0

    def check(self) -> None:
        """Raise `Stopped` if the job is cancelled."""
        check(self.cancel)

    def step(self) -> None:
        """One more step is done."""
        self.done += 1
        if self.progress:
            self.progress(self.done, self.total)


class Classifier(Protocol):
    """What a protocol does with vectors."""

    def scores(self, fold: Fold, cell: Cell, pace: Pace) -> Scores:
        """Fit with the parameters of `cell`; class probabilities (m, k) of the held-out rows."""
        ...

    def aucs(self, fold: Fold, cells: Sequence[Cell], pace: Pace) -> list[float]:
        """The held-out AUC of each cell."""
        ...


def run_grid(
    classifier: Classifier, cells: Sequence[Cell], folds: Iterable[Fold], pace: Pace
) -> tuple[CvTrial, ...]:
    """The trials of a grid, the best marked as GridSearchCV marks it: first of the highest means.

    Args:
        classifier: What is tuned.
        cells: The grid, in ParameterGrid's order.
        folds: The cross-validation folds.
        pace: Stepped after each fold.

    Raises:
        Stopped: cancelled.
    """
    columns = []
    for fold in folds:
        columns.append(classifier.aucs(fold, cells, pace))
        pace.step()
    # One contiguous row for each cell: the order of addition decides the last bit of a mean.
    table = np.ascontiguousarray(np.transpose(columns))
    best = int(table.mean(axis=1).argmax())
    return tuple(
        CvTrial(params=dict(cell), fold_aucs=tuple(row.tolist()), best=place == best)
        for place, (cell, row) in enumerate(zip(cells, table, strict=True))
    )


def fold_auc(labels: Labels, scores: NDArray[np.floating[Any]]) -> float:
    """What GridSearchCV's scorer gives: `roc_auc` for two classes, `roc_auc_ovr` for more.

    Args:
        labels: Shape (n,).
        scores: Decision values (n,), higher for class 1, or probabilities (n, k).
    """
    if scores.ndim == 2 and scores.shape[1] > 2:
        return float(roc_auc_score(labels, scores, multi_class="ovr"))
    return binary_auc(labels, scores if scores.ndim == 1 else scores[:, 1])


def binary_auc(labels: Labels, scores: NDArray[np.floating[Any]]) -> float:
    """`roc_auc_score(labels, scores)` to the last bit, without its millisecond of input checks.

    The same operations in the same order, so that cells that tie there tie here.

    Args:
        labels: 0 or 1, shape (n,), both present.
        scores: Shape (n,), finite.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    hits = np.cumsum(labels[order])[ends]
    misses = 1 + ends - hits
    if len(ends) > 2:
        corner = np.ones(len(ends), dtype=bool)
        corner[1:-1] = (np.diff(hits, 2) != 0) | (np.diff(misses, 2) != 0)
        hits, misses = hits[corner], misses[corner]
    tpr, fpr = np.append(0, hits) / hits[-1], np.append(0, misses) / misses[-1]
    return float(np.trapezoid(tpr, fpr))
