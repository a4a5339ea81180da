"""What one cell is worth: its AUC with an interval, and what else its kept scores say beside chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.stats.calibration import Calibration, calibration
from engine.stats.calls import Calls, calls
from engine.stats.intervals import Estimate, estimate
from engine.stats.retrieval import Retrieval, retrieval
from engine.stats.scores import CellScores
from engine.verdicts.cells import cells
from store.arm import Arm

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Worth:
    """Of the splits of one cell."""

    classes: tuple[str, ...]
    """What they are called; class 1 of two is the positive one."""
    estimate: Estimate | None
    """None without a scored split."""
    retrieval: Retrieval
    calibration: Calibration
    calls: tuple[Calls, ...]
    """Of the positive class; with more than two, of each."""


def worth(cell: CellScores, classes: Sequence[str], genes: Sequence[int]) -> Worth:
    """Judge a cell.

    Args:
        cell: At least one split.
        classes: What they are called.
        genes: How many the task has of each class. Those outside of a test set stand for those trained on.

    Raises:
        DataError: a class is missing in a test set, or a score is not a probability.
    """
    tested = [np.bincount(fit.labels, minlength=len(classes)) for fit in cell.fits]
    positives = [1] if len(classes) == 2 else range(len(classes))
    return Worth(
        tuple(classes),
        estimate([cell]),
        retrieval(cell.fits),
        calibration(cell.fits, np.asarray(genes) - np.stack(tested)),
        tuple(calls(cell.fits, positive) for positive in positives),
    )


def worth_of(con: duckdb.DuckDBPyConnection, model: str, task: str, arm: Arm) -> Worth | None:
    """A cell of a ranked table; None without a scored split, or if it is not known what its classes are.

    Raises:
        DataError: as `worth` does, or a gene stands twice in one class of a test set.
    """
    from store.queries import Tested, cell

    splits = cell(con, model, task, arm)
    keys = [split["key"] for split in splits if split["state"] == "scored"]
    known = con.execute(
        """select classes, (select list(genes order by label) from (
            select label, count(*) as genes from task_genes where task_hash = hash group by label))
        from tasks where hash in (select task_hash from units where list_contains(?, key))""",
        [keys],
    ).fetchone()
    if not keys or known is None or len(known[0]) != len(known[1] or ()):
        return None
    kept = {
        key: scores
        for key, *scores in con.execute(
            """select key, list(gene order by "index"), list(label order by "index"),
                case when count(score) = count(*) then list(score order by "index") end,
                case when count(score) < count(*) then list(scores order by "index") end
            from predictions where list_contains(?, key) group by key""",
            [keys],
        ).fetchall()
    }
    lost = (None,) * 4
    tested = [
        Tested(
            model,
            task,
            split["seed"],
            task,
            split["n_train"],
            split["n_test"],
            *kept.get(split["key"], lost),
        )
        for split in splits
    ]
    [found] = cells(tested, arm)
    return worth(found, *known)
