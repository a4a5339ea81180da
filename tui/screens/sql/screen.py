"""SQL: one query at a time over everything that is saved, its result paged from a locked-down child."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from store.errors import GeneArenaError, UsageError
from tui.quantities import count
from tui.screens.base import EXPORTING
from tui.screens.copy_export import ShownTable, Taken, TakingScreen
from tui.screens.overlays.pickers import Pick
from tui.widgets.commandbar import Command
from tui.widgets.grid import Grid
from tui.widgets.paged import PAGE, PagedRows
from tui.widgets.rows import Column, Row
from tui.widgets.said import Said
from tui.widgets.sqleditor import SqlArea, SqlEditor

if TYPE_CHECKING:
    from store.console import Result

FIRST: Final = """\
select model, task, auc, rank, n, mean_auc, mean_rank
from leaderboard
where protocol = 'lr' and task_set = 'paper'
order by mean_rank, task"""

EXAMPLES: Final = {
    "ranked table": FIRST,
    "own beside the paper": "select * from reproduction order by protocol, task, delta",
    "hardest genes": (
        "select gene, label, count(*) as tests, avg(abs(label - score)) as error\n"
        "from predictions\ngroup by gene, label\nhaving tests > 5\norder by error desc"
    ),
    "what tuning chose": "select * from best_params order by protocol, model, task, splits desc",
    "failures": "select model, task, protocol, seed, sentence from failures order by finished_at desc",
}
"""Queries that everybody finds among the saved ones."""


class SqlScreen(TakingScreen):
    """An editor over the rows of its last query."""

    MODE = "sql"
    ABOUT = (
        "Ask the store anything: one SELECT, on the tables and views that any DuckDB tool sees. "
        "Nothing can be changed from here."
    )
    FOOTER = ("sql.run", "sql.leave", "sql.history", "sql.edit", "yank", "export")

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
        Binding("i,enter", "edit", "Edit", tooltip="Back to the editor", id="sql.edit"),
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
        trouble: str

    @dataclass
    class PageRead(Message):
        """Some rows of the result are there."""

        result: Result
        page: int
        rows: Sequence[Sequence[Any]]

    @dataclass
    class NamesRead(Message):
        """The names of tables and columns are there."""

        names: dict[str, tuple[str, ...]]

    @dataclass
    class HistoryRead(Message):
        """The earlier and the saved queries are there."""

        pick: Pick
        saved: dict[str, str]
        history: list[str]

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._result: Result | None = None
        self._asking = False

    def compose_body(self) -> Iterable[Widget]:
        """The editor, what became of its query, the rows."""
        yield SqlEditor(FIRST, id="editor")
        yield Said(id="sql-head")
        yield Grid(cells=True, id="result", empty="No rows yet: f5 runs the query above.")

    def begin(self) -> None:
        """Stay on the rows, where number keys still go places; learn the names to complete."""
        result = self.query_one("#result", Grid)
        result.show(())
        result.focus()
        self._say(("f5 runs the query, enter edits it, ctrl+r lists saved ones", "dim"))
        self.read_names()

    def on_unmount(self) -> None:
        """End the child."""
        self.arena.desk.close()

    # ------------------------------------------------------------------ asking

    @work(thread=True, exclusive=True, group="names", exit_on_error=False)
    def read_names(self) -> None:
        """Read the names of tables, views and columns."""
        self.post_message(self.NamesRead(self.arena.sql_names()))

    @work(thread=True, group="query", exit_on_error=False)
    def ask(self, sql: str) -> None:
        """Run a query; what is wrong with it is told in place."""
        try:
            self.arena.catch_up()
            result, rows = self.arena.desk.run(sql, PAGE)
        except GeneArenaError as error:
            self.post_message(self.Answered(sql, None, (), str(error)))
        else:
            self.post_message(self.Answered(sql, result, rows, ""))

    @work(thread=True, group="page", exit_on_error=False)
    def read_page(self, result: Result, page: int) -> None:
        """Read some rows of the result; a newer query has made them moot if they are gone."""
        try:
            rows = self.arena.desk.page(result, page * PAGE, PAGE)
        except UsageError:
            return
        self.post_message(self.PageRead(result, page, rows))

    @work(thread=True, exclusive=True, group="history", exit_on_error=False)
    def read_history(self, pick: Pick) -> None:
        """Read the earlier and the saved queries for a list."""
        self.post_message(self.HistoryRead(pick, *self.arena.desk.history()))

    @work(thread=True, group="history-save", exit_on_error=False)
    def save(self, name: str, sql: str) -> None:
        """Keep a query under a name."""
        self.arena.desk.save(name, sql)

    @on(NamesRead)
    def _names_read(self, message: NamesRead) -> None:
        self.query_one(SqlEditor).learn(message.names)

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        self._asking = False
        self.refresh_bindings()
        if message.result is None:
            self._say((message.trouble, "bad"))
            return
        result = message.result
        self._result = result
        more = f" (the first {count(result.count)}; there are more)" if result.truncated else ""
        self._say(
            f"{count(result.count, 'row')}{more}, {result.seconds * 1000:.0f} ms   ",
            ("esc to the rows, i to edit", "dim"),
        )
        self._show(result, message.rows)

    def _show(self, result: Result, first: Sequence[Sequence[Any]]) -> None:
        columns = [
            Column(f"{i}-{name}", name, right=_is_number(kind))
            for i, (name, kind) in enumerate(zip(result.columns, result.types, strict=True))
        ]
        rows = PagedRows(result.count, lambda page: self.read_page(result, page), len(columns))
        rows.put(0, first)
        grid = self.query_one("#result", Grid)
        grid.cursor = 0
        grid.show(rows, columns)

    @on(PageRead)
    def _page_read(self, message: PageRead) -> None:
        grid = self.query_one("#result", Grid)
        if message.result is self._result and isinstance(grid.rows, PagedRows):
            grid.rows.put(message.page, message.rows)
            grid.show(grid.rows)
            grid.refresh()

    @on(HistoryRead)
    def _history_read(self, message: HistoryRead) -> None:
        queries = {**EXAMPLES, **message.saved}
        earlier = [sql for sql in reversed(message.history) if sql not in queries.values()]
        message.pick.fill(_query_rows(queries.items()) + _query_rows(("earlier", sql) for sql in earlier))

    def _picked(self, sql: str | None) -> None:
        if sql is not None:
            editor = self.query_one(SqlEditor)
            editor.text = sql
            editor.focus()

    def _say(self, *parts: object) -> None:
        self.query_one("#sql-head", Said).show(*parts)

    @work(thread=True, exclusive=True, group=EXPORTING, exit_on_error=False)
    def write_result(self, result: Result, path: str) -> None:
        """Write every row of the result."""
        written = self.arena.desk.export(result, path)
        self.post_message(Taken(f"Wrote {count(result.count, 'row')} to {written}."))

    def shown_table(self) -> ShownTable | None:
        """A result of one page whole; of a longer one, which is not all here, the row under the cursor."""
        grid = self.query_one("#result", Grid)
        rows, row = grid.rows, grid.current
        if self._result is None or not isinstance(rows, PagedRows) or row is None:
            return None
        if len(rows) <= PAGE:
            return super().shown_table()
        here = [[str(cell) for cell in row.cells]] if rows.here(grid.cursor) else []
        columns = self._result.columns
        return ShownTable("sql-result", len(here), 0, lambda _: (columns, here), whole=False)

    def write(self, path: str) -> None:
        """Write the whole result, not only the rows that are here."""
        if self._result is None:
            self.tell("There is nothing here to write yet.")
        else:
            self._tell_of_many(self._result.count, "Writing")
            self.write_result(self._result, path)

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
            self._say(("Running; ctrl+x stops it.", "dim"))
            self.ask(sql)

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
        """Back to the editor."""
        self.query_one(SqlEditor).focus()

    def action_filter(self) -> None:
        """Rows are filtered by the query: they are not all here."""
        self.tell("Filter with a where clause: only the rows on screen are here.")

    @on(SqlArea.Left)
    def _editor_left(self) -> None:
        self.query_one("#result", Grid).focus()


def _query_rows(queries: Iterable[tuple[str, str]]) -> list[Row]:
    return [Row(sql, (name, " ".join(sql.split()))) for name, sql in queries]


def _is_number(kind: str) -> bool:
    return kind.startswith(
        ("INT", "BIGINT", "DOUBLE", "FLOAT", "DECIMAL", "HUGEINT", "UBIGINT", "SMALLINT", "TINYINT")
    )


SCREEN = SqlScreen
