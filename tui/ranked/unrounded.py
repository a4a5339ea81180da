"""A ranked table as numbers for programs: one a cell, none rounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from store.controls import REFERENCE
from tui.ranked import beats
from tui.ranked.standings import MEAN, Standing, value_of
from tui.ranked.tables import mean_name

if TYPE_CHECKING:
    from store.queries import RankRow

OF_A_CELL: Final = ("auc", "low", "high", "sd", "n", "failed", "first", "last", "letters", "leading")
"""What stands in the long table of each cell."""
_OF_A_DIFFERENCE: Final = ("less", "low less", "high less", "p against", "against")
"""Each before the baseline's name."""


def long_table(standing: Standing) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows with one number a cell, none rounded."""
    table = standing.table
    place = table.table.place
    names = {**{task: task for task in table.tasks}, MEAN: mean_name(table)}
    judged = [column for column in names if beats.beside(standing, column)]
    columns = [
        *place,
        "model",
        "source",
        "control",
        *(f"{name} {what}" for name in names.values() for what in OF_A_CELL),
    ]
    columns += [f"{names[column]} {what} {REFERENCE}" for column in judged for what in beats.OF_A_VERDICT]
    with_baseline = standing.beside is not None and standing.baseline != REFERENCE
    if with_baseline:
        columns += [f"{names[standing.by]} {what} {standing.baseline}" for what in _OF_A_DIFFERENCE]
    rows = [
        [
            *place.values(),
            row.model,
            row.source,
            row.control,
            *(value for column in names for value in numbers(standing, row, column)),
            *(value for column in judged for value in beats.numbers(standing, row, column)),
            *(_difference(standing, row) if with_baseline else ()),
        ]
        for row in table.rows
    ]
    return columns, rows


def _difference(standing: Standing, row: RankRow) -> Sequence[Any]:
    against = standing.differences.get(row.model) if row.contestant else None
    if against is None:
        return (None,) * len(_OF_A_DIFFERENCE)
    low, high = against.interval or (None, None)
    return against.difference, low, high, against.p, against.standing.value


def numbers(standing: Standing, row: RankRow, column: str) -> Sequence[Any]:
    """What is known of a cell, in the order of `OF_A_CELL`; None where it is not."""
    estimate = standing.estimate(row, column)
    low, high = (estimate and estimate.interval) or (None, None)
    places = {place.model: place for place in standing.judged.ranking(column).places}
    place = places.get(row.model) if row.contestant else None
    among = (place.first, place.last, place.letters, place.leading) if place else (None,) * 4
    spread = (row.sd.get(column), row.n.get(column), row.failed.get(column))
    return value_of(row, column), low, high, *spread, *among
