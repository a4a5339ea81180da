"""The one table of the application: rows with a cursor that keys move and marks that space sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.widgets.moving import moves
from tui.widgets.rows import in_view
from tui.widgets.rowview import RowView
from tui.widgets.shownrows import GAP


class Grid(RowView, can_focus=True):
    """Rows under a header, with a cursor; optionally with marks that space sets and clears."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *moves(
            "right,l",
            Binding("ctrl+d", "page(0.5)", "Half a page down", show=False, id="grid.half-down"),
            Binding("ctrl+u", "page(-0.5)", "Half a page up", show=False, id="grid.half-up"),
        ),
        Binding("space", "mark", "Choose", tooltip="Choose or drop the row", id="grid.mark"),
        Binding("a", "mark_all(True)", "All", tooltip="Choose every row shown", id="grid.all"),
        Binding("s", "sort", "Sort", tooltip="Sort by the column under the cursor", id="grid.sort"),
        Binding("A", "mark_all(False)", "None", tooltip="Drop every row shown", id="grid.none"),
    ]

    @dataclass
    class Marked(Message):
        """The user changed which rows are marked."""

        grid: Grid

        @property
        def control(self) -> Grid:
            """The grid, for `@on` selectors."""
            return self.grid

    @dataclass
    class SortAsked(Message):
        """The user wants the rows in the order of a column; asked again, the other way round."""

        grid: Grid
        column: int

        @property
        def control(self) -> Grid:
            """The grid, for `@on` selectors."""
            return self.grid

    def mark(self, keys: Iterable[str]) -> None:
        """Mark exactly these rows, without a message."""
        self.marked = set(keys)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on its row, or cell; on the box, it marks the row."""
        if event.y < self.heads:
            if self._sortable:
                self.post_message(self.SortAsked(self, self._column_at(event.x)))
            return
        place = self._place_at(event.y - self.heads)
        if place >= len(self._shown):
            return
        self.cursor = place
        if self._cells:
            self.column = self._column_at(event.x)
        if self._boxes and 1 <= event.x <= 2:
            self.action_mark()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Marking keys mean nothing in a grid without marks, and pass on to the screen."""
        if action == "mark":
            return self._markable
        if action == "mark_all":
            return self._markable and not self._single
        if action == "sort":
            return self._sortable
        if action == "column":
            return self._cells or self._layout.width > self.scrollable_content_region.width
        return True

    def action_move(self, rows: int) -> None:
        """Move the cursor by so many rows; a rule is stepped over."""
        self.cursor += rows
        if self.current is not None and self.current.heading:
            self.cursor += 1 if rows > 0 else -1

    def action_page(self, pages: float) -> None:
        """Move the cursor by so many pages."""
        self.cursor += int(pages * max(self.scrollable_content_region.height - 1, 2))

    def action_edge(self, last: bool) -> None:
        """Move the cursor to the first or the last row."""
        self.cursor = len(self._shown) - 1 if last else 0

    def action_column(self, columns: int) -> None:
        """Move the cursor by so many of the columns drawn."""
        drawn = [spot.column for spot in self._layout.columns]
        if not drawn:
            return
        at = min(range(len(drawn)), key=lambda i: abs(drawn[i] - self.column))
        self.column = drawn[max(0, min(at + columns, len(drawn) - 1))]

    def action_mark(self) -> None:
        """Mark the row under the cursor, or clear its mark."""
        row = self.current
        if row is None:
            return
        if self._single:
            self.marked = {row.key}
        else:
            self.marked ^= {row.key}
        self.refresh()
        self.post_message(self.Marked(self))

    def action_mark_all(self, on: bool) -> None:
        """Mark every row shown, or clear their marks."""
        keys = {row.key for row in self._shown}
        self.marked = self.marked | keys if on else self.marked - keys
        self.refresh()
        self.post_message(self.Marked(self))

    def action_sort(self) -> None:
        """Ask for the rows in the order of the column under the cursor."""
        self.post_message(self.SortAsked(self, self.column))

    def _column_at(self, x: int) -> int:
        """The column whose head is at a cell of the line."""
        at = x - self._gutter
        room = self.scrollable_content_region.width - self._gutter
        spots, first = in_view(self._layout, self.column, room, GAP), 0
        for spot in spots:
            first += spot.width + GAP
            if at < first:
                return spot.column
        return spots[-1].column if spots else 0
