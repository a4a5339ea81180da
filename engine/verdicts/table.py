"""One ranked table judged: intervals of its cells, and what can be told apart in each column."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from engine.stats.baseline import Baseline, against
from engine.stats.intervals import Estimate, estimate, estimate_cells
from engine.stats.pairs import Pair, compare
from engine.stats.ranks import Ranking, rank
from engine.stats.scores import CellScores
from engine.verdicts.cells import cells
from engine.verdicts.controls import borrowed
from store.arm import Table
from store.controls import REFERENCE

if TYPE_CHECKING:
    import duckdb

MEAN: Final = "mean"
"""The column of the mean over all tasks of the table."""


class Judged:
    """What the scores of one ranked table can tell; an answer is worked out once, when asked for."""

    def __init__(self, cells: Iterable[CellScores], tasks: Iterable[str] | None = None) -> None:
        """Of these cells; `tasks` are those of the mean, all that occur unless given."""
        self.cells: Mapping[tuple[str, str], CellScores] = {(cell.model, cell.task): cell for cell in cells}
        self.tasks = tuple(dict.fromkeys(tasks or (task for _, task in self.cells)))
        self.models = tuple(dict.fromkeys(model for model, _ in self.cells))
        self.contestants = tuple(
            dict.fromkeys(cell.model for cell in self.cells.values() if not cell.control)
        )
        # Not functools.cache, which would keep a table and all its scores for as long as the program runs.
        self._rankings: dict[str, Ranking] = {}
        self._baselines: dict[tuple[str, str], Baseline] = {}
        self._pairs: dict[tuple[str, str, str], Pair] = {}

    @functools.cached_property
    def estimates(self) -> Mapping[tuple[str, str], Estimate]:
        """The interval of each cell by (model, task), and of each mean over all tasks by (model, MEAN)."""
        found = dict(estimate_cells(self.cells.values()))
        for model in self.models:
            own = self.of(model)
            if len(own) == len(self.tasks) and (mean := estimate(own)):
                found[model, MEAN] = mean
        return found

    def ranking(self, column: str = MEAN) -> Ranking:
        """The contestants ranked in one task, or by the mean over all."""
        if column not in self._rankings:
            self._rankings[column] = rank(list(self.cells.values()), self._tasks(column))
        return self._rankings[column]

    def against(self, baseline: str, column: str = MEAN) -> Baseline:
        """Every contestant's difference to a pinned model, perhaps a control.

        Raises:
            DataError: nothing is scored of the baseline.
        """
        asked = baseline, column
        if asked not in self._baselines:
            self._baselines[asked] = against(list(self.cells.values()), baseline, self._tasks(column))
        return self._baselines[asked]

    def beside_control(self, column: str = MEAN, control: str = REFERENCE) -> Baseline | None:
        """Every contestant beside a control, TF-IDF if no other is named; None without it, or them."""
        there = any(cell.control for cell in self.of(control, column))
        mine = any(self.of(model, column) for model in self.contestants)
        return self.against(control, column) if there and mine else None

    def pair(self, first: str, second: str, column: str = MEAN) -> Pair:
        """Two models, whatever others there are; in the mean, on the tasks that both have.

        Raises:
            DataError: nothing is scored of one of them.
        """
        asked = first, second, column
        if asked not in self._pairs:
            self._pairs[asked] = compare(self.of(first, column), self.of(second, column))
        return self._pairs[asked]

    def of(self, model: str, column: str = MEAN) -> list[CellScores]:
        """The cells of a model: of one task, or of every task that it has."""
        found = ((model, task) for task in self._tasks(column))
        return [self.cells[place] for place in found if place in self.cells]

    def width(self, column: str) -> int:
        """How many cells a row has in a column if none is missing."""
        return len(self._tasks(column))

    def of_tasks(self, tasks: Collection[str]) -> Judged:
        """The same of these tasks only."""
        return Judged((cell for cell in self.cells.values() if cell.task in tasks), tasks)

    def without_controls(self) -> Judged:
        """The same of the contestants only."""
        return Judged((cell for cell in self.cells.values() if not cell.control), self.tasks)

    def _tasks(self, column: str) -> tuple[str, ...]:
        return self.tasks if column == MEAN else (column,)


def judged(con: duckdb.DuckDBPyConnection, table: Table) -> Judged:
    """One ranked table; of fine-tuning with the controls of `lr`.

    Raises:
        DataError: a gene stands twice in one class of a test set.
    """
    from store.queries import set_tasks, tested

    found = list(cells(tested(con, table), table.arm))
    tasks = set_tasks(con, table.task_set) or {cell.task: None for cell in found if not cell.control}
    if other := borrowed(table):
        found += [cell for cell in cells(tested(con, other), other.arm) if cell.control]
    return Judged(found, tasks)
