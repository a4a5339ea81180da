"""SQL: one query at a time over everything that is saved, its result paged from a locked-down child."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from tui.quantities import count
from tui.screens.base import EXPORTING
from tui.screens.copy_export import ShownTable, Taken
from tui.screens.overlays.pickers import Pick
from tui.screens.sql import text
from tui.screens.sql.examples import EXAMPLES, FIRST
from tui.screens.sql.reading import SqlReading, query_rows
from tui.widgets.commandbar import Command
from tui.widgets.grid import Grid
from tui.widgets.paged import PAGE, PagedRows
from tui.widgets.rows import Column
from tui.widgets.sqleditor import SqlArea, SqlEditor

if TYPE_CHECKING:
    from store.console import Result


class SqlScreen(SqlReading):
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

    # ------------------------------------------------------------------ what is taken away

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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In the editor enter begins a line."""
        return not (action == "edit" and isinstance(self.focused, SqlArea))

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
        pick = Pick("Saved and earlier queries", columns, query_rows(EXAMPLES.items()))
        self.app.push_screen(pick, self._picked)
        self.read_history(pick)

    def _picked(self, sql: str | None) -> None:
        if sql is not None:
            editor = self.query_one(SqlEditor)
            editor.text = sql
            editor.focus()

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


SCREEN = SqlScreen
