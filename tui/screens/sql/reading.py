"""What SQL asks of the store, in workers: a query, its pages, the tables there are, and earlier queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.content import Content
from textual.message import Message

from store.errors import GeneArenaError, UsageError
from tui.screens.overlays.pickers import Pick
from tui.screens.sql.examples import EXAMPLES
from tui.screens.sql.panes import NONE, SqlPanes
from tui.widgets.grid import Grid
from tui.widgets.paged import PAGE, PagedRows
from tui.widgets.rows import Row
from tui.widgets.sqleditor import SqlEditor

if TYPE_CHECKING:
    from store.console import Result
    from tui.questions.sql import SqlTable


class SqlReading(SqlPanes):
    """A screen that asks one query at a time; every answer comes back as a message."""

    _asking = False
    """Whether a query is running."""

    @dataclass
    class Answered(Message):
        """A query has been run."""

        sql: str
        result: Result | None
        rows: Sequence[Sequence[Any]]
        trouble: str = ""
        looked: bool = False
        """Whether nobody asked for it."""
        again: bool = False
        """Whether it is the rows that are there, in another order."""

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

    # ------------------------------------------------------------------ in workers

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
            self.post_message(self.Answered(sql, result, rows, again=order is not None))

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

    # ------------------------------------------------------------------ what came back

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
        if not message.looked and not message.again:
            self.older = False
            self.query_one(SqlEditor).wrong(Content())
        result = message.result
        self.show_answered(message.sql, result, message.rows)
        rows = PagedRows(result.count, lambda page: self.read_page(result, page), len(result.columns))
        rows.put(0, message.rows)
        grid = self.query_one("#result", Grid)
        grid.cursor = 0
        grid.empty = NONE
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
            message.pick.fill(query_rows(queries.items()) + query_rows(("earlier", sql) for sql in earlier))


def query_rows(queries: Iterable[tuple[str, str]]) -> list[Row]:
    """Named queries as rows of a list, each on one line."""
    return [Row(sql, (name, " ".join(sql.split()))) for name, sql in queries]
