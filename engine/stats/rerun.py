"""How much of a published order survives when its authors run the same protocol again.

The same data under other seeds: the root mean square difference of two runs over sqrt(2) is the standard
error of one of them (Dahlberg 1940), and Kendall's tau-b (1945) says how alike the two orders are. What a
rerun turns round was never known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from engine.stats.scores import Floats
from store.errors import DataError


@dataclass(frozen=True)
class Rerun:
    """Two runs of the same models on the same tasks."""

    models: int
    tau: float | None
    """Kendall's tau-b of the models' means: 1 the same order, -1 reversed; None if a run ties them all."""
    flipped: int
    """Of all `pairs` of models, those whose means stand the other way round; ties are not counted."""
    largest_move: float
    """In ranks of the mean, ties averaged."""
    task_errors: tuple[float, ...]
    """Standard error of one run, of each task, in units of AUC."""
    mean_error: float
    """The same of the mean over the tasks."""

    @property
    def pairs(self) -> int:
        """Pairs of models."""
        return self.models * (self.models - 1) // 2

    @property
    def sentence(self) -> str:
        """The judgement."""
        if not self.flipped:
            return f"The authors' own rerun keeps the order of all {self.pairs} pairs of models."
        places = f"{self.largest_move:g} {'rank' if self.largest_move == 1 else 'ranks'}"
        return (
            f"The authors' own rerun turns round {self.flipped} of {self.pairs} pairs of models; "
            f"the largest move is {places}."
        )


def rerun(published: ArrayLike, again: ArrayLike) -> Rerun:
    """A table beside its rerun.

    Args:
        published: AUCs, shape (models, tasks).
        again: The same of the rerun, rows and columns in the same order.

    Raises:
        DataError: the shapes differ, there are fewer than two models, or an AUC is missing.
    """
    first, second = (np.asarray(given, dtype=np.float64) for given in (published, again))
    if first.shape != second.shape or first.ndim != 2 or len(first) < 2 or not first.shape[1]:
        raise DataError(f"Tables of shapes {first.shape} and {second.shape} cannot be compared.")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise DataError("An AUC is missing.", "Leave out models that not both tables have.")
    before, after = (table.mean(axis=1).round(9) for table in (first, second))
    low, high = np.triu_indices(len(before), k=1)
    was, became = (np.sign(means[low] - means[high]) for means in (before, after))
    alike = was * became
    untied = float(np.count_nonzero(was)) * float(np.count_nonzero(became))
    return Rerun(
        models=len(before),
        tau=float(alike.sum() / np.sqrt(untied)) if untied else None,
        flipped=int((alike < 0).sum()),
        largest_move=float(np.abs(_ranks(before) - _ranks(after)).max()),
        task_errors=tuple(float(error) for error in np.sqrt(((first - second) ** 2).mean(axis=0) / 2)),
        mean_error=float(np.sqrt(((first - second).mean(axis=1) ** 2).mean() / 2)),
    )


def _ranks(means: Floats) -> Floats:
    """1 is the best, ties averaged; `scipy.stats` has this and tau, and takes half a second to import."""
    ranks: Floats = (means[:, None] < means).sum(axis=1) + ((means[:, None] == means).sum(axis=1) + 1) / 2
    return ranks
