"""Who does the work of a run: the contract of an executor, and what may be asked of it meanwhile.

Whoever keeps it is interchangeable: threads of this process, a job array, or a Dask cluster.
`tests/contracts` holds one suite that every executor passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from engine.cancel import Cancel
from engine.plan.plan import Plan
from engine.run.events import Event


class Mailbox(Protocol):
    """What has been asked of a run so far; any thread may look."""

    @property
    def stopped(self) -> Cancel:
        """Set once everything in flight has to give up."""

    @property
    def drained(self) -> Cancel:
        """Set once no further unit may start."""

    @property
    def paused(self) -> bool:
        """Whether units wait to be started."""

    @property
    def leaving(self) -> Cancel:
        """Set before `stopped` where this process has to end: what goes on without it may."""

    def given_up(self, key: str) -> bool:
        """Whether this one unit was given up."""

    def begin(self, key: str) -> Cancel:
        """Wait while paused, then what tells work on `key` to give up.

        Raises:
            Stopped: it must not start.
        """

    def end(self, key: str) -> None:
        """`key` is not worked on any more."""


class Executor(Protocol):
    """Does the work of a plan, anywhere; it saves nothing."""

    def work(self, plan: Plan, mailbox: Mailbox) -> Iterator[Event]:
        """Bring every unit of `plan.todo` to one outcome, and yield what happens meanwhile.

        One `Ready` comes before the first unit starts, with what can go on at once. Each unit ends
        in exactly one `UnitFinished`: scored, failed, or cancelled if the mailbox said so before it
        had an outcome. Scored and failed ones name their environment, and carry it. A unit never
        raises; what it raised is its failure. Once `mailbox.stopped` is set, work in flight gives up
        within a step and the rest is cancelled without being started; if `mailbox.leaving` is, too, what
        other processes do may go on, and is cancelled here alone. Iteration is by one thread, which may
        pause for long (a full disk): few outcomes are in memory then, since work waits, or keeps them on
        a disk. Closing the iterator early, after `mailbox.stopped` was set, leaves nothing running behind
        but that.
        """
