"""`genearena sql`: one read-only query, run in a locked-down child process."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from store.console import run_sql
from store.verdicts import VIEWS
from tui.commands.common import Session, command, json_option, put, put_json, put_pieces, put_table, say


@command("sql")
@click.argument("query")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "json", "markdown", "latex"]),
    default="text",
    show_default=True,
)
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="Rows at most."
)
@click.option(
    "--timeout", type=click.FloatRange(0.1, 3600), default=10.0, show_default=True, help="Seconds."
)
@json_option
def sql_command(session: Session, query: str, form: str, limit: int, timeout: float, as_json: bool) -> None:
    """Run QUERY, one SELECT or EXPLAIN, or what standard input holds if QUERY is `-`.

    The tables and views are described in store/schema.sql and store/views.sql.
    """
    text = sys.stdin.read() if query == "-" else query
    asks_for_intervals = any(view in text.lower() for view in VIEWS)
    home = session.judged if asks_for_intervals else session.saved
    table = run_sql(home, text, limit, timeout)
    columns = _distinct(table.columns)
    if as_json:
        put_json([dict(zip(columns, row, strict=True)) for row in table.rows])
    elif form == "text" and columns == ["explain_key", "explain_value"]:
        for _, plan in table.rows:
            for line in str(plan).splitlines():
                put(line)
    elif form == "text":
        numbers = [kind.startswith(("DOUBLE", "FLOAT", "DECIMAL")) or "INT" in kind for kind in table.types]
        put_table(columns, table.rows, right=[at for at, number in enumerate(numbers) if number])
    else:
        put_pieces(columns, table.rows, form)
    if table.truncated:
        say(f"Only the first {len(table.rows)} rows; --limit gives more.")


def _distinct(columns: Sequence[str]) -> list[str]:
    """Column names made distinct as DuckDB's own data frames do it: `x`, `x_1`; JSON would lose one."""
    found: list[str] = []
    for column in columns:
        candidates = (column, *(f"{column}_{count}" for count in range(1, len(columns))))
        found.append(next(name for name in candidates if name not in found))
    return found
