"""How many of the genes at the top are positive: average precision and precision at k, beside chance.

In a small test set the average precision (AUPRC) of a random order is not the prevalence but more. Its
expectation follows from the one of precision at the place of each positive: with m positives among N genes,
E[AP] = (m-1)/(N-1) + H_N/N * (1 - (m-1)/(N-1)), H_N the N-th harmonic number (Bestgen 2015). Genes
of equal score are taken in at once, as scikit-learn does; of those on the edge of the top k the share that
is due counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.stats.held_out import Floats, HeldOut, Truths, checked_all
from store.errors import DataError


@dataclass(frozen=True)
class Retrieval:
    """Means over the splits of a cell; with more than two classes, over the classes too (unweighted)."""

    average_precision: float
    """From 0 to 1."""
    chance_average_precision: float
    """What a random order is expected to reach."""
    skill: float
    """(AP - chance) / (1 - chance): 1 perfect, 0 as chance, negative below."""
    precision_at_k: float
    """Share of positives among the k highest scores, k = positives in the test set."""
    prevalence: float
    """Share of positives in the test set: what a random order reaches of `precision_at_k`."""
    k: float
    """Positives in the test set."""


def retrieval(tests: Sequence[HeldOut]) -> Retrieval:
    """Average precision and precision at k of a cell, from its splits.

    Raises:
        DataError: as `engine.stats.held_out.checked_all` does.
    """
    rows = [
        _one(*test.of_class(positive))
        for test in checked_all(tests)
        for positive in ([1] if test.classes == 2 else range(test.classes))
    ]
    return Retrieval(*(float(mean) for mean in np.mean(rows, axis=0)))


def chance_average_precision(positives: int, genes: int) -> float:
    """Expected average precision of a random order of `genes` genes, `positives` of them positive.

    Raises:
        DataError: there is no positive gene, or there are more of them than genes.
    """
    if not 1 <= positives <= genes:
        raise DataError(f"Average precision is not defined for {positives} positive genes of {genes}.")
    if genes == 1:
        return 1.0
    others = (positives - 1) / (genes - 1)
    harmonic = float((1 / np.arange(1, genes + 1)).sum())
    return others + harmonic / genes * (1 - others)


def average_precision(truth: Truths, scores: Floats) -> float:
    """Sum over thresholds of precision times the recall gained there; equal scores share a threshold.

    Args:
        truth: Who is positive, shape (n,), at least one.
        scores: Shape (n,).
    """
    order = np.argsort(-scores, kind="stable")
    hits, ranked = np.cumsum(truth[order]), scores[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    gained = np.diff(hits[last], prepend=0)
    return float((gained * hits[last] / (last + 1)).sum() / hits[-1])


def precision_at(k: int, truth: Truths, scores: Floats) -> float:
    """Share of positives among the `k` highest of `scores`, from 0 to 1.

    Where equal scores straddle the edge, the places left are filled with their share of positives: the mean
    over all orders of them.

    Args:
        k: From 1 to n.
        truth: Who is positive, shape (n,).
        scores: Shape (n,).
    """
    edge = np.sort(scores)[-k]
    above, tied = scores > edge, scores == edge
    left = k - int(above.sum())
    return float((truth[above].sum() + left * truth[tied].mean()) / k)


def _one(truth: Truths, scores: Floats) -> tuple[float, ...]:
    """The fields of a `Retrieval`, of one class in one split."""
    genes, k = len(truth), int(truth.sum())
    reached, chance = average_precision(truth, scores), chance_average_precision(k, genes)
    skill = (reached - chance) / (1 - chance)
    return reached, chance, skill, precision_at(k, truth, scores), k / genes, float(k)
