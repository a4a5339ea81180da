"""One run on a cluster: pieces of work given out as workers are free, and what comes of them taken in.

A worker is given no more than it can do at once, so that what was given out is being worked on: pausing is
to give out nothing, what a worker dies of is what it was at, and whoever is free gets what is next.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from engine.cancel import Stopped
from engine.environment import describe_environment, now
from engine.plan.plan import Plan
from engine.run.arrivals import Arrivals
from engine.run.contract import Mailbox
from engine.run.crashes import STRIKES
from engine.run.dask import worker
from engine.run.dask.attendance import Attendance
from engine.run.dask.broken import Broken, gone, says_of_worker, unfit
from engine.run.dask.flight import Flight
from engine.run.dask.todo import Piece, Todo
from engine.run.dask.told import event_of, measured
from engine.run.events import (
    Capacity,
    Event,
    Log,
    Ready,
    StageProgress,
    UnitFinished,
    UnitStarted,
)
from engine.run.jobs import Job
from engine.run.left_out import left_out, report_of_each
from store.errors import unforeseen
from store.records import Audit, Cancelled, Failed, Task, Unit
from store.withheld import withheld

if TYPE_CHECKING:
    from distributed import Future

_LIGHT: Final = ("static", "vectors", "control", "endpoint")
"""Kinds of models that need no card."""
_PATIENCE: Final = 0.1
"""Seconds between two looks at the mailbox."""


@dataclass(slots=True)
class Coordinator:
    """One run."""

    plan: Plan
    mailbox: Mailbox
    there: Attendance
    flight: Flight
    open: dict[str, Unit] = field(default_factory=dict)
    """Units without an outcome, by key."""
    todo: Todo = field(default_factory=lambda: Todo(stacks=False))
    vectors: dict[str, tuple[Piece, Future]] = field(default_factory=dict)
    """Job -> what made its vectors, and these, which lie on workers."""
    tasks: dict[str, Task] = field(default_factory=dict)
    """As workers are given them: without what only people look at."""
    begun: set[str] = field(default_factory=set)
    """Units that were reported to have started."""
    arrivals: Arrivals = field(default_factory=Arrivals)

    def work(self) -> Iterator[Event]:
        """See `DaskExecutor.work`."""
        self.open = {unit.key: unit for unit in self.plan.todo}
        self.tasks = {name: replace(task, audit=Audit(())) for name, task in self.plan.tasks.items()}
        self.flight.listen()
        try:
            yield from self.there.wait(self.mailbox)
            yield Ready((self.there.where,), self._capacity())
            self.arrivals.begin()
            self.todo.stacks = self.flight.crew.cards > 0
            light = {name for name, model in self.plan.models.items() if model.kind in _LIGHT}
            self.todo.fill(self.plan.todo, light)
            while self.open and not self.mailbox.stopped.is_set():
                yield from self._round()
            yield from self._report_workers()
        except Broken as error:
            yield from self._leave_out(str(error))
        finally:
            self.vectors.clear()
            self.flight.call_off()
        yield from self._leave_out("")

    def _capacity(self) -> Capacity:
        threads = max(self.flight.crew.threads, 1)
        return Capacity(self.flight.crew.cards or threads, threads, by_turns=not self.flight.crew.cards)

    # ------------------------------------------------------------------ one look at everything

    def _round(self) -> Iterator[Event]:
        yield from self._give_up()
        if self.there.due:
            self.there.look()
            for name in self.flight.stranded():
                piece, _ = self.flight.pieces[name]
                self.flight.give_up(name)
                yield from self._died(piece, 1, "The worker has gone from the cluster.")
            for embedding, future in list(self.vectors.values()):
                if future.status == "lost":
                    self._embed_again(embedding)
            yield from self._report_workers()
        if self.mailbox.drained.is_set():
            if not self.flight.pieces:
                yield from self._leave_out("")
        elif not self.mailbox.paused:
            yield from self._give_out()
        yield from self._take_in()

    def _report_workers(self) -> Iterator[Event]:
        yield from self.there.report(waited_for=bool(self.open))
        done = len(self.plan.todo) - len(self.open)
        rate = self.arrivals.rate()
        yield StageProgress("classify", self.there.where, done, len(self.plan.todo), rate, None)

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
                self.flight.begin(piece, worker.embed, units[0], model, tasks)
            else:
                given = self.tasks[units[0].task] if job.finetune else self.vectors[job.key][1]
                piece = replace(piece, units=units)
                self.flight.begin(piece, worker.work, units, model, given)

    def _next(self) -> Piece | None:
        crew = self.flight.crew
        if any(piece.suspected for piece, _ in self.flight.pieces.values()):
            return None  # that one is tried alone
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
            yield from self._broke(name, result)
        elif piece.embeds:
            self.vectors[piece.job.key] = (replace(piece, deaths=0, duds=0), future)
            self.todo.embedded(piece.job)
        else:
            for event in result:
                yield from self._passed_on(piece, event)
        self.flight.landed(name)

    def _passed_on(self, piece: Piece, event: Event) -> Iterator[Event]:
        match event:
            case Log(level, text):
                yield from self.there.say(text, level)
            case UnitFinished(Cancelled(unit, "")) if not self.mailbox.stopped.is_set():
                self.todo.again(replace(piece, units=(unit,)))  # its worker is about to end
            case UnitFinished(outcome, environment) if outcome.unit.key in self.open:
                if isinstance(outcome, Cancelled) and outcome.reason:
                    yield from self.there.say(report_of_each(outcome.reason))
                device = environment.device if environment else ""
                self.flight.crew.ended(outcome.unit.key, device)
                yield from self._finish(piece.job, event)

    def _finish(self, job: Job, event: UnitFinished) -> Iterator[Event]:
        unit = event.outcome.unit
        if not isinstance(event.outcome, Cancelled):
            self.arrivals.add()
            yield from self._begin(unit)
        del self.open[unit.key]
        if self.todo.ended(job):
            self.vectors.pop(job.key, None)
        yield event

    # ------------------------------------------------------------------ what goes wrong

    def _broke(self, name: str, error: BaseException) -> Iterator[Event]:
        """A piece of work came to nothing: its worker died, ends or is unfit, or it cannot be read here.

        Raises:
            Broken: the cluster cannot go on.
        """
        from distributed.scheduler import KilledWorker

        piece, _ = self.flight.pieces[name]
        if self.flight.client.status != "running":
            raise gone(self.there.where)
        if isinstance(error, Stopped):
            self.todo.again(piece)
        elif isinstance(error, KilledWorker | asyncio.CancelledError):
            self.there.look()  # or what is next would be given to the same worker
            deaths = error.allowed_failures + 1 if isinstance(error, KilledWorker) else 1
            yield from self._died(piece, deaths, str(error))
        elif says_of_worker(error):
            self.flight.crew.judge(self.flight.crew.at[name][0], str(unfit(error)))
            self.todo.suspect(piece)  # last: it may be that no worker can do it
        else:
            yield from self._came_to_nothing(piece, error)

    def _embed_again(self, embedding: Piece) -> None:
        """The vectors of a job went with the workers that had them."""
        job = embedding.job
        del self.vectors[job.key]
        self.todo.lost(embedding)
        for name, (piece, _) in list(self.flight.pieces.items()):
            if piece.job is job and name not in self.flight.at_work:
                self.flight.give_up(name)
                self.todo.again(piece)

    def _died(self, piece: Piece, deaths: int, how: str) -> Iterator[Event]:
        """Workers died while they were at a piece of work: that is held against it."""
        alone, piece = piece.suspected, replace(piece, deaths=piece.deaths + deaths)
        if not alone or piece.deaths < STRIKES:
            yield from self._put_off(piece, f"A worker was lost at {piece.words}")
            return
        sentence = (
            f"{piece.deaths} workers were lost at {piece.words}, the last of them at nothing else. "
            "See their logs, and whether they had memory enough."
        )
        yield from self._fail(piece, sentence, how, "KilledWorker")

    def _came_to_nothing(self, piece: Piece, error: BaseException) -> Iterator[Event]:
        """A worker that lives sent nothing of a piece of work, such as what cannot be read here."""
        alone, piece = piece.suspected, replace(piece, duds=piece.duds + 1)
        if not alone or piece.duds < STRIKES:
            yield from self._put_off(piece, f"Nothing came of {piece.words} ({unforeseen(error)})")
            return
        sentence = f"Nothing came of {piece.words}, {piece.duds} times ({unforeseen(error)})."
        how = withheld("".join(traceback.format_exception(error)))
        yield from self._fail(piece, sentence, how, type(error).__name__)

    def _put_off(self, piece: Piece, why: str) -> Iterator[Event]:
        yield from self.there.say(f"{why}; that is tried again last, and alone.")
        self.todo.suspect(piece)

    def _fail(self, piece: Piece, sentence: str, how: str, error: str) -> Iterator[Event]:
        environment = describe_environment("cpu", 1)
        for unit in piece.units or piece.job.units:
            if unit.key in self.open:
                failed = Failed(unit, sentence, how, error, environment.hash, now())
                yield from self._finish(piece.job, UnitFinished(failed, environment))

    def _leave_out(self, reason: str) -> Iterator[Event]:
        yield from left_out(list(self.open.values()), reason)
        self.open.clear()
