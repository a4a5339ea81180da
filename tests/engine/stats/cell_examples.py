"""Small splits to try what is said of a cell on, and the fixture of the statistics reference."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from engine.stats.held_out import HeldOutScores

FIXTURE = Path(__file__).parents[3].parent / "shared" / "data" / "statistics" / "fixture_scores.parquet"

needs_fixture = pytest.mark.skipif(not FIXTURE.is_file(), reason="no ../shared")

TASKS = ("long-vs-short-tf", "dosage-sensitivity", "bivalent-vs-lys4", "bivalent-vs-no-methyl")

POSITIVES = (46, 122, 95, 95)

NEGATIVES = (130, 364, 76, 39)


def one_split(labels, scores, genes=None):
    """A split of genes named by their place, unless given."""
    names = tuple(genes or (f"G{n}" for n in range(len(labels))))
    return HeldOutScores(names, np.asarray(labels), np.asarray(scores, dtype=np.float64))


def fixture_splits() -> dict[tuple[str, str], list[HeldOutScores]]:
    """(model, task) -> the ten splits of the fixture."""
    from pyarrow import parquet

    rows = defaultdict(list)
    for row in parquet.read_table(FIXTURE).to_pylist():
        rows[row["model"], row["task"], row["seed"]].append(row)
    splits = defaultdict(list)
    for (model, task, _), genes in sorted(rows.items()):
        splits[model, task].append(
            one_split(
                *([row[key] for row in genes] for key in ("label", "score")),
                [str(r["index"]) for r in genes],
            )
        )
    return splits


def training_counts(task: str, splits: list[HeldOutScores]) -> np.ndarray:
    """Genes of each class that the fixture's splits were trained on: all that are not in the test set."""
    place = TASKS.index(task)
    positives = np.array([split.labels.sum() for split in splits])
    sizes = np.array([len(split.labels) for split in splits])
    return np.column_stack([NEGATIVES[place] - (sizes - positives), POSITIVES[place] - positives])
