"""Something read in the background before it is asked for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """A value that a thread reads; one that cannot be read is None, and up to whoever asks again."""

    def __init__(self, read: Callable[[], T]) -> None:
        """Begin to read."""
        self._read = read
        self._value: T | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with contextlib.suppress(Exception):
            self._value = self._read()

    def look(self) -> T | None:
        """The value, if it is there already."""
        return self._value

    def take(self) -> T | None:
        """The value, once it is known whether it can be read; may block."""
        self._thread.join()
        return self._value
