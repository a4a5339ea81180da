"""Output that is written at once where the terminal takes it.

Textual hands all it writes to a thread, so that a slow line holds nothing up. On a busy machine that
thread comes to its turn milliseconds after the cursor was drawn.
"""

from __future__ import annotations

import select
import sys
import threading
from contextlib import suppress
from typing import IO, Any, Final

from textual.drivers._writer_thread import WriterThread

SMALL: Final = 4096
"""Characters that are written at once; a terminal that takes anything takes so much."""


class Writer(WriterThread):
    """The thread that writes, which what is small does not wait for while it has nothing to do."""

    def __init__(self, file: IO[str]) -> None:
        """Make it for the terminal's file."""
        super().__init__(file)
        self._one = threading.RLock()
        """Held while something is written or handed over."""
        self._left = 0
        """What was handed over and is not written yet."""

    def write(self, text: str) -> None:
        """Write the text, or hand it over; in the order of the calls."""
        with self._one:
            if not self._left and len(text) <= SMALL and self._takes_more():
                self._put(text)
                return
            self._left += 1
        super().write(text)

    def run(self) -> None:
        """Write what was handed over, until there is an end to it."""
        while (text := self._queue.get()) is not None:
            self._put(text)
            with self._one:
                self._left -= 1
        self._put("")

    def _takes_more(self) -> bool:
        with suppress(OSError, ValueError):
            return bool(select.select((), (self._file,), (), 0)[1])
        return False

    def _put(self, text: str) -> None:
        """Write it; a terminal that has gone away says so by a signal."""
        with suppress(OSError, ValueError):
            self._file.write(text)
            if not self._queue.qsize():
                self._file.flush()


def write_at_once(driver: type[Any]) -> None:
    """Let a driver that writes by a thread write that way."""
    module = sys.modules[driver.__module__]
    if hasattr(module, "WriterThread"):
        module.WriterThread = Writer  # type: ignore[attr-defined]
