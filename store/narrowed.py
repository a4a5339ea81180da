"""A ranked table with fewer columns or rows, which stays honest about what its means and ranks are of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from store.queries import Rankings, RankRow, best_first


def narrowed(
    table: Rankings, tasks: Collection[str] = (), models: Collection[str] = (), controls: bool = True
) -> Rankings:
    """`table` with only these tasks and models; none named means all. Controls stay unless unwanted.

    With fewer tasks the means of own rows are over those and ranked anew, and published rows have none:
    what was published is the mean over all. Fewer models change no rank: each stays the one in the whole.
    """
    if tasks and not set(table.tasks) <= set(tasks):
        table = _fewer_tasks(table, [task for task in table.tasks if task in tasks])
    rows = tuple(row for row in table.rows if controls or not row.control)
    shown = tuple(row for row in rows if row.control or not models or row.model in models)
    return replace(table, rows=shown, hidden=len(rows) - len(shown))


def _fewer_tasks(table: Rankings, tasks: Sequence[str]) -> Rankings:
    means = {
        (row.model, row.control): round(sum(row.auc[task] for task in tasks) / len(tasks), 9)
        for row in table.rows
        if row.source == "own" and all(task in row.auc for task in tasks)
    }

    ranked = [mean for (_, control), mean in means.items() if not control]

    def with_mean(row: RankRow) -> RankRow:
        mean = means.get((row.model, row.control)) if row.source == "own" else None
        rank = None if mean is None or row.control else _rank(mean, ranked)
        return replace(row, mean=mean, mean_rank=rank)

    rows = [with_mean(row) for row in table.rows]
    contestants = sorted((row for row in rows if row.contestant), key=best_first)
    controls = [row for row in rows if row.control]
    left_out = tuple(task for task in table.tasks if task not in tasks)
    published = [row for row in rows if row.source != "own"]
    return replace(table, tasks=tuple(tasks), rows=(*contestants, *controls, *published), left_out=left_out)


def _rank(mean: float, means: Collection[float]) -> float:
    """From high to low, ties averaged."""
    above = sum(other > mean for other in means)
    return above + (sum(other == mean for other in means) + 1) / 2
