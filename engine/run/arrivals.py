"""How fast outcomes come in that are worked out elsewhere, and heard of in lumps."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

LATEST: Final = 300.0
"""Seconds over which a rate is taken: units may take minutes, and a queue hours before the first."""


class Arrivals:
    """Counts what has come in; for one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing has come in yet."""
        self._clock = clock
        self._count = 0
        self._looks: deque[tuple[float, int]] = deque()
        """When the rate was looked at, with what had come in by then."""

    def begin(self) -> None:
        """What has come in by now was there before: it is no part of the rate."""
        self._looks.append((self._clock(), self._count))

    def add(self) -> None:
        """One more has come in."""
        self._count += 1

    def rate(self) -> float:
        """A second, over the latest minutes; 0 until known. The first look begins, at the latest."""
        self.begin()
        now = self._looks[-1][0]
        while len(self._looks) > 2 and self._looks[1][0] <= now - LATEST:
            self._looks.popleft()
        since, before = self._looks[0]
        return (self._count - before) / (now - since) if now > since else 0.0
