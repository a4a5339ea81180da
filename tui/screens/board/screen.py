"""Board: the paper's ranked table for one protocol, filled in place while a run goes on."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from engine.catalog.controls import title_of
from store.arm import Table
from store.errors import GeneArenaError, StoreBusy, unknown
from store.sets import PAPER
from tui.questions.arena import Pulse
from tui.questions.catalog import Catalog
from tui.questions.cells import Place, Side
from tui.ranked import beats
from tui.ranked.standings import PLACES, Standing, in_a_line
from tui.screens.board import text as board_text
from tui.screens.board.cells import SEPARATOR, SOURCES, Sorting, View, fitted
from tui.screens.board.controls import home_of
from tui.screens.board.families import ApartScreen
from tui.screens.cell.glance import CellGlance
from tui.screens.copy_export import ColumnsAndRows, ShownTable
from tui.widgets.grid import Grid
from tui.widgets.said import Said
from tui.widgets.words import say

if TYPE_CHECKING:
    from textual.timer import Timer

    from engine.data.tasks.sets import Sets
    from engine.verdicts.table import Judged
    from store.queries import Rankings
    from tui.widgets.commandbar import Command
    from tui.widgets.plot import Plot


NOTHING: Final = ("", "")
"""The column and the baseline while nothing is worked out."""
SHARE: Final = 0.2
"""Of its time a core works out what a table can tell while a run fills it."""


class BoardScreen(ApartScreen):
    """One row for each model: its AUCs, their mean, and what place among the others they can show."""

    MODE = "board"
    ABOUT = f"Who is best under one protocol, in the layout of the paper's tables. {PLACES}"
    FOOTER = ("board.open", "board.next", "board.sort", "board.matrix", "board.compare", "export")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "right_square_bracket",
            "arm(1)",
            "Protocol",
            tooltip="Next protocol or preset",
            id="board.next",
            key_display="]",
        ),
        Binding(
            "left_square_bracket",
            "arm(-1)",
            "Previous protocol",
            show=False,
            id="board.previous",
            key_display="[",
        ),
        Binding(
            "enter", "open", "Open", tooltip="The cell's splits, curves and provenance", id="board.open"
        ),
        Binding(
            "c", "compare", "Compare", tooltip="Put the row first on the Compare screen", id="board.compare"
        ),
        Binding(
            "t",
            "set",
            "Set of tasks",
            show=False,
            tooltip="The table of the next set of tasks; :set NAME goes to one",
            id="board.set",
        ),
        Binding("s", "sort", "Sort", tooltip="Sort by the column under the cursor", id="board.sort"),
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
            "Baseline",
            show=False,
            tooltip="Every own row as a difference to the one under the cursor; again: places",
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

    @dataclass
    class TablesRead(Message):
        """It is known what there is to rank."""

        tables: board_text.Tables

    @dataclass
    class CatalogRead(Message):
        """It is known what could be ranked."""

        catalog: Catalog
        sets: Sets

    @dataclass
    class RankingsRead(Message):
        """A table has been read, or why it or its newest rows could not be for now."""

        table: Table
        rankings: Rankings | None
        trouble: str

    @dataclass
    class TableJudged(Message):
        """It is known what the scores of a table can tell in one column."""

        table: Table
        judged: Judged | None
        """None if that could not be."""
        of: tuple[str, str]
        """The column, and the baseline."""
        told: str
        """What of it is said above the table."""
        seconds: float
        """What it took."""

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._tables: board_text.Tables = {}
        self._catalog = Catalog()
        self._sets: Sets = {}
        self._matrix = False
        self._table: Table | None = None
        self._rankings: Rankings | None = None
        self._trouble = ""
        self._judged: Judged | None = None
        self._settled = NOTHING
        """The column and the baseline whose places or differences are worked out."""
        self._told = ""
        self._baseline = ""
        """The own model that the others are set against; tables without it show places."""
        self._rest_until = 0.0
        """When what its scores can tell may be worked out again without being asked for."""
        self._resting: Timer | None = None
        self._sorting = Sorting()
        self._sources = 0
        self._wanted = ""
        """The table that `:board NAME` asked for before it was known which there are."""
        self._seen = -1
        """`Pulse.store` when the table was last read."""

    def compose_body(self) -> Iterable[Widget]:
        """What is ranked, the table, the cell under the cursor."""
        yield Said(id="board-head", classes="head")
        yield Grid(cells=True, id="board", empty=board_text.EMPTY)
        yield CellGlance(self.arena, id="cell-glance")
        yield Said(id="board-foot")

    def begin(self) -> None:
        """Take the focus, and look once a second whether the table has moved."""
        self.query_one("#board", Grid).focus()
        self.set_interval(1.0, self._refresh)

    # ------------------------------------------------------------------ reading

    def look_again(self) -> None:
        """Another screen may have imported what the matrix has no place for yet."""
        if self._matrix:
            self.read_catalog()

    def follow(self, pulse: Pulse) -> None:
        """Read at once what another screen may have changed."""
        if self._seen < 0:
            self._refresh()

    def _refresh(self) -> None:
        store = self.shell.pulse.store
        if self.is_current and store != self._seen:
            self._seen = store
            self.read_tables()

    @work(thread=True, exclusive=True, group="tables", exit_on_error=False)
    def read_tables(self) -> None:
        """Read what there is to rank."""
        try:
            tables: board_text.Tables = board_text.tables_of(self.arena.tables())
        except StoreBusy:
            tables = self._tables or board_text.tables_of({})
        self.post_message(self.TablesRead(tables))

    @work(thread=True, exclusive=True, group="catalog", exit_on_error=False)
    def read_catalog(self) -> None:
        """Read which models and tasks the matrix has."""
        self.post_message(self.CatalogRead(self.arena.catalog(), self.arena.task_sets()))

    @work(thread=True, exclusive=True, group="rankings", exit_on_error=False)
    def read_rankings(self, table: Table) -> None:
        """Read one table; a file that is locked for the moment is not an error."""
        try:
            found = self.arena.rankings(table)
        except StoreBusy as error:
            self.post_message(self.RankingsRead(table, None, error.message))
            return
        self.post_message(self.RankingsRead(table, found, self.arena.behind))

    @work(thread=True, exclusive=True, group="judge", exit_on_error=False)
    def judge(self, rankings: Rankings, column: str, baseline: str) -> None:
        """Work out what the scores of a table can tell: intervals, then places or differences."""
        begun = time.monotonic()
        tell = partial(self.TableJudged, rankings.table, of=(column, baseline))
        judged = None
        try:
            judged = self.arena.judged(rankings.table)
            if judged.estimates:
                self.post_message(tell(judged, of=NOTHING, told="", seconds=0.0))
            standing = Standing(rankings, judged, column, baseline)
            if any(row.source == "own" for row in rankings.rows):
                told = in_a_line(standing)
            else:
                told = self.arena.printed(rankings, column)
        except StoreBusy as error:
            self.post_message(self.RankingsRead(rankings.table, None, error.message))
            return
        except GeneArenaError as error:
            self.post_message(tell(judged, of=NOTHING, told=error.message, seconds=0.0))
            return
        self.post_message(tell(judged, told=told, seconds=time.monotonic() - begun))

    @on(TablesRead)
    def _tables_read(self, message: TablesRead) -> None:
        self._tables = message.tables
        if self._table is None or self._table not in message.tables:
            self._table = board_text.first(message.tables, self.shell.pulse.status)
        if self._wanted:
            self.receive(self._wanted)
        self.read_rankings(self._table)

    @on(CatalogRead)
    def _catalog_read(self, message: CatalogRead) -> None:
        self._catalog, self._sets = message.catalog, message.sets
        if self._matrix:
            self._show()

    @on(RankingsRead)
    def _rankings_read(self, message: RankingsRead) -> None:
        if message.table != self._table:
            return
        self._trouble = message.trouble
        if message.trouble:
            # Nothing moves when it is over, so look again.
            self._seen = -1
        if message.rankings is None:
            self._show()
            return
        before, self._rankings = self._rankings, message.rankings
        self._show()
        self._judge_soon()
        own = board_text.first_own(message.rankings)
        if own and not (before and board_text.first_own(before)):
            self.query_one("#board", Grid).go_to(own)

    def unread(self, group: str) -> None:
        """A table that cannot be read again is not shown any more."""
        if group in ("tables", "rankings"):
            self._rankings, self._trouble = None, ""
            self._show()

    @on(TableJudged)
    def _table_judged(self, message: TableJudged) -> None:
        early = message.of == NOTHING and not message.told
        if message.table != self._table or message.of not in (NOTHING, self._asked):
            return
        if early and self._settled == self._asked:
            return  # places of a moment ago are better than none
        self._judged, self._settled, self._told = message.judged, message.of, message.told
        self._rest_until = time.monotonic() + message.seconds * (1 / SHARE - 1)
        self._show()

    @property
    def _asked(self) -> tuple[str, str]:
        """The column that places are to be of, and the baseline if the table has it."""
        if self._rankings is None:
            return NOTHING
        own = {row.model for row in self._rankings.rows if row.source == "own"}
        return self._sorting.by(self._rankings), self._baseline if self._baseline in own else ""

    def _judge_soon(self) -> None:
        """Have it worked out what the scores can tell; during a run not all the time."""
        if self._resting is not None:
            self._resting.stop()
        rest = self._rest_until - time.monotonic()
        if rest > 0 and self._settled == self._asked:
            self._resting = self.set_timer(rest, self._judge)
        else:
            self._judge()

    def _judge(self) -> None:
        if self._rankings is not None and self._rankings.rows:
            self.judge(self._rankings, *self._asked)

    # ------------------------------------------------------------------ showing

    def _view(self) -> View | None:
        """The table as it is looked at now; None while it is read."""
        if self._rankings is None:
            return None
        asked = self._asked
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
        )

    def _show(self) -> None:
        if self._table is None:
            return
        view = self._view()
        told = self._told if self._settled in (NOTHING, self._asked) else ""
        head = board_text.head(self._table, self._tables, view, told, self._trouble)
        self.query_one("#board-head", Said).show(head)
        grid = self.query_one("#board", Grid)
        if view is None:
            grid.read_anew()
            self.query_one(CellGlance).read_anew()
        else:
            if self._matrix:
                tasks = self._sets.get(self._table.task_set, ())
                columns, rows = board_text.matrix(view.rankings, self._catalog, tasks)
            else:
                columns, rows = fitted(view, self.size.width)
            here = self._column()
            grid.show(rows, columns)
            # Places stand beside the column that they are of, so the others move.
            grid.column = next((i for i, column in enumerate(columns) if column.key == here), grid.column)
        self._show_cell()

    def on_resize(self) -> None:
        """A wide terminal has room for every interval."""
        if self.stands_whole:
            self._show()

    @on(Grid.Moved, "#board")
    def _show_cell(self) -> None:
        grid = self.query_one("#board", Grid)
        row, view = grid.current, self._view()
        if view is None or row is None:
            self.query_one("#board-foot", Said).show("")
            if view is not None:
                self.query_one(CellGlance).look_at(None)
            return
        found = board_text.find(view.rankings, row.key)
        foot = board_text.foot(view, found, self._column())
        place = self._place()
        if found is None and place is not None:
            foot = say((title_of(place.model), "strong"), f" has nothing on {place.task} yet; r runs it.")
        self.query_one("#board-foot", Said).show(foot)
        self.refresh_bindings()
        beside = None
        if found and place and view.standing:
            beside = partial(beats.in_full, view.standing, found, place.task)
        self.query_one(CellGlance).look_at(place, self._has_splits(), beside)

    def _column(self) -> str:
        grid = self.query_one("#board", Grid)
        return grid.columns[grid.column].key if grid.columns else ""

    # ------------------------------------------------------------------ actions

    def _place(self) -> Place | None:
        """The cell under the cursor; off the tasks' columns, the row's first."""
        row = self.query_one("#board", Grid).current
        if row is None or row.heading or self._table is None:
            return None
        _, _, model = row.key.partition(SEPARATOR)
        tasks = [column.key for column in self.query_one("#board", Grid).columns if column.task]
        column = self._column()
        if column in board_text.OF_SORTED:
            column = self._asked[0]
        task = column if column in tasks else tasks[0]
        return Place(model, task, self._home_of(row.key, model).arm)

    def _home_of(self, key: str, model: str) -> Table:
        """The ranked table that a row's numbers are of, or would be."""
        assert self._table is not None
        found = board_text.find(self._rankings, key) if self._rankings else None
        return home_of(self._table, found, model)

    def _has_splits(self) -> bool:
        place, row = self._place(), self.query_one("#board", Grid).current
        found = board_text.find(self._rankings, row.key) if row and self._rankings else None
        return bool(place and found and found.source == "own" and place.task in found.n)

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
        if action == "board.set" and len(board_text.sets_of(self._tables)) < 2:
            return "Nothing of another set of tasks is scored yet."
        if action == "board.baseline" and self._own_model() is None:
            return "Only a row of your own can be the baseline."
        if action in ("board.method", "board.families") and (
            self._judged is None or self._settled != self._asked
        ):
            return "What the scores can tell is not worked out yet."
        if action == "board.hole" and not self._matrix:
            return "M shows the matrix, with its holes."
        return super().why_not(action)

    def shown_table(self) -> ShownTable | None:
        """The rows that are shown: numbers apart for programs, with intervals and places for people."""
        grid = self.query_one("#board", Grid)
        if self._matrix or self._rankings is None or not grid.shown or self._table is None:
            return super().shown_table()
        rankings, asked, judged = self._rankings, self._asked, self._judged
        keys = [row.key for row in grid.shown if not row.heading]

        def content(kind: str) -> ColumnsAndRows:
            known = judged or self.arena.judged(rankings.table)
            standing = Standing(rankings, known, *asked)
            taken = board_text.printed if kind in ("markdown", "latex") else board_text.table
            return taken(standing, keys)

        task_set = "" if self._table.task_set == PAPER else f"{self._table.task_set}-"
        return ShownTable(f"board-{task_set}{self._table.arm.protocol}", len(keys), grid.cursor, content)

    def shown_plot(self) -> Plot | None:
        """The cell's curve, where there is room for it; elsewhere the cell is not even read."""
        return super().shown_plot() if self.query_one(CellGlance).display else None

    def shown_command(self) -> str:
        """The command that runs the cell under the cursor."""
        place = self._place()
        return place.command if place else ""

    def why_no_command(self) -> str:
        """Why the cell under the cursor has none."""
        place = self._place()
        return place.why_no_command if place else ""

    def action_open(self) -> None:
        """Open the cell under the cursor."""
        place = self._place()
        if not self.refused("board.open") and place is not None:
            from tui.screens.cell.screen import CellScreen

            self.app.push_screen(CellScreen(place))

    def action_run(self) -> None:
        """Run what is missing of the cell under the cursor, after telling what it comes to."""
        place = self._place()
        if place is not None and not self.refused("board.run"):
            self.plan_hole(place)

    def action_matrix(self) -> None:
        """Every model of the catalog by every task, or the ranked table again."""
        self._matrix = not self._matrix
        self._show()
        if self._matrix:
            self.read_catalog()

    def action_hole(self) -> None:
        """Go to the next cell without a number, row after row."""
        if self.refused("board.hole"):
            return
        grid = self.query_one("#board", Grid)
        holes = board_text.holes(grid.shown)
        here = (grid.cursor, grid.column)
        after = next((hole for hole in holes if hole > here), holes[0] if holes else None)
        if after is None:
            self.tell("There is no hole: every model has every task.", good=True)
        else:
            grid.cursor, grid.column = after

    def action_compare(self) -> None:
        """Put the row under the cursor first on the Compare screen."""
        row = self.query_one("#board", Grid).current
        found = board_text.find(self._rankings, row.key) if row and self._rankings else None
        if row is not None and found is not None and self._table is not None:
            side = Side(found.source, found.model, self._home_of(row.key, found.model))
            self.shell.go("compare", side.name)

    def action_arm(self, step: int) -> None:
        """Rank another protocol or preset, on the same set of tasks."""
        if not self._tables or self._table is None:
            return
        tables = board_text.of_set(self._tables, self._table.task_set)
        self._rank(tables[(tables.index(self._table) + step) % len(tables)])

    def action_set(self) -> None:
        """Rank on the next set of tasks."""
        if self._table is not None and not self.refused("board.set"):
            sets = board_text.sets_of(self._tables)
            after = sets[(sets.index(self._table.task_set) + 1) % len(sets)]
            self._rank(board_text.in_set(self._tables, self._table, after))

    def _rank(self, table: Table) -> None:
        self._table = table
        self._rankings = None
        self._judged, self._settled, self._told = None, NOTHING, ""
        self._show()
        self.read_rankings(table)

    def receive(self, argument: str) -> None:
        """Rank the table that is written so, or the first that these words name."""
        found = board_text.meant(self._tables, argument, self._table.task_set if self._table else PAPER)
        self._wanted = "" if self._tables else argument
        if found:
            self._rank(found)
        elif self._tables:
            there = ", ".join(dict.fromkeys(table.arm.protocol for table in self._tables))
            self.tell(f"There is no table {argument!r}; there are {there}.")

    def commands(self) -> list[Command]:
        """Also which set of tasks is ranked."""
        from tui.widgets.commandbar import Command

        what = "the tables of a set of tasks: paper, own, or one you named"
        beside = "every own row as a difference to this model; without a name: places"
        return [
            *super().commands(),
            Command("set", what, self._rank_set, "NAME"),
            Command("baseline", beside, self._pin, "[NAME]"),
        ]

    def _rank_set(self, name: str) -> None:
        there = board_text.sets_of(self._tables)
        if name in there and self._table is not None:
            self._rank(board_text.in_set(self._tables, self._table, name))
        else:
            self.tell(f"Nothing of a set {name!r} is scored yet; there are {', '.join(there)}.")

    def action_sort(self) -> None:
        """Sort by the column under the cursor, best first; by the mean when pressed again."""
        column = self._column()
        if column in board_text.OF_SORTED:
            column = self._asked[0]
        self._sorting = Sorting() if self._sorting.column == column else Sorting(column)
        self._show()
        self._judge_soon()

    def _own_model(self) -> str | None:
        """The own model under the cursor."""
        row = self.query_one("#board", Grid).current
        found = board_text.find(self._rankings, row.key) if row and self._rankings else None
        return found.model if found and found.source == "own" else None

    def action_baseline(self) -> None:
        """Set every own row against the one under the cursor, or show places again."""
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
        self._show()
        self._judge_soon()

    def standing(self) -> Standing | None:
        """The table as it is shown; None while it is not known what its scores can tell."""
        view = self._view()
        return view.standing if view else None

    def action_method(self) -> None:
        """Say what the places rest on."""
        view = self._view()
        if not self.refused("board.method") and view is not None and view.standing is not None:
            from tui.screens.overlays.dialogs import Notice

            body = board_text.method(view.standing)
            self.app.push_screen(Notice("What places and intervals say", "", body=view.plain(body)))

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._sorting = self._sorting.reversed()
        self._show()

    def action_references(self) -> None:
        """Show own rows with the paper's, with the rerun's too, or alone."""
        if not self.refused("board.references"):
            self._sources = (self._sources + 1) % len(SOURCES)
            self._show()


SCREEN = BoardScreen
