"""Rows under a header: which there are, which are shown, which is under the cursor; not how they look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView

from tui.widgets.headed import HeadedRows
from tui.widgets.rows import Column, Layout, Row, fit, matches
from tui.widgets.words import READING, UNREAD

GAP: Final = 1
"""Blank cells between columns."""


class ShownRows(ScrollView):
    """Rows that a filter narrows, and a cursor that stays on its row when others come or go."""

    cursor: reactive[int] = reactive(0, repaint=False)
    """The row the cursor is on, counted among the rows that pass the filter."""
    column: reactive[int] = reactive(0, repaint=False)
    """The column the cursor is on, counted among all columns."""

    @dataclass
    class Moved(Message):
        """The cursor is on another row or column, or another row has come under it."""

        view: ShownRows

        @property
        def control(self) -> ShownRows:
            """The table, for `@on` selectors."""
            return self.view

    def __init__(
        self,
        columns: Sequence[Column] = (),
        *,
        markable: bool = False,
        boxes: bool = True,
        single: bool = False,
        sortable: bool = False,
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
            single: Whether marking a row clears the others.
            sortable: Whether the user may ask for the rows in a column's order.
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
        self._single = single
        self._sortable = sortable
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
            self.set_reactive(ShownRows.column, min(self.column, max(len(self._columns) - 1, 0)))
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

    def _size_updated(
        self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True
    ) -> bool:
        """Fit the columns to the new width at once, so that no frame is painted with the old one."""
        changed = super()._size_updated(size, virtual_size, container_size, layout)
        if changed:
            self._lay_out()
        return changed

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the cursor in view."""
        self._follow()
        self.refresh()

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
        # Forced, since rows that have just come have no scrollbar yet.
        stuck = min(len(self.sticky), max((self._visible - 1) // 2, 0))
        visible = self._visible
        top = self.scroll_offset.y
        if self.cursor < top + stuck:
            self.scroll_to(y=max(self.cursor - stuck, 0), animate=False, force=True)
        elif self.cursor >= top + visible - stuck:
            self.scroll_to(y=self.cursor - visible + 1 + stuck, animate=False, force=True)
