"""A cancel event that counts how often it is looked at: `soon` is told in looks, not in seconds."""

from __future__ import annotations

import threading


class Looks(threading.Event):
    """Not set for the first `until` looks, and set from then on; without `until`, never."""

    def __init__(self, until: int | None = None) -> None:
        super().__init__()
        self._until = until
        self.looks = 0

    def is_set(self) -> bool:
        self.looks += 1
        return self._until is not None and self.looks > self._until

    def wait(self, timeout: float | None = None) -> bool:
        """At once: a pause is no look."""
        return self._until is not None and self.looks >= self._until
