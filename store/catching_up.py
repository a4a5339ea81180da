"""The database brought up to date by whoever reads it, when no runner does it."""

from __future__ import annotations

import contextlib

from store.home import Home
from store.journal import journal_sizes, read_journals, vanished


def catch_up(home: Home) -> None:
    """Bring the database up to date with the journals; it is opened for writing only if it is behind.

    Raises:
        StoreBusy: another process holds the file.
        DiskFull: no space is left for the database.
        StoreError: a folder cannot be written, or the file is damaged, foreign or newer.
    """
    from store.database import applied_offsets, connect

    offsets: dict[str, int] = {}
    if home.database.exists():
        with connect(home, timeout=0) as con:
            offsets = applied_offsets(con)
    behind = next(read_journals(home.journals, offsets), None)
    if behind or vanished(offsets, journal_sizes(home.journals)):
        from store.store import Store  # with all that can be saved, which most readers need not load

        with contextlib.closing(Store(home)) as store:
            store.flush()
