"""How much of a forest's spread is its own luck (the seed) and how much is that of the split.

One-way random effects (Searle, Casella & McCulloch 1992): each split is scored under R seeds of its own, so
seeds are nested in splits: seed 7 of one split and seed 7 of another share nothing. The interval of the
intraclass correlation is the F interval of Shrout & Fleiss (1979), for ICC(1,1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import f as f_distribution

from store.errors import DataError


@dataclass(frozen=True)
class SeedVariance:
    """Two sources of spread of one cell, in units of AUC."""

    splits: int
    seeds: int
    """In each split."""
    mean_square_within: float
    """MSW: mean over splits of the variance between seeds; squared units."""
    mean_square_between: float
    """MSB: seeds times the variance between the splits' means; squared units."""
    icc: float | None
    """Share of the variance of a single score that is the split's; None if all scores are equal."""
    icc_interval: tuple[float, float] | None
    """95 %; None if the seeds agree in every split."""

    @property
    def seed_sd(self) -> float:
        """Standard deviation between seeds in one split."""
        return math.sqrt(self.mean_square_within)

    @property
    def split_sd(self) -> float:
        """Standard deviation between splits without seed luck; 0 if seed luck alone would do."""
        return math.sqrt(max(0.0, self.mean_square_between - self.mean_square_within) / self.seeds)

    def seed_error(self, splits: int | None = None, seeds: int | None = None) -> float:
        """Standard error, from seeds alone, of a mean over splits with so many seeds averaged in each.

        Args:
            splits: As many as there are, unless given.
            seeds: As many as there are, unless given; 1 for the published kind of mean.
        """
        return math.sqrt(self.mean_square_within / ((splits or self.splits) * (seeds or self.seeds)))


def seed_variance(auc: ArrayLike) -> SeedVariance:
    """Split and seed variance of one cell.

    A difference of two cells with one seed in each split already carries both in its spread between splits;
    nothing is to be added to its standard error.

    Args:
        auc: Shape (splits, seeds): every split under as many seeds.

    Raises:
        DataError: fewer than two splits or seeds, or a missing score.
    """
    scores = np.asarray(auc, dtype=np.float64)
    if scores.ndim != 2 or min(scores.shape) < 2:
        raise DataError(
            f"Scores of shape {scores.shape} do not separate seeds from splits.",
            "At least two splits are needed, each with the same number of seeds, at least two.",
        )
    if not np.isfinite(scores).all():
        raise DataError("A split lacks the score of a seed.", "Leave out seeds that not every split has.")
    splits, seeds = scores.shape
    within = float(scores.var(axis=1, ddof=1).mean())
    between = float(seeds * scores.mean(axis=1).var(ddof=1))
    icc = icc_interval = None
    if within + between > 0:
        icc = _icc(between / within, seeds) if within > 0 else 1.0
    if within > 0:
        ratio, free = between / within, (splits - 1, splits * (seeds - 1))
        low = ratio / f_distribution.ppf(0.975, *free)
        high = ratio * f_distribution.ppf(0.975, *free[::-1])
        icc_interval = (_icc(low, seeds), _icc(high, seeds))
    return SeedVariance(splits, seeds, within, between, icc, icc_interval)


def _icc(ratio: float, seeds: int) -> float:
    """Intraclass correlation of a ratio MSB / MSW, at least 0."""
    return max(0.0, float((ratio - 1) / (ratio + seeds - 1)))
