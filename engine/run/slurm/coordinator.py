"""One run by job arrays: submitted, told what is asked, followed, and what is missing submitted again."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from engine.mailbox import WorkerStatus
from engine.plan.launch import Options, Slurm
from engine.plan.plan import Plan
from engine.run.arrivals import Arrivals
from engine.run.contract import Mailbox
from engine.run.crashes import hold_deaths
from engine.run.events import (
    Capacity,
    Event,
    Log,
    Ready,
    StageProgress,
    UnitFinished,
    UnitStarted,
    WorkersSeen,
)
from engine.run.left_out import left_out
from engine.run.shards.array import Frozen, freeze, frozen_arrays
from engine.run.shards.cut import shards_of
from engine.run.shards.followed import SEEN, Followed
from engine.run.shards.told import State, ask
from engine.run.slurm.scheduler import Scheduler, SchedulerError, Unreachable
from engine.run.slurm.script import script
from engine.run.slurm.worries import worries
from store.errors import StoreError
from store.home import Home
from store.records import Cancelled, Failed, Unit

_ENDED: Final = 5.0
"""Seconds for which what ended tasks have saved is waited for where nobody needs it to go on."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long a coordinator waits, in seconds."""

    read: float = 2.0
    """Between two looks into the folders of its arrays."""
    ask: float = 10.0
    """Between two questions to SLURM, whose controller serves others, too."""
    grace: float = SEEN
    """For what tasks that were killed have saved."""
    end: float = 90.0
    """For tasks to end that were told to: SLURM kills them half a minute after its SIGTERM, as a rule."""


@dataclass(slots=True)
class _Array:
    """An array that is followed."""

    followed: Followed
    own: bool
    """Whether this coordinator submitted it."""
    asked: tuple[State, frozenset[str]] | None = None
    """What was last asked of its tasks."""
    over: bool = False

    @property
    def frozen(self) -> Frozen:
        return self.followed.frozen


