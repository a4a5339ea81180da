"""run(plan, store, control) -> Iterator[Event]; the only place with threads that work on units.

One thread for each device embeds and fine-tunes; several CPU threads classify, so that the LR and
RF of one model overlap the embedding of the next. Where the CPU is the device, the two take turns.
Threads only compute and put events into a queue; the caller's thread, iterating, is the one that
writes: a finished unit is in the journal, synced, before its event is yielded.
"""

from __future__ import annotations

import contextlib
import os
import queue
import socket
import threading
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Final

from engine.cancel import Stopped
from engine.data.tasks.audit import NO_TEXT
from engine.embedding.cost import Cost
from engine.environment import describe_environment, now, usable_cores
from engine.plan.plan import Plan
from engine.run.compute import Compute, Context, LocalCompute, TaskVectors
from engine.run.crashes import STRIKES, Crashes
from engine.run.events import (
    EpochFinished,
    Event,
    Log,
    ModelMeasured,
    Ready,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    StageProgress,
    UnitFinished,
    UnitStarted,
)
from engine.run.jobs import Job, finetune_label, jobs_of
from engine.run.pace import Pace
from engine.run.steering import Steering
from store.entries import Record
from store.errors import GeneArenaError
from store.journal import DiskFull
from store.records import Cancelled, Environment, Epoch, Failed, Measurement, Model, Outcome, Run, Unit
from store.store import Store

_BATCH: Final = 64
"""Events saved together: few enough to fit where little space is left, many enough to share a sync."""
_DISK_RETRY: Final = 1.0
"""Seconds between two tries to save on a full disk."""


class Poisoned(GeneArenaError):
    """A unit, or the embedding of a model, that brought the whole runner down time after time."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run, none of which may change a number beyond rounding."""

    device: str = "auto"
    workers: int = 0
    """CPU threads that classify; 0: one for each core."""
    threads: int = 0
    """Threads of torch on the CPU; 0: one for each core."""


def run(
    plan: Plan,
    store: Store,
    control: Steering,
    options: Options | None = None,
    compute: Compute | None = None,
) -> Iterator[Event]:
    """Run what `plan` still has to do and yield what happens.

    Nothing is loaded and no thread is started when there is nothing to do. Closing the iterator
    stops the run.

    Raises:
        StoreError: the journal cannot be written for another reason than a full disk.
    """
    record = Run(
        f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}",
        now(),
        plan.selection.to_json(),
        len(plan.units),
        len(plan.units) - len(plan.todo),
        os.getpid(),
        socket.gethostname(),
    )
    yield RunStarted(record)
    counts: Counter[str] = Counter()
    if plan.todo:
        yield from _gaps(plan)
        floor = _Floor(plan, store, control, options or Options(), compute or LocalCompute(store.home))
        yield from _save(store, [record, *plan.models.values(), *plan.tasks.values()], control)
        for event in floor.work():
            if isinstance(event, UnitFinished):
                counts[type(event.outcome).__name__] += 1
            yield event
    ended = replace(record, finished_at=now(), state=_end_state(counts, len(plan.todo)))
    if plan.todo:
        yield from _save(store, [ended], control)
    yield RunFinished(ended, counts["Scored"], counts["Failed"], counts["Cancelled"])


def _gaps(plan: Plan) -> Iterator[Event]:
    """Tell of each task how many of its genes have no text of their own."""
    for task in plan.tasks.values():
        bare = len({gene.symbol for gene in task.audit.genes if gene.used and gene.reason == NO_TEXT})
        if bare:
            yield Log("info", f"{task.name}: {bare} genes have no {task.recipe}; their name stands in.")


def _end_state(counts: Counter[str], wanted: int) -> str:
    if counts["Scored"] + counts["Failed"] < wanted:
        return "cancelled"
    return "failed" if counts["Failed"] else "finished"


def _save(store: Store, records: Sequence[Record], control: Steering) -> Iterator[Event]:
    """Append durably; on a full disk, say so, wait and try again until it fits or is stopped."""
    told = False
    while True:
        try:
            store.append(*records)
        except DiskFull as error:
            if not told:
                yield RunPaused(str(error))
                told = True
            if control.stopped.wait(_DISK_RETRY):
                raise
        else:
            if told:
                yield RunResumed()
            return


