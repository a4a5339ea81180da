"""How far an AUC may be off for other genes like these: its 95 % interval, of a cell or of a mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from scipy.special import expit, logit, stdtrit

from engine.stats.influence import Influences, TaskSplits, influences, mean_over_tasks, own_errors
from engine.stats.scores import CellScores, one_of_each

FEW_SPLITS: Final = 5
"""Below so many splits a result is preliminary."""

NOTHING: Final = 1e-12
"""A standard error or difference below this is rounding."""


@dataclass(frozen=True)
class SplitCount:
    """How many splits of a task a number is of."""

    task: str
    used: int
    tried: int
    """By at least one of those compared."""
    failed: int
    """For at least one of those compared."""

    @classmethod
    def of(cls, splits: TaskSplits) -> Self:
        """Counted."""
        return cls(splits.task, len(splits.splits), splits.tried, splits.failed)


@dataclass(frozen=True)
class Estimate:
    """One model's AUC with its 95 % interval, in one task or in the mean of several."""

    model: str
    auc: float
    sd: float | None
    """Between splits; None with one split, or over several tasks."""
    gene_se: float
    """SE_g: other genes like these."""
    split_se: float | None
    """SE_s: other splits; None if no task has two."""
    nu: int
    """Degrees of freedom: distinct tested genes of the smallest class, less one."""
    interval: tuple[float, float] | None
    """On the logit scale, so not symmetric; None if there is no spread to judge by."""
    splits: tuple[SplitCount, ...]
    """For each task."""

    @property
    def se(self) -> float:
        """The larger of the two standard errors, in units of AUC."""
        return max(self.gene_se, self.split_se or 0.0)

    @property
    def preliminary(self) -> bool:
        """Whether a task has fewer than five splits."""
        return is_preliminary(self.splits)


def estimate(tasks: Sequence[CellScores]) -> Estimate | None:
    """The AUC of one model: in one task, or the mean over several; None if a task has no split left.

    Raises:
        DataError: the cells are of different models.
    """
    parts = [influences([cell]) for cell in tasks]
    known = [part for part in parts if part is not None]
    return estimates(mean_over_tasks(known))[0] if known and len(known) == len(parts) else None


def estimate_cells(cells: Iterable[CellScores]) -> dict[tuple[str, str], Estimate]:
    """The estimate of each cell by (model, task), of all its own splits and genes; of none without a split.

    Cells with the same tests are computed together; no number depends on what else is computed.

    Raises:
        DataError: a model has two cells in one task.
    """
    alike: dict[object, list[CellScores]] = {}
    for cell in one_of_each(cells):
        alike.setdefault(cell.tests, []).append(cell)
    together = ((group[0].task, influences(group)) for group in alike.values())
    return {(made.model, task): made for task, of in together if of is not None for made in estimates(of)}


def estimates(of: Influences) -> list[Estimate]:
    """The estimate of each model."""
    gene_se, split_se = own_errors(of)
    several = any(len(task.splits) > 1 for task in of.tasks)
    one_task = several and len(of.tasks) == 1
    return [
        Estimate(
            model=model,
            auc=float(of.auc[row]),
            sd=float(of.tasks[0].auc[row].std(ddof=1)) if one_task else None,
            gene_se=float(gene_se[row]),
            split_se=float(split_se[row]) if several else None,
            nu=of.nu,
            interval=auc_interval(float(of.auc[row]), float(max(gene_se[row], split_se[row])), of.tested),
            splits=tuple(map(SplitCount.of, of.tasks)),
        )
        for row, model in enumerate(of.models)
    ]


def auc_interval(auc: float, se: float, tested: int) -> tuple[float, float] | None:
    """The 95 % interval of an AUC: Student's t on the logit scale, `tested` - 1 degrees of freedom.

    For an AUC of 1 (or 0) the one-sided bound .025 ** (1 / tested), with the smaller class's number of
    tested genes. None where the standard error is 0, or a class has a single tested gene.
    """
    if auc >= 1 - NOTHING:
        return float(0.025 ** (1 / tested)), 1.0
    if auc <= NOTHING:
        return 0.0, float(1 - 0.025 ** (1 / tested))
    if se < NOTHING or tested < 2:
        return None
    half = stdtrit(tested - 1, 0.975) * se / (auc * (1 - auc))
    low, high = expit(logit(auc) + np.array([-half, half]))
    return float(low), float(high)


def is_preliminary(splits: Iterable[SplitCount]) -> bool:
    """Whether a task has fewer than five splits."""
    return any(count.used < FEW_SPLITS for count in splits)
