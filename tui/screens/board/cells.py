"""The Board's columns and rows: heat, ranks, differences and strips, in the richest layout that fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from tui.ranked.figures import ranged, short
from tui.ranked.standings import MEAN, among_paper, value_of
from tui.ranked.tables import incomplete, mean_name, row_name
from tui.screens.board.controls import with_rule
from tui.screens.board.rails import MOST, lettered, rails
from tui.screens.board.view import View, row_key
from tui.terminal.tokens import heat_step
from tui.widgets.canvas import Span
from tui.widgets.rows import Cell, Column, Piece, Row, cut, stacked
from tui.widgets.strips import rounded, strip, tick_line
from tui.widgets.text import clean

if TYPE_CHECKING:
    from engine.stats.baseline import Against
    from store.queries import RankRow

NAME: Final = 18
"""Cells that a model's name has at the least."""
STRIP: Final = (12, 24)
"""Cells of the interval strip at the least: below 100 columns, and from there."""
TOLD_APART: Final = ("beats", "below")
"""Words of a difference that is shown."""
_BESIDE: Final = (5, 9, 17)
"""Cells of a task: its number alone, with the SD between splits, with its interval."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What there is room for beside names, ranks, numbers and the strip."""

    task: int = 0
    """Which of `_BESIDE` a task has."""
    reach: bool = False
    """Whether a difference has its ±."""
    difference: bool = True
    """Whether differences to the baseline are there."""
    paper: bool = False
    """Whether the range of places among the paper's rows is."""
    sorted_first: bool = False
    """The sorted column stands before the others, which do not fit side by side."""


LAYOUTS: Final = (
    Layout(2, True, paper=True),
    Layout(1, True, paper=True),
    Layout(1, True),
    Layout(0, True, paper=True),
    Layout(0, True),
    Layout(0, paper=True),
    Layout(0),
    Layout(0, difference=False),
    Layout(0, sorted_first=True),
)
"""From the richest to the one that may be scrolled."""


def fitted(view: View, width: int) -> tuple[tuple[Column, ...], list[Row]]:
    """Columns and rows for a table of so many cells."""
    table = _Table(view, width)
    tried = LAYOUTS if len(view.rankings.tasks) * 6 < width else LAYOUTS[-1:]  # forty tasks fit in no other
    layout = next((layout for layout in tried if table.need(layout) <= width), LAYOUTS[-1])
    columns = table.columns(layout)
    cells = [table.cells(column.key, layout) for column in columns]
    rows = [
        Row(row_key(row), tuple(line), "" if row.source == "own" else "soft", alias=row.model)
        for row, *line in zip(view.rows, *cells, strict=True)
    ]
    return columns, with_rule(rows, [row.control for row in view.rows])


