"""Rows under a header, drawn line by line, however many there are, with one under the cursor.

Textual's DataTable repaints all of itself when a cell changes (75 KiB/s for eight cells at 5 Hz
over SSH) and freezes at 100,000 rows; here a changed row repaints one line and a row that is not
on screen costs nothing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets.headed import HeadedRows
from tui.widgets.looks import Looks
from tui.widgets.rows import Cell, Column, Layout, Piece, Row, cut, cut_title, fit, in_view, matches
from tui.widgets.text import clean
from tui.widgets.words import READING, TONE_STYLES, UNICODE, UNREAD, Charset, Tone

GAP: Final = 1
"""Blank cells between columns."""
FOCUSED: Final = "$say-select"
UNFOCUSED: Final = "$say-selecty"
GHOSTS: Final = 5
"""Dashed rows of an empty table."""
RAISED: Final = {"faint": "soft", "line": "faint"}
"""What a tone becomes under the cursor, where it could not be read."""


class RowView(ScrollView, Looks):
    """What the application's one table shows; who moves the cursor and sets marks is `Grid`."""

    DEFAULT_CSS = "RowView { height: 1fr; overflow-x: hidden; }"

    cursor: reactive[int] = reactive(0, repaint=False)
    """The row the cursor is on, counted among the rows that pass the filter."""
    column: reactive[int] = reactive(0, repaint=False)
    """The column the cursor is on, counted among all columns."""

    @dataclass
    class Moved(Message):
        """The cursor is on another row or column, or another row has come under it."""

        view: RowView

        @property
        def control(self) -> RowView:
            """The table, for `@on` selectors."""
            return self.view

    def __init__(
        self,
        columns: Sequence[Column] = (),
        *,
        markable: bool = False,
        boxes: bool = True,
        cells: bool = False,
        empty: str = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Make an empty table.

        Args:
            columns: What the rows' cells are.
            markable: Whether rows can be marked.
            boxes: Whether a box before each row says if it is marked; else its cells do.
            cells: Whether the cursor is on a cell rather than a row.
            empty: What to say if there is no row; before the first `show`, that they are being read.
            id: The widget's id.
            classes: The widget's classes.
        """
        super().__init__(id=id, classes=classes)
        self._columns = tuple(columns)
        self._rows: Sequence[Row] = ()
        self._shown: Sequence[Row] = ()
        self._layout = Layout()
        self._filter = ""
        self._markable = markable
        self._cells = cells
        self._empty = empty
        self._known = False
        self._waiting = READING
        """What is said before it is known which rows there are."""
        self.marked: set[str] = set()
        """The keys of the marked rows."""
        self._boxes = markable and boxes
        self._gutter = 3 if self._boxes else 1
        self.sticky: frozenset[str] = frozenset()
        """Keys of rows that stay at the edge when they are scrolled off, such as a baseline."""
        self.ways_out: Sequence[tuple[str, str, str]] = ()
        """Of an empty table: key, what it does, what that costs."""

    # ------------------------------------------------------------------ what others ask and tell

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, also those left out for want of room."""
        return self._columns

    @property
    def heads(self) -> int:
        """Lines of the head: none without names, two if something stands under one, such as an axis."""
        if self._columns and not any(
            column.head or column.second or column.axis for column in self._columns
        ):
            return 0
        return 2 if any(column.second or (column.axis and column.title) for column in self._columns) else 1

    @property
    def rows(self) -> Sequence[Row]:
        """Every row, also those the filter hides."""
        return self._rows

    @property
    def empty(self) -> str:
        """What to say if there is no row."""
        return self._empty

    @empty.setter
    def empty(self, said: str) -> None:
        if said != self._empty:
            self._empty = said
            if not self._shown:
                self.refresh()

    @property
    def shown(self) -> Sequence[Row]:
        """The rows that pass the filter, in order."""
        return self._shown

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self._shown[self.cursor] if 0 <= self.cursor < len(self._shown) else None

    @property
    def filter(self) -> str:
        """Only rows that match these words are shown; see `rows.matches`."""
        return self._filter

    @filter.setter
    def filter(self, wanted: str) -> None:
        self._filter = wanted
        self.refresh_line(0)
        self._apply()
        self.post_message(self.Moved(self))  # who shows what is kept has to know, also if the row stays

    def show(self, rows: Sequence[Row], columns: Sequence[Column] | None = None) -> None:
        """Show these rows; the cursor stays on its row, and only lines that differ are repainted."""
        if columns is not None and tuple(columns) != self._columns:
            if len(columns) == len(self._columns):
                self.refresh_line(0)
            self._columns = tuple(columns)
            if self.heads > 1:
                self.refresh()
            self.set_reactive(RowView.column, min(self.column, max(len(self._columns) - 1, 0)))
        if not self._known:
            self._known = True
            self.refresh()
        self._rows = rows
        self._apply()

    def read_anew(self) -> None:
        """Drop the rows and say that they are being read, until they are shown."""
        if self._known or self._waiting != READING:
            self.show(())
            self._known, self._waiting = False, READING
            self.refresh()

    def give_up(self) -> None:
        """Say of rows that are being read that they could not be, until they are shown."""
        self._waiting = UNREAD
        self.refresh()

    def go_to(self, key: str) -> None:
        """Put the cursor on the row with this key, if it is shown."""
        place = self._place(key)
        if place is not None:
            self.cursor = place

    # ------------------------------------------------------------------ laying out

    def _apply(self) -> None:
        before, old_layout = self._shown, self._layout
        here = self.current.key if self.current else None
        self._shown = self._matching()
        self._lay_out()
        self._keep_cursor(here)
        if here != (self.current.key if self.current else None):
            self.post_message(self.Moved(self))
        if self._layout != old_layout or len(before) != len(self._shown) or self.sticky:
            self.refresh()
            return
        top = self.scroll_offset.y
        for y in range(top, min(top + self.size.height, len(self._shown))):
            if before[y] != self._shown[y]:
                self._refresh_cells(y, before[y], self._shown[y])

    def _matching(self) -> Sequence[Row]:
        if not self._filter:
            return self._rows
        if isinstance(self._rows, HeadedRows):
            return self._rows.matching(self._columns, self._filter)
        return [row for row in self._rows if matches(row, self._columns, self._filter)]

    def _place(self, key: str) -> int | None:
        """Where the row with this key is shown; None if it is not."""
        if isinstance(self._shown, HeadedRows):
            return self._shown.place(key)
        return next((place for place, row in enumerate(self._shown) if row.key == key), None)

    def _keep_cursor(self, key: str | None) -> None:
        at = self.cursor
        if key is not None and not (at < len(self._shown) and self._shown[at].key == key):
            place = self._place(key)
            at = at if place is None else place
        self.cursor = max(0, min(at, len(self._shown) - 1))

    def _lay_out(self) -> None:
        # A cell is kept for the scrollbar, which comes and goes with the number of rows.
        room = max(self.container_size.width - 1 - self._gutter, 1)
        self._layout = fit(self._columns, self._shown, room, GAP)
        self.virtual_size = Size(self._layout.width + self._gutter, len(self._shown) + self.heads)

    def on_resize(self, _event: events.Resize) -> None:
        """Fit the columns to the new width."""
        self._lay_out()
        self._follow()
        self.refresh()

    # ------------------------------------------------------------------ drawing

    def render_line(self, y: int) -> Strip:
        """One line of the widget: the header, a row, or the hint of an empty table."""
        width = self.scrollable_content_region.width
        if y < self.heads:
            return self._header(width, y)
        place = self._place_at(y - self.heads)
        if place < len(self._shown):
            return self._line(place, width)
        if not self._shown:
            return self._nothing(y - self.heads, width)
        return Strip.blank(width, self._look())

    def _nothing(self, line: int, width: int) -> Strip:
        """An empty table: ghosts of rows where there is room, one sentence, and the ways out."""
        ghosts = GHOSTS if self._known and not self._filter and self._columns else 0
        hint = self._hint(width)
        if self._visible < ghosts + len(hint) + len(self.ways_out) + 3:
            ghosts = 0
        if line < ghosts:
            pieces = {
                spot.column: [("╌" * max(spot.width - line * (spot.column == 0), 1), self._look("line"))]
                for spot in self._layout.columns
            }
            return self._compose_line(
                Segment(" " * self._gutter, self._look()), pieces, width, self._look()
            )
        line -= ghosts + 1 if ghosts else 0
        if 0 <= line < len(hint):
            return Strip([Segment(" " + cut(hint[line], width - 1), self._look("text"))])
        at = line - len(hint) - 1
        if self._known and 0 <= at < len(self.ways_out):
            key, what, cost = self.ways_out[at]
            drawn = [(f" {key:<4}", "accent"), (f"{clean(what)}  ", "text"), (clean(cost), "soft")]
            return Strip([Segment(text, self._look(tone)) for text, tone in drawn]).adjust_cell_length(
                width, self._look()
            )
        return Strip.blank(width, self._look())

    def _place_at(self, line: int) -> int:
        """The row on a line under the head, where sticky rows cover others at the edges."""
        top = self.scroll_offset.y
        if not self.sticky:
            return top + line
        visible = self._visible
        places = sorted(place for key in self.sticky if (place := self._place(key)) is not None)
        above = [place for place in places if place < top]
        below = [place for place in places if place >= top + visible]
        if line < len(above):
            return above[line]
        at = line - (visible - len(below))
        return below[at] if 0 <= at < len(below) else top + line

    @property
    def _visible(self) -> int:
        return max(self.scrollable_content_region.height - self.heads, 1)

    def _refresh_place(self, place: int) -> None:
        self.refresh_line(place + self.heads)

    def _refresh_cells(self, place: int, before: Row, after: Row) -> None:
        """Repaint a row from the first cell that differs to the last, where all columns are in view."""
        room = self.scrollable_content_region.width - self._gutter
        alike = (before.key in self.marked) == (after.key in self.marked) and before.tone == after.tone
        spots = [
            spot for spot in self._layout.columns if before.cells[spot.column] != after.cells[spot.column]
        ]
        if not alike or before.heading or after.heading or not spots or self._layout.width > room:
            self._refresh_place(place)
            return
        start, end = spots[0].x, spots[-1].x + spots[-1].width
        line = place + self.heads - self.scroll_offset.y
        self.refresh(Region(start + self._gutter, line, end - start, 1))

    def _hint(self, width: int) -> list[str]:
        said = self.empty if self._known else self._waiting
        if self._filter and self._known:
            said = f"No row matches {clean(self._filter)!r}; esc clears the filter."
        return textwrap.wrap(said, max(width - 2, 10))

    def _header(self, width: int, y: int) -> Strip:
        look = self._look("soft")
        gutter = Segment(" " * self._gutter, look)
        pieces: dict[int, list[tuple[str, Style]]] = {}
        for spot in self._layout.columns:
            column = self._columns[spot.column]
            low = y == self.heads - 1
            under = column.second if self.heads > 1 else ""
            name = column.head if not (low and under) else under
            if column.axis and (low if column.title else not low or self.heads == 1 or not under):
                pieces[spot.column] = [(cut(column.axis(spot.width), spot.width), self._look("faint"))]
                continue
            if self.heads > 1 and not low and not under and not column.axis:
                name = ""
            bold = column.sort and name == column.head
            title = cut_title(clean(name), spot.width, self._ellipsis)
            style = self._look("text", "bold") if bold else look
            if self._cells and spot.column == self.column and self.has_focus:
                style = self._look("accent", *(("bold",) if bold else ()))
            pieces[spot.column] = [(cut(title, spot.width, column.right, self._ellipsis), style)]
        header = self._compose_line(gutter, pieces, width, look)
        if not self._filter or y:
            return header
        # Rows that are hidden must not be forgotten.
        said = f" /{clean(self._filter)}"
        kept = cut(said, min(cell_len(said), width // 2), ellipsis=self._ellipsis)
        return Strip([*header.crop(0, width - cell_len(kept)), Segment(kept, self._look("accent"))])

    def _line(self, place: int, width: int) -> Strip:
        row = self._shown[place]
        here = place == self.cursor
        ground = (FOCUSED if self.has_focus else UNFOCUSED,) if here else ()
        plain = here and self.app.native_ansi_color and self.has_focus
        tones: tuple[str, ...] = (row.tone,) if row.tone and not plain else ()
        base = self._look(*tones, *ground)
        if row.heading:
            return self._rule(row.heading, here, width, base)
        pieces: dict[int, list[tuple[str, Style]]] = {}
        for spot in self._layout.columns:
            cell = row.cells[spot.column]
            drawn = self._pieces(cell, spot.width, self._columns[spot.column].right)
            pieces[spot.column] = [
                (text, self._look(*tones, *self._under(tone, here, plain, ground))) for text, tone in drawn
            ]
            if here and self._cells and spot.column == self.column and spot.x:
                tone = drawn[0][1] if drawn else ""
                under = (*tones, *self._under(tone, here, plain, ground))
                pieces[spot.column] = self._chosen(pieces[spot.column], under)
        mark = Segment("▌" if here and self.has_focus else " ", self._look("accent", *ground))
        if not self._boxes:
            return self._compose_line(mark, pieces, width, base)
        chosen = row.key in self.marked
        box = Segment(
            "■ " if chosen else "□ ", self._look("" if plain or not chosen else "accent", *ground)
        )
        return self._compose_line(mark, pieces, width, base, box)

    def _chosen(self, drawn: list[tuple[str, Style]], under: tuple[str, ...]) -> list[tuple[str, Style]]:
        """The cell under the cursor: with a bar in its first place where that is blank, else underlined."""
        if len(drawn) > 1:  # a picture
            return drawn
        [(text, _)] = drawn
        if not text.startswith(" "):
            return [(text, self._look(*under, "bold underline"))]
        return [
            ("▌", self._look(*under, "accent", "not underline")),
            (text[1:], self._look(*under, "bold")),
        ]

    def _pieces(self, cell: str | Cell, width: int, right: bool) -> Sequence[Piece]:
        """A cell in exactly `width` cells."""
        if isinstance(cell, Cell) and cell.draw:
            drawn = [(clean(text, 0), tone) for text, tone in cell.draw(width)]
            rest = width - sum(cell_len(text) for text, _ in drawn)
            return [*drawn, (" " * max(rest, 0), "")]
        text = cut(clean(cell), width, right, self._ellipsis)
        if not isinstance(cell, Cell):
            return [(text, "")]
        tone: str = cell.tone
        if cell.fill is not None:
            tone = f"$say-fill-{cell.fill}"
        elif cell.ink is not None:
            tone = f"$say-ink-{cell.ink}"
        return [(text, f"{TONE_STYLES.get(cast(Tone, tone), tone)} bold underline" if cell.best else tone)]

    def _under(self, tone: str, here: bool, plain: bool, ground: tuple[str, ...]) -> tuple[str, ...]:
        """A piece's tones, on the cursor's ground if that is here; heat keeps its fill there."""
        if not here:
            return (tone,) if tone else ()
        if plain:
            return ground
        if tone.startswith("$say-fill"):
            return (*ground, tone)
        return (RAISED.get(tone, tone), *ground) if tone else ground

    def _rule(self, words: str, here: bool, width: int, look: Style) -> Strip:
        charset: Charset = getattr(self.app, "charset", UNICODE)
        across = max(min(self._layout.width + self._gutter, width) - 1, 0)
        said = f"{charset.rule * 2} {words} " if words.strip() else charset.rule
        said = cut(said, across, ellipsis=charset.ellipsis).rstrip() + " " * bool(words.strip())
        drawn = f"{'▌' if here else ' '}{said}{charset.rule * (across - len(said))}"
        return Strip([Segment(drawn, look)]).adjust_cell_length(width, look)

    def _compose_line(
        self,
        gutter: Segment,
        pieces: dict[int, list[tuple[str, Style]]],
        width: int,
        rest: Style,
        box: Segment | None = None,
    ) -> Strip:
        """The gutter and the first column stand still; the others scroll sideways."""
        segments = [gutter] if box is None else [gutter, box]
        used = sum(len(segment.text) for segment in segments)
        for number, spot in enumerate(in_view(self._layout, self.column, width - used, GAP)):
            if number:
                segments.append(Segment(" " * GAP, rest))
                used += GAP
            cell = [Segment(text, style) for text, style in pieces[spot.column]]
            segments += Strip(cell).adjust_cell_length(spot.width, rest)
            used += spot.width
        if used < width:
            segments.append(Segment(" " * (width - used), rest))
        return Strip(segments).adjust_cell_length(width, rest).simplify()

    @property
    def _ellipsis(self) -> str:
        charset: Charset = getattr(self.app, "charset", UNICODE)
        return charset.ellipsis

    # ------------------------------------------------------------------ moving

    def validate_cursor(self, value: int) -> int:
        """Keep the cursor on a row."""
        return max(0, min(value, len(self._shown) - 1))

    def watch_cursor(self, before: int, after: int) -> None:
        """Repaint the two lines that changed and keep the cursor on screen."""
        self._refresh_place(before)
        self._refresh_place(after)
        self._follow()
        self.post_message(self.Moved(self))

    def watch_column(self) -> None:
        """Sideways scrolling follows the cursor's column."""
        self.refresh()
        self.post_message(self.Moved(self))

    def watch_has_focus(self, value: bool) -> None:
        """The cursor looks different in the focused table."""
        super().watch_has_focus(value)
        self._refresh_place(self.cursor)

    def _follow(self) -> None:
        stuck = min(len(self.sticky), max((self._visible - 1) // 2, 0))
        visible = self._visible
        top = self.scroll_offset.y
        if self.cursor < top + stuck:
            self.scroll_to(y=max(self.cursor - stuck, 0), animate=False)
        elif self.cursor >= top + visible - stuck:
            self.scroll_to(y=self.cursor - visible + 1 + stuck, animate=False)
