"""Where SQL is asked: one child process, its last result, and the queries kept and asked before."""

from __future__ import annotations

import contextlib
import itertools
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from store.errors import StoreError
from tui.questions.kept import read_kept, write_kept

if TYPE_CHECKING:
    import duckdb

    from store.console import Console, Result
    from store.home import Home


@dataclass(frozen=True, slots=True)
class SqlTable:
    """A table or view that can be asked."""

    columns: tuple[tuple[str, str], ...]
    """Name and type of each column."""
    rows: int | None = None
    """None: not counted."""


HISTORY: Final = 200
"""Earlier queries that are kept."""
_FILE: Final = "sql.json"
_STEP: Final = 5000
"""Rows fetched together for a file."""


class SqlDesk:
    """SQL on one home, for one screen; every method may block, and `stop` may come from any thread."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._console: Console | None = None
        self._turn = threading.Lock()
        self._asked = False
        """Whether a query was asked for."""

    def run(self, query: str, rows: int) -> tuple[Result, list[tuple[Any, ...]]]:
        """Run a query in the locked-down child; what it came to and its first rows.

        Raises:
            UsageError: the query is wrong, refused, too slow, or was stopped.
            StoreError: there is no database, or it cannot be read.
        """
        with self._turn:
            self._asked = True
        result, found = self._run(query, rows)
        self._remember(query)
        return result, found

    def look(self, query: str, rows: int) -> tuple[Result, list[tuple[Any, ...]]] | None:
        """As `run` for a query that nobody asked for, which is not kept; None once one was asked for.

        Raises:
            UsageError: as `run`.
            StoreError: as `run`.
        """
        with self._turn:
            return None if self._asked else self._run(query, rows)

    def _run(self, query: str, rows: int) -> tuple[Result, list[tuple[Any, ...]]]:
        from store.console import Console

        if self._console is None:
            self._console = Console(self._home)
        result = self._console.run(query)
        return result, self._console.fetch(result, 0, rows)

    def in_order(
        self, query: str, column: int, down: bool, rows: int
    ) -> tuple[Result, list[tuple[Any, ...]]]:
        """The rows of a query in the order of one column, counted from 0; not kept among the earlier ones.

        Raises:
            UsageError: the query cannot be part of another, such as EXPLAIN; or as `run`.
        """
        whole = f"select * from (\n{query.rstrip().rstrip(';')}\n) order by {column + 1}"
        if self._console is None:
            return self.run(query, rows)
        result = self._console.run(f"{whole} {'desc' if down else 'asc'} nulls last")
        return result, self._console.fetch(result, 0, rows)

    def page(self, result: Result, offset: int, rows: int) -> list[tuple[Any, ...]]:
        """More rows of the last result.

        Raises:
            UsageError: the result is gone, or another has taken its place.
        """
        return self._console.fetch(result, offset, rows) if self._console else []

    def export(self, result: Result, path: str) -> Path:
        """Write every row of the last result, a few thousand at a time, however many there are.

        Raises:
            UsageError: another query was run meanwhile, or the file is one of the home's own; nothing is
                written then.
            DataError: the file cannot be written.
        """
        from store.export import export_table

        pages = (self.page(result, offset, _STEP) for offset in range(0, result.count, _STEP))
        rows = itertools.chain.from_iterable(pages)
        return export_table(result.columns, rows, path, home=self._home, streams=False).absolute()

    def stop(self) -> None:
        """Stop the query that is running."""
        if self._console is not None:
            self._console.cancel()

    def close(self) -> None:
        """End the child."""
        if self._console is not None:
            self._console.close()

    def history(self) -> tuple[dict[str, str], list[str]]:
        """Saved queries by name, and the earlier ones, newest last."""
        kept = read_kept(self._home, _FILE)
        return dict(kept.get("saved", {})), list(kept.get("history", []))

    def save(self, name: str, query: str) -> None:
        """Keep a query under a name."""
        saved, history = self.history()
        write_kept(self._home, _FILE, {"saved": {**saved, name: query}, "history": history})

    def _remember(self, query: str) -> None:
        saved, history = self.history()
        history = [*(earlier for earlier in history if earlier != query), query][-HISTORY:]
        with contextlib.suppress(StoreError):
            write_kept(self._home, _FILE, {"saved": saved, "history": history})


def sql_tables(con: duckdb.DuckDBPyConnection) -> dict[str, SqlTable]:
    """Tables and views, each with its columns; tables with their rows too."""
    columns = """
        select table_name, list((column_name, data_type) order by ordinal_position)
        from information_schema.columns where table_schema = 'main' group by table_name order by 1"""
    tables = "select table_name from duckdb_tables() where schema_name = 'main'"
    counts = {}
    for (name,) in con.execute(tables).fetchall():
        found = con.execute(f'select count(*) from "{name}"').fetchone()
        counts[name] = found[0] if found else None
    rows = con.execute(columns).fetchall()
    return {table: SqlTable(tuple(map(tuple, known)), counts.get(table)) for table, known in rows}