class _Table:
    """One view's columns, each worked out once, however many layouts are tried."""

    def __init__(self, view: View, width: int) -> None:
        self._view = view
        self._width = width
        self._names = (*view.rankings.tasks, MEAN)
        self._known: dict[tuple[str, Layout], Sequence[str | Cell]] = {}

    def need(self, layout: Layout) -> int:
        """The least number of cells that a layout takes, with gutter and scrollbar."""
        columns = self.columns(layout)
        return sum(self._least(column, layout) for column in columns) + len(columns) + 1

    def _least(self, column: Column, layout: Layout) -> int:
        if column.key in ("model", "strip"):
            return column.least or column.wants
        cells = max((cell_len(str(cell)) for cell in self.cells(column.key, layout)), default=0)
        return max(column.wants, cell_len(column.head), cell_len(column.second), cells)

    def columns(self, layout: Layout) -> tuple[Column, ...]:
        """What the cells are of, in order."""
        view, by = self._view, self._view.by
        longest = max((cell_len(clean(_name(row))) for row in view.rows), default=5)
        ahead = self._ahead
        wide = self._width >= 100
        least = ahead + min(longest, longest if wide and not layout.sorted_first else NAME)
        title = f"{' ' * ahead}model"
        found = [Column("model", title, least=least, wants=ahead + longest)]
        numbers = [self._number_column(name, layout) for name in self._names]
        rank = Column("place", "#", right=True)
        if layout.sorted_first:
            at = self._names.index(by)
            first = [numbers.pop(at), rank]
        else:
            first = [rank]
        found += first
        found += numbers
        if layout.difference and view.base:
            head = "Δ to base" if layout.reach else "Δ"
            pinned = "◆ paired" if layout.reach else "◆"
            found.append(Column("difference", head, second=pinned, right=True))
        if layout.paper and self._has_paper:
            found.append(Column("paper", "in the", second="paper's", right=True))
        room = STRIP[wide]
        titles = (f" {clean(by)} AUC, 95 % interval", " AUC, 95 % interval", f"{clean(by)} AUC", "AUC")
        title = next(one for one in titles if cell_len(one) <= room)
        found.append(Column("strip", title, wants=room, grows=True, axis=partial(tick_line, self.span)))
        return tuple(found)

    def _number_column(self, name: str, layout: Layout) -> Column:
        sort = "▾" if not self._view.sorting.upside_down else "▴"
        mark = sort if name == self._view.sorting.column else ""
        if name == MEAN:
            title = mean_name(self._view.rankings)
            return Column(name, title, right=True, wants=5, sort=mark)
        width = _BESIDE[layout.task]
        first, second = stacked(clean(name), width - len(mark))
        head, under = (first, second) if first else (second, "")
        return Column(name, head, second=under, right=True, wants=width, task=True, sort=mark)

    def cells(self, key: str, layout: Layout) -> Sequence[str | Cell]:
        """One column, row by row."""
        if (key, layout) not in self._known:
            self._known[key, layout] = self._cells(key, layout)
        return self._known[key, layout]

    def _cells(self, key: str, layout: Layout) -> Sequence[str | Cell]:
        view = self._view
        if key == "model":
            return self._model_cells()
        if key in self._names:
            task = layout.task if key != MEAN else 0
            best = _best(view, key)
            return [_number(view, row, key, task, value_of(row, key) == best) for row in view.rows]
        if key == "difference":
            return [_difference(view, row, layout.reach) for row in view.rows]
        if key in ("place", "paper"):
            return [(_place if key == "place" else _paper)(view, row) for row in view.rows]
        return [self._strip(row) for row in view.rows]

    @cached_property
    def _rails(self) -> list[list[Piece]]:
        view = self._view
        models = [row.model if row.contestant else None for row in view.rows]
        if len(view.tied) <= MOST:
            return rails(models, view.tied)
        places = view.placed.places.values() if view.placed else ()
        return lettered(models, {place.model: place.letters for place in places})

    @property
    def _ahead(self) -> int:
        """Cells before a name: rails, the mark, the flag."""
        return max(sum(len(text) for text, _ in self._rails[0]) if self._rails else 0, 1) + 2

    def _model_cells(self) -> list[str | Cell]:
        found: list[str | Cell] = []
        for row, rail in zip(self._view.rows, self._rails, strict=True):
            marked = row_key(row) in self._view.marked
            flag = ("◆", "a") if self._view.is_base(row) else ("∅", "soft") if row.control else (" ", "")
            pieces = [*(rail or [(" ", "")]), ("■", "accent") if marked else (" ", ""), flag]
            tone = "soft" if row.source != "own" else "" if row.control else "strong"
            name = clean(_name(row))
            found.append(Cell(name, draw=partial(_named, pieces, name, tone)))
        return found

    @property
    def _has_paper(self) -> bool:
        view = self._view
        return view.standing is not None and bool(view.standing.printed and view.own)

    @cached_property
    def span(self) -> Span:
        """The axis of the strip, of all rows that are shown."""
        view, by = self._view, self._view.by
        values = [value for row in view.rows if (value := value_of(row, by)) is not None]
        for row in view.own:
            values += view.interval(row, by) or ()
        return rounded(values)

    def _strip(self, row: RankRow) -> Cell:
        view, by = self._view, self._view.by
        value = value_of(row, by)
        references = [(0.5, "┊", "faint")] if self.span.low < 0.5 < self.span.high else []
        base = next((one for one in view.own if view.is_base(one)), None)
        at = value_of(base, by) if base else None
        references += [(at, "╎", "a")] if at is not None else []
        own = row.source == "own"
        tone = "a" if view.is_base(row) else "strong" if row.contestant else "soft"
        interval = view.interval(row, by)
        sign = "●" if own else "○"
        text = "" if value is None else short(value)
        return Cell(
            text,
            draw=partial(
                _strip,
                self.span,
                value,
                interval,
                tuple(references),
                sign,
                tone,
                "a" if tone == "a" else "soft",
            ),
        )


