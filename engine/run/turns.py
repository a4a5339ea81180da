"""The units that wait to be classified, and how many workers may take them."""

from __future__ import annotations

import heapq
import itertools
import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Jobs for several workers, all but one of which can be sent home; safe to share between threads.

    Those of the lowest place come first, and late ones last of all, once they are let in.
    """

    def __init__(self, workers: int) -> None:
        self._turn = threading.Condition()
        """Protects what follows."""
        self._jobs: list[tuple[bool, int, int, T]] = []
        """A heap: whether it is late, its place, when it came, the job."""
        self._came = itertools.count()
        self._late_too = False
        """Whether late jobs are given out."""
        self._workers = workers
        """Those that have not been sent home."""
        self._alone = False
        """Whether one is to go on alone."""
        self._tried_alone: T | None = None
        self._closed = False

    def put(self, job: T, place: int = 0, late: bool = False) -> None:
        """Add a job."""
        with self._turn:
            heapq.heappush(self._jobs, (late, place, next(self._came), job))
            self._turn.notify()

    def let_late_in(self) -> None:
        """Give late jobs out as well from here on, after all others."""
        with self._turn:
            self._late_too = True
            self._turn.notify_all()

    def close(self) -> None:
        """No further job comes but those that are handed back."""
        with self._turn:
            self._closed = self._late_too = True
            self._turn.notify_all()

    def take(self) -> T | None:
        """The next job, once there is one; None: the worker goes home."""
        with self._turn:
            self._turn.wait_for(self._decided)
            if (self._alone and self._workers > 1) or not self._ready():
                self._workers -= 1
                self._turn.notify_all()
                return None
            *_, job = heapq.heappop(self._jobs)
            self._tried_alone = job if self._alone else None
            return job

    def hand_back(self, job: T) -> bool:
        """Let one worker alone begin this job again, and do all others; False if it began it alone."""
        with self._turn:
            if job is self._tried_alone:
                return False
            self._alone = True
            heapq.heappush(self._jobs, (False, -1, next(self._came), job))
            self._turn.notify_all()
            return True

    def _decided(self) -> bool:
        return self._ready() or self._closed or (self._alone and self._workers > 1)

    def _ready(self) -> bool:
        return bool(self._jobs) and (self._late_too or not self._jobs[0][0])
