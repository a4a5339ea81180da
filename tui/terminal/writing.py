"""Output that is written at once as far as the terminal takes it.

Textual hands all it writes to a thread, so that a slow line holds nothing up. On a busy machine that
thread comes to its turn milliseconds after the cursor was drawn.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import Any, Final, TextIO

from textual.drivers._writer_thread import WriterThread

SMALL: Final = 4096
"""Characters that are written at once."""


class Writer(WriterThread):
    """The thread that writes what the terminal does not take at once, and all that comes after that."""

    def __init__(self, file: TextIO) -> None:
        """Make it for the terminal's file."""
        super().__init__(file)
        self._text = file
        self._one = threading.Lock()
        """Held while something is written at once or handed over, so that nothing comes in between."""
        self._left = 0
        """What was handed over and is not written yet."""
        self._counting = threading.Lock()
        self._terminal = _opened_again(file)

    def write(self, text: str) -> None:
        """Write the text, and hand over what the terminal does not take."""
        with self._one:
            rest: str | bytes = text
            if self._terminal is not None and not self._left and len(text) <= SMALL:
                rest = self._written(text, self._terminal)
            if rest:
                with self._counting:
                    self._left += 1
                self._queue.put(rest)  # type: ignore[arg-type]

    def run(self) -> None:
        """Write what was handed over, until there is an end to it."""
        while (part := self._queue.get()) is not None:
            self._put(part)
            with self._counting:
                self._left -= 1
        self._put("")
        with self._one:
            terminal, self._terminal = self._terminal, None
        if terminal is not None:
            os.close(terminal)

    def _written(self, text: str, terminal: int) -> bytes:
        """Write what the terminal takes; the rest."""
        content = text.encode(self._text.encoding, self._text.errors or "strict")
        with suppress(OSError):  # it takes nothing, or has gone away, which the thread finds out
            return content[os.write(terminal, content) :]
        return content

    def _put(self, part: str | bytes) -> None:
        """Write it; a terminal that has gone away says so by a signal."""
        with suppress(OSError, ValueError):
            if isinstance(part, bytes):
                self._text.flush()
                self._text.buffer.write(part)
            else:
                self._text.write(part)
            if not self._queue.qsize():
                self._text.flush()


def _opened_again(file: TextIO) -> int | None:
    """The terminal under a descriptor of its own that never blocks; None where it cannot be opened again.

    The one there is belongs to the shell as well, which would not know what to make of it.
    """
    with suppress(OSError, ValueError):
        name = os.ttyname(file.fileno())
        return os.open(name, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    return None


def write_at_once(driver: type[Any]) -> None:
    """Let a driver that writes by a thread write that way."""
    module = sys.modules[driver.__module__]
    if hasattr(module, "WriterThread"):
        module.WriterThread = Writer  # type: ignore[attr-defined]
