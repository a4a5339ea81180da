"""What a fit says of the test genes of one split, and one class of it against the rest.

With two classes everything is said of class 1, the positives. With more, what needs positives is said of
one class against the rest (`one_against_rest`), or averaged over the classes where that makes sense.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from store.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Truths = NDArray[np.bool_]


class HeldOut(Protocol):
    """The test genes of one split, their labels and their scores."""

    @property
    def genes(self) -> Sequence[str]:
        """Symbols, n of them."""
        ...

    @property
    def labels(self) -> Ints:
        """Class indices, shape (n,)."""
        ...

    @property
    def scores(self) -> Floats:
        """Score of class 1, shape (n,); or of each class in class order, shape (n, classes)."""
        ...


@dataclass(frozen=True, eq=False)
class HeldOutScores:
    """A `HeldOut` of plain arrays."""

    genes: Sequence[str]
    labels: Ints
    scores: Floats


@dataclass(frozen=True, eq=False)
class Checked:
    """A `HeldOut` whose arrays fit each other."""

    labels: Ints
    """Shape (n,)."""
    scores: Floats
    """Of each class, shape (n, classes); with two classes the first column is 1 less the second."""

    @property
    def classes(self) -> int:
        """How many there are."""
        return int(self.scores.shape[1])

    def of_class(self, positive: int) -> tuple[Truths, Floats]:
        """Who belongs to class `positive`, and its scores; both of shape (n,)."""
        return self.labels == positive, self.scores[:, positive]


def checked(held_out: HeldOut, *, probabilities: bool = False) -> Checked:
    """`held_out`, looked through.

    Args:
        held_out: Any.
        probabilities: Whether its scores must lie between 0 and 1.

    Raises:
        DataError: shapes do not fit, a score is not finite or not a probability, a label lies outside the
            classes, or a class has no test gene, so that nothing is defined in this split.
    """
    labels, scores = np.asarray(held_out.labels), np.asarray(held_out.scores, np.float64)
    if scores.ndim == 2 and scores.shape[1] == 2:
        scores = scores[:, 1]
    rows = len(held_out.genes)
    columns = np.column_stack([1 - scores, scores]) if scores.ndim == 1 else scores
    if labels.shape != (rows,) or columns.ndim != 2 or len(columns) != rows or columns.shape[1] < 2:
        shapes = f"{rows} genes, labels of shape {labels.shape}, scores of shape {scores.shape}"
        raise DataError(f"The scores of a split do not fit its test genes: {shapes}.")
    if not np.isfinite(scores).all():
        raise DataError("A score is not a finite number.")
    if probabilities and len(scores) and not (scores.min() >= 0 and scores.max() <= 1):
        raise DataError("A score is not a probability: it lies outside 0 to 1.")
    classes = columns.shape[1]
    if len(labels) and not np.isin(labels, np.arange(classes)).all():
        raise DataError(f"A label lies outside the {classes} classes that were scored.")
    absent = np.setdiff1d(np.arange(classes), labels)
    if absent.size:
        raise DataError(
            f"No gene of class {absent[0]} is in the test set, so nothing is defined in this split."
        )
    return Checked(labels.astype(np.int64), columns)


def checked_all(tests: Sequence[HeldOut], *, probabilities: bool = False) -> list[Checked]:
    """Each of `tests`, looked through.

    Raises:
        DataError: as `checked` does, or there is no test, or tests have different numbers of classes.
    """
    found = [checked(held_out, probabilities=probabilities) for held_out in tests]
    if len({test.classes for test in found}) != 1:
        raise DataError(
            "Splits of one cell must have the same classes, and there must be at least one split."
        )
    return found


def one_against_rest(held_out: HeldOut, positive: int) -> HeldOutScores:
    """Class `positive` of `held_out` as class 1 of two.

    Raises:
        DataError: as `checked` does, or there is no such class.
    """
    test = checked(held_out)
    if not 0 <= positive < test.classes:
        raise DataError(f"There is no class {positive}; there are {test.classes}.")
    truth, scores = test.of_class(positive)
    return HeldOutScores(held_out.genes, truth.astype(np.int64), scores)
