"""From calls of progress(done, total) to few events with a rate and the time left."""

from __future__ import annotations

import queue
import threading
import time
from typing import Final

from engine.run.events import Event, Stage, StageProgress

_INTERVAL: Final = 0.1
"""Seconds between two events of one stage."""


class Pace:
    """Puts at most ten events a second into a queue; may be called from any thread."""

    def __init__(self, events: queue.Queue[Event | None], stage: Stage, label: str) -> None:
        self._events, self._stage, self._label = events, stage, label
        self._started = self._told = time.monotonic()
        self._lock = threading.Lock()

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` items are done; the last call is always told."""
        with self._lock:
            clock = time.monotonic()
            if done < total and clock - self._told < _INTERVAL:
                return
            self._told = clock
        elapsed = clock - self._started
        rate = done / elapsed if elapsed > 0 else 0.0
        eta = (total - done) / rate if rate else None
        self._events.put(StageProgress(self._stage, self._label, done, total, rate, eta))
