"""One run on a cluster: pieces of work given out as workers are free, and what comes of them taken in.

A worker is given no more than it can do at once, so that what was given out is being worked on: pausing is
to give out nothing, what a worker dies of is what it was at, and whoever is free gets what is next.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from engine.environment import describe_environment, now
from engine.plan.plan import Plan
from engine.run.contract import Mailbox
from engine.run.crashes import STRIKES
from engine.run.dask import worker
from engine.run.dask.broken import Broken, gone, left_out, unfit
from engine.run.dask.flight import Flight
from engine.run.dask.todo import Piece, Todo
from engine.run.dask.told import event_of, measured
from engine.run.dask.worker import Order, WorkerUnfit
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
from engine.run.jobs import Job
from store.records import Audit, Cancelled, Failed, Task, Unit

if TYPE_CHECKING:
    from distributed import Future

_LIGHT: Final = ("static", "vectors", "control", "endpoint")
"""Kinds of models that need no card."""
_LOOK: Final = 1.0
"""Seconds between two looks at the workers."""
_PATIENCE: Final = 0.1
"""Seconds between two looks at the mailbox."""


@dataclass(slots=True)
class Coordinator:
    """One run."""

    order: Order
    where: str
    """What people know the cluster by."""
    plan: Plan
    mailbox: Mailbox
    flight: Flight
    open: dict[str, Unit] = field(default_factory=dict)
    """Units without an outcome, by key."""
    todo: Todo = field(default_factory=lambda: Todo(stacks=False))
    vectors: dict[str, Future] = field(default_factory=dict)
    """Job -> its vectors, which lie on workers."""
    tasks: dict[str, Task] = field(default_factory=dict)
    """As workers are given them: without what only people look at."""
    begun: set[str] = field(default_factory=set)
    """Units that were told to have started."""
    said: set[str] = field(default_factory=set)
    looked: float | None = None
    """When the workers were last looked at."""

    def work(self) -> Iterator[Event]:
        """See `DaskExecutor.work`."""
        self.open = {unit.key: unit for unit in self.plan.todo}
        self.tasks = {name: replace(task, audit=Audit(())) for name, task in self.plan.tasks.items()}
        self.flight.listen()
        try:
            yield from self._wait_for_workers()
            self.flight.load(worker.load, self.order)
            yield Ready((self.where,), self._capacity())
            self.todo.stacks = self.flight.crew.cards > 0
            light = {name for name, model in self.plan.models.items() if model.kind in _LIGHT}
            self.todo.fill(self.plan.todo, light)
            while self.open and not self.mailbox.stopped.is_set():
                yield from self._round()
            yield from self._tell_of_workers()
        except Broken as error:
            yield from self._leave_out(str(error))
        finally:
            self.vectors.clear()
            self.flight.call_off()
        yield from self._leave_out("")

    def _wait_for_workers(self) -> Iterator[Event]:
        while not self.mailbox.stopped.is_set():
            self._look()
            if self.flight.crew.present or self.mailbox.drained.is_set():
                return
            yield from self._say(f"No worker has come to {self.where} yet; units wait for one.")
            self.mailbox.stopped.wait(_LOOK)

    def _capacity(self) -> Capacity:
        threads = max(self.flight.crew.threads, 1)
        return Capacity(self.flight.crew.cards or threads, threads, by_turns=not self.flight.crew.cards)

    # ------------------------------------------------------------------ one look at everything

    def _round(self) -> Iterator[Event]:
        yield from self._give_up()
        if self.looked is None or time.monotonic() - self.looked >= _LOOK:
            self._look()
            for name in self.flight.stranded():
                piece, _ = self.flight.pieces[name]
                self.flight.give_up(name)
                yield from self._died(piece, 1, "The worker has gone from the cluster.")
            yield from self._tell_of_workers()
        if self.mailbox.drained.is_set():
            if not (self.flight.pieces and self.flight.crew.present):
                yield from self._leave_out("")
        elif not self.mailbox.paused:
            yield from self._give_out()
        yield from self._take_in()

    def _look(self) -> None:
        """See who is there.

        Raises:
            Broken: the scheduler does not answer, or somebody new cannot do the work.
        """
        self.looked = time.monotonic()
        try:
            self.flight.look()
        except Exception as error:
            raise (unfit(error) if isinstance(error, WorkerUnfit) else gone(self.where)) from error
        if self.flight.client.status != "running":
            raise gone(self.where)

    def _tell_of_workers(self) -> Iterator[Event]:
        statuses = self.flight.crew.statuses()
        yield WorkersSeen(statuses)
        if self.open and not self.flight.crew.present:
            yield from self._say(f"All workers of {self.where} have gone; units wait for others.")
        for one in statuses:
            if one.state == "silent":
                yield from self._say(f"The worker {one.name} on {one.host} is silent.")
        done = len(self.plan.todo) - len(self.open)
        yield StageProgress("classify", self.where, done, len(self.plan.todo), 0.0, None)

    def _give_up(self) -> Iterator[Event]:
        """Give up what is in flight and was asked to be, but for units that train with others."""
        for name, (piece, _) in list(self.flight.pieces.items()):
            if len(piece.units) == 1 and self.mailbox.given_up(piece.units[0].key):
                self.flight.give_up(name)
                yield from self._finish(piece.job, UnitFinished(Cancelled(piece.units[0])))

    # ------------------------------------------------------------------ work is given out

    def _give_out(self) -> Iterator[Event]:
        """Give work to all who are free, but for what was given up meanwhile."""
        while piece := self._next():
            job = piece.job
            units = [unit for unit in piece.units or job.units if unit.key in self.open]
            for unit in [unit for unit in units if self.mailbox.given_up(unit.key)]:
                units.remove(unit)
                yield from self._finish(job, UnitFinished(Cancelled(unit)))
            if not units:
                continue
            model = self.plan.models[units[0].model]
            if piece.embeds:
                tasks = [self.tasks[name] for name in dict.fromkeys(unit.task for unit in job.units)]
                self.flight.begin(piece, worker.embed, self.order, units[0], model, tasks)
            else:
                given = self.tasks[units[0].task] if job.finetune else self.vectors[job.key]
                piece = replace(piece, units=units)
                self.flight.begin(piece, worker.work, self.order, units, model, given)

    def _next(self) -> Piece | None:
        crew = self.flight.crew
        piece = self.todo.next(crew.threads, lambda card: crew.free(card) is not None)
        if piece is None and not self.flight.pieces and crew.free(False):
            piece = self.todo.next_suspect()
        return piece

    # ------------------------------------------------------------------ what comes of it is taken in

    def _take_in(self) -> Iterator[Event]:
        """Wait a moment for something to happen, and take in all that has."""
        patience = _PATIENCE
        while heard := self.flight.next(patience):
            patience = 0.0
            name, what = heard
            if not name:
                yield from self._heard(what)
            elif name in self.flight.pieces:
                yield from self._ended(name, what)

    def _heard(self, said: dict[str, Any]) -> Iterator[Event]:
        """A worker has said what it is at."""
        name = said["piece"]
        if name not in self.flight.pieces:
            return
        piece, _ = self.flight.pieces[name]
        unit = self.open.get(said.get("unit", ""))
        if said["what"] == "embedded":
            first = piece.job.units[0]
            yield measured(said, first, self.plan.models[first.model])
        elif unit and said["what"] == "started":
            self.flight.crew.started(said["worker"], unit)
            yield from self._begin(unit)
        elif event := event_of(said, unit):
            yield event

    def _begin(self, unit: Unit) -> Iterator[Event]:
        if unit.key not in self.begun:
            self.begun.add(unit.key)
            yield UnitStarted(unit)

    def _ended(self, name: str, result: Any) -> Iterator[Event]:
        """A piece of work has come to its end."""
        piece, future = self.flight.pieces[name]
        if isinstance(result, BaseException):
            yield from self._broke(piece, result)
        elif piece.embeds:
            self.vectors[piece.job.key] = future
            self.todo.embedded(piece.job)
        else:
            for event in result:
                yield from self._passed_on(piece, event)
        self.flight.landed(name)

    def _passed_on(self, piece: Piece, event: Event) -> Iterator[Event]:
        match event:
            case Log(level, text):
                yield from self._say(text, level)
            case UnitFinished(Cancelled(unit, "")) if not self.mailbox.stopped.is_set():
                self.todo.again(replace(piece, units=(unit,)))  # its worker is about to end
            case UnitFinished(outcome, environment) if outcome.unit.key in self.open:
                if isinstance(outcome, Cancelled) and outcome.reason:
                    yield from self._say(f"Units are left out. {outcome.reason}")
                device = environment.device if environment else ""
                self.flight.crew.ended(outcome.unit.key, device)
                yield from self._finish(piece.job, event)

    def _finish(self, job: Job, event: UnitFinished) -> Iterator[Event]:
        unit = event.outcome.unit
        if not isinstance(event.outcome, Cancelled):
            yield from self._begin(unit)
        del self.open[unit.key]
        if self.todo.ended(job):
            self.vectors.pop(job.key, None)
        yield event

    # ------------------------------------------------------------------ what goes wrong

    def _broke(self, piece: Piece, error: BaseException) -> Iterator[Event]:
        """A piece of work came to nothing.

        Raises:
            Broken: and so would all others.
        """
        from distributed.scheduler import KilledWorker

        if self.flight.client.status != "running":
            raise gone(self.where)
        if not isinstance(error, KilledWorker | asyncio.CancelledError):
            raise unfit(error)
        self._look()  # or what is next would be given to the same worker
        deaths = error.allowed_failures + 1 if isinstance(error, KilledWorker) else 1
        yield from self._died(piece, deaths, str(error))

    def _died(self, piece: Piece, deaths: int, how: str) -> Iterator[Event]:
        """Workers died while they were at a piece of work: that is held against it."""
        alone = piece.deaths > 0
        piece = replace(piece, deaths=piece.deaths + deaths)
        if not alone or piece.deaths < STRIKES:
            yield from self._say(
                f"A worker was lost at {piece.words}; that is tried again last, and alone."
            )
            self.todo.suspect(piece)
            return
        sentence = (
            f"{piece.deaths} workers were lost at {piece.words}, the last of them at nothing else. "
            "See their logs, and whether they had memory enough."
        )
        environment = describe_environment("cpu", 1)
        for unit in piece.units or piece.job.units:
            if unit.key in self.open:
                failed = Failed(unit, sentence, how, "KilledWorker", environment.hash, now())
                yield from self._finish(piece.job, UnitFinished(failed, environment))

    def _leave_out(self, reason: str) -> Iterator[Event]:
        yield from left_out(list(self.open.values()), reason)
        self.open.clear()

    def _say(self, text: str, level: Literal["info", "warning", "error"] = "warning") -> Iterator[Event]:
        if text not in self.said:
            self.said.add(text)
            yield Log(level, text)
