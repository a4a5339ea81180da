"""Two rows set against each other: of one ranked table, or of two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.stats.pairs import Pair, compare, split_aucs
from engine.stats.scores import CellScores
from engine.verdicts.cells import cells
from store.arm import Table
from store.controls import row_of
from store.errors import UsageError, unknown
from store.reference import as_printed

if TYPE_CHECKING:
    import duckdb

    from store.queries import Tested


@dataclass(frozen=True, slots=True)
class Side:
    """An own row: a model in one ranked table."""

    model: str
    table: Table


@dataclass(frozen=True)
class Comparison:
    """Two own rows on the splits and test genes that both have."""

    first: Side
    second: Side
    tasks: Mapping[str, Pair]
    """Of each task that both have."""
    mean: Pair
    """Of the mean over the tasks that both have; not comparable if there is none."""
    splits: Mapping[str, tuple[tuple[str, float, float], ...]]
    """The seed and the AUCs of both in each split that both have, of each task that both have."""

    @property
    def unlike(self) -> tuple[str, ...]:
        """What differs beside the model: protocol, preset, text, splits."""
        names = {"protocol": "protocol", "preset": "preset", "text": "text", "scheme": "splits"}
        one, two = self.first.table.arm, self.second.table.arm
        return tuple(word for name, word in names.items() if getattr(one, name) != getattr(two, name))


def compared(con: duckdb.DuckDBPyConnection, first: Side, second: Side) -> Comparison:
    """Compare two own rows.

    Raises:
        UsageError: nothing is scored of one of them, or they are one and the same.
        DataError: their classes differ, or a gene stands twice in one class of a test set.
    """
    if first == second:
        raise UsageError(f"{first.model} would be compared with itself.", "Name another second side.")
    one, two = _cells(con, first), _cells(con, second)
    if first.model == second.model:
        one, two = _labelled(one, str(first.table)), _labelled(two, str(second.table))
    both = sorted(one.keys() & two.keys(), key=as_printed)
    return Comparison(
        first,
        second,
        {task: compare([one[task]], [two[task]]) for task in both},
        compare(*([own[task] for task in sorted(own, key=as_printed)] for own in (one, two))),
        {
            task: tuple((name.split()[-1], a, b) for name, a, b in split_aucs(one[task], two[task]))
            for task in both
        },
    )


def _cells(con: duckdb.DuckDBPyConnection, side: Side) -> dict[str, CellScores]:
    from store.queries import tested

    splits = list(tested(con, side.table))
    own = [split for split in splits if _row(split) == side.model]
    if not own:
        there = dict.fromkeys(map(_row, splits))
        raise UsageError(*unknown(f"row in the table {side.table}", side.model, there))
    return {cell.task: cell for cell in cells(own, side.table.arm)}


def _row(split: Tested) -> str:
    """The row of the table that a split is of."""
    return row_of(split.model) if split.control else split.model


def _labelled(own: Mapping[str, CellScores], name: str) -> dict[str, CellScores]:
    return {task: replace(cell, model=name) for task, cell in own.items()}
