"""What a model calls positive when the line is drawn at 0.5, and what that is worth.

F1 (van Rijsbergen 1979) depends on where the line is drawn more than on the model: at a prevalence pi,
calling every gene positive reaches 2*pi/(1+pi), and calling none reaches 0, whatever the order of the
scores. So it stands beside that and the share called positive; and where all genes of a split are called
the same, a sentence stands instead of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.stats.held_out import Checked, HeldOut, Truths, checked_all
from store.errors import DataError


@dataclass(frozen=True)
class Calls:
    """Means over the splits of a cell, of one class against the rest."""

    splits: int
    none_called: int
    """Splits in which no gene is called positive."""
    all_called: int
    """Splits in which every gene is."""
    called: float
    """Share of the test genes that are called positive."""
    prevalence: float
    """Share of the test genes that are."""
    f1: float | None
    """None if a split calls all its genes the same; so are `precision` and `recall`."""
    precision: float | None
    recall: float | None
    all_positive_f1: float
    """F1 of calling every gene positive."""
    likeliest: bool
    """Whether there are more than two classes, so that a gene is called what it is likeliest to be."""

    @property
    def one_class(self) -> int:
        """Splits in which all genes are called the same."""
        return self.none_called + self.all_called

    def sentence(self, positive: str = "positive") -> str:
        """What stands instead of F1, precision and recall; empty if they stand.

        Args:
            positive: What the class is called.
        """
        cases = (("no gene", self.none_called), ("every gene", self.all_called))
        said = [
            f"{who} called {positive}{self._where} in {n} of {self.splits} splits" for who, n in cases if n
        ]
        return ", ".join(said)

    @property
    def _where(self) -> str:
        return " as its likeliest class" if self.likeliest else " at 0.5"


def calls(tests: Sequence[HeldOut], positive: int = 1) -> Calls:
    """What a cell calls class `positive`, from its splits.

    With two classes, whose score is above 0.5 is called positive (at exactly 0.5 it is not: the first class
    wins, as in the stored metrics); with more, for whom the class is the likeliest, so F1 there has no line
    to be drawn elsewhere.

    Raises:
        DataError: as `engine.stats.held_out.checked_all` does, or there is no such class.
    """
    found = checked_all(tests, probabilities=True)
    classes = found[0].classes
    if not 0 <= positive < classes:
        raise DataError(f"There is no class {positive}; there are {classes}.")
    marked = [(_called(test, positive), test.labels == positive) for test in found]
    shares = np.array([called.mean() for called, _ in marked])
    prevalences = np.array([truth.mean() for _, truth in marked])
    none_called, all_called = int((shares == 0).sum()), int((shares == 1).sum())
    f1 = precision = recall = None
    if not none_called + all_called:
        f1, precision, recall = (
            float(mean) for mean in np.mean([_worth(*pair) for pair in marked], axis=0)
        )
    return Calls(
        splits=len(found),
        none_called=none_called,
        all_called=all_called,
        called=float(shares.mean()),
        prevalence=float(prevalences.mean()),
        f1=f1,
        precision=precision,
        recall=recall,
        all_positive_f1=float((2 * prevalences / (1 + prevalences)).mean()),
        likeliest=classes > 2,
    )


def _called(test: Checked, positive: int) -> Truths:
    called: Truths = test.scores.argmax(axis=1) == positive
    return called


def _worth(called: Truths, truth: Truths) -> tuple[float, float, float]:
    """F1, precision and recall of one split that calls some genes positive."""
    hits, said, are = int((called & truth).sum()), int(called.sum()), int(truth.sum())
    return 2 * hits / (said + are), hits / said, hits / are
