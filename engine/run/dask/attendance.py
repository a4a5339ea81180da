"""Who is there to do the work of a run on a cluster, looked at every second, and what is said of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from engine.run.contract import Mailbox
from engine.run.dask.broken import Broken, gone
from engine.run.dask.crew import Worker
from engine.run.dask.flight import Flight
from engine.run.events import Event, Log, WorkersSeen

_LOOK: Final = 1.0
"""Seconds between two looks."""
_OTHERS: Final = 30.0
"""Seconds for which others are waited for where all workers are unfit."""


@dataclass(slots=True)
class Attendance:
    """The workers of one run; for one thread."""

    where: str
    """What people know the cluster by."""
    flight: Flight
    _said: set[str] = field(default_factory=set)
    _looked: float | None = None
    """When the workers were last looked at."""
    _unfit_since: float | None = None
    """Since when all workers that are there are unfit."""

    @property
    def due(self) -> bool:
        """Whether it is time for a look."""
        return self._looked is None or time.monotonic() - self._looked >= _LOOK

    def look(self) -> None:
        """See who is there.

        Raises:
            Broken: the scheduler does not answer, or nobody has been there for long who can do the work,
                and nothing is in flight.
        """
        self._looked = time.monotonic()
        try:
            self.flight.look()
        except Exception as error:
            raise gone(self.where) from error
        if self.flight.client.status != "running":
            raise gone(self.where)
        unfit = self.flight.crew.unfit
        if self.flight.crew.present or not unfit:
            self._unfit_since = None
        elif self._unfit_since is None:
            self._unfit_since = self._looked
        elif self._looked - self._unfit_since >= _OTHERS and not self.flight.pieces:
            raise Broken(_left_out(unfit[0]))

    def wait(self, mailbox: Mailbox) -> Iterator[Event]:
        """Wait for the first worker that may do the work, for as long as anybody wants it."""
        while not mailbox.stopped.is_set():
            self.look()
            if self.flight.crew.present or mailbox.drained.is_set():
                return
            yield from self.report()
            if not self.flight.crew.unfit:
                yield from self.say(f"No worker has come to {self.where} yet; units wait for one.")
            mailbox.stopped.wait(_LOOK)

    def report(self, *, waited_for: bool = False) -> Iterator[Event]:
        """How the workers stand; `waited_for`: something is left for them to do."""
        crew = self.flight.crew
        statuses = crew.statuses()
        yield WorkersSeen(statuses)
        if waited_for and not (crew.present or crew.unfit):
            yield from self.say(f"All workers of {self.where} have gone; units wait for others.")
        for one in crew.unfit:
            yield from self.say(_left_out(one))
        for status in statuses:
            if status.state == "silent":
                yield from self.say(f"The worker {status.name} on {status.host} is silent.")

    def say(self, text: str, level: Literal["info", "warning", "error"] = "warning") -> Iterator[Event]:
        """Say something once."""
        if text not in self._said:
            self._said.add(text)
            yield Log(level, text)


def _left_out(worker: Worker) -> str:
    return f"The worker {worker.address} on {worker.host} is left out. {worker.unfit}"
