"""The database brought up to date by whoever reads it, when no runner does it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from store.errors import StoreError
from store.home import Home
from store.journal import Entry, journal_sizes, read_journals, vanished


def catch_up(home: Home, progress: Callable[[int, int], None] | None = None) -> list[str]:
    """Bring the database up to date with the journals and this version's schema; it is opened for writing
    only if it is behind.

    Args:
        home: whose database.
        progress: called now and then with the bytes of journals applied, and of all to apply.

    Returns:
        What happened to the journals, in sentences.

    Raises:
        StoreBusy: another process holds the file.
        DiskFull: no space is left for the database.
        StoreError: a folder cannot be written, or the file is damaged, foreign or newer.
    """
    offsets, complete = _state(home)
    behind = next(read_journals(home.journals, offsets), None)
    if complete and not (behind or vanished(offsets, journal_sizes(home.journals))):
        return []
    from store.store import Store  # with all that can be saved, which most readers need not load

    with contextlib.closing(Store(home)) as store:
        store.flush(progress)
        return store.said()


def left_out(home: Home) -> int:
    """How many scored splits the journals have and the database has not; 0 where neither can be read."""
    with contextlib.suppress(StoreError, OSError):
        lines = read_journals(home.journals, _state(home)[0])
        return sum(isinstance(line, Entry) and line.kind == "scored" for line in lines)
    return 0


def _state(home: Home) -> tuple[dict[str, int], bool]:
    """How far the database has each journal, and whether it has every step of the schema behind it."""
    from store.database import applied_offsets, connect
    from store.migrations import complete

    if not home.database.exists():
        return {}, True
    with connect(home, timeout=0, any_step=True) as con:
        return applied_offsets(con), complete(con)
