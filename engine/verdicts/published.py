"""Published rows beside own ones, and beside one another: means are all that is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.data.load import load_task
from engine.stats.reproduction import Reproduction, Word, reproduction
from engine.stats.rerun import rerun
from engine.stats.separable import implied_error, separability
from engine.verdicts.sides import Side
from store.arm import Arm
from store.home import Home
from store.reference import PAPER_TASKS, reference_scores

if TYPE_CHECKING:
    import duckdb

    from store.queries import Rankings

MEAN = "mean"
"""What the published tables call the mean over the four tasks."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A row of a published table."""

    source: str
    """`paper` or `rerun`."""
    model: str
    """As it is printed."""
    protocol: str


@dataclass(frozen=True)
class Reproduced:
    """An own row judged beside a published one, task by task."""

    tasks: Mapping[str, Reproduction]
    """Of each of the paper's tasks that has own splits."""
    mean: Reproduction | None
    """Over the four tasks; None unless each has own splits."""


def reproduced(con: duckdb.DuckDBPyConnection, own: Side, printed: Printed) -> Reproduced:
    """Judge whether own splits give what was printed; those of another scheme cannot tell."""
    from store.queries import cell

    known = _scores(printed)
    arm = own.table.arm
    by_task: dict[str, list[float]] = {}
    for task in PAPER_TASKS:
        scored = [split["auc"] for split in cell(con, own.model, task, arm) if split["auc"] is not None]
        if scored and task in known:
            by_task[task] = scored

    def judged(*tasks: str, mean: float) -> Reproduction:
        found = reproduction([by_task[task] for task in tasks], mean)
        if arm.scheme == Arm(arm.protocol).scheme:
            return found
        reason = "not random splits like the paper's"
        return replace(found, standard_error=None, tolerance=None, word=Word.CANNOT_TELL, reason=reason)

    whole = MEAN in known and len(by_task) == len(PAPER_TASKS)
    return Reproduced(
        {task: judged(task, mean=known[task]) for task in by_task},
        judged(*by_task, mean=known[MEAN]) if whole else None,
    )


def side_by_side(first: Printed, second: Printed) -> dict[str, tuple[float, float]]:
    """What was printed of two rows: of each task, and of the mean."""
    one, two = _scores(first), _scores(second)
    return {task: (one[task], two[task]) for task in (*PAPER_TASKS, MEAN) if task in one and task in two}


def how_little(printed: Printed, home: Home) -> str:
    """What the table that a published row stands in can tell apart, in a sentence.

    Raises:
        DataError: a label file of the paper's tasks cannot be used.
    """
    rows: dict[str, dict[str, float]] = {}
    for score in reference_scores():
        if score.source.startswith(printed.source) and score.protocol == printed.protocol:
            rows.setdefault(score.model, {})[score.task] = score.auc
    tasks = [load_task(task, home) for task in PAPER_TASKS]
    positives = [sum(task.labels) for task in tasks]
    negatives = [len(task.labels) - sum(task.labels) for task in tasks]
    table = [[row[task] for task in PAPER_TASKS] for row in rows.values()]
    return separability(table, positives, negatives).sentence


def told_apart(table: Rankings, genes: Mapping[str, tuple[int, int]], column: str = MEAN) -> str:
    """Whether neighbours among the paper's rows can be told apart, with the error their means imply.

    Args:
        table: With published rows.
        genes: Task -> genes of class 1, and the others.
        column: A task, or the mean over all.

    Returns:
        Two to four sentences, the last on what a rerun by its authors turned round; empty if fewer than
        two rows are complete.
    """
    tasks = table.tasks if column == MEAN else (column,)
    rows = [row for row in table.rows if row.source == "paper" and all(task in row.auc for task in tasks)]
    if len(rows) < 2:
        return ""
    auc = [[row.auc[task] for task in tasks] for row in rows]
    positives, negatives = zip(*(genes[task] for task in tasks), strict=True)
    error = implied_error(auc, positives, negatives).mean
    what = "mean" if column == MEAN else "printed AUC"
    implied = f"{error:.3f}".removeprefix("0")
    sentence = separability(auc, positives, negatives).sentence
    parts = [sentence, f"A {what} has a standard error of at least {implied}, by its genes alone."]
    again = {row.model: row for row in table.rows if row.source == "rerun"}
    if column == MEAN and all(row.model in again for row in rows):
        parts.append(rerun(auc, [[again[row.model].auc[task] for task in tasks] for row in rows]).sentence)
    return " ".join(parts)


def class_counts(task: str, home: Home) -> tuple[int, int]:
    """Genes of class 1 of a task, and the others.

    Raises:
        DataError: its label file cannot be used.
    """
    labels = load_task(task, home).labels
    return sum(labels), len(labels) - sum(labels)


def _scores(printed: Printed) -> dict[str, float]:
    return {
        score.task: score.auc
        for score in reference_scores()
        if score.source.startswith(printed.source)
        and (score.model, score.protocol) == (printed.model, printed.protocol)
    }
