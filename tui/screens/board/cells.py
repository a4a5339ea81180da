"""The Board's columns and rows: numbers with what they can tell, in the richest layout that fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from tui.ranked import beats
from tui.ranked.figures import ranged, short
from tui.ranked.standings import MEAN, among_paper, printed_rank, standing_texts, value_of
from tui.ranked.tables import incomplete, mean_name, row_name
from tui.screens.board.controls import with_rule
from tui.widgets.plot import Span, strip
from tui.widgets.rows import Cell, Column, Row
from tui.widgets.words import UNICODE, Charset, Tone

if TYPE_CHECKING:
    from store.queries import Rankings, RankRow
    from tui.ranked.standings import Standing

SEPARATOR: Final = "\x1f"
FOREST: Final = 24
"""Cells of the forest plot in a row."""
SOURCES: Final = (("own", "paper"), ("own", "paper", "rerun"), ("own",))
"""Whose rows are shown, in the order the key goes through."""


def row_key(row: RankRow) -> str:
    """A key that stays the same while numbers change."""
    return f"{row.source}{SEPARATOR}{row.model}"


@dataclass(frozen=True, slots=True)
class Sorting:
    """Which column orders the rows."""

    column: str = MEAN
    """A task, `mean`, `model` or `source`."""
    upside_down: bool = False

    def reversed(self) -> Sorting:
        """The other way round."""
        return replace(self, upside_down=not self.upside_down)

    def by(self, rankings: Rankings) -> str:
        """The column that places are of: the one sorted by, else the mean."""
        return self.column if self.column in rankings.tasks else MEAN


@dataclass(frozen=True)
class View:
    """A ranked table as one looks at it."""

    rankings: Rankings
    sorting: Sorting = Sorting()
    sources: Sequence[str] = SOURCES[0]
    standing: Standing | None = None
    """What is known of it by now, by the column sorted by; None before its scores are read."""
    settled: bool = False
    """Whether that has places, or differences to its baseline; intervals are known before them."""
    awaited: bool = False
    """Whether places are still worked out."""
    charset: Charset = UNICODE

    @property
    def by(self) -> str:
        """The column that places are of."""
        return self.sorting.by(self.rankings)

    @cached_property
    def rows(self) -> list[RankRow]:
        """In order, of the sources shown; the controls stand below all others."""
        found = [row for row in self.rankings.rows if row.source in self.sources]
        ranked = order([row for row in found if not row.control], self.sorting)
        return [*ranked, *(row for row in found if row.control)]

    @property
    def placed(self) -> Standing | None:
        """The standing once it has places."""
        return self.standing if self.settled else None

    def plain(self, text: str) -> str:
        """In the characters that may be drawn."""
        return text.replace("–", "-").replace("·", "-") if self.charset.ascii else text


def order(found: Sequence[RankRow], sorting: Sorting) -> list[RankRow]:
    """Rows by a column, best first; rows without a number always last."""
    if sorting.column in ("model", "source"):
        key = (lambda row: row.model.casefold()) if sorting.column == "model" else (lambda row: row.source)
        return sorted(found, key=key, reverse=sorting.upside_down)
    known = [row for row in found if value_of(row, sorting.column) is not None]
    unknown = [row for row in found if value_of(row, sorting.column) is None]
    known.sort(key=lambda row: -(value_of(row, sorting.column) or 0.0), reverse=sorting.upside_down)
    return known + sorted(unknown, key=lambda row: row.model.casefold())


# ---------------------------------------------------------------------------- what fits


@dataclass(frozen=True, slots=True)
class Layout:
    """What there is room for beside AUCs, the sorted column's interval, and places."""

    intervals: bool = False
    """In every column."""
    forest: bool = False
    """The sorted column drawn from 0.5 to 1."""
    whole: bool = False
    """Long names are whole, and ranges of places say of how many."""
    source: bool = True
    """Whose row it is in a column of its own; else it stands where own rows have their place."""
    beats: bool = True
    """Whether each model beats TF-IDF, in a column."""
    sorted_first: bool = False
    """The sorted column stands before the others, which do not fit side by side."""


