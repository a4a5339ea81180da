"""Whether the ranks of a table of means differ by more than chance: Friedman, Iman-Davenport, Nemenyi.

Friedman (1937) with the correction for ties; its F form by Iman & Davenport (1980); the critical difference
of Nemenyi (1963) as in Demsar (2006). They depend on who else is in the table and have little power on four
tasks: a description of a published table, not a way to rank models whose scores are kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import f as f_distribution
from scipy.stats import friedmanchisquare, rankdata, studentized_range

from store.errors import DataError


@dataclass(frozen=True)
class Friedman:
    """The ranks of `models` models in `tasks` tasks."""

    models: int
    tasks: int
    mean_ranks: tuple[float, ...]
    """Over the tasks, in the order of the rows."""
    statistic: float | None
    """Chi-square with models - 1 degrees of freedom; None, as are `p`, `f` and `f_p`, if all models tie."""
    p: float | None
    f: float | None
    """Iman and Davenport's F with models - 1 and (models - 1)(tasks - 1) degrees of freedom; infinite if
    all tasks rank the models alike."""
    f_p: float | None
    critical_distance: float
    """Nemenyi: mean ranks of a pair differ at 5 % beyond it, in ranks."""

    @property
    def rank_range(self) -> float:
        """Largest less smallest mean rank."""
        return max(self.mean_ranks) - min(self.mean_ranks)

    @property
    def pairs_beyond(self) -> int:
        """Pairs of models whose mean ranks differ by more than the critical distance."""
        return sum(abs(a - b) > self.critical_distance for a, b in combinations(self.mean_ranks, 2))


def friedman(ranks: ArrayLike) -> Friedman:
    """The tests of a table.

    Args:
        ranks: Shape (models, tasks): as printed, 1 best, or negated AUCs; ranked anew in each task, ties
            averaged.

    Raises:
        DataError: fewer than three models or two tasks, or a missing rank.
    """
    values = np.asarray(ranks, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] < 3 or values.shape[1] < 2:
        raise DataError(
            f"Ranks of shape {values.shape} cannot be tested.",
            "At least three models and two tasks are needed.",
        )
    if not np.isfinite(values).all():
        raise DataError("A model lacks its rank in a task.", "Leave out models that not every task has.")
    models, tasks = values.shape
    statistic = p = f = f_p = None
    if (values != values[0]).any():
        found = friedmanchisquare(*values)
        statistic, p = float(found.statistic), float(found.pvalue)
        left = tasks * (models - 1) - statistic
        f = (tasks - 1) * statistic / left if left > 1e-9 else math.inf
        f_p = float(f_distribution.sf(f, models - 1, (models - 1) * (tasks - 1)))
    q = float(studentized_range.ppf(0.95, models, np.inf)) / math.sqrt(2)
    return Friedman(
        models,
        tasks,
        tuple(float(rank) for rank in rankdata(values, axis=0).mean(axis=1)),
        statistic,
        p,
        f,
        f_p,
        q * math.sqrt(models * (models + 1) / (6 * tasks)),
    )
