"""The units that wait to be classified, and how many workers may take them."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Jobs for several workers, all but one of which can be sent home; safe to share between threads."""

    def __init__(self, workers: int) -> None:
        self._turn = threading.Condition()
        """Protects what follows."""
        self._jobs: deque[T] = deque()
        self._workers = workers
        """Those that have not been sent home."""
        self._alone = False
        """Whether one is to go on alone."""
        self._tried_alone: T | None = None
        self._closed = False

    def put(self, job: T) -> None:
        """Add a job."""
        with self._turn:
            self._jobs.append(job)
            self._turn.notify()

    def close(self) -> None:
        """No further job comes but those that are handed back."""
        with self._turn:
            self._closed = True
            self._turn.notify_all()

    def take(self) -> T | None:
        """The next job, once there is one; None: the worker goes home."""
        with self._turn:
            self._turn.wait_for(self._decided)
            if (self._alone and self._workers > 1) or not self._jobs:
                self._workers -= 1
                self._turn.notify_all()
                return None
            job = self._jobs.popleft()
            self._tried_alone = job if self._alone else None
            return job

    def hand_back(self, job: T) -> bool:
        """Let one worker alone begin this job again, and do all others; False if it began it alone."""
        with self._turn:
            if job is self._tried_alone:
                return False
            self._alone = True
            self._jobs.appendleft(job)
            self._turn.notify_all()
            return True

    def _decided(self) -> bool:
        return bool(self._jobs) or self._closed or (self._alone and self._workers > 1)