LAYOUTS: Final = (
    Layout(intervals=True, forest=True, whole=True),
    Layout(intervals=True, whole=True),
    Layout(forest=True, whole=True),
    Layout(whole=True),
    Layout(),
    Layout(beats=False),
    Layout(source=False, beats=False),
    Layout(sorted_first=True, beats=False),
)
"""From the richest to the one that may be scrolled."""
_TITLE: Final = (6, 10)
"""Cells to which a task's title may be cut: at the least, and where names are whole."""
_NAME: Final = (14, 24)
"""Cells to which a model's name may be."""


def fitted(view: View, width: int) -> tuple[tuple[Column, ...], list[Row]]:
    """Columns and rows for a terminal of so many columns."""
    table = _Table(view, width)
    room = width - 2  # the cursor's column and the scrollbar's
    # Forty tasks fit in no layout but the last.
    tried = LAYOUTS if len(view.rankings.tasks) * _TITLE[False] < room else LAYOUTS[-1:]
    layout = next((layout for layout in tried if table.need(layout) <= room), LAYOUTS[-1])
    columns = table.columns(layout)
    cells = [table.cells(column.key, layout) for column in columns]
    tones: dict[str, Tone] = {"own": ""}
    rows = [
        Row(row_key(row), tuple(line), tones.get(row.source, "dim"))
        for row, *line in zip(view.rows, *cells, strict=True)
    ]
    return columns, with_rule(rows, [row.control for row in view.rows])


@dataclass(frozen=True, slots=True)
class _Number:
    """A cell of a column of AUCs, in the parts that stand under one another."""

    value: str
    interval: str = ""
    note: str = ""
    tone: Tone = ""


class _Table:
    """One view's columns, each worked out once, however many layouts are tried."""

    def __init__(self, view: View, width: int) -> None:
        self._view = view
        self._names = (*view.rankings.tasks, MEAN)
        # Of forty tasks no terminal shows all intervals.
        everywhere = width >= 17 * len(self._names)
        self._numbers = {
            name: [_number(view, row, name, everywhere or name == view.by) for row in view.rows]
            for name in self._names
        }
        self._standing = self._of_standing()
        self._aligned: dict[tuple[str, bool], Sequence[str | Cell]] = {}

    def need(self, layout: Layout) -> int:
        """The least number of cells that a layout takes."""
        columns = self.columns(layout)
        return sum(column.least or self._widest(column, layout) for column in columns) + len(columns) - 1

    def _widest(self, column: Column, layout: Layout) -> int:
        return max([len(column.title), *map(len, map(str, self.cells(column.key, layout)))])

    def columns(self, layout: Layout) -> tuple[Column, ...]:
        """What the cells are of, in order."""
        view, by = self._view, self._view.by
        longest = max((len(_name(row)) for row in view.rows), default=0)
        found = [Column("model", "model", least=min(max(longest, 5), _NAME[layout.whole]))]
        if layout.source:
            found.append(Column("source", "by"))
        names = [by, *(name for name in self._names if name != by)] if layout.sorted_first else self._names
        for name in names:
            found.append(self._number_column(name, layout))
            if name == by:
                found += [Column(key, title) for key, title in self._standing_columns(layout)]
        if layout.forest:
            found.append(Column("forest", f"{by}, 0.5 to 1", least=FOREST))
        return tuple(found)

    def _number_column(self, name: str, layout: Layout) -> Column:
        title = mean_name(self._view.rankings) if name == MEAN else name
        widest = max(map(len, map(str, self.cells(name, layout))), default=0)
        least = max(widest, min(len(title), _TITLE[layout.whole]))
        return Column(name, title, right=True, least=least, task=name != MEAN)

    def _standing_columns(self, layout: Layout) -> list[tuple[str, str]]:
        view, found = self._view, []
        if self._standing and view.placed and view.placed.beside:
            found = [("difference", "less baseline"), ("verdict", "verdict")]
        elif self._standing:
            found = [("place", "place")]
        if layout.beats and view.placed and beats.shown(view.placed):
            found.append(("beats", beats.TITLE))
        if any(row.source != "own" for row in view.rows):
            found.append(("paper", "of paper's" if layout.whole else "paper's"))
        return found

    def cells(self, key: str, layout: Layout) -> Sequence[str | Cell]:
        """One column, row by row."""
        view = self._view
        if key == "model":
            return [_name(row) for row in view.rows]
        if key == "source":
            return [_source(row) for row in view.rows]
        if key in self._numbers:
            asked = key, layout.intervals or key == view.by
            if asked not in self._aligned:
                self._aligned[asked] = _aligned(self._numbers[key], asked[1])
            return self._aligned[asked]
        if key == "beats" and view.placed:
            return [beats.text(view.placed, row) for row in view.rows]
        if key == "paper":
            return [view.plain(_among_paper(view, row, layout.whole)) for row in view.rows]
        if key == "forest":
            return [_forest(view, row) for row in view.rows]
        return self._standing_cells(key == "verdict", layout)

    def _standing_cells(self, verdict: bool, layout: Layout) -> list[str]:
        if verdict:
            shorter = "" if layout.whole else " for practical purposes"
            return [texts[-1].removesuffix(shorter) for texts in self._standing]
        found = [self._view.plain(texts[0]) for texts in self._standing]
        if layout.source:
            return found
        pairs = zip(self._view.rows, found, strict=True)
        return [row.source if row.source != "own" else text for row, text in pairs]

    def _of_standing(self) -> list[list[str]]:
        """Of each row the place, or difference and word; empty if nothing is ranked."""
        view = self._view
        if view.placed:
            found = [standing_texts(view.placed, row) for row in view.rows]
            return found if any(found) else []
        if view.awaited and sum(row.contestant for row in view.rows) > 1:
            return [[view.charset.ellipsis if row.contestant else ""] for row in view.rows]
        return []


