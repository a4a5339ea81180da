"""What of the Board is under the cursor, and what of it is taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.sets import PAPER
from tui.questions.cells import Place
from tui.ranked.standings import Standing
from tui.screens.board import text as board_text
from tui.screens.board.controls import home_of
from tui.screens.board.reading import ReadingScreen
from tui.screens.board.view import SEPARATOR, View
from tui.screens.copy_export import ColumnsAndRows, ShownTable
from tui.widgets.grid import Grid

if TYPE_CHECKING:
    from store.arm import Table


class UnderCursorScreen(ReadingScreen):
    """A screen with a ranked table, or the matrix in its place, and a cursor on one of its cells."""

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._matrix = False
        self._view: View | None = None
        """As it was shown last."""

    @property
    def column(self) -> str:
        """The key of the column under the cursor."""
        grid = self.query_one("#board", Grid)
        return grid.columns[grid.column].key if grid.columns else ""

    def place(self) -> Place | None:
        """The cell under the cursor; off the tasks' columns, the row's first."""
        grid = self.query_one("#board", Grid)
        row = grid.current
        if row is None or row.heading or self._table is None:
            return None
        _, _, model = row.key.partition(SEPARATOR)
        tasks = [column.key for column in grid.columns if column.task]
        column = self.asked[0] if self.column in board_text.OF_SORTED else self.column
        task = column if column in tasks else tasks[0]
        return Place(model, task, self._home_of(row.key, model).arm)

    def _home_of(self, key: str, model: str) -> Table:
        """The ranked table that a row's numbers are of, or would be."""
        assert self._table is not None
        found = board_text.find(self._rankings, key) if self._rankings else None
        return home_of(self._table, found, model)

    def _has_splits(self) -> bool:
        place, row = self.place(), self.query_one("#board", Grid).current
        found = board_text.find(self._rankings, row.key) if row and self._rankings else None
        return bool(place and found and found.source == "own" and place.task in found.n)

    def _own_model(self) -> str | None:
        """The own model under the cursor."""
        row = self.query_one("#board", Grid).current
        found = board_text.find(self._rankings, row.key) if row and self._rankings else None
        return found.model if found and found.source == "own" else None

    def standing(self) -> Standing | None:
        """The table as it is shown; None while it is not known what its scores can tell."""
        return self._view.standing if self._view else None

    # ------------------------------------------------------------------ taken away

    def shown_table(self) -> ShownTable | None:
        """The rows that are shown: numbers apart for programs, with intervals and places for people."""
        grid = self.query_one("#board", Grid)
        if self._matrix or self._rankings is None or not grid.shown or self._table is None:
            return super().shown_table()
        rankings, asked, judged = self._rankings, self.asked, self._judged
        keys = [row.key for row in grid.shown if not row.heading]

        def content(kind: str) -> ColumnsAndRows:
            known = judged or self.arena.judged(rankings.table)
            standing = Standing(rankings, known, *asked)
            taken = board_text.printed if kind in ("markdown", "latex") else board_text.table
            return taken(standing, keys)

        task_set = "" if self._table.task_set == PAPER else f"{self._table.task_set}-"
        return ShownTable(f"board-{task_set}{self._table.arm.protocol}", len(keys), grid.cursor, content)

    def shown_command(self) -> str:
        """The command that runs the cell under the cursor."""
        place = self.place()
        return place.command if place else ""

    def why_no_command(self) -> str:
        """Why the cell under the cursor has none."""
        place = self.place()
        return place.why_no_command if place else ""
