"""Every model of the catalog by every task of a set: numbers where there are some, else holes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from engine.catalog.controls import title_of
from tui.ranked.figures import short
from tui.ranked.tables import incomplete, row_name
from tui.screens.board import controls
from tui.screens.board.view import SEPARATOR, Sorting, order
from tui.terminal.tokens import heat_step
from tui.widgets.rows import Cell, Column, Row, stacked

if TYPE_CHECKING:
    from store.queries import Rankings, RankRow
    from tui.questions.catalog import Catalog

WIDEST: Final = 24
"""Cells that a line of a head takes at most."""
HOLE: Final = "."
"""A cell of the matrix that has no number yet."""


def matrix(
    rankings: Rankings, catalog: Catalog, set_tasks: Sequence[str], width: int
) -> tuple[tuple[Column, ...], list[Row]]:
    """Every model and control by every task of the set: means where there are some, else holes."""
    own = {row.model: row for row in order([row for row in rankings.rows if row.contestant], Sorting())}
    beside = {row.model: row for row in rankings.rows if row.control}
    models = dict.fromkeys([*own, *(card.model.name for card in catalog.models)])
    tasks = dict.fromkeys([*rankings.tasks, *set_tasks])
    columns = (
        Column("model", "model", least=16),
        *(map(_column, tasks, _widths(list(tasks), width - max(map(len, models), default=0) - 4))),
    )

    def line(name: str, model: str, row: RankRow | None) -> Row:
        cells = (name, *(_mean(rankings, row, task) for task in tasks))
        return Row(f"own{SEPARATOR}{model}", cells, alias=model)

    return columns, [
        *(line(model, model, own.get(model)) for model in models),
        controls.rule(len(columns)),
        *(line(row_name(row), model, row) for model, row in beside.items()),
        *(line(title_of(model), model, None) for model in controls.missing(list(beside))),
    ]


def _widths(tasks: Sequence[str], room: int) -> list[int]:
    """Cells for each head: for all of it in one line, or else in two, if there are so many; else alike."""
    whole = [min(len(task), WIDEST) for task in tasks]
    halves = [
        max(map(len, stacked(task, long - 1))) if "-" in task else long
        for task, long in zip(tasks, whole, strict=True)
    ]
    for widths in (whole, halves):
        if sum(widths) + len(widths) <= room:
            return widths
    return [max(room // max(len(tasks), 1) - 1, 6)] * len(tasks)


def _column(task: str, width: int) -> Column:
    first, second = stacked(task, width)
    head, under = (first, second) if first else (second, "")
    return Column(task, head, second=under, right=True, wants=6, task=True)


def _mean(rankings: Rankings, row: RankRow | None, task: str) -> str | Cell:
    if row is None or task not in row.auc:
        return Cell(HOLE, "warn")
    sign = "◐" if incomplete(rankings, row, task) else ""
    return Cell(short(row.auc[task]) + sign, fill=heat_step(row.auc[task]))


def holes(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Places (row, column) of the cells without a number."""
    return [(y, x) for y, row in enumerate(rows) for x, cell in enumerate(row.cells) if str(cell) == HOLE]