class _Floor:
    """The threads of one run and the queues between them."""

    def __init__(
        self, plan: Plan, store: Store, control: Steering, options: Options, compute: Compute
    ) -> None:
        self._plan, self._store, self._control, self._compute = plan, store, control, compute
        self._options = options
        self._cores = usable_cores()
        # Bounded, so that workers wait rather than pile up results while the disk is full.
        self._events: queue.Queue[Event | None] = queue.Queue(maxsize=1000)
        self._device_jobs: queue.Queue[Job] = queue.Queue()
        self._unit_jobs: queue.Queue[tuple[Unit, TaskVectors] | None] = queue.Queue()
        self._classifying = 0
        self._idle = threading.Condition()
        self._environments: dict[str, Environment] = {}
        self._saved_environments: set[str] = set()
        self._lock = threading.Lock()
        self._crashes = Crashes(store.home.mailbox)
        self._to_classify = sum(unit.family == "vectors" for unit in plan.todo)
        self._classified = 0
        self._classify_pace = Pace(self._events, "classify", "LR and RF")

    # --------------------------------------------------------------- the caller's thread

    def work(self) -> Iterator[Event]:
        """Start the threads, save and pass on what they report, until none is left."""
        for job in jobs_of(self._plan.todo, self._crashes.suspected):
            self._device_jobs.put(job)
        overseer = threading.Thread(target=self._oversee, name="overseer", daemon=True)
        overseer.start()
        ended = False
        try:
            while batch := [self._counted(event) for event in self._next_batch()]:
                kept: list[Record] = [
                    event.outcome
                    for event in batch
                    if isinstance(event, UnitFinished) and not isinstance(event.outcome, Cancelled)
                ]
                kept += [event.measurement for event in batch if isinstance(event, ModelMeasured)]
                if kept:
                    yield from _save(self._store, [*self._new_environments(), *kept], self._control)
                yield from batch
            ended = True
        finally:
            # The caller closed the iterator, or the store failed: let the threads run out.
            if not ended:
                self._control.stop()
                while self._events.get() is not None:
                    pass
            overseer.join()

    def _next_batch(self) -> list[Event]:
        """What has happened, from one event to `_BATCH`; empty when every thread has ended."""
        batch: list[Event] = []
        while len(batch) < _BATCH:
            try:
                event = self._events.get(block=not batch)
            except queue.Empty:
                break
            if event is None:
                self._events.put(None)
                break
            batch.append(event)
        return batch

    def _counted(self, event: Event) -> Event:
        """A failure is told which attempt it is; the store's journals are read by this thread only."""
        if not isinstance(event, UnitFinished) or not isinstance(event.outcome, Failed):
            return event
        before = self._store.attempts().get(event.outcome.unit.key, 0)
        return UnitFinished(replace(event.outcome, attempt=before + 1))

    def _new_environments(self) -> list[Record]:
        with self._lock:
            fresh = [e for e in self._environments.values() if e.hash not in self._saved_environments]
            self._saved_environments.update(environment.hash for environment in fresh)
        return list(fresh)

    # --------------------------------------------------------------- the threads

    def _oversee(self) -> None:
        """Start device and CPU threads, wait for them, then end the stream with None."""
        try:
            self._run_threads()
        except Exception as error:  # noqa: BLE001 - the run's boundary: nothing may die unseen
            self._events.put(Log("error", f"The run cannot start: {_sentence(error)}"))
            for unit in self._plan.todo:
                self._finish(unit, self._failure(unit, error, ""))
        finally:
            self._events.put(None)

    def _run_threads(self) -> None:
        self._events.put(StageProgress("load", "libraries", 0, 1, 0.0, None))
        devices = self._compute.devices(self._options.device)
        self._events.put(StageProgress("load", "libraries", 1, 1, 0.0, 0.0))
        for device in devices:
            self._environment(device)
        self._events.put(Ready(devices))
        workers = self._options.workers or self._cores
        classifying = [
            threading.Thread(target=self._classify_units, args=(devices[0],), name=f"cpu-{n}", daemon=True)
            for n in range(min(workers, max(1, self._to_classify)))
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
            for _ in classifying:
                self._unit_jobs.put(None)
            for thread in classifying:
                thread.join()

    def _do_jobs(self, device: str) -> None:
        """One device's thread: embed or fine-tune, job after job."""
        while True:
            try:
                job = self._device_jobs.get_nowait()
            except queue.Empty:
                return
            if device == "cpu":
                self._wait_for_classifiers()
            if not job.finetune:
                self._embed(job, device)
            elif device.startswith("cuda") and len(job.units) > 1:
                self._finetune_stack(job, device)
            else:
                for unit in job.units:
                    self._finetune([unit], device, unit.key, "this unit ran", finetune_label(unit))

    def _wait_for_classifiers(self) -> None:
        with self._idle:
            self._idle.wait_for(lambda: self._classifying == 0)

    def _embed(self, job: Job, device: str) -> None:
        """Embed one model's texts and hand its units to the CPU threads."""
        units = job.units
        model = self._plan.models[units[0].model]
        tasks = [self._plan.tasks[name] for name in dict.fromkeys(unit.task for unit in units)]
        try:
            with self._flight(job.key, f"{model.name} was embedding") as cancel:
                pace = Pace(self._events, "embed", model.name)
                context = Context(device, self._environment(device), cancel)
                vectors = self._compute.embed(units[0], model, tasks, context, pace)
        except Exception as error:  # noqa: BLE001 - the run's boundary: it becomes rows
            for unit in units:
                self._finish(unit, self._verdict(unit, error, device))
            return
        for note in dict.fromkeys(note for part in vectors.values() for note in part.notes):
            self._events.put(Log("warning", f"{model.name}: {note}"))
        for cost in {part.cost for part in vectors.values() if part.cost}:
            self._events.put(ModelMeasured(self._measurement(units[0], model, cost, device)))
        with self._idle:
            self._classifying += len(units)
        for unit in units:
            self._unit_jobs.put((unit, vectors[unit.task]))

    def _classify_units(self, device: str) -> None:
        """One CPU thread: classify unit after unit."""
        while (job := self._unit_jobs.get()) is not None:
            unit, vectors = job
            try:
                work = partial(self._classify, unit, vectors)
                self._do([unit], device, unit.key, "this unit ran", work)
            finally:
                with self._idle:
                    self._classifying -= 1
                    self._idle.notify_all()

    def _classify(self, unit: Unit, vectors: TaskVectors, context: Context) -> list[Outcome]:
        return [self._compute.classify(unit, self._plan.tasks[unit.task], vectors, context)]

    def _finetune_stack(self, job: Job, device: str) -> None:
        """Fine-tune a job's units together, but for those that were given up meanwhile."""
        wanted = [unit for unit in job.units if not self._control.given_up(unit.key)]
        for unit in job.units:
            if unit not in wanted:
                self._finish(unit, Cancelled(unit))
        if wanted:
            self._finetune(wanted, device, job.key, f"{job.label} trained", job.label)

    def _finetune(self, units: Sequence[Unit], device: str, key: str, doing: str, label: str) -> None:
        """Fine-tune units that differ by their split alone; several become one stacked model."""
        model, task = self._plan.models[units[0].model], self._plan.tasks[units[0].task]

        def told(place: int, epoch: Epoch) -> None:
            self._events.put(EpochFinished(units[place], epoch))

        pace = Pace(self._events, "finetune", label)
        self._do(
            units,
            device,
            key,
            doing,
            lambda context: self._compute.finetune(units, model, task, context, told, pace),
        )

    def _do(
        self,
        units: Sequence[Unit],
        device: str,
        key: str,
        doing: str,
        work: Callable[[Context], Sequence[Outcome]],
    ) -> None:
        """Bring units that are worked on together, as `key`, to their outcomes, whatever happens."""
        try:
            with self._flight(key, doing) as cancel:
                for unit in units:
                    self._events.put(UnitStarted(unit))
                outcomes = work(Context(device, self._environment(device), cancel))
        except Exception as error:  # noqa: BLE001 - the run's boundary: it becomes rows
            outcomes = [self._verdict(unit, error, device) for unit in units]
        for unit, outcome in zip(units, outcomes, strict=True):
            self._finish(unit, outcome)

    @contextlib.contextmanager
    def _flight(self, key: str, what: str) -> Iterator[threading.Event]:
        """Hold while `key` is worked on, under the cancel event this gives.

        Raises:
            Stopped: it must not start.
            Poisoned: runners die of it.
        """
        with self._crashes.turn(key):
            cancel = self._control.begin(key)
            try:
                strikes = self._crashes.strikes(key)
                if strikes >= STRIKES:
                    raise Poisoned(
                        f"The runner died {strikes} times while {what} and nothing else did.",
                        "See the log; run it again with --retry-failed.",
                    )
                with self._crashes.in_flight(key):
                    yield cancel
            except Stopped:
                raise  # neither cleared nor convicted
            except Exception:
                self._crashes.cleared(key)
                raise
            else:
                self._crashes.cleared(key)
            finally:
                self._control.end(key)

    # --------------------------------------------------------------- outcomes

    def _finish(self, unit: Unit, outcome: Outcome) -> None:
        self._events.put(UnitFinished(outcome))
        if unit.family == "vectors":
            with self._lock:
                given_up = isinstance(outcome, Cancelled)
                self._classified += not given_up
                self._to_classify -= given_up
                done, total = self._classified, self._to_classify
            if not given_up:
                self._classify_pace(done, total)

    def _verdict(self, unit: Unit, error: Exception, device: str) -> Outcome:
        return Cancelled(unit) if isinstance(error, Stopped) else self._failure(unit, error, device)

    def _failure(self, unit: Unit, error: Exception, device: str) -> Failed:
        text = "".join(traceback.format_exception(error))
        environment = self._environment(device or "cpu")
        return Failed(unit, _sentence(error), text, type(error).__name__, environment, now())

    def _measurement(self, unit: Unit, model: Model, cost: Cost, device: str) -> Measurement:
        precision = unit.spec["embedding"]["precision"]
        environment = self._environment(device)
        return Measurement(model.name, model.revision, precision, environment, now(), **asdict(cost))

    def _environment(self, device: str) -> str:
        """The hash of this process's environment on `device`."""
        with self._lock:
            if device not in self._environments:
                threads = self._options.threads or self._cores
                self._environments[device] = describe_environment(self._compute.card(device), threads)
            return self._environments[device].hash


def _sentence(error: Exception) -> str:
    if isinstance(error, GeneArenaError):
        return str(error)
    first = str(error).strip().splitlines()
    return f"{type(error).__name__}: {first[0] if first else 'no message'}"
