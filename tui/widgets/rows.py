"""Columns, rows and cells of a grid, and the pure arithmetic of fitting and filtering them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from rich.cells import cell_len, set_cell_size

from tui.widgets.text import clean
from tui.widgets.words import Tone

SAMPLE_ROWS: Final = 300
"""Rows whose cells are measured to choose column widths; the rest is cut to fit."""
WIDEST: Final = 200
"""No column takes more cells than this, however much room there is."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as it is drawn."""

    text: str
    tone: Tone = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a grid."""

    key: str
    title: str
    right: bool = False
    """Whether values stand at the right edge."""
    least: int = 0
    """Cells to which the column may be narrowed; 0: it keeps its width."""
    task: bool = False
    """Whether it stands for a task, whose cells can be opened and run."""
    shed: int = 0
    """Where there is no room, columns with a higher number are left out first; 0: never."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a grid: a key that stays the same while its cells change."""

    key: str
    cells: tuple[str | Cell, ...]
    tone: Tone = ""
    heading: str = ""
    """What a rule across the table says in place of the cells."""


class Placed(NamedTuple):
    """Where a column stands: its place among the columns, first cell and width."""

    column: int
    x: int
    width: int


class Layout(NamedTuple):
    """The columns that are drawn and the cells they need together."""

    columns: tuple[Placed, ...] = ()
    width: int = 0


def fit(columns: Sequence[Column], rows: Sequence[Row], room: int, gap: int = 1) -> Layout:
    """Choose which columns are drawn and how wide, to stay within `room` cells where that can be.

    Columns that may be shed give way first, then those that may be narrowed; what is still too wide
    is left to horizontal scrolling.
    """
    sample = [*rows[:SAMPLE_ROWS], *rows[-20:]]
    widths = [
        min(
            WIDEST, max([cell_len(clean(column.title)), *(cell_len(clean(row.cells[i])) for row in sample)])
        )
        for i, column in enumerate(columns)
    ]
    shown = list(range(len(columns)))

    def excess() -> int:
        return sum(widths[i] for i in shown) + gap * max(len(shown) - 1, 0) - room

    for i in sorted((i for i in shown if columns[i].shed), key=lambda i: -columns[i].shed):
        if excess() > 0:
            shown.remove(i)
    natural = list(widths)
    for most in range(max(widths, default=0), 0, -1):
        if excess() <= 0:
            break
        # The widest give way first, so that no title is cut while another has room to spare.
        for i in (i for i in shown if columns[i].least):
            widths[i] = min(natural[i], max(most, columns[i].least))
    return _place(shown, widths, gap)


def _place(shown: list[int], widths: list[int], gap: int) -> Layout:
    placed = []
    x = 0
    for i in shown:
        placed.append(Placed(i, x, widths[i]))
        x += widths[i] + gap
    return Layout(tuple(placed), max(x - gap, 0))


def in_view(layout: Layout, column: int, room: int, gap: int = 1) -> list[Placed]:
    """The columns on screen when they are scrolled to `column`: the first always, then from a later one."""
    spots = layout.columns
    if layout.width <= room or len(spots) < 2:
        return list(spots)
    left = room - spots[0].width
    visible = [spots[0]]
    for spot in spots[_first_scrolled(spots, column, left, gap) :]:
        if left < gap + 1:
            break
        visible.append(Placed(spot.column, spot.x, min(spot.width, left - gap)))
        left -= spot.width + gap
    return visible


def _first_scrolled(spots: Sequence[Placed], column: int, room: int, gap: int) -> int:
    """The least start at which `column` is wholly in the `room` beside the first one."""
    at = next((i for i, spot in enumerate(spots) if spot.column >= column), len(spots) - 1)
    start = max(at, 1)
    left = room - spots[start].width - gap
    while start > 1 and left >= spots[start - 1].width + gap:
        start -= 1
        left -= spots[start].width + gap
    return start


def cut(value: str, width: int, right: bool = False, ellipsis: str = "…") -> str:
    """`value` in exactly `width` cells, cut with an ellipsis or padded on the proper side."""
    length = len(value) if value.isascii() else cell_len(value)
    if length > width:
        return set_cell_size(value, max(width - 1, 0)) + ellipsis[:width]
    padding = " " * (width - length)
    return padding + value if right else value + padding


def cut_title(title: str, width: int, ellipsis: str = "…") -> str:
    """A title in at most `width` cells, its middle left out: the ends tell names of one family apart."""
    if cell_len(title) <= width:
        return title
    if width < 7:
        return cut(title, width, ellipsis=ellipsis)
    end = (width - 1) // 2
    return cut(set_cell_size(title, width - 1 - end) + ellipsis + title[-end:], width, ellipsis=ellipsis)


def matches(row: Row, columns: Sequence[Column], wanted: str) -> bool:
    """Whether `row` passes a filter: words that must all occur, in any case.

    `!word` wants the word absent; `column:word` looks in one column only.
    """
    cells = [str(cell).casefold() for cell in row.cells]
    for word in wanted.casefold().split():
        inverse = word.startswith("!") and len(word) > 1
        word = word[1:] if inverse else word
        where = cells
        name, colon, rest = word.partition(":")
        if colon and rest:
            named = [
                cells[i]
                for i, column in enumerate(columns)
                if name in (column.key, column.title.casefold())
            ]
            where, word = (named, rest) if named else (cells, word)
        if any(word in cell for cell in where) == inverse:
            return False
    return True
