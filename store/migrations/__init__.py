"""The numbered steps that bring a database file to this version's schema.

Step 1 makes everything. A change of the schema is a further numbered `.sql` file in this folder;
steps that a file has behind it are listed in its table `migrations` and never run again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import duckdb

STEPS: Final[tuple[str, ...]] = (
    "schema.sql",
    "migrations/0002_measurements.sql",
    "migrations/0003_comparability.sql",
    "migrations/0004_phases.sql",
    "migrations/0005_content.sql",
)
"""SQL files under `store/`, in order; the first is step 1."""

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS migrations (
    step INTEGER PRIMARY KEY, file VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL
)
"""


def migrate(con: duckdb.DuckDBPyConnection) -> None:
    """Run the steps this file has not seen, each in a transaction of its own."""
    con.execute(_TABLE)
    for step, file in enumerate(STEPS, start=1):
        if step <= applied_steps(con):
            continue
        con.begin()
        con.execute(resources.files("store").joinpath(file).read_text(encoding="utf-8"))
        con.execute(
            "INSERT INTO migrations VALUES (?, ?, ?)", [step, file, datetime.now(UTC).replace(tzinfo=None)]
        )
        con.commit()


def applied_steps(con: duckdb.DuckDBPyConnection) -> int:
    """How many steps this file has behind it; 0 for a file that is not ours."""
    import duckdb

    try:  # asking for the table's name first takes 9 ms, a tenth of importing DuckDB
        [(step,)] = con.execute("SELECT max(step) FROM migrations").fetchall()
    except duckdb.CatalogException:
        return 0
    return int(step or 0)
