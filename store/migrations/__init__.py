"""The numbered steps that bring a database file to this version's schema.

A change of the tables is a further `.sql` file in this folder; steps that a file has behind it are
listed in its table `migrations` and never run again. Views hold nothing, and are replaced after any step;
what is written down of them is then written anew.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING, Final

from store.format import FORMAT
from store.ranks import every_arm, write_ranks

if TYPE_CHECKING:
    import duckdb

STEPS: Final[tuple[str, ...]] = (
    "schema.sql",
    "migrations/current_and_refused.sql",
    "migrations/task_sets.sql",
    "migrations/verdicts.sql",
    "migrations/essentiality.sql",
    "migrations/controls.sql",
    "migrations/removals.sql",
    "migrations/borrowed_controls.sql",
)
"""SQL files under `store/`, in order; the first is step 1."""
_VIEWS: Final = "views.sql"


def migrate(con: duckdb.DuckDBPyConnection) -> None:
    """Run the steps this file has not seen, each in a transaction of its own."""
    _, done = stamp(con) or (0, 0)
    for step, file in enumerate(STEPS[done:], start=done + 1):
        con.begin()
        con.execute(_sql(file))
        con.execute(
            "INSERT INTO migrations VALUES (?, ?, ?, ?)",
            [step, file, FORMAT, datetime.now(UTC).replace(tzinfo=None)],
        )
        if step == len(STEPS):
            con.execute(_sql(_VIEWS))
            write_ranks(con, every_arm(con))
        con.commit()


def _sql(file: str) -> str:
    return resources.files("store").joinpath(file).read_text(encoding="utf-8")


def complete(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether this file has every step behind it."""
    return (stamp(con) or (0, 0))[1] >= len(STEPS)


def stamp(con: duckdb.DuckDBPyConnection) -> tuple[int, int] | None:
    """The file's format and how many steps it has behind it; None for a file that is not ours."""
    import duckdb

    try:  # asking for the table's name first takes 9 ms, a tenth of importing DuckDB
        [(known, step)] = con.execute("SELECT max(format), max(step) FROM migrations").fetchall()
    except duckdb.CatalogException:
        return None
    except duckdb.BinderException:  # the table has no such column: of before there were formats
        return 0, 0
    return None if step is None else (known, step)
