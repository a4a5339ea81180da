"""What a table of mean AUCs can tell apart, when only the means were published.

The standard error of an AUC follows from the AUC and the numbers of genes (Hanley & McNeil 1982). Applied
at a task's mean AUC, to all its genes once, it is what the gene sample alone would do. The luck of training
sets and of seeds is left out, so what is called separable here is so at best. The correlation between
models scored on the same genes is not published either and is assumed: 0.5, or 0.7 to be generous.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from engine.stats.held_out import Floats
from store.errors import DataError


@dataclass(frozen=True)
class ImpliedError:
    """Standard errors that a published table implies, in units of AUC."""

    tasks: tuple[float, ...]
    """Of an AUC of each task."""
    mean: float
    """Of the mean over the tasks, taken as independent."""


@dataclass(frozen=True)
class Separability:
    """How many pairs of a ranked column differ by more than its implied error."""

    models: int
    correlation: float
    """Assumed between the AUCs of two models on the same genes."""
    noise: float
    """1.96 standard errors of a difference, in units of AUC: smaller differences are within noise."""
    best_minus_worst: float
    """In units of AUC."""
    largest_gap: float
    """Between two neighbours in rank, in units of AUC."""
    adjacent: int
    """Of the `models - 1` neighbours in rank, how many differ by more than `noise`."""
    one_by_one: int
    """Of all `pairs`, how many do."""
    after_bonferroni: int
    """And how many still do when the level of 5 % is shared among all of them."""

    @property
    def pairs(self) -> int:
        """Pairs of models."""
        return self.models * (self.models - 1) // 2

    @property
    def sentence(self) -> str:
        """The judgement."""
        wide = f"The largest gap between neighbours is {_short(self.largest_gap)}"
        noise = f"differences below about {_short(self.noise)} are within noise"
        if not self.adjacent:
            return f"No adjacent rank of this table is separable. {wide}; {noise}."
        are = "is" if self.adjacent == 1 else "are"
        return (
            f"{self.adjacent} of {self.models - 1} adjacent ranks of this table {are} separable; {noise}."
        )


def hanley_mcneil(auc: ArrayLike, positives: ArrayLike, negatives: ArrayLike) -> Floats:
    """Standard error of an AUC from so many positive and negative genes; the arguments broadcast.

    Args:
        auc: From 0 to 1.
        positives: At least 1.
        negatives: At least 1.

    Raises:
        DataError: an argument is out of range.
    """
    a, p, q = (np.asarray(given, dtype=np.float64) for given in (auc, positives, negatives))
    if not ((a >= 0) & (a <= 1)).all():
        raise DataError("An AUC is missing or lies outside 0 to 1.")
    if not ((p >= 1).all() and (q >= 1).all()):
        raise DataError("An AUC needs at least one gene of either class.")
    two_positives, two_negatives = a / (2 - a), 2 * a**2 / (1 + a)
    variance = a * (1 - a) + (p - 1) * (two_positives - a**2) + (q - 1) * (two_negatives - a**2)
    found: Floats = np.sqrt(np.maximum(variance, 0) / (p * q))
    return found


def implied_error(auc: ArrayLike, positives: ArrayLike, negatives: ArrayLike) -> ImpliedError:
    """The standard errors of a table, at each task's mean AUC over the models.

    Args:
        auc: Shape (models, tasks).
        positives: Genes of class 1 of each task, shape (tasks,).
        negatives: The others, shape (tasks,).

    Raises:
        DataError: as `hanley_mcneil` does, or the shapes do not fit.
    """
    means, p, q = _table(auc).mean(axis=0), np.asarray(positives), np.asarray(negatives)
    if not means.shape == p.shape == q.shape:
        raise DataError(f"Gene counts of shapes {p.shape} and {q.shape} do not fit {len(means)} tasks.")
    errors = hanley_mcneil(means, p, q)
    return ImpliedError(
        tuple(float(error) for error in errors), float(np.sqrt((errors**2).sum())) / len(errors)
    )


def separability(
    auc: ArrayLike, positives: ArrayLike, negatives: ArrayLike, *, correlation: float = 0.5
) -> Separability:
    """What the models' means over the tasks of a table can tell apart; with one task, its column.

    Args:
        auc: Shape (models, tasks); at least two models.
        positives: Genes of class 1 of each task, shape (tasks,).
        negatives: The others, shape (tasks,).
        correlation: Between the AUCs of two models on the same genes, at least 0 and below 1.

    Raises:
        DataError: as `implied_error` does, or there is a single model, or no such correlation.
    """
    if not 0 <= correlation < 1:
        raise DataError(f"A correlation of {correlation} between models is not from 0 to below 1.")
    means = np.sort(_table(auc).mean(axis=1).round(9))
    if len(means) < 2:
        raise DataError("A table of a single model has nothing to tell apart.")
    error = implied_error(auc, positives, negatives).mean * math.sqrt(2 * (1 - correlation))
    low, high = np.triu_indices(len(means), k=1)
    differences, gaps = means[high] - means[low], np.diff(means)
    noise = error * float(ndtri(0.975))
    shared = error * float(ndtri(1 - 0.025 / len(differences)))
    return Separability(
        models=len(means),
        correlation=correlation,
        noise=noise,
        best_minus_worst=float(means[-1] - means[0]),
        largest_gap=float(gaps.max()),
        adjacent=int((gaps > noise).sum()),
        one_by_one=int((differences > noise).sum()),
        after_bonferroni=int((differences > shared).sum()),
    )


def _table(auc: ArrayLike) -> Floats:
    values = np.asarray(auc, dtype=np.float64)
    if values.ndim != 2 or not values.size:
        raise DataError(
            f"A table of shape {values.shape} does not have a row for each model, a column for each task."
        )
    return values


def _short(auc: float) -> str:
    return f"{auc:.3f}".removeprefix("0")
