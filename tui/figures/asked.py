"""What a figure is asked to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from store.arm import Table

KINDS: Final = {
    "roc": "ROC curves, their band over splits, AUC with its interval",
    "pr": "precision and recall, beside the share of the positive class",
    "forest": "every model of a table with its interval, beside chance and controls",
    "heatmap": "every model in every task, on one fixed scale of AUC",
    "map": "where a model's vectors place the genes of a task",
    "calibration": "how often it is so, where a model says how likely it is",
    "curves": "loss and AUC of fine-tuning by epoch, with the epoch that was kept",
}
"""Kind of figure -> what it shows."""
SUFFIXES: Final = (".svg", ".pdf", ".png")
TWO: Final = 2
"""Curves in one plot at most."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One figure. What is left open is chosen: the first row of the table, every task of it."""

    kind: str
    """One of `KINDS`."""
    table: Table
    """The ranked table whose results are shown."""
    models: Sequence[str] = ()
    tasks: Sequence[str] = ()
    references: bool = True
    """With the published rows, in a forest or a heat map."""
    method: str = "pca"
    """Of a map."""
