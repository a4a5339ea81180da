"""Columns, rows and cells of a grid, and the pure arithmetic of fitting and filtering them.

Cell(".911", fill=heat_step(0.911))           # measured here: filled with the step's colour
Cell(".935", ink=heat_step(0.935))            # printed by others: inked only
Cell(".85 of [.80, .90]", draw=lambda width: strip(...))    # drawn anew for the width it is given
Column("tall", "long", second="short", right=True)  # a head of two lines, see `stacked`
Column("mean", "mean", right=True, sort="▾")  # sorted by it: bold, with the mark
Column("s", "seconds", second="s")            # a unit or a type under the head
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from rich.cells import cell_len, set_cell_size

from tui.widgets.text import clean
from tui.widgets.words import Tone

SAMPLE_ROWS: Final = 300
"""Rows whose cells are measured to choose column widths; the rest is cut to fit."""
WIDEST: Final = 200
"""No column takes more cells than this, however much room there is."""


Piece = tuple[str, str]
"""Text and its tone, or another style such as `$say-mark-4`."""
Draw = Callable[[int], Sequence[Piece]]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as it is drawn."""

    text: str
    """What it says; of a drawn cell, what filters and exports read."""
    tone: Tone = ""
    fill: int | None = None
    """Heat step that fills it, for what was measured here."""
    ink: int | None = None
    """Heat step that colours its text, for what others printed."""
    draw: Draw | None = None
    """Draws it for a width, as pieces of text with a tone or style."""
    best: bool = False
    """Whether it is the best of its column among own rows: bold and underlined."""

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
    second: str = ""
    """What stands under the title: the rest of a name, a unit, a type."""
    sort: str = ""
    """`▾` or `▴` if the rows are sorted by it."""
    grows: bool = False
    """Whether it takes what room is left, such as an interval strip; `least` cells at least."""
    axis: Callable[[int], str] | None = None
    """Writes the head for the width that the column has, such as the ticks of a strip; under the title."""
    wants: int = 0
    """Cells it takes at the least where there is room, such as those that are drawn in it."""

    @property
    def head(self) -> str:
        """The line of the head that stands over the cells."""
        return f"{self.title}{self.sort}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a grid: a key that stays the same while its cells change."""

    key: str
    cells: tuple[str | Cell, ...]
    tone: Tone = ""
    heading: str = ""
    """What a rule across the table says in place of the cells."""
    alias: str = ""
    """What else a filter finds it by, such as the name of what is shown by its title."""


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
            WIDEST,
            max(
                [
                    column.wants,
                    cell_len(clean(column.head)),
                    cell_len(column.second),
                    column.least if column.grows else 0,
                    *(_wide(row.cells[i]) for row in sample),
                ]
            ),
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
    growing = [i for i in shown if columns[i].grows]
    for number, i in enumerate(growing):
        widths[i] += max(-excess(), 0) // (len(growing) - number)
    return _place(shown, widths, gap)


def _wide(cell: str | Cell) -> int:
    return 0 if isinstance(cell, Cell) and cell.draw else cell_len(clean(cell))


def stacked(name: str, width: int) -> tuple[str, str]:
    """A task's name as two lines of a head: apart at `-vs-`, else at the first `-`; one if it fits."""
    if len(name) <= width:
        return "", name
    for sign in ("-vs-", "-"):
        first, found, rest = name.partition(sign)
        if found:
            return first[:width], rest[:width]
    return "", name[:width]


def beside(name: str, width: int) -> str:
    """A task's name in one line: `bival/lys4` is told from its sister, `bivalent-…` is not.

    Unchanged where it fits, or cannot be parted.
    """
    first, second = stacked(name, width)
    if not first or width < 7:
        return name
    right = min(len(second), max(width // 2 - 1, width - len(first) - 1))
    return f"{first[: width - right - 1]}/{second[:right]}"


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
    anywhere = [*cells, row.alias.casefold()]
    for word in wanted.casefold().split():
        inverse = word.startswith("!") and len(word) > 1
        word = word[1:] if inverse else word
        where = anywhere
        name, colon, rest = word.partition(":")
        if colon and rest:
            named = [
                cells[i]
                for i, column in enumerate(columns)
                if name in (column.key, column.title.casefold())
            ]
            where, word = (named, rest) if named else (anywhere, word)
        if any(word in cell for cell in where) == inverse:
            return False
    return True