@dataclass(slots=True)
class Coordinator:
    """One run."""

    home: Home
    options: Options
    scheduler: Scheduler
    pauses: Pauses
    plan: Plan
    mailbox: Mailbox
    open: dict[str, Unit] = field(default_factory=dict)
    """Units without an outcome, by key."""
    arrays: list[_Array] = field(default_factory=list)
    deaths: Counter[str] = field(default_factory=Counter)
    """What tasks were at when they died -> how often."""
    given_up: set[str] = field(default_factory=set)
    arrivals: Arrivals = field(default_factory=Arrivals)
    said: set[str] = field(default_factory=set)
    asked_at: float | None = None
    """When SLURM was last asked."""
    wait_until: float = 0.0
    """When SLURM is asked again to take what it could not be given, by the monotonic clock."""

    def work(self) -> Iterator[Event]:
        """See `SlurmExecutor.work`."""
        self.open = {unit.key: unit for unit in self.plan.todo}
        slurm = self.options.slurm or Slurm()
        each = self.options.workers or slurm.cpus or 1
        where = f"slurm {slurm.partition}".strip()
        yield Ready((where,), Capacity(slurm.array, slurm.array * each, by_turns=False))
        for frozen in frozen_arrays(self.home):
            followed = Followed(frozen, frozen.quiet_s())
            if followed.units.keys() & self.open.keys():
                self.deaths |= followed.deaths()
                if not frozen.ended:
                    self.arrays.append(_Array(followed, own=False))
        try:
            while self.open and not self._stopped():
                yield from self._round()
                if self.open:
                    self.mailbox.stopped.wait(self.pauses.read)
        finally:
            if self._stopped() and not self.mailbox.leaving.is_set():
                self._cancel()
                self._wait_for_ends()
        if not self._stopped():
            self._wait_for_ends(own=True)
        yield from self._last_words()

    # ------------------------------------------------------------------ one look at everything

    def _round(self) -> Iterator[Event]:
        yield from self._give_up()
        if self.mailbox.paused:
            yield from self._say(self.options.while_paused)
        yield from self._look()
        for array in [array for array in self.arrays if not array.over]:
            if array.followed.over(self.pauses.grace):
                yield from self._settle(array)
        yield from self._plan_again()
        workers = tuple(self._workers())
        for sentence in worries(workers):
            yield from self._say(sentence)
        yield WorkersSeen(workers)
        done = len(self.plan.todo) - len(self.open)
        rate = self.arrivals.rate()
        yield StageProgress("classify", "the job array", done, len(self.plan.todo), rate, None)

    def _workers(self) -> Iterator[WorkerStatus]:
        """The tasks of the arrays that live, or of the last one, and those of others that died."""
        shown = [id(array) for array in self._living() or self.arrays[-1:]]
        for array in self.arrays:
            tasks = array.followed.workers()
            yield from tasks if id(array) in shown else (one for one in tasks if one.state == "died")

    def _plan_again(self) -> Iterator[Event]:
        """Submit what no array was given, and what none brought to an outcome once all have ended."""
        given = {key for array in self.arrays for key in array.followed.units}
        missing = [unit for key, unit in self.open.items() if key not in given or not self._living()]
        if missing and self.mailbox.drained.is_set():
            yield from self._leave_out(missing, "")
        elif missing and not self.mailbox.paused and time.monotonic() >= self.wait_until:
            yield from self._submit(missing)

    def _living(self, *, own: bool = False) -> list[_Array]:
        return [array for array in self.arrays if not array.over and array.own >= own]

    def _look(self) -> Iterator[Event]:
        """Ask SLURM if it is time to, and read what is new."""
        clock = time.monotonic()
        if self.asked_at is None or clock - self.asked_at >= self.pauses.ask:
            self.asked_at = clock
            yield from self._ask_scheduler()
        for array in self._living():
            self._tell(array)
            for event in chain(array.followed.heard(), array.followed.saved()):
                yield from self._passed_on(array, event)

    def _ask_scheduler(self) -> Iterator[Event]:
        for array in self._living():
            try:
                array.followed.queued(self.scheduler.queued(array.frozen.name))
            except SchedulerError as error:
                yield from self._say(f"{error} What tasks of the array save is collected meanwhile.")

    def _passed_on(self, array: _Array, event: Event) -> Iterator[Event]:
        if not isinstance(event, UnitFinished):
            if not isinstance(event, UnitStarted) or event.unit.key in self.open:
                yield event
            return
        unit = event.outcome.unit
        if not array.own and isinstance(event.outcome, Failed) and unit.key in self.plan.failed:
            return  # known, and to be tried again
        if self.open.pop(unit.key, None):
            self.arrivals.add()
            if array.followed.begins(unit.key):
                yield UnitStarted(unit)
            yield event

    # ------------------------------------------------------------------ what is asked

    def _give_up(self) -> Iterator[Event]:
        for key in [key for key in self.open if self.mailbox.given_up(key)]:
            self.given_up.add(key)
            yield UnitFinished(Cancelled(self.open.pop(key)))

    def _state(self) -> State:
        if self.mailbox.stopped.is_set():
            return "stop"
        if self.mailbox.drained.is_set():
            return "drain"
        return "pause" if self.mailbox.paused else "go"

    def _tell(self, array: _Array) -> None:
        """Let the tasks know what is asked, if that has changed."""
        wanted = (self._state(), frozenset(self.given_up & array.followed.units.keys()))
        if wanted != array.asked and not self.mailbox.leaving.is_set():
            with suppress(StoreError):  # a full disk: the next look tries again
                ask(array.frozen.folder, *wanted)
                array.asked = wanted
            if wanted[0] == "drain":
                with suppress(SchedulerError):
                    self.scheduler.cancel(array.frozen.name, waiting_only=True)

    def _stopped(self) -> bool:
        return self.mailbox.stopped.is_set()

    # ------------------------------------------------------------------ arrays begin and end

    def _submit(self, units: list[Unit]) -> Iterator[Event]:
        for array in self.arrays:
            self.deaths |= array.followed.deaths()
        try:
            shards = shards_of(self.home, self.plan, units, self.options)
            frozen = freeze(self.home, self.plan, shards, self.options, script)
        except StoreError as error:
            yield from self._leave_out(units, str(error))
            return
        for index in range(len(shards)):
            hold_deaths(frozen.marks(index), self.deaths)
        array = _Array(Followed(frozen), own=True)
        self._tell(array)
        try:
            job = self.scheduler.submit(frozen.folder / "array.sh")
        except SchedulerError as error:
            shutil.rmtree(frozen.folder, ignore_errors=True)  # a task that runs all the same finds nothing
            if isinstance(error, Unreachable):
                self.wait_until = time.monotonic() + self.pauses.ask
                yield from self._say(f"{error} It is asked again.")
            else:
                yield from self._leave_out(units, str(error))
            return
        self.arrays.append(array)
        self.asked_at = None
        what = f"{len(units)} units as job {job}, in {len(shards)} tasks"
        yield Log("info", f"Submitted {what}: {frozen.folder}")

    def _settle(self, array: _Array) -> Iterator[Event]:
        """An array has ended: take the rest in, and leave out what a further one would not do either."""
        for event in array.followed.saved(closed=True):
            yield from self._passed_on(array, event)
        array.over = True
        array.frozen.end()
        missing = [unit for key, unit in self.open.items() if key in array.followed.units]
        if array.own and missing and not array.followed.outcomes and not array.followed.died():
            yield from self._leave_out(missing, array.followed.why())
        elif missing and not self._stopped():
            yield Log("warning", f"{array.frozen.name} ended without {len(missing)} of its units.")

    def _leave_out(self, units: list[Unit], reason: str) -> Iterator[Event]:
        for unit in units:
            self.open.pop(unit.key)
        yield from left_out(units, reason)

    def _cancel(self) -> None:
        for array in self._living():
            self._tell(array)
            with suppress(SchedulerError):
                self.scheduler.cancel(array.frozen.name)

    def _wait_for_ends(self, *, own: bool = False) -> None:
        """Wait for tasks that were told to end, or have nothing left to do: of own arrays, or of all."""
        end = time.monotonic() + self.pauses.end
        while (living := self._living(own=own)) and time.monotonic() < end:
            for array in living:
                with suppress(SchedulerError):
                    array.followed.queued(self.scheduler.queued(array.frozen.name))
                list(array.followed.heard())
                array.over = array.followed.over(min(self.pauses.grace, _ENDED))
            if self._living(own=own):
                time.sleep(min(self.pauses.read, 1.0))

    def _last_words(self) -> Iterator[Event]:
        """What tasks saved before they ended, and then what is left without an outcome."""
        for array in self.arrays:
            for event in array.followed.saved(closed=array.over):
                yield from self._passed_on(array, event)
            if array.over:
                array.frozen.end()
        yield from self._leave_out(list(self.open.values()), "")

    def _say(self, sentence: str) -> Iterator[Event]:
        if sentence not in self.said:
            self.said.add(sentence)
            yield Log("warning", sentence)
