"""Rebuilding the database from the journals, with the old file kept."""

from __future__ import annotations

import contextlib
import errno
import fcntl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from store.apply import Flushed, apply
from store.database import applied_offsets, aside, build, create_from, held_by
from store.errors import StoreBusy, StoreError
from store.home import Home
from store.journal import journal_sizes, read_journals
from store.store import take

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a rebuilt database holds, and where the old one went."""

    scored: int
    failed: int
    """Failed attempts."""
    conflicts: int
    damaged: int
    """Journal lines that could not be trusted and are left out."""
    unfinished: int
    """Journals whose last line was never finished, so never told as saved."""
    kept: Path | None
    """The old database, if there was one; nothing in it is deleted."""


def repair(home: Home) -> Repaired:
    """Build the database anew from all journals and put it in the old one's place.

    Tables that somebody else put into the old file stay there only. Close every connection to the
    database in this process first.

    Raises:
        StoreBusy: another process holds the old file.
        DiskFull, StoreError: the new file cannot be made; the old one is left as it is.
    """
    home.create()
    total = Flushed()
    offsets: dict[str, int] = {}

    def fill(con: duckdb.DuckDBPyConnection) -> None:
        nonlocal total, offsets
        lines = read_journals(home.journals, {})
        more = True
        while more:
            batch, more = take(lines)
            con.begin()
            total += apply(con, batch)
            con.commit()
        offsets = applied_offsets(con)

    new = build(home.database, fill)
    try:
        with _exclusively(home.database):
            kept = _set_aside(home.database)
            create_from(new, home.database)
    finally:
        new.unlink(missing_ok=True)
    unfinished = sum(size > offsets.get(name, 0) for name, size in journal_sizes(home.journals).items())
    return Repaired(total.scored, total.failed, total.conflicts, total.damaged, unfinished, kept)


@contextlib.contextmanager
def _exclusively(path: Path) -> Iterator[None]:
    """Hold the lock that DuckDB takes for writing, if there is a file."""
    try:
        file = path.open("r+b")
    except FileNotFoundError:
        yield
        return
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror}.") from error
    with file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise StoreError(f"{path} cannot be locked: {error.strerror}.") from error
            raise StoreBusy(held_by(path).message, "Close it there and try again.") from error
        yield


def _set_aside(path: Path) -> Path | None:
    """Rename the database, and the log that belongs to it; None if there is none."""
    if not path.exists():
        return None
    kept = aside(path)
    wal = path.with_name(path.name + ".wal")
    with contextlib.suppress(FileNotFoundError):
        wal.rename(kept.with_name(kept.name + ".wal"))
    path.rename(kept)
    return kept
