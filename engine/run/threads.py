"""The executor of this machine: threads that embed, classify and fine-tune.

One thread for each device embeds and fine-tunes; several CPU threads classify, so that the LR and
RF of one model overlap the embedding of the next. Where the CPU is the device, the two take turns.
No other module starts threads that work on units; they only compute and put events into a queue.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import TypeVar

from engine.cancel import Cancel, Stopped
from engine.catalog.protocols import PROTOCOLS, listed
from engine.embedding.cost import Cost
from engine.environment import describe_environment, now, usable_cores
from engine.plan.launch import Options
from engine.plan.plan import Plan
from engine.run.compute import Compute, Context, LocalCompute, TaskVectors
from engine.run.contract import Mailbox
from engine.run.crashes import STRIKES, Crashes
from engine.run.events import (
    Capacity,
    EpochFinished,
    Event,
    Log,
    ModelMeasured,
    Ready,
    StageProgress,
    UnitFinished,
    UnitProgress,
    UnitStarted,
)
from engine.run.jobs import Job, finetune_label, jobs_of
from engine.run.left_out import report, report_of_each
from engine.run.pace import Pace
from engine.run.shortage import shortage
from engine.run.turns import Turns
from store.errors import GeneArenaError, unforeseen
from store.home import Home
from store.provenance import Environment, Measurement
from store.records import Cancelled, Epoch, Failed, Model, Outcome, Unit
from store.withheld import withheld

T = TypeVar("T")


class Poisoned(GeneArenaError):
    """A unit, or the embedding of a model, that brought the whole runner down time after time."""


class ThreadExecutor:
    """Does the work in threads of this process; see `contract.Executor`."""

    def __init__(
        self,
        home: Home,
        options: Options | None = None,
        compute: Compute | None = None,
        crashes: Callable[[], Crashes] | None = None,
    ) -> None:
        """For one home.

        Args:
            home: where models and vectors are.
            options: how the work is done.
            compute: stands in for this machine's own libraries.
            crashes: what is known of work that processes died of; None: what the home's runner knows.
        """
        self._crashes = crashes or (lambda: Crashes(home.mailbox))
        self._options = options or Options()
        self._compute = compute or LocalCompute(home)

    def work(self, plan: Plan, mailbox: Mailbox) -> Iterator[Event]:
        """Start the threads and pass on what they report, until none is left."""
        return _Floor(plan, mailbox, self._options, self._compute, self._crashes()).work()


def _late(unit: Unit) -> bool:
    """Whether a unit is classified after all others, so that every model soon has a first number."""
    return PROTOCOLS[unit.protocol].slow


class _Floor:
    """The threads of one run and the queues between them."""

    def __init__(
        self, plan: Plan, mailbox: Mailbox, options: Options, compute: Compute, crashes: Crashes
    ) -> None:
        self._plan, self._mailbox, self._compute, self._crashes = plan, mailbox, compute, crashes
        self._options = options
        self._cores = usable_cores()
        self._to_classify = sum(unit.family == "vectors" for unit in plan.todo)
        # Bounded, so that workers wait rather than pile up results while nobody takes them.
        self._events: queue.Queue[Event | None] = queue.Queue(maxsize=64)
        self._device_jobs: queue.Queue[Job] = queue.Queue()
        self._workers = min(options.workers or self._cores, max(1, self._to_classify))
        self._unit_jobs: Turns[tuple[Unit, TaskVectors]] = Turns(self._workers)
        self._classifying: Counter[bool] = Counter()
        """Units that the CPU threads were given and have not done: those that are late, and the others."""
        self._idle = threading.Condition()
        self._environments: dict[str, Environment] = {}
        self._lock = threading.Lock()
        self._said: set[str] = set()
        """What is said once in a run."""
        self._classified = 0
        self._classify_pace = Pace(self._events, "classify", "LR and RF")

    def work(self) -> Iterator[Event]:
        """See `ThreadExecutor.work`."""
        for job in jobs_of(self._plan.todo, self._crashes.suspected):
            self._device_jobs.put(job)
        overseer = threading.Thread(target=self._oversee, name="overseer", daemon=True)
        overseer.start()
        ended = False
        try:
            while (event := self._events.get()) is not None:
                yield event
            ended = True
        finally:
            # Closed early: let the threads run out.
            while not ended and self._events.get() is not None:
                pass
            overseer.join()

    # --------------------------------------------------------------- the threads

    def _oversee(self) -> None:
        """Start device and CPU threads, wait for them, then end the stream with None."""
        try:
            self._run_threads()
        except Exception as error:  # noqa: BLE001 - the run's boundary: nothing may die unseen
            reason = self._no_verdict(error) or _sentence(error)
            self._leave_out(self._plan.todo, f"The run cannot start: {reason}", "cpu")
        finally:
            self._events.put(None)

    def _run_threads(self) -> None:
        self._events.put(StageProgress("load", "libraries", 0, 1, 0.0, None))
        devices = self._compute.devices(self._options.device)
        self._events.put(StageProgress("load", "libraries", 1, 1, 0.0, 0.0))
        for device in devices:
            self._environment(device)
        workers = self._options.workers or self._cores
        capacity = Capacity(len(devices), workers, by_turns=devices == ("cpu",))
        self._events.put(Ready(devices, capacity))
        classifying = [
            threading.Thread(target=self._classify_units, args=(devices[0],), name=f"cpu-{n}", daemon=True)
            for n in range(self._workers)
        ]
        embedding = [
            threading.Thread(target=self._do_jobs, args=(device,), name=device, daemon=True)
            for device in devices
        ]
        with self._compute.limits(self._options.threads or self._cores):
            for thread in (*classifying, *embedding):
                thread.start()
            for thread in embedding:
                thread.join()
            self._unit_jobs.close()
            for thread in classifying:
                thread.join()
        self._crashes.forgive()

    def _do_jobs(self, device: str) -> None:
        """One device's thread: embed or fine-tune, job after job."""
        while True:
            try:
                job = self._device_jobs.get_nowait()
            except queue.Empty:
                return
            if device != "cpu" or job.finetune:
                self._unit_jobs.let_late_in()
            if device == "cpu" and self._plan.models[job.units[0].model].kind != "control":
                self._wait_for_classifiers(late=job.finetune)
            if not job.finetune:
                self._embed(job, device)
            elif device.startswith("cuda") and len(job.units) > 1 and not self._crashes.strikes(job.key):
                self._finetune_stack(job, device)
            else:
                self._crashes.cleared(job.key)  # a stack that a runner died of is tried split by split
                for unit in job.units:
                    self._finetune([unit], device, unit.key, "this unit ran", finetune_label(unit))

    def _wait_for_classifiers(self, late: bool) -> None:
        """Wait until no unit is left to be classified, late ones included or not."""
        with self._idle:
            self._idle.wait_for(
                lambda: not self._classifying[False] and not (late and self._classifying[True])
            )

    def _embed(self, job: Job, device: str) -> None:
        """Embed one model's texts and hand its units to the CPU threads."""
        units = job.units
        model = self._plan.models[units[0].model]
        tasks = [self._plan.tasks[name] for name in dict.fromkeys(unit.task for unit in units)]
        if self._crashes.suspected(job.key):
            self._events.put(
                Log("info", f"{model.name} was embedding when a runner ended; it is tried again, alone.")
            )
        try:
            with self._flight(job.key, f"{model.name} was embedding") as cancel:
                pace = Pace(self._events, "embed", model.name)
                context = Context(device, self._environment(device).hash, cancel)
                vectors = self._compute.embed(units[0], model, tasks, context, pace)
        except Exception as error:  # noqa: BLE001 - the run's boundary: it becomes rows
            if reason := self._no_verdict(error):  # no unit was tried by itself
                self._leave_out(units, reason, device)
                return
            for unit in units:
                self._finish(unit, self._verdict(unit, error, device), device)
            return
        for note in dict.fromkeys(note for part in vectors.values() for note in part.notes):
            self._events.put(Log("warning", f"{model.name}: {note}"))
        for cost in {part.cost for part in vectors.values() if part.cost}:
            measurement = self._measurement(units[0], model, cost, device)
            self._events.put(ModelMeasured(measurement, self._environment(device)))
        with self._idle:
            self._classifying.update(map(_late, units))
        for unit in units:
            self._unit_jobs.put((unit, vectors[unit.task]), listed(unit.protocol), _late(unit))

    def _classify_units(self, device: str) -> None:
        """One CPU thread: classify unit after unit."""
        while (job := self._unit_jobs.take()) is not None:
            unit, vectors = job
            try:
                work = partial(self._classify, unit, vectors)
                [outcome] = self._attempt([unit], device, unit.key, "this unit ran", work)
            except Exception as error:  # noqa: BLE001 - the run's boundary: it becomes a row
                if (short := shortage(error)) and self._unit_jobs.hand_back(job):
                    self._say_once(f"{short} Units are classified one at a time from here on.")
                    continue
                outcome = self._verdict(unit, error, device)
            self._finish(unit, outcome, device)
            with self._idle:
                self._classifying[_late(unit)] -= 1
                self._idle.notify_all()

    def _classify(self, unit: Unit, vectors: TaskVectors, context: Context) -> list[Outcome]:
        def progress(done: int, total: int) -> None:
            if total > 1:
                self._events.put(UnitProgress(unit, done, total))

        told = replace(context, progress=progress)
        return [self._compute.classify(unit, self._plan.tasks[unit.task], vectors, told)]

    def _finetune_stack(self, job: Job, device: str) -> None:
        """Fine-tune a job's units together, but for those that were given up meanwhile."""
        wanted = [unit for unit in job.units if not self._mailbox.given_up(unit.key)]
        for unit in job.units:
            if unit not in wanted:
                self._finish(unit, Cancelled(unit), device)
        if wanted:
            self._finetune(wanted, device, job.key, f"{job.label} trained", job.label)

    def _finetune(self, units: Sequence[Unit], device: str, key: str, doing: str, label: str) -> None:
        """Fine-tune units that differ by their split alone; several become one stacked model."""
        model, task = self._plan.models[units[0].model], self._plan.tasks[units[0].task]

        def on_epoch(place: int, epoch: Epoch) -> None:
            self._events.put(EpochFinished(units[place], epoch))

        pace = Pace(self._events, "finetune", label)
        self._do(
            units,
            device,
            key,
            doing,
            lambda context: self._compute.finetune(units, model, task, context, on_epoch, pace),
        )

    def _do(
        self,
        units: Sequence[Unit],
        device: str,
        key: str,
        doing: str,
        work: Callable[[Context], Sequence[Outcome | GeneArenaError]],
    ) -> None:
        """Bring units that are worked on together, as `key`, to their outcomes, whatever happens."""
        try:
            outcomes = self._attempt(units, device, key, doing, work)
        except Exception as error:  # noqa: BLE001 - the run's boundary: it becomes rows
            outcomes = [self._verdict(unit, error, device) for unit in units]
        for unit, outcome in zip(units, outcomes, strict=True):
            if isinstance(outcome, GeneArenaError):
                outcome = self._failure(unit, outcome, device)
            self._finish(unit, outcome, device)

    def _attempt(
        self,
        units: Sequence[Unit],
        device: str,
        key: str,
        doing: str,
        work: Callable[[Context], Sequence[T]],
    ) -> Sequence[T]:
        """What comes of units that are worked on together, as `key`; raises what the work raises."""
        with self._flight(key, doing) as cancel:
            for unit in units:
                self._events.put(UnitStarted(unit))
            return work(Context(device, self._environment(device).hash, cancel))

    @contextlib.contextmanager
    def _flight(self, key: str, what: str) -> Iterator[Cancel]:
        """Hold while `key` is worked on, under the cancel event this gives.

        Raises:
            Stopped: it must not start.
            Poisoned: runners die of it.
        """
        with self._crashes.turn(key):
            cancel = self._mailbox.begin(key)
            try:
                strikes = self._crashes.strikes(key)
                if strikes >= STRIKES:
                    if self._crashes.final:
                        raise Poisoned(
                            f"Its task of the array died {strikes} times while {what}.",
                            "--retry-failed tries it again.",
                        )
                    raise Poisoned(
                        f"The runner died {strikes} times while {what} and nothing else did.",
                        "See `genearena logs`; the next run tries it again.",
                    )
                with self._crashes.in_flight(key):
                    yield cancel
            except (Stopped, Poisoned):
                raise  # not cleared
            except Exception:
                self._crashes.cleared(key)
                raise
            else:
                self._crashes.cleared(key)
            finally:
                self._mailbox.end(key)

    # --------------------------------------------------------------- outcomes

    def _finish(self, unit: Unit, outcome: Outcome, device: str) -> None:
        environment = None if isinstance(outcome, Cancelled) else self._environment(device)
        self._events.put(UnitFinished(outcome, environment))
        if unit.family == "vectors":
            with self._lock:
                given_up = isinstance(outcome, Cancelled)
                self._classified += not given_up
                self._to_classify -= given_up
                done, total = self._classified, self._to_classify
            if not given_up:
                self._classify_pace(done, total)

    def _leave_out(self, units: Sequence[Unit], reason: str, device: str) -> None:
        """End units without a verdict, since none of them was tried by itself."""
        self._events.put(report(len(units), reason))
        for unit in units:
            self._finish(unit, Cancelled(unit, reason), device)

    def _verdict(self, unit: Unit, error: Exception, device: str) -> Outcome:
        if isinstance(error, Stopped):
            return Cancelled(unit)
        if reason := self._no_verdict(error):
            self._say_once(report_of_each(reason))
            return Cancelled(unit, reason)
        return self._failure(unit, error, device)

    def _no_verdict(self, error: Exception) -> str:
        """Why what happened is not held against a unit, which the next run tries again; empty if it is."""
        if isinstance(error, Poisoned):
            return "" if self._crashes.final else error.message
        return shortage(error)

    def _say_once(self, sentence: str) -> None:
        with self._lock:
            fresh = sentence not in self._said
            self._said.add(sentence)
        if fresh:
            self._events.put(Log("warning", sentence))

    def _failure(self, unit: Unit, error: Exception, device: str) -> Failed:
        text = withheld("".join(traceback.format_exception(error)))
        environment = self._environment(device).hash
        return Failed(unit, _sentence(error), text, type(error).__name__, environment, now())

    def _measurement(self, unit: Unit, model: Model, cost: Cost, device: str) -> Measurement:
        precision = unit.spec["embedding"]["precision"]
        environment = self._environment(device).hash
        return Measurement(model.name, model.revision, precision, environment, now(), **asdict(cost))

    def _environment(self, device: str) -> Environment:
        """This process's environment on `device`."""
        with self._lock:
            if device not in self._environments:
                threads = self._options.threads or self._cores
                self._environments[device] = describe_environment(self._compute.card(device), threads)
            return self._environments[device]


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, GeneArenaError) else unforeseen(error)
