"""Rebuilding the database from the journals, with the old file kept."""

from __future__ import annotations

import contextlib
import errno
import fcntl
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from store.apply import Flushed, fill
from store.database import applied_offsets, aside, build, create_from, held_by
from store.errors import NewerStore, OtherFormat, StoreBusy, StoreError
from store.home import Home
from store.journal import journal_sizes, read_journals
from store.store import Store, batches

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
    refused: int
    """Whole lines that this version cannot put into a table; they stay in the journal."""
    unfinished: int
    """Journals whose last line was never finished, so never told as saved."""
    kept: Path | None
    """The old database, if there was one; nothing in it is deleted."""


def repair(home: Home, *, force: bool = False) -> Repaired:
    """Build the database anew from all journals and put it in the old one's place.

    What only the old one holds, since its journals were removed, is written into a journal first, if it
    can be read. Tables that somebody else put into the old file stay there only. Close every connection
    to the database in this process first.

    Args:
        home: whose database.
        force: also where a newer version wrote the old one, which knows more than this one.

    Raises:
        NewerStore, OtherFormat: a newer version wrote the old one.
        StoreBusy: another process holds the old file.
        DiskFull, StoreError: the new file cannot be made; the old one is left as it is.
    """
    home.create()
    if home.database.exists():
        _save_from(home, force)
    total = Flushed()
    offsets: dict[str, int] = {}

    def fill_all(con: duckdb.DuckDBPyConnection) -> None:
        nonlocal total, offsets
        for batch, more in batches(read_journals(home.journals, {})):
            total += fill(con, batch, "none" if more else "all")
        offsets = applied_offsets(con)

    new = build(home.database, fill_all)
    try:
        with exclusively(home.database):
            kept = _set_aside(home.database)
            create_from(new, home.database)
    finally:
        new.unlink(missing_ok=True)
    unfinished = sum(size > offsets.get(name, 0) for name, size in journal_sizes(home.journals).items())
    return Repaired(**asdict(total), unfinished=unfinished, kept=kept)


def _save_from(home: Home, force: bool) -> None:
    """Let the old database catch up, and give back what only it has, if it can be read."""
    try:
        with contextlib.closing(Store(home)) as store:
            store.rescue()
    except (NewerStore, OtherFormat) as error:
        if not force:
            hint = f"{error.hint} `genearena repair --force` drops from it what this version does not know."
            raise type(error)(error.message, hint) from error
    except StoreError:
        pass  # held, or damaged: then what the journals have is all there is


@contextlib.contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Hold the lock that DuckDB takes for writing, if there is a file.

    Raises:
        StoreBusy: another process holds the file.
        StoreError: it cannot be opened or locked.
    """
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
