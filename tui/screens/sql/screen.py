"""SQL: one query at a time over everything that is saved, its result paged from a locked-down child."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from store.errors import GeneArenaError, UsageError
from tui.quantities import count
from tui.screens.base import EXPORTING
from tui.screens.copy_export import ShownTable, Taken
from tui.screens.overlays.pickers import Pick
from tui.screens.sql import text
from tui.screens.sql.examples import EXAMPLES, FIRST
from tui.screens.sql.panes import SqlPanes
from tui.widgets.commandbar import Command
from tui.widgets.grid import Grid
from tui.widgets.paged import PAGE, PagedRows
from tui.widgets.rows import Column, Row
from tui.widgets.sqleditor import SqlArea, SqlEditor

if TYPE_CHECKING:
    from store.console import Result
    from tui.questions.sql import SqlTable


class SqlScreen(SqlPanes):
    """An editor over the rows of its last query."""

    MODE = "sql"
    ABOUT = (
        "Ask the store anything: one SELECT, on the tables and views that any DuckDB tool sees. "
        "Nothing can be changed from here."
    )
    FOOTER = ("sql.run", "sql.leave", "sql.history", "sql.edit", "grid.sort", "export")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5,ctrl+j", "run", "Run", tooltip="Run the query", priority=True, id="sql.run"),
        Binding(
            "ctrl+r",
            "history",
            "History",
            tooltip="Saved and earlier queries",
            priority=True,
            id="sql.history",
        ),
        Binding(
            "i,enter", "edit", "Edit", tooltip="To the editor; on a table or query, open it", id="sql.edit"
        ),
        Binding(
            "f2",
            "tables",
            "Tables",
            show=False,
            tooltip="Tables and their columns, where they are not shown anyway",
            id="sql.tables",
        ),
        Binding(
            "ctrl+x",
            "stop",
            "Stop",
            show=False,
            tooltip="Stop the query that is running",
            priority=True,
            id="sql.stop",
        ),
    ]

    @dataclass
    class Answered(Message):
        """A query has been run."""

        sql: str
        result: Result | None
        rows: Sequence[Sequence[Any]]
        trouble: str = ""
        looked: bool = False
        """Whether nobody asked for it."""

    @dataclass
    class PageRead(Message):
        """Some rows of the result are there."""

        result: Result
        page: int
        rows: Sequence[Sequence[Any]]

    @dataclass
    class TablesRead(Message):
        """The tables and their columns are there."""

        tables: dict[str, SqlTable]

    @dataclass
    class HistoryRead(Message):
        """The earlier and the saved queries are there."""

        pick: Pick | None
        saved: dict[str, str]
        history: list[str]

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._asking = False

    def begin(self) -> None:
        """Stay on the rows, where number keys still go places; learn the names to complete."""
        result = self.query_one("#result", Grid)
        result.show(())
        result.focus()
        self.show_saved({}, [])
        self.read_tables()
        self.read_history()
        self.look(FIRST)

    def on_unmount(self) -> None:
        """End the child."""
        self.arena.desk.close()

    # ------------------------------------------------------------------ asking

    @work(thread=True, exclusive=True, group="names", exit_on_error=False)
    def read_tables(self) -> None:
        """Read the names of tables, views and columns."""
        self.post_message(self.TablesRead(self.arena.sql_tables()))

    @work(thread=True, group="query", exit_on_error=False)
    def ask(self, sql: str, order: tuple[int, bool] | None = None) -> None:
        """Run a query, or put its rows in the order of a column; what is wrong with it is told in place."""
        try:
            if order is None:
                self.arena.catch_up()
                result, rows = self.arena.desk.run(sql, PAGE)
            else:
                result, rows = self.arena.desk.in_order(sql, *order, PAGE)
        except GeneArenaError as error:
            self.post_message(self.Answered(sql, None, (), str(error)))
        else:
            self.post_message(self.Answered(sql, result, rows))

    @work(thread=True, group="look", exit_on_error=False)
    def look(self, sql: str) -> None:
        """Show the rows of the first query before anybody asks; without them nobody misses any."""
        try:
            self.arena.catch_up()
            found = self.arena.desk.look(sql, PAGE)
        except GeneArenaError:
            return
        if found is not None:
            self.post_message(self.Answered(sql, *found, looked=True))

    @work(thread=True, group="page", exit_on_error=False)
    def read_page(self, result: Result, page: int) -> None:
        """Read some rows of the result; a newer query has made them moot if they are gone."""
        try:
            rows = self.arena.desk.page(result, page * PAGE, PAGE)
        except UsageError:
            return
        self.post_message(self.PageRead(result, page, rows))

    @work(thread=True, exclusive=True, group="history", exit_on_error=False)
    def read_history(self, pick: Pick | None = None) -> None:
        """Read the earlier and the saved queries, also for a list."""
        self.post_message(self.HistoryRead(pick, *self.arena.desk.history()))

    @work(thread=True, group="history-save", exit_on_error=False)
    def save(self, name: str, sql: str) -> None:
        """Keep a query under a name."""
        self.arena.desk.save(name, sql)

    @on(TablesRead)
    def _tables_read(self, message: TablesRead) -> None:
        self.show_tables(message.tables)

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        if message.looked and (self._asking or self.result is not None):
            return
        self._asking = False
        self.refresh_bindings()
        if message.result is None:
            self.say_wrong(message.trouble, message.sql)
            return
        if not message.looked:
            self.query_one(SqlEditor).wrong(Content())
        result = message.result
        self.show_answered(message.sql, result, message.rows)
        rows = PagedRows(result.count, lambda page: self.read_page(result, page), len(result.columns))
        rows.put(0, message.rows)
        grid = self.query_one("#result", Grid)
        grid.cursor = 0
        grid.show(rows, self.heads(result))
        self.fit()
        self.show_pictures()
        self.read_history()

    @on(PageRead)
    def _page_read(self, message: PageRead) -> None:
        grid = self.query_one("#result", Grid)
        if message.result is self.result and isinstance(grid.rows, PagedRows):
            grid.rows.put(message.page, message.rows)
            grid.show(grid.rows)
            grid.refresh()
            self.show_pictures()

    @on(HistoryRead)
    def _history_read(self, message: HistoryRead) -> None:
        queries = {**EXAMPLES, **message.saved}
        self.show_saved(message.saved, message.history)
        earlier = [sql for sql in reversed(message.history) if sql not in queries.values()]
        if message.pick is not None:
            message.pick.fill(
                _query_rows(queries.items()) + _query_rows(("earlier", sql) for sql in earlier)
            )

    def _picked(self, sql: str | None) -> None:
        if sql is not None:
            editor = self.query_one(SqlEditor)
            editor.text = sql
            editor.focus()

    @work(thread=True, exclusive=True, group=EXPORTING, exit_on_error=False)
    def write_result(self, result: Result, path: str) -> None:
        """Write every row of the result."""
        written = self.arena.desk.export(result, path)
        self.post_message(Taken(f"Wrote {count(result.count, 'row')} to {written}."))

    def shown_table(self) -> ShownTable | None:
        """A result of one page whole; of a longer one, which is not all here, the row under the cursor."""
        grid = self.query_one("#result", Grid)
        rows, row = grid.rows, grid.current
        if self.result is None or not isinstance(rows, PagedRows) or row is None:
            return None
        if len(rows) <= PAGE:
            return super().shown_table()
        here = [[str(cell) for cell in row.cells]] if rows.here(grid.cursor) else []
        columns = self.result.columns
        return ShownTable("sql-result", len(here), 0, lambda _: (columns, here), whole=False)

    def write(self, path: str) -> None:
        """Write the whole result, not only the rows that are here."""
        if self.result is None:
            self.tell("There is nothing here to write yet.")
        else:
            self._tell_of_many(self.result.count, "Writing")
            self.write_result(self.result, path)

    # ------------------------------------------------------------------ actions

    def commands(self) -> list[Command]:
        """Saving the query by name."""
        return [*super().commands(), Command("save", "keep this query under a name", self._save, "NAME")]

    def _save(self, name: str) -> None:
        self.save(name, self.query_one(SqlEditor).text)
        self.tell(f"Saved as {name}; ctrl+r lists it.", good=True)

    def receive(self, argument: str) -> None:
        """Run a query given on the command line."""
        self.query_one(SqlEditor).text = argument
        self.action_run()

    def why_not(self, action: str) -> str:
        """One query at a time."""
        if action == "sql.run" and self._asking:
            return "A query is running; ctrl+x stops it."
        if action == "sql.stop" and not self._asking:
            return "No query is running."
        return super().why_not(action)

    def action_run(self) -> None:
        """Run the query."""
        sql = self.query_one(SqlEditor).text.strip()
        if sql and not self.refused("sql.run"):
            self._asking = True
            self.order = None
            self.say_running()
            self.ask(sql)

    @on(Grid.SortAsked, "#result")
    def _sort(self, message: Grid.SortAsked) -> None:
        """Put the rows in the order of a column; asked again, the other way round."""
        result = self.result
        if result is None or self._asking:
            return
        down = self.order != (message.column, True)
        self.order = (message.column, down)
        self._asking = True
        self.say_running()
        self.ask(self.asked, self.order)

    def action_stop(self) -> None:
        """Stop the query that is running."""
        if not self.refused("sql.stop"):
            self.arena.desk.stop()

    def action_history(self) -> None:
        """List saved and earlier queries: at once, since the keys behind this one are for the list."""
        columns = (Column("name", "name"), Column("sql", "query", least=20))
        pick = Pick("Saved and earlier queries", columns, _query_rows(EXAMPLES.items()))
        self.app.push_screen(pick, self._picked)
        self.read_history(pick)

    def action_edit(self) -> None:
        """Fold a table, take a query over, or go to the editor."""
        grid = self.focused
        if (
            isinstance(grid, Grid)
            and grid.current is not None
            and grid.id in ("tables", "earlier", "saved")
        ):
            if grid.id == "tables":
                self.fold(grid.current.key)
            else:
                self._picked(text.query_of(grid.current.key))
            return
        editor = self.query_one(SqlEditor)
        editor.type_into(sample=editor.text in EXAMPLES.values())

    def action_tables(self) -> None:
        """Lay the tables beside the rows, or take them away."""
        self.toggle_class("-tables")
        self.query_one("#tables" if self.has_class("-tables") else "#result", Grid).focus()

    def action_filter(self) -> None:
        """Rows are filtered by the query: they are not all here."""
        self.tell("Filter with a where clause: only the rows on screen are here.")

    @on(SqlArea.Left)
    def _editor_left(self) -> None:
        self.query_one("#result", Grid).focus()


def _query_rows(queries: Iterable[tuple[str, str]]) -> list[Row]:
    return [Row(sql, (name, " ".join(sql.split()))) for name, sql in queries]


SCREEN = SqlScreen