def _name(row: RankRow) -> str:
    return row_name(row) if row.control else row.model


def _source(row: RankRow) -> Cell:
    if row.control:
        return Cell("control", "dim")
    return Cell(row.source, "good" if row.source == "own" else "dim")


def _aligned(numbers: Sequence[_Number], intervals: bool) -> list[str | Cell]:
    """Values, intervals and notes, each under its like."""
    value = max((len(number.value) for number in numbers), default=0)
    interval = max((len(number.interval) for number in numbers), default=0) if intervals else 0
    note = max((len(number.note) for number in numbers), default=0)
    found: list[str | Cell] = []
    for number in numbers:
        text = number.value.rjust(value)
        text += f" {number.interval:<{interval}}" if interval else ""
        text += f" {number.note:<{note}}" if note else ""
        found.append(Cell(text, number.tone) if number.tone else text)
    return found


def _number(view: View, row: RankRow, column: str, interval: bool) -> _Number:
    value = value_of(row, column)
    if value is None:
        if failed := row.failed.get(column, 0):
            return _Number(f"! 0/{failed}", tone="bad")
        return _Number("-" if column == MEAN else ".", tone="dim")
    reach = ""
    if interval and view.standing:
        estimate = view.standing.estimate(row, column)
        low, high = (estimate and estimate.interval) or (None, None)
        reach = f"[{short(low)}, {short(high)}]" if low is not None and high is not None else ""
    if column != MEAN and incomplete(view.rankings, row, column):
        tone: Tone = "bad" if row.failed.get(column, 0) else "warn"
        return _Number(short(value), reach, f"{row.n.get(column, 0)}/{view.rankings.expected}", tone)
    return _Number(short(value), reach)


def _among_paper(view: View, row: RankRow, whole: bool) -> str:
    """The places that an own row's interval allows among the paper's; a published row's printed rank."""
    if row.control:
        return ""
    if row.source != "own":
        return printed_rank(row, view.by)
    found = among_paper(view.standing, row) if view.standing else None
    if found is None:
        return "-"
    first, last, of = found
    return f"{ranged(first, last)} of {of}" if whole else ranged(first, last)


def _forest(view: View, row: RankRow) -> str:
    """The sorted column with its interval, from 0.5 to 1."""
    value = value_of(row, view.by)
    if value is None:
        return ""
    estimate = view.standing.estimate(row, view.by) if view.standing else None
    low, high = (estimate and estimate.interval) or (value, value)
    return strip(low, value, high, Span(0.5, 1.0), FOREST, view.charset)
