"""A ranked table laid out for people: its columns and rows, as much as there is room for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from store.export import Best
from tui.ranked import beats
from tui.ranked.figures import ranged
from tui.ranked.standings import (
    MEAN,
    Standing,
    among_paper,
    printed_rank,
    standing_texts,
    value_of,
    with_interval,
)
from tui.ranked.tables import incomplete, mean_name, row_name

if TYPE_CHECKING:
    from store.queries import RankRow


@dataclass(frozen=True, slots=True)
class Layout:
    """What there is room for."""

    intervals: bool = True
    """In every cell; else only in the column that places are of."""
    stacked: bool = False
    """Names of tasks in two lines, and of published rows without their source, which headings say."""
    heading: int = 0
    """Characters of a line of a task's name; 0: all."""
    model: int = 0
    """Characters of a model's name; 0: all."""
    beats: bool = True
    """Whether each model beats TF-IDF, in a column."""
    paper: bool = True
    """Places among the paper's, in a column."""
    own: bool = True
    """Intervals in the column that places are of."""


_HEADING: Final = 6
"""The least of a task's name that is shown."""
_MODEL: Final = 14
"""The least of a model's."""


def layouts(standing: Standing) -> Iterator[Layout]:
    """From the richest to the smallest."""
    yield Layout()
    yield Layout(intervals=False)
    less = Layout(intervals=False, stacked=True)
    yield less
    # What the columns say the sentences below the table say, too.
    for without in ({"beats": False}, {"paper": False}):
        less = replace(less, **without)
        yield less
    lines = [line for task in standing.table.tasks for line in _stacked(task)]
    longest = max(map(len, lines), default=0)
    yield from (replace(less, heading=heading) for heading in range(longest - 1, _HEADING - 1, -1))
    less = replace(less, heading=_HEADING)
    longest = max((len(row.model) for row in standing.table.rows), default=0)
    yield from (replace(less, model=model) for model in range(longest, _MODEL - 1, -1))
    yield replace(less, model=_MODEL, own=False)


def _stacked(task: str) -> list[str]:
    """A task's name in two lines, where there is a place to part it."""
    first, mark, rest = task.partition("-vs-") if "-vs-" in task else task.partition("-")
    return [first, rest] if mark and rest else [task]


def _heading(task: str, layout: Layout) -> str:
    if not layout.stacked:
        return task
    return "\n".join(_cut(line, layout.heading) for line in _stacked(task))


def columns(standing: Standing, layout: Layout = Layout()) -> list[str]:
    """The headings."""
    table = standing.table
    names = [_heading(task, layout) for task in table.tasks]
    found = ["model", *names, mean_name(table)]
    within = "" if standing.by == MEAN else f" in {standing.by}"
    if within and layout.stacked:
        within = f"\nin {_cut(_stacked(standing.by)[-1], _HEADING)}"
    if standing.beside:
        found += [f"less {standing.beside.model}{within}", "verdict"]
    elif standing.places:
        found.append(f"place{within}")
    if layout.beats and beats.shown(standing):
        found.append(f"{beats.TITLE}{within}")
    if layout.paper and _has_paper(standing):
        found.append("of paper's")
    return found


def row(standing: Standing, row: RankRow, layout: Layout = Layout()) -> list[str]:
    """One model as people read it."""
    table = standing.table
    cells = [_cut(row.model if layout.stacked and row.source != "own" else row_name(row), layout.model)]
    for column in (*table.tasks, MEAN):
        full = layout.intervals or (layout.own and column == standing.by)
        cells.append(_cell(standing, row, column, full))
    cells += standing_texts(standing, row)
    if layout.beats and beats.shown(standing):
        cells.append(beats.text(standing, row))
    if layout.paper and _has_paper(standing):
        found = among_paper(standing, row)
        cells.append(f"{ranged(*found[:2])} of {found[2]}" if found else printed_rank(row, standing.by))
    return cells


def _has_paper(standing: Standing) -> bool:
    """Whether a row of the paper is there, with its rank, or an own one that stands among them."""
    rows = standing.table.rows
    return any(row.source == "paper" for row in rows) or any(among_paper(standing, row) for row in rows)


def _cell(standing: Standing, row: RankRow, column: str, interval: bool) -> str:
    value = value_of(row, column)
    if value is None:
        failed = row.failed.get(column, 0)
        return f"{failed} failed" if failed else "-"
    text = with_interval(value, standing.estimate(row, column) if interval else None)
    if column != MEAN and incomplete(standing.table, row, column):
        text += f" {row.n.get(column, 0)}/{standing.table.expected}"
    return text


def _cut(name: str, width: int) -> str:
    return name if not width or len(name) <= width else f"{name[: width - 1]}…"


def printed(standing: Standing) -> tuple[list[str], list[list[str]]]:
    """As `columns` and `row` in full, with the best own number of each column in bold."""
    shown = (*standing.table.tasks, MEAN)
    own = [other for other in standing.table.rows if other.contestant]
    best = {
        column: max(
            (value for other in own if (value := value_of(other, column)) is not None), default=None
        )
        for column in shown
    }
    rows: list[list[str]] = []
    for other in standing.table.rows:
        cells = row(standing, other)
        for place, column in enumerate(shown, start=1):
            value = value_of(other, column)
            if other.contestant and len(own) > 1 and value is not None and value == best[column]:
                cells[place] = Best(cells[place])
        rows.append(cells)
    return columns(standing), rows
