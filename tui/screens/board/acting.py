"""What one can do on the Board: other tables, other orders, a baseline, marks, holes and cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from store.errors import unknown
from store.sets import PAPER
from tui.questions.cells import Side
from tui.screens.base import brackets
from tui.screens.board import matrix
from tui.screens.board import tables as board_tables
from tui.screens.board import text as board_text
from tui.screens.board.under_cursor import UnderCursorScreen
from tui.screens.board.view import SOURCES, Sorting
from tui.widgets.grid import Grid

if TYPE_CHECKING:
    from tui.widgets.commandbar import Command


class ActingScreen(UnderCursorScreen):
    """A screen with a ranked table and the keys that change how it is looked at."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *brackets(
            "arm",
            ("board.next", "Protocol", "Next protocol or preset"),
            ("board.previous", "Previous protocol"),
        ),
        Binding(
            "enter", "open", "Open", tooltip="The cell's splits, curves and provenance", id="board.open"
        ),
        Binding(
            "c",
            "compare",
            "Compare",
            tooltip="The marked rows on the Compare screen; with fewer than two, the row put first",
            id="board.compare",
        ),
        Binding(
            "t",
            "set",
            "Set of tasks",
            show=False,
            tooltip="The table of the next set of tasks; :set NAME goes to one",
            id="board.set",
        ),
        Binding("r", "run", "Run", show=False, tooltip="Run what is missing of the cell", id="board.run"),
        Binding(
            "M",
            "matrix",
            "Matrix",
            tooltip="Every model of the catalog by every task of the set, with holes",
            id="board.matrix",
        ),
        Binding(
            "n",
            "hole",
            "Hole",
            show=False,
            tooltip="Matrix: the next cell without a number",
            id="board.hole",
        ),
        Binding(
            "b",
            "baseline",
            "Base",
            tooltip="Every own row as a difference to the one under the cursor; again: to TF-IDF",
            id="board.baseline",
        ),
        Binding(
            "i",
            "method",
            "Method",
            show=False,
            tooltip="What places, letters and intervals rest on, with references",
            id="board.method",
        ),
        Binding("S", "reverse", "Reverse the order", show=False, id="board.reverse"),
        Binding(
            "o",
            "references",
            "Paper rows",
            tooltip="Own rows with the paper's, with the rerun's too, or alone",
            id="board.references",
        ),
    ]

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._sources = 0

    def why_not(self, action: str) -> str:
        """Only own cells have splits."""
        if action == "board.open" and self._rankings is None:
            return "The table is still being read; try again in a moment."
        if action == "board.open" and not self._has_splits():
            return "There are no own splits here to open; r runs the cell."
        if action == "board.run" and self.arena.readonly:
            return "This window was opened with --readonly; open another one to start a run."
        if action == "board.references" and self._table is not None and self._table.arm.scheme != "paper":
            return "What was published is of the paper's splits; [ and ] lead to its table."
        if action == "board.set" and len(board_tables.sets_of(self._tables)) < 2:
            return "Nothing of another set of tasks is scored yet."
        if action == "board.baseline" and self._own_model() is None:
            return "Only a row of your own can be the baseline."
        if action in ("board.method", "board.families") and (
            self._judged is None or self._settled != self.asked
        ):
            return "What the scores can tell is not worked out yet."
        if action == "board.hole" and not self._matrix:
            return "M shows the matrix, with its holes."
        return super().why_not(action)

    # ------------------------------------------------------------------ cells

    def action_open(self) -> None:
        """Open the cell under the cursor."""
        place = self.place()
        if not self.refused("board.open") and place is not None:
            from tui.screens.cell.screen import CellScreen

            self.app.push_screen(CellScreen(place))

    def action_run(self) -> None:
        """Run what is missing of the cell under the cursor, after saying what it comes to."""
        place = self.place()
        if place is not None and not self.refused("board.run"):
            self.plan_hole(place)

    def look_again(self) -> None:
        """Another screen may have imported what the matrix has no place for yet."""
        super().look_again()
        if self._matrix:
            self.read_catalog()

    def action_matrix(self) -> None:
        """Every model of the catalog by every task, or the ranked table again."""
        self._matrix = not self._matrix
        self.show_table()
        if self._matrix:
            self.read_catalog()

    def action_hole(self) -> None:
        """Go to the next cell without a number, row after row."""
        if self.refused("board.hole"):
            return
        grid = self.query_one("#board", Grid)
        holes = matrix.holes(grid.shown)
        here = (grid.cursor, grid.column)
        after = next((hole for hole in holes if hole > here), holes[0] if holes else None)
        if after is None:
            self.tell("There is no hole: every model has every task.", good=True)
        else:
            grid.cursor, grid.column = after

    def action_compare(self) -> None:
        """Compare the marked rows, or put the one under the cursor first."""
        grid = self.query_one("#board", Grid)
        marked = [row.key for row in grid.shown if row.key in grid.marked]
        keys = marked if len(marked) > 1 else [grid.current.key] if grid.current else []
        sides = []
        for key in keys:
            found = board_text.find(self._rankings, key) if self._rankings else None
            if found is not None and self._table is not None:
                sides.append(Side(found.source, found.model, self._home_of(key, found.model)).name)
        if sides:
            self.shell.go("compare", "\n".join(sides))

    # ------------------------------------------------------------------ tables

    def action_arm(self, step: int) -> None:
        """Rank another protocol or preset, on the same set of tasks."""
        if not self._tables or self._table is None:
            return
        tables = board_tables.of_set(self._tables, self._table.task_set)
        self.rank_table(tables[(tables.index(self._table) + step) % len(tables)])

    def action_set(self) -> None:
        """Rank on the next set of tasks."""
        if self._table is not None and not self.refused("board.set"):
            sets = board_tables.sets_of(self._tables)
            after = sets[(sets.index(self._table.task_set) + 1) % len(sets)]
            self.rank_table(board_tables.in_set(self._tables, self._table, after))

    def receive(self, argument: str) -> None:
        """Rank the table that is written so, or the first that these words name."""
        here = self._table.task_set if self._table else PAPER
        found = board_tables.meant(self._tables, argument, here)
        self._wanted = "" if self._tables else argument
        if found:
            self.rank_table(found)
        elif self._tables:
            there = ", ".join(dict.fromkeys(table.arm.protocol for table in self._tables))
            self.tell(f"There is no table {argument!r}; there are {there}.")

    def commands(self) -> list[Command]:
        """Also which set of tasks is ranked, and what the baseline is."""
        from tui.widgets.commandbar import Command

        what = "the tables of a set of tasks: paper, own, or one you named"
        beside = "every own row as a difference to this model; without a name: to TF-IDF"
        return [
            *super().commands(),
            Command("set", what, self._rank_set, "NAME"),
            Command("baseline", beside, self._pin, "[NAME]"),
        ]

    def _rank_set(self, name: str) -> None:
        there = board_tables.sets_of(self._tables)
        if name in there and self._table is not None:
            self.rank_table(board_tables.in_set(self._tables, self._table, name))
        else:
            self.tell(f"Nothing of a set {name!r} is scored yet; there are {', '.join(there)}.")

    # ------------------------------------------------------------------ orders and the baseline

    @on(Grid.SortAsked, "#board")
    def _sort_asked(self, message: Grid.SortAsked) -> None:
        """Sort by a column, best first; by the mean when asked again."""
        columns = message.grid.columns
        if self._matrix or not columns:
            return
        column = columns[message.column].key
        if column in board_text.OF_SORTED:
            column = self.asked[0]
        self._sorting = Sorting() if self._sorting.column == column else Sorting(column)
        self.show_table()
        self.judge_soon()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._sorting = self._sorting.reversed()
        self.show_table()

    def action_references(self) -> None:
        """Show own rows with the paper's, with the rerun's too, or alone."""
        if not self.refused("board.references"):
            self._sources = (self._sources + 1) % len(SOURCES)
            self.show_table()

    def action_baseline(self) -> None:
        """Set every own row against the one under the cursor, or against TF-IDF again."""
        model = self._own_model()
        if not self.refused("board.baseline") and model is not None:
            self._set_baseline("" if model == self._baseline else model)

    def _pin(self, name: str) -> None:
        own = [row.model for row in self._rankings.rows if row.source == "own"] if self._rankings else []
        if name and name not in own:
            self.tell(" ".join(unknown("own row in this table", name, own)))
        else:
            self._set_baseline(name)

    def _set_baseline(self, model: str) -> None:
        self._baseline = model
        self.show_table()
        self.judge_soon()

    def action_method(self) -> None:
        """Say what the places rest on."""
        standing = self.standing()
        if not self.refused("board.method") and self._view is not None and standing is not None:
            from tui.screens.overlays.dialogs import Notice

            body = self._view.plain(board_text.method(standing))
            self.app.push_screen(Notice("What places and intervals say", "", body=body))
