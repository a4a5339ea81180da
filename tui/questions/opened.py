"""The database of one home, opened to be read and filled from the journals first, while the home stands."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from store.errors import StoreError

if TYPE_CHECKING:
    import duckdb

    from store.home import Home
    from store.store import Store


class OpenedHome:
    """A home that may be filled, moved or deleted while it is open here; every method may block."""

    def __init__(self, home: Home, readonly: bool = False) -> None:
        self.home = home
        self.readonly = readonly
        self._store: Store | None = None
        self.behind = ""
        """Why the database lacks what the journals have; empty as far as is known that it does not."""
        self._lock = threading.Lock()
        """Protects `_store`: its journal offsets are read by whichever worker plans."""
        self._stood = _identity(home)
        """Which folder the home was when it was last looked at; None: it was not made yet."""

    def _open(self) -> Store:
        """The store, under `_lock`; what is remembered of another home that was in its place is forgotten.

        Raises:
            StoreError: the home was deleted or moved while it was open.
        """
        from store.store import Store

        stands = _identity(self.home)
        if self._stood and not stands:
            raise StoreError(
                f"{self.home.data} is gone: it was deleted or moved while it was open here.",
                "Put it back, or start genearena again.",
            )
        if self._store is None or stands != self._stood:
            self._store = Store(self.home)
        self._stood = stands
        return self._store

    def reading(self) -> contextlib.AbstractContextManager[duckdb.DuckDBPyConnection | None]:
        """A read-only connection for who draws figures; None while nothing was ever saved here."""
        return self._reading()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection | None]:
        """A read-only connection, or None while nothing was ever saved here."""
        from store import connect

        with self._lock:
            self._open()
        self.catch_up()
        if not self.home.database.exists():
            yield None
            return
        con = connect(self.home)
        try:
            yield con
        finally:
            con.close()

    def catch_up(self) -> None:
        """Apply what the journals have and the database has not, unless a runner does so anyway.

        Where that cannot be, `behind` tells why, and the database can be read as it is.
        """
        from engine import mailbox

        behind = ""
        if not (self.readonly or mailbox.runner_alive(self.home)):
            try:
                with self._lock:
                    self._open().flush()
            except StoreError as error:
                from store.catching_up import left_out

                missing = left_out(self.home)
                behind = (
                    f"{error.message} {missing} saved splits are not in the tables."
                    if missing
                    else error.message
                )
        self.behind = behind


def _identity(home: Home) -> tuple[int, ...] | None:
    """What tells a home from another in its place; None if there is none. Inodes alone are used again."""
    try:
        status = home.data.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    stamp = home.format_file.stat().st_mtime_ns if home.format_file.exists() else 0
    return status.st_dev, status.st_ino, stamp
