"""From vectors to test scores: the classical protocols, whose models are only read."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from engine.cancel import Progress
from engine.catalog.protocols import PROTOCOLS
from engine.classify.folds import Labels, Rows, Scores, Vectors, cv_folds, make_fold
from engine.classify.forest import Forest
from engine.classify.logistic import Logistic
from engine.classify.tuning import Cell, Classifier, Pace, run_grid
from store.errors import DataError, UsageError, unknown
from store.records import CvTrial, Split


@dataclass(frozen=True, slots=True)
class Classified:
    """What one split of one classical protocol gave."""

    scores: Scores
    """Probability of each class, shape (n_test, k), in the order of `split.test`."""
    trials: tuple[CvTrial, ...] = ()
    """Every cell of the tuning grid; empty without tuning."""
    best_params: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall time: `tune` where there is tuning, `fit` with the prediction of the test genes."""


class Classifies(Protocol):
    """The seam to whatever turns vectors into test scores, by any protocol that works on vectors.

    What it must keep to, whatever the protocol, is checked in `tests/contracts/test_classifies.py`.
    """

    def __call__(
        self,
        protocol: str,
        params: Mapping[str, Any],
        vectors: NDArray[np.floating[Any]],
        labels: NDArray[np.integer[Any]],
        split: Split,
        *,
        scaling: str,
        lr_solver: str,
        cancel: Event,
        progress: Progress | None = None,
    ) -> Classified:
        """See `classify`."""


def classify(
    protocol: str,
    params: Mapping[str, Any],
    vectors: NDArray[np.floating[Any]] | Any,
    labels: NDArray[np.integer[Any]],
    split: Split,
    *,
    scaling: str,
    lr_solver: str,
    cancel: Event,
    progress: Progress | None = None,
) -> Classified:
    """Train on `split.train` and then `split.evaluation`, score `split.test`.

    Safe to call from several threads at once; uses one thread itself.

    Args:
        protocol: `lr`, `rf`, `lr-cv` or `rf-cv`.
        params: The protocol's parameters, as in the catalog.
        vectors: Shape (n, d), one row for each gene of the task; dense, or a sparse matrix of float64.
        labels: Class indices, shape (n,).
        split: Which genes to train on and to score.
        scaling: `none`, `l2` or `standard`; fitted on training rows alone, in every fold too.
        lr_solver: `liblinear` or `lbfgs`, for `lr-cv`.
        cancel: Looked at before every fit and every tree.
        progress: Told (done, total) after each fold and the final fit.

    Raises:
        DataError: vectors that are not finite, a class without training genes, or with fewer than folds.
        Stopped: `cancel` was set.
        UsageError: no such protocol, scaling or solver.
    """
    classifier, cells = _classifier(protocol, params, lr_solver)
    rows = np.array([*split.train, *split.evaluation], dtype=np.intp)
    x, y = _checked(vectors, labels, rows)
    folds = params.get("folds", 0)
    pace = Pace(cancel, progress, total=folds + 1)
    trials: tuple[CvTrial, ...] = ()
    best: Cell = {}
    seconds = {}
    if folds:
        started = time.perf_counter()
        trials = run_grid(classifier, cells, cv_folds(x, y, rows, folds, scaling), pace)
        best = next(trial.params for trial in trials if trial.best)
        seconds["tune"] = time.perf_counter() - started
    started = time.perf_counter()
    final = make_fold(x, y, rows, np.array(split.test, dtype=np.intp), scaling)
    scores = classifier.scores(final, best or cells[0], pace)
    seconds["fit"] = time.perf_counter() - started
    pace.step()
    return Classified(scores, trials, best, seconds)


def _classifier(
    protocol: str, params: Mapping[str, Any], lr_solver: str
) -> tuple[Classifier, Sequence[Cell]]:
    """The classifier of a protocol and its grid: without tuning, the single cell of its settings.

    Raises:
        UsageError: no such protocol or solver.
    """
    match protocol, lr_solver:
        case "lr", _:
            return Logistic("lbfgs"), [{"C": params["C"], "max_iter": params["max_iter"]}]
        case "rf", _:
            return Forest(params["seed"]), [{"n_estimators": params["trees"], "max_depth": None}]
        case "lr-cv", ("liblinear" | "lbfgs") as solver:
            logistic = Logistic(solver, params["seed"])
            return logistic, logistic.cells(params)
        case "lr-cv", _:
            raise UsageError(*unknown("solver", lr_solver, ("liblinear", "lbfgs")))
        case "rf-cv", _:
            forest = Forest(params["seed"])
            return forest, forest.cells(params)
        case _:
            known = [name for name, one in PROTOCOLS.items() if not one.finetunes]
            raise UsageError(*unknown("classical protocol", protocol, known))


def _checked(
    vectors: NDArray[np.floating[Any]] | Any, labels: NDArray[np.integer[Any]], rows: Rows
) -> tuple[Vectors, Labels]:
    """Vectors as contiguous float32, which forests need, or sparse as they are; labels as int64.

    Raises:
        DataError: what a classifier could not use, or would use wrongly without a word.
    """
    sparse: Any = vectors
    x: Any = sparse.tocsr() if issparse(vectors) else np.ascontiguousarray(vectors, dtype=np.float32)
    y = np.asarray(labels, dtype=np.int64)
    if x.ndim != 2 or x.shape[0] != len(y):
        raise DataError(f"Vectors of shape {x.shape} do not fit {len(y)} labelled genes.")
    finite = np.isfinite(x.data if issparse(x) else x)
    if not finite.all():
        bad = np.flatnonzero(~finite.all(axis=1)) if finite.ndim > 1 else x.nonzero()[0][~finite]
        raise DataError(
            f"{bad.size} of {x.shape[0]} vectors are not finite, the first in row {bad[0]}.",
            "Look at this model's vectors; another precision may help.",
        )
    untrained = set(range(int(y.max()) + 1)) - set(y[rows].tolist())
    if untrained:
        raise DataError(
            f"No gene of class {min(untrained)} is in the training set.",
            "Use a task with more genes of that class.",
        )
    return x, y
