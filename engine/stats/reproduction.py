"""Whether own splits reproduce a published mean: same, differs, or cannot tell.

Both numbers are means over random splits of the *same* genes, so the question is one of split luck alone,
and splits are independent draws: Student's two-sample t. Both have that luck, so the standard error of the
difference is s*sqrt(1/n1 + 1/n2): sqrt(2) times that of one of them if n1 = n2. Where the paper's spread is
not published, s is that of the own splits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from engine.stats.held_out import Floats
from store.errors import DataError

ENOUGH: Final = 5
"""Fewer own splits have too uncertain a spread to judge by."""

CHANCE: Final = 0.5
"""AUC of a model that knows nothing."""

ROUNDING: Final = 0.0005
"""What a printed AUC may be off, in units of AUC."""


class Word(StrEnum):
    """The judgement."""

    SAME = "same"
    """Within what other splits of the same genes would do."""
    DIFFERS = "differs"
    """Beyond it."""
    CANNOT_TELL = "cannot tell"
    """Too few own splits, no spread to judge by, or within a tolerance that chance would pass, too."""


@dataclass(frozen=True)
class Reproduction:
    """An own mean AUC beside a published one, in units of AUC."""

    own: float
    published: float
    splits: tuple[int, ...]
    """Own splits of each task."""
    standard_error: float | None
    """Of the difference; None if a task has a single split."""
    tolerance: float | None
    """95 % of differences by split luck lie within it, on either side."""
    word: Word
    reason: str
    """Why it cannot be told, in a few words; else empty."""

    @property
    def difference(self) -> float:
        """Own less published."""
        return self.own - self.published


def reproduction(
    own: Sequence[ArrayLike],
    published: float,
    *,
    published_splits: int = 10,
    published_sd: Sequence[float] | None = None,
) -> Reproduction:
    """Judge own splits against a published mean: of one task, or of the mean over several.

    It cannot tell with fewer than five own splits in a task; where nothing varies and yet the means differ
    by more than a printed number's rounding; and where the difference is within a tolerance that is so wide
    that an AUC of 0.5 would have passed as well.

    Args:
        own: AUCs of the own splits of each task, each of shape (splits,), at least one; splits are random
            draws of the paper's size (not folds of a cross-validation).
        published: The published mean, over the tasks in `own`.
        published_splits: How many splits of each task it is of.
        published_sd: Standard deviation between the published splits of each task, if known; it is then
            pooled with the own one.

    Raises:
        DataError: a task has no score, a score is not a finite number, or the numbers of tasks differ.
    """
    tasks = [np.asarray(scores, dtype=np.float64) for scores in own]
    if not tasks or any(scores.ndim != 1 or not scores.size for scores in tasks):
        raise DataError("A published mean is compared with at least one own split of each task.")
    if not (all(np.isfinite(scores).all() for scores in tasks) and math.isfinite(published)):
        raise DataError("A score is not a finite number.")
    if published_sd is not None and len(published_sd) != len(tasks):
        raise DataError(f"{len(published_sd)} published deviations do not fit {len(tasks)} tasks.")
    if published_splits < (1 if published_sd is None else 2):
        raise DataError(f"A published mean of {published_splits} splits has no such spread.")
    mean = float(np.mean([scores.mean() for scores in tasks]))
    splits = tuple(len(scores) for scores in tasks)
    error, tolerance = _tolerance(tasks, published_splits, published_sd)
    word, reason = _judge(mean - published, published, min(splits), tolerance)
    return Reproduction(mean, published, splits, error, tolerance, word, reason)


def _tolerance(
    tasks: list[Floats], published_splits: int, published_sd: Sequence[float] | None
) -> tuple[float | None, float | None]:
    """Standard error of the difference and 95 % tolerance; None if a task has a single split."""
    if min(map(len, tasks)) < 2:
        return None, None
    free = [len(scores) + published_splits - 2 for scores in tasks]
    variances = [float(scores.var(ddof=1)) for scores in tasks]
    if published_sd is not None:
        variances = [
            ((len(scores) - 1) * variance + (published_splits - 1) * sd**2) / degrees
            for scores, variance, sd, degrees in zip(tasks, variances, published_sd, free, strict=True)
        ]
    of_means = [
        v * (1 / len(scores) + 1 / published_splits) for v, scores in zip(variances, tasks, strict=True)
    ]
    error = math.sqrt(sum(of_means)) / len(tasks)
    return error, float(stdtrit(min(free), 0.975)) * error


def _judge(difference: float, published: float, fewest: int, tolerance: float | None) -> tuple[Word, str]:
    if tolerance is None or fewest < ENOUGH:
        return Word.CANNOT_TELL, f"fewer than {ENOUGH} own splits"
    if tolerance < 1e-9:
        if abs(difference) <= ROUNDING + 1e-9:
            return Word.SAME, ""
        return Word.CANNOT_TELL, "no spread to judge by"
    if abs(difference) > tolerance:
        return Word.DIFFERS, ""
    if abs(published - CHANCE) <= tolerance:
        return Word.CANNOT_TELL, "the tolerance reaches chance"
    return Word.SAME, ""
