"""The published numbers: the paper's tables, and the authors' own rerun of June 2025."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from importlib import resources
from typing import Final, NamedTuple

PAPER_TASKS: Final[tuple[str, ...]] = (
    "long-vs-short-tf",
    "dosage-sensitivity",
    "bivalent-vs-lys4",
    "bivalent-vs-no-methyl",
)
"""The paper's tasks 1 to 4, in its order."""


def as_printed(task: str) -> tuple[int, str]:
    """Sorts tasks: the paper's in its order, then the others by name."""
    return PAPER_TASKS.index(task) if task in PAPER_TASKS else len(PAPER_TASKS), task


class ReferenceScore(NamedTuple):
    """One cell of a published table; columns as in the table `reference_scores`."""

    source: str
    """`paper` or `rerun-2025-06`."""
    paper_table: int
    protocol: str
    model: str
    """The paper's name of it."""
    task: str
    """A task's name, or `mean` for the mean over the four."""
    auc: float
    rank: float


def reference_scores() -> Iterator[ReferenceScore]:
    """Every published cell, as packaged in `reference_scores.csv`."""
    with resources.files("store").joinpath("reference_scores.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield ReferenceScore(
                row["source"],
                int(row["paper_table"]),
                row["protocol"],
                row["model"],
                row["task"],
                float(row["auc"]),
                float(row["rank"]),
            )


def reference_minutes() -> dict[tuple[str, str], float]:
    """The paper's Table 7: (model as the paper names it, task) -> minutes for ten splits."""
    with resources.files("store").joinpath("reference_minutes.csv").open(encoding="utf-8") as file:
        return {(row["model"], row["task"]): float(row["minutes"]) for row in csv.DictReader(file)}