def _strip(
    span: Span,
    value: float | None,
    interval: tuple[float, float] | None,
    references: Sequence[tuple[float, str, str]],
    sign: str,
    tone: str,
    line: str,
    width: int,
) -> list[Piece]:
    return strip(span, value, interval, width, references, sign, tone, line)


def _named(pieces: Sequence[Piece], name: str, tone: str, width: int) -> list[Piece]:
    left = width - sum(len(text) for text, _ in pieces)
    return [*pieces, (cut(name, max(left, 0)), tone)]


def _name(row: RankRow) -> str:
    return row_name(row) if row.control else row.model


def _best(view: View, column: str) -> float | None:
    """The best number of a column among own rows, if there are two to choose from."""
    known = [value for row in view.own if row.contestant and (value := value_of(row, column)) is not None]
    return max(known) if len(known) > 1 else None


def _number(view: View, row: RankRow, column: str, beside: int, best: bool) -> Cell:
    """A number: filled with its heat if it was measured here, only inked if it was printed."""
    value = value_of(row, column)
    if value is None:
        failed = row.failed.get(column, 0)
        return Cell(f"✗ {failed}", "bad") if failed else Cell("·", "line")
    text, step = short(value), heat_step(value)
    if row.source != "own":
        under = text.ljust(_BESIDE[beside] - 1) if beside else text
        return Cell(text, "soft") if column == MEAN else Cell(under, ink=step)
    best = best and row.contestant
    if column == MEAN:
        return Cell(text, "soft" if row.control else "strong", best=best)
    sign = "!" if view.bare and step == 0 else ""
    if incomplete(view.rankings, row, column):
        sign = "✗" if row.failed.get(column, 0) else "◐"
    text += sign + _reach(view, row, column, beside)
    return Cell(text.ljust(_BESIDE[beside] - 1) if beside else text, fill=step, best=best)


def _reach(view: View, row: RankRow, column: str, beside: int) -> str:
    if beside == 2 and (interval := view.interval(row, column)):
        return f" [{short(interval[0])} {short(interval[1])}]"
    sd = row.sd.get(column)
    return f"±{sd:.2f}".replace("0.", ".") if beside and sd is not None else ""


def _place(view: View, row: RankRow) -> Cell:
    """The interval of ranks of a contestant, or the rank that was printed."""
    if row.source != "own":
        rank = row.mean_rank if view.by == MEAN else row.rank.get(view.by)
        return Cell("" if rank is None else f"{row.source[0]}{rank:g}", "soft")
    if row.control:
        return Cell("∅" if view.is_base(row) else "", "soft")
    if place := view.place(row):
        return Cell(ranged(place.first, place.last), "strong")
    return Cell("…", "soft") if view.awaited else Cell("·", "line")


def _difference(view: View, row: RankRow, reach: bool) -> Cell:
    """What a contestant is better or worse by than the baseline; a star only where that is shown."""
    if view.is_base(row):
        return Cell("base ", "a")
    against = view.differences.get(row.model) if row.contestant else None
    if against is None:
        return Cell("… " if view.awaited and row.contestant else "· ", "line")
    return difference_cell(against, reach)


def difference_cell(against: Against, reach: bool = False) -> Cell:
    """A difference with its sign, its reach if there is room, and a star where it is told apart."""
    text = signed(against.difference)
    if reach and against.interval is not None:
        text += f" ±{short((against.interval[1] - against.interval[0]) / 2)}"
    if against.standing.value not in TOLD_APART:
        return Cell(f"{text} ", "soft")
    return Cell(f"{text}*", "good" if against.difference > 0 else "bad")


def signed(value: float) -> str:
    """`+.023`, `−.023`: with a true minus."""
    return f"{value:+.3f}".replace("0.", ".", 1).replace("-", "−")


def _paper(view: View, row: RankRow) -> Cell:
    """The places that an own row's interval allows among the paper's."""
    found = among_paper(view.standing, row) if view.standing and row.contestant else None
    return Cell("" if found is None else among(*found), "text" if found else "")


def among(first: int, last: int, of: int) -> str:
    """`1–12`; `below` and `above` where the interval leaves them all on one side."""
    if first == last and first in (1, of):
        return "above" if first == 1 else "below"
    return ranged(first, last)
