"""Every model against one pinned model: differences whose intervals hold together with 95 %.

Of the kind of Dunnett (1955), with the critical value from the draws of `simultaneous`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from engine.stats.eligible import LeftOut, together
from engine.stats.influence import Influences, all_pair_errors
from engine.stats.intervals import NOTHING, SplitCount, is_preliminary
from engine.stats.scores import CellScores
from engine.stats.simultaneous import LEVEL, Draws, draw, reciprocal
from store.errors import DataError

MARGIN: Final = 0.02
"""Differences within this many units of AUC are the same for practical purposes."""


class Standing(StrEnum):
    """How a model stands to the baseline; `NOT_SHOWN` never means equal."""

    BEATS = "beats"
    BELOW = "below"
    SAME = "same for practical purposes"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True)
class Against:
    """One model against the baseline, among those compared with it."""

    model: str
    difference: float
    """Its AUC less the baseline's."""
    interval: tuple[float, float] | None
    """95 % for all models together; None if there is no spread to judge by."""
    p: float | None
    """Adjusted for looking at all of them."""
    standing: Standing


@dataclass(frozen=True)
class Baseline:
    """All contestants against one model; no rows if none can be compared with it."""

    model: str
    rows: tuple[Against, ...] = ()
    """In the order given."""
    left_out: tuple[LeftOut, ...] = ()
    critical: float | None = None
    """The intervals reach so many standard errors to each side."""
    splits: tuple[SplitCount, ...] = ()
    """For each task, of all models together."""

    @property
    def k(self) -> int:
        """Among how many comparisons the intervals hold together."""
        return len(self.rows)

    @property
    def preliminary(self) -> bool:
        """Whether a task has fewer than five splits in common."""
        return is_preliminary(self.splits)


def against(cells: Sequence[CellScores], baseline: str, tasks: Sequence[str] | None = None) -> Baseline:
    """Compare the contestants among `cells` with `baseline`, perhaps a control; no other control is.

    Raises:
        DataError: no cell is of `baseline`, a model has two cells in one task, or classes differ.
    """
    if all(cell.model != baseline for cell in cells):
        raise DataError(f"There is no score of the baseline {baseline}.")
    family = [cell for cell in cells if cell.model == baseline or not cell.control]
    of, left_out = together(family, tasks, pinned=baseline)
    if of is None or baseline not in of.models:
        return Baseline(baseline, left_out=tuple(gone for gone in left_out if gone.model != baseline))
    return against_row(of, of.models.index(baseline), left_out)


def against_row(
    of: Influences, row: int, left_out: tuple[LeftOut, ...] = (), draws: Draws | None = None
) -> Baseline:
    """Compare all models of `of` with the one at `row`."""
    gene_se, split_se = (errors[:, row] for errors in all_pair_errors(of))
    se = np.maximum(gene_se, split_se)
    moved = draw(of) if draws is None else draws
    others = [place for place in range(len(of.models)) if place != row]
    beside = (moved - moved[:, [row]]) * reciprocal(gene_se).astype(moved.dtype)
    largest = np.abs(beside[:, others]).max(axis=1)
    critical = float(np.quantile(largest, LEVEL))
    rows = []
    for place in others:
        difference = float(of.auc[place] - of.auc[row])
        if gene_se[place] > 0:
            reach = critical * float(se[place])
            interval = difference - reach, difference + reach
            beyond = np.count_nonzero(largest >= abs(difference) / se[place])
            p = float((1 + beyond) / (len(largest) + 1))
        else:
            interval, p = None, None
        identical = max(abs(difference), se[place]) < NOTHING
        standing = Standing.SAME if identical else _standing(interval)
        rows.append(Against(of.models[place], difference, interval, p, standing))
    splits = tuple(map(SplitCount.of, of.tasks))
    return Baseline(of.models[row], tuple(rows), left_out, critical, splits)


def _standing(interval: tuple[float, float] | None) -> Standing:
    low, high = interval or (-math.inf, math.inf)
    if low > 0:
        return Standing.BEATS
    if high < 0:
        return Standing.BELOW
    return Standing.SAME if low >= -MARGIN and high <= MARGIN else Standing.NOT_SHOWN
