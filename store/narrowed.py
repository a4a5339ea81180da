"""A ranked table with fewer columns or rows, which stays honest about what its means and ranks are of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from store.queries import Rankings, RankRow, best_first


def narrowed(table: Rankings, tasks: Collection[str] = (), models: Collection[str] = ()) -> Rankings:
    """`table` with only these tasks and models; none named means all.

    With fewer tasks the means of own rows are over those and ranked anew, and published rows have none:
    what was published is the mean over all. Fewer models change no rank: each stays the one in the whole.
    """
    if tasks and not set(table.tasks) <= set(tasks):
        table = _fewer_tasks(table, [task for task in table.tasks if task in tasks])
    rows = tuple(row for row in table.rows if not models or row.model in models)
    return replace(table, rows=rows, hidden=len(table.rows) - len(rows))


def _fewer_tasks(table: Rankings, tasks: Sequence[str]) -> Rankings:
    means = {
        row.model: round(sum(row.auc[task] for task in tasks) / len(tasks), 9)
        for row in table.rows
        if row.source == "own" and all(task in row.auc for task in tasks)
    }

    def with_mean(row: RankRow) -> RankRow:
        mean = means.get(row.model) if row.source == "own" else None
        return replace(row, mean=mean, mean_rank=None if mean is None else _rank(mean, means.values()))

    rows = [with_mean(row) for row in table.rows]
    own = sorted((row for row in rows if row.source == "own"), key=best_first)
    left_out = tuple(task for task in table.tasks if task not in tasks)
    published = [row for row in rows if row.source != "own"]
    return replace(table, tasks=tuple(tasks), rows=(*own, *published), left_out=left_out)


def _rank(mean: float, means: Collection[float]) -> float:
    """From high to low, ties averaged."""
    above = sum(other > mean for other in means)
    return above + (sum(other == mean for other in means) + 1) / 2
