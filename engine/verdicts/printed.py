"""What published rows can tell, of which only the means are known."""

from __future__ import annotations

from collections.abc import Mapping

from engine.stats.separable import implied_error, separability
from engine.verdicts.table import MEAN
from store.queries import Rankings


def told_apart(table: Rankings, genes: Mapping[str, tuple[int, int]], column: str = MEAN) -> str:
    """Whether neighbours among the paper's rows can be told apart, with the error their means imply.

    Args:
        table: With published rows.
        genes: Task -> genes of class 1, and the others.
        column: A task, or the mean over all.

    Returns:
        Two or three sentences; empty if fewer than two rows are complete.
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
    return f"{sentence} A {what} has a standard error of at least {implied}, by its genes alone."
