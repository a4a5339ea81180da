"""Journal lines that were refused once, tried again by a version that may know better."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from store.apply import Flushed, fill
from store.journal import Damaged, Entry, read_line
from store.rows import known, this_version

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that is whole and in no table, though the journal has it."""

    file: str
    start: int
    """Byte offset of the line."""
    kind: str
    key: str
    reason: str
    newer: bool
    """Whether it is of a kind that only a newer version knows."""


def refused_lines(con: duckdb.DuckDBPyConnection) -> list[RefusedLine]:
    """Every line that was refused, file by file."""
    asked = 'SELECT file, "start", kind, key, reason, newer FROM refused ORDER BY ALL'
    return [RefusedLine(*row) for row in con.execute(asked).fetchall()]


def unscored(con: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Keys of scores that were refused and of which no other line has made a row."""
    asked = "SELECT key FROM refused ANTI JOIN scores USING (key) WHERE kind = 'scored'"
    return frozenset(key for (key,) in con.execute(asked).fetchall())


def try_again(con: duckdb.DuckDBPyConnection, folder: Path) -> Flushed:
    """Apply the lines that another version refused, and those of a kind that is known by now."""
    rows = con.execute('SELECT rowid, file, "start", "end", kind, newer, version FROM refused').fetchall()
    again = [
        (row, line)
        for row, file, start, end, kind, newer, version in rows
        if (known(kind) if newer else version != this_version())
        and (line := read_line(folder / file, start, end))
    ]
    if not again:
        return Flushed()
    lines: list[Entry | Damaged] = [line for _, line in again]
    done = fill(con, lines)  # what is refused once more gets a row of its own
    con.execute("DELETE FROM refused WHERE rowid IN (SELECT unnest(?))", [[row for row, _ in again]])
    return done
