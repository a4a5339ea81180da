"""Whether scores can be read as probabilities: Brier skill, as they are and recalibrated.

The Brier score (Brier 1950) is the mean squared distance of a gene's probabilities from what it is. Its
skill is against a forecast that knows nothing but how common each class is among the training genes.
Recalibrated: after a logistic regression of labels on logit(score) (Cox 1958; Platt 1999), unpenalised,
fitted on what the *other* splits say of genes that are not in this test set. A skill that recalibration
lifts was hidden by wrong levels; what is left is what the order of the scores is worth. A test set of a few
dozen genes has no reliability diagram.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from engine.stats.held_out import Checked, Floats, HeldOut, Ints, Truths, checked_all
from store.errors import DataError

CLIP: Final = 1e-3
"""Scores nearer to 0 or 1 are moved here before their logit is taken: a forest often says 0 or 1."""

HAIR: Final = 1e-6
"""Classes whose logits overlap by less than this are separated."""


@dataclass(frozen=True)
class Calibration:
    """Means over the splits of a cell."""

    brier: float
    """Squared error of class 1, from 0 to 1; with more classes, summed over the classes, from 0 to 2."""
    skill: float
    """1 - Brier / Brier of the training prevalence: 1 perfect, 0 as the prevalence, negative worse."""
    recalibrated_skill: float | None
    """The same after recalibration.

    None with more than two classes, or where a fit has no solution: a single split, nobody or one class
    left to fit on, or scores there that do not overlap between the classes or are all equal.
    """
    in_the_large: float | None
    """Mean score less prevalence in the test set; positive: called likelier than it is. None with more than
    two classes, where it is of one class against the rest."""


def calibration(tests: Sequence[HeldOut], training_counts: ArrayLike) -> Calibration:
    """How far the probabilities of a cell can be believed, from its splits.

    Args:
        tests: What each split says of its test genes; scores are probabilities.
        training_counts: Genes of each class that each split was trained on, shape (splits, classes).

    Raises:
        DataError: as `engine.stats.held_out.checked_all` does, or the counts do not fit the splits, or a
            split was trained on genes of fewer than two classes.
    """
    found = checked_all(tests, probabilities=True)
    counts = np.asarray(training_counts, dtype=np.float64)
    classes = found[0].classes
    if counts.shape != (len(found), classes):
        raise DataError(
            f"Training counts of shape {counts.shape} do not fit {len(found)} splits of {classes} classes."
        )
    if not (np.isfinite(counts).all() and counts.min() >= 0 and ((counts > 0).sum(axis=1) > 1).all()):
        raise DataError("Every split must have been trained on genes of at least two classes.")
    uninformed = [
        _brier(np.broadcast_to(row / row.sum(), test.scores.shape), test)
        for test, row in zip(found, counts, strict=True)
    ]
    brier = [_brier(test.scores, test) for test in found]
    recalibrated = _recalibrated(tests, found) if classes == 2 else None
    return Calibration(
        brier=float(np.mean(brier)),
        skill=_skill(brier, uninformed),
        recalibrated_skill=None if recalibrated is None else _skill(recalibrated, uninformed),
        in_the_large=(
            float(np.mean([test.scores[:, 1].mean() - test.labels.mean() for test in found]))
            if classes == 2
            else None
        ),
    )


def logistic_fit(x: Floats, truth: Truths) -> tuple[float, float] | None:
    """Intercept and slope of the logistic regression of `truth` on `x`, by Newton's method, unpenalised.

    None if the likelihood has no maximum: nobody or one class, or logits that do not overlap between them.

    Args:
        x: Logits, shape (n,).
        truth: Who is positive, shape (n,).
    """
    positive, negative = x[truth], x[~truth]
    if not (positive.size and negative.size):
        return None
    if min(negative.max() - positive.min(), positive.max() - negative.min()) <= HAIR:
        return None
    centre = x.mean()
    design = np.column_stack([np.ones_like(x), x - centre])
    beta = np.array([logit(truth.mean()), 0.0])
    likelihood = _log_likelihood(design @ beta, truth)
    for _ in range(100):
        p = expit(design @ beta)
        hessian = design.T @ (design * (p * (1 - p))[:, None])
        step = np.linalg.solve(hessian, design.T @ (truth - p))
        while (better := _log_likelihood(design @ (beta + step), truth)) < likelihood:
            step /= 2
        beta, likelihood = beta + step, better
        if np.abs(step).max() < 1e-10:
            break
    return float(beta[0] - beta[1] * centre), float(beta[1])


def _log_likelihood(eta: Floats, truth: Truths) -> float:
    return float(-np.logaddexp(0, np.where(truth, -eta, eta)).sum())


def _brier(scores: Floats, test: Checked) -> float:
    """Mean squared error; the two columns of two classes err alike, so one of them counts."""
    squared = (scores - np.eye(test.classes)[test.labels]) ** 2
    return float(squared.sum(axis=1).mean()) / (2 if test.classes == 2 else 1)


def _skill(brier: Sequence[float], uninformed: Sequence[float]) -> float:
    return float(np.mean(1 - np.asarray(brier) / np.asarray(uninformed)))


def _recalibrated(tests: Sequence[HeldOut], found: Sequence[Checked]) -> list[float] | None:
    """Brier score of each split after recalibration on the others; None if a fit has no solution."""
    genes: Ints = np.unique(
        np.concatenate([np.asarray(test.genes, dtype=str) for test in tests]), return_inverse=True
    )[1]
    split = np.repeat(np.arange(len(found)), [len(test.labels) for test in found])
    x = logit(np.clip(np.concatenate([test.scores[:, 1] for test in found]), CLIP, 1 - CLIP))
    truth: Truths = np.concatenate([test.labels for test in found]) == 1
    brier = []
    for number in range(len(found)):
        here = split == number
        others = ~np.isin(genes, genes[here])
        fit = logistic_fit(x[others], truth[others])
        if fit is None:
            return None
        brier.append(float(((expit(fit[0] + fit[1] * x[here]) - truth[here]) ** 2).mean()))
    return brier
