"""Statements on many models that hold together with 95 %: one set of draws, and the step-down over pairs.

A gene multiplier bootstrap of the influences gives the draws; which differences are beyond luck is found
by the step-down max-t of Romano & Wolf (2005) over all ordered pairs, as for the ranks of Mogstad, Romano,
Shaikh & Wilhelm (2024); the set that may hold the best is that of Hsu (1984).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.stats.influence import Influences, all_pair_errors
from engine.stats.scores import Floats

LEVEL: Final = 0.95
MANY_MODELS: Final = 100
"""Beyond so many models there are fewer draws, in single precision: 2,000 take 0.2 s a step at 250."""
DRAWS: Final = 10_000
DRAWS_OF_MANY: Final = 2_000
_BLOCK: Final = 1 << 19
"""Differences worked on at once: they stay in the processor's cache."""
_DRAWN: Final = 1 << 22
"""Numbers drawn at once: 32 MiB, enough for a matrix product to be worth its threads."""

Draws = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Judged:
    """Which differences of k models are beyond luck, among these k."""

    better: Flags
    """better[i, j]: i is better than j, shape (k, k)."""
    leading: Flags
    """Whether a model may be the best: none is beyond luck better; one question a model, shape (k,)."""
    critical: tuple[float, ...]
    """The critical value of each step."""


def draw(of: Influences, count: int | None = None, seed: int = 0) -> Draws:
    """How far luck with genes moves each AUC in each draw, shape (draws, models), in units of AUC.

    `count` is 10,000 unless given, with more than 100 models 2,000. The numbers depend on NumPy's
    generator and on `seed` alone, not on eigenvectors, whose signs differ between LAPACKs.
    """
    many = len(of.models) > MANY_MODELS
    count = count or (DRAWS_OF_MANY if many else DRAWS)
    kind: Any = np.float32 if many else np.float64
    generator = np.random.default_rng(seed)
    influence = of.influence.T.astype(kind)
    moved = np.empty((count, len(of.models)), kind)
    for rows in _blocks(count, len(of.genes), _DRAWN):
        shape = (rows.stop - rows.start, len(of.genes))
        moved[rows] = generator.standard_normal(shape, dtype=kind) @ influence
    chi_square = generator.chisquare(of.nu, (count, 1)) / of.nu
    moved /= np.sqrt(chi_square).astype(kind)
    return moved


def judge(of: Influences, draws: Draws) -> Judged:
    """Step down over all ordered pairs. Models that no gene tells apart never are."""
    gene_se, split_se = all_pair_errors(of)
    weight = reciprocal(gene_se)
    t = np.subtract.outer(of.auc, of.auc) * reciprocal(np.maximum(gene_se, split_se)) * (gene_se > 0)
    better = np.zeros(t.shape, bool)
    against = largest(draws, weight)
    leading = t.max(axis=0) <= np.quantile(against, LEVEL, axis=0)
    critical = [float(np.quantile(against.max(axis=1), LEVEL))]
    while (found := (t > critical[-1]) & ~better).any():
        better |= found
        weight[better] = 0
        critical.append(float(np.quantile(largest(draws, weight).max(axis=1), LEVEL)))
    return Judged(better, leading, tuple(critical))


def largest(draws: Draws, weight: Floats) -> Draws:
    """For each draw and model j, how far at most another is ahead: max over i of (Z_i - Z_j) weight_ij."""
    found = np.empty_like(draws)
    weight = weight.astype(draws.dtype)
    for rows in _blocks(len(draws), weight.size, _BLOCK):
        ahead = draws[rows, :, None] - draws[rows, None, :]
        ahead *= weight
        ahead.max(axis=1, out=found[rows])
    return found


def reciprocal(errors: Floats) -> Floats:
    """1 / error, and 0 where there is none."""
    return np.divide(1, errors, out=np.zeros_like(errors), where=errors > 0)


def _blocks(rows: int, width: int, size: int) -> Iterator[slice]:
    step = max(1, size // width)
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))
