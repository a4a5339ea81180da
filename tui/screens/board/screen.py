"""Board: the paper's ranked table for one protocol, filled in place while a run goes on."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Final

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from engine.catalog.controls import title_of
from tui.ranked.standings import PLACES, Standing
from tui.screens.board import card, matrix, panes
from tui.screens.board import text as board_text
from tui.screens.board.acting import ActingScreen
from tui.screens.board.cells import fitted
from tui.screens.board.reading import NOTHING
from tui.screens.board.roc import RocPane
from tui.screens.board.room import FRAMED, SIDE, Room
from tui.screens.board.view import SOURCES, View
from tui.widgets.drawing import Drawing, wrapped
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.said import Said
from tui.widgets.words import say

if TYPE_CHECKING:
    from store.queries import RankRow
    from tui.questions.cells import Place
    from tui.widgets.plot import Plot
    from tui.widgets.rows import Column, Row

CARD = 18
"""Lines of the card of a row, where there is room."""


class BoardScreen(ActingScreen):
    """One row for each model: its AUCs, their mean, and what place among the others they can show."""

    MODE = "board"
    ABOUT = (
        f"Who is best under one protocol, in the layout of the paper's tables. {PLACES} Filled numbers "
        "were measured here, inked ones printed. Without a pinned baseline differences are to TF-IDF."
    )
    FOOTER = (
        "board.open",
        "board.next",
        "grid.sort",
        "board.baseline",
        "board.compare",
        "export",
        "grid.mark",
    )

    PLOTS = "enter opens a cell, whose curves e writes as .svg .pdf .png"

    def compose_body(self) -> Iterable[Widget]:
        """What is ranked, the table, pictures of it below and beside, the row in a sentence."""
        yield Said(id="board-head")
        yield Said(id="board-notes")
        with Horizontal(id="board-body"):
            with Vertical(id="board-left"):
                grid = Grid(
                    cells=True,
                    markable=True,
                    boxes=False,
                    sortable=True,
                    id="board",
                    empty=board_text.EMPTY,
                )
                grid.ways_out = board_text.WAYS_OUT
                yield Pane("Board", grid, id="board-pane", first=True)
                with Horizontal(id="board-below"):
                    for title, legend in (("Tasks", _LANES), ("Forest", _FOREST), ("Splits", _SPLITS)):
                        drawing = Drawing("", f"board-{title.lower()}")
                        yield Pane(title, drawing, id=f"{drawing.id}-pane", legend=legend)
            with Vertical(id="board-side"):
                yield Pane("Row", Drawing("", "board-card"), id="board-card-pane")
                yield Pane("Who beats whom", Drawing("", "board-duels"), id="board-duels-pane")
                yield RocPane()
        yield Said(id="board-foot")

    def begin(self) -> None:
        """Take the focus, and look once a second whether the table has moved."""
        for id, said in (("duels", "row minus column"), ("forest", "AUC by task, 95 % interval")):
            self.query_one(f"#board-{id}-pane", Pane).say(said)
        self.query_one("#board", Grid).focus()
        self._arrange()
        self.set_interval(1.0, self.refresh_tables)

    def come_to(self, key: str) -> None:
        """Put the cursor on a row."""
        self.query_one("#board", Grid).go_to(key)

    # ------------------------------------------------------------------ what there is room for

    @property
    def room(self) -> Room:
        """How the lines are shared out now."""
        grid, notes = self.query_one("#board", Grid), self.query_one("#board-notes", Said)
        told = wrapped([(self._told, "soft")], max(self.size.width - 2, 20)) if self._told else ()
        return Room(
            *self.size,
            len(grid.rows),
            grid.heads,
            bool(self._view and self._view.own),
            self._matrix,
            min(self._notes_lines, 3) if notes.display else 0,
            len(told),
        )

    @property
    def wide(self) -> bool:
        """Whether there is a side."""
        return self.room.wide

    @property
    def shows_splits(self) -> bool:
        """Whether there is room for the splits behind the table."""
        return "splits" in self.room.below

    @property
    def _table_width(self) -> int:
        width = self.size.width
        whole = self.maximized is not None
        return width - SIDE * (self.wide and not whole) - 4 * (width >= FRAMED)

    def _arrange(self) -> None:
        """Give the table its rows, and what is left to the panes below it and to the sentences."""
        room = self.room
        self._foot_lines = room.foot
        self.query_one("#board-pane").styles.height = "1fr" if room.table is None else room.table
        self.query_one("#board-below").display = bool(room.below)
        self.query_one("#board-side").display = room.wide
        for id in ("tasks", "forest", "splits"):
            self.query_one(f"#board-{id}-pane").display = id in room.below
        alone = room.below == {"tasks"}
        self.query_one("#board-tasks-pane").styles.width = "1fr" if alone else None
        tall = self.size.height >= 52
        self.query_one("#board-card-pane").styles.height = CARD if tall else 14
        self.query_one("#board-duels-pane").styles.height = self._duels_lines if tall else 9
        self.query_one("#board-foot").styles.height = self._foot_lines
        self.query_one("#board-foot").display = bool(self._foot_lines)

    _foot_lines = 1
    _notes_lines = 0
    _duels_lines = 12

    # ------------------------------------------------------------------ showing

    def view(self) -> View | None:
        """The table as it is looked at now; None while it is read."""
        if self._rankings is None:
            return None
        asked = self.asked
        standing = Standing(self._rankings, self._judged, *asked) if self._judged else None
        settled = self._settled == asked
        return View(
            self._rankings,
            self._sorting,
            SOURCES[self._sources],
            standing,
            settled=settled,
            awaited=not settled and not (self._settled == NOTHING and self._told),
            charset=self.shell.charset,
            marked=frozenset(self.query_one("#board", Grid).marked),
            bare=self.shell.native_ansi_color,
        )

    def show_table(self) -> None:
        """Show what is known by now."""
        if self._table is None or not self.stands_whole:
            return
        self._behind = not self.is_current
        if self._behind:
            return
        view = self._view = self.view()
        grid, pane = self.query_one("#board", Grid), self.query_one("#board-pane", Pane)
        width = self.size.width
        self.query_one("#board-head", Said).show(board_text.context(self._table, self._tables, view, width))
        notes = board_text.notes(view, self._trouble)
        self._notes_lines = sum(1 + len(line) // max(width, 1) for line in notes.plain.split("\n"))
        self.query_one("#board-notes", Said).show(notes)
        self.query_one("#board-notes").display = bool(notes.plain)
        if view is None:
            grid.read_anew()
            for drawing in self.query(Drawing):
                drawing.read_anew()
            self.query_one(RocPane).read_anew()
            self.query_one("#board-tasks-pane", Pane).say("")
            pane.say("")
        else:
            columns, rows = self._columns_and_rows(view)
            here = self.column
            grid.show(rows, columns)
            grid.sticky = self._sticky(view)
            grid.column = next((i for i, column in enumerate(columns) if column.key == here), grid.column)
            holes = len(matrix.holes(rows)) if self._matrix else None
            pane.say(*board_text.info(view, width >= FRAMED, holes))
            spread = any("±" in str(cell) for row in rows for cell in row.cells[2:-3])
            pane.legend(*board_text.legend(view, self._table_width, spread))
            found = card.duels(view, self._row(view), self._told, SIDE - 4, 99)
            self._duels_lines = min(max(len(found) + 2, 8), 14)
            self._arrange()  # while it is read again, all stays in its place
        self._show_row()
        self.want_splits()

    def _columns_and_rows(self, view: View) -> tuple[tuple[Column, ...], list[Row]]:
        if not self._matrix or self._table is None:
            return fitted(view, self._table_width)
        tasks = self._sets.get(self._table.task_set, ())
        return matrix.matrix(view.rankings, self._catalog, tasks, self._table_width)

    def _sticky(self, view: View) -> frozenset[str]:
        """The baseline and as many controls as take little room."""
        from tui.screens.board.view import row_key

        base = [row_key(row) for row in view.own if view.is_base(row)]
        controls = [row_key(row) for row in view.own if row.control]
        room = max(self.size.height // 10, 1)
        return frozenset(list(dict.fromkeys((*base, *controls)))[:room])

    def _row(self, view: View) -> RankRow | None:
        row = self.query_one("#board", Grid).current
        return board_text.find(view.rankings, row.key) if row is not None else None

    def on_resize(self) -> None:
        """Another terminal has room for other columns and panes."""
        if self.stands_whole:
            self.show_table()
            self._arrange()

    def action_zoom(self) -> None:
        """Show the focused pane alone, or all again, and fit the table to its place."""
        super().action_zoom()
        self.call_after_refresh(self.show_table)

    @on(Grid.Marked, "#board")
    def _marks_changed(self) -> None:
        self.show_table()

    @on(Grid.Moved, "#board")
    def _moved(self) -> None:
        self.at_leisure(self._show_row)

    def _show_row(self) -> None:
        view = self._view
        if view is None:
            self.query_one("#board-foot", Said).show("")
            return
        row, column, place = self._row(view), self.column, self.place()
        self._show_sentence(view, row)
        # In the matrix there is nothing to say of a model that never ran: the other panes grow.
        said = not self._matrix or row is not None
        self.query_one("#board-card-pane").display = said
        self.query_one("#board-tasks-pane").display = said and "tasks" in self.room.below
        drawn = {
            "tasks": partial(panes.lanes, view, row),
            "forest": partial(panes.forest, view, row),
            "splits": partial(panes.splits, view, row, self._splits, self.wide),
            "card": partial(card.card, view, row, column),
            "duels": partial(card.duels, view, row, self._told),
        }
        for id, drawer in drawn.items():
            if self.query_one(f"#board-{id}-pane").display:
                self.query_one(f"#board-{id}", Drawing).show(drawer)
        self.refresh_bindings()
        name = (row.model if row else place.model) if place else ""
        self.query_one("#board-tasks-pane", Pane).say((title_of(name), "soft"), " among all")
        what = "every own row" if self.wide else "the row and the baseline"
        self.query_one("#board-splits-pane", Pane).say(f"AUC by seed, {what}")
        if self.wide:
            base = next((one for one in view.own if view.is_base(one)), None)
            self.query_one(RocPane).look_at(self.arena, view, row, base, place)

    def _show_sentence(self, view: View, row: RankRow | None) -> None:
        place, width = self.place(), self.size.width
        line = board_text.sentence(view, row, self.column, width)
        if row is None and place is not None:
            line = say(
                ("▌", "accent"),
                (title_of(place.model), "strong"),
                (f" has nothing on {place.task} yet; r runs it", "soft"),
            )
        if self._foot_lines > 1 and self._told:
            for more in board_text.whole(self._told, max(width - 2, 20), self._foot_lines - 1):
                line = say(line, "\n ", (view.plain(more), "soft"))
        self.query_one("#board-foot", Said).show(line)

    def shown_plot(self) -> Plot | None:
        """The cell's curve, where there is room for it; elsewhere the cell is not even read."""
        return super().shown_plot() if self.wide else None

    def shown_figure(self) -> tuple[str, Place] | None:
        """The same curve for print."""
        return self.query_one(RocPane).figure

    def action_back(self) -> None:
        """Back to the table, then out of the matrix, then without marks."""
        grid = self.query_one("#board", Grid)
        if self.maximized is not None:
            self.action_zoom()
        elif not grid.has_focus:
            grid.focus()
        elif grid.filter:
            super().action_back()
        elif self._matrix:
            self.action_matrix()
        elif grid.marked:
            grid.mark(())
            self.show_table()


_LANES: Final = (
    *(("◉", "strong"), (" row ", "soft"), ("●", "text"), (" own ", "soft"), ("◆", "a"), (" base ", "soft")),
    *(("○", "soft"), (" printed ", "soft"), ("∅", "soft"), (" control", "soft")),
)
_FOREST: Final = (
    *(("╎", "a"), (" base  ", "soft"), ("┊", "faint"), (" chance  ", "soft"), ("○", "soft")),
    (" printed, a digit where dots meet", "soft"),
)
_SPLITS: Final = (("same scale in every pane", "soft"),)

SCREEN = BoardScreen
