"""What a worker of a Dask cluster does: embed a model's texts, or bring a unit to its outcome.

Both are functions that Dask calls in a thread of a worker; what they return is Dask's to keep and to
carry. A unit is worked off by the executor of threads, so that it comes to what it would come to there.
Work gives up as soon as its task is no longer wanted: that is all a worker is asked, and Dask asks it.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import socket
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from engine.cancel import Cancel, Stopped
from engine.environment import describe_environment
from engine.plan.launch import Options
from engine.plan.plan import Plan
from engine.plan.selection import Selection
from engine.run.compute import Compute, Context
from engine.run.crashes import Crashes
from engine.run.dask import computing
from engine.run.dask.computing import Embedded, Handed, Steady, compute_here
from engine.run.events import (
    EpochFinished,
    Event,
    Log,
    StageProgress,
    UnitFinished,
    UnitProgress,
    UnitStarted,
)
from engine.run.threads import ThreadExecutor
from store.errors import GeneArenaError, ModelError
from store.home import Home
from store.records import Cancelled, Failed, Model, Task, Unit
from store.rows import this_version

_PATIENCE: Final = 0.05
"""Seconds between two looks at whether work is still wanted."""


class WorkerUnfit(GeneArenaError):
    """A worker that no unit of the run can be done on."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is the same for every piece of work of one run."""

    topic: str
    """Under which workers say what they are at; no other run has the same."""
    version: str
    """Of the package where the run is coordinated."""
    home: Home
    options: Options


def load(order: Order) -> None:
    """Load what computes, which a worker does before it is given work.

    Raises:
        WorkerUnfit: this worker runs another version.
        ImportError: it lacks a library.
        GeneArenaError: it has no card that was asked for.
    """
    with _Piece(order):
        computing.load(compute_here(order.home), order.options.device)


def embed(order: Order, unit: Unit, model: Model, tasks: Sequence[Task]) -> Embedded:
    """Embed the texts of all tasks once; what goes wrong is kept for each unit to meet.

    Raises:
        WorkerUnfit: this worker runs another version.
        ImportError: it lacks a library.
        Stopped: it is about to end.
    """
    with _Piece(order) as piece:
        return _embed(piece, order, unit, model, tasks)


def _embed(piece: _Piece, order: Order, unit: Unit, model: Model, tasks: Sequence[Task]) -> Embedded:
    named = {task.name: task for task in tasks}

    def progress(done: int, total: int) -> None:
        piece.tell("embedding", model=model.name, done=done, total=total)

    try:
        compute = piece.compute
        device = compute.devices(order.options.device)[0]
        with compute.limits(piece.threads):
            environment = describe_environment(compute.card(device), piece.threads)
            context = Context(device, environment.hash, piece.cancel)
            found = compute.embed(unit, model, tasks, context, _seldom(progress))
    except (Stopped, ImportError):
        raise  # says something of the worker, nothing of the units
    except Exception as error:  # noqa: BLE001 - the piece's boundary: units meet it
        error.add_note(traceback.format_exc())
        if isinstance(error, ModelError):  # its files may well be where the run is coordinated
            error.message = _here(error.message)
        return Embedded(named, {}, _portable(error))
    for cost in {part.cost for part in found.values() if part.cost}:
        piece.tell("embedded", unit=unit.key, cost=asdict(cost), environment=asdict(environment))
    return Embedded(named, {name: replace(part, cost=None) for name, part in found.items()})


def work(order: Order, units: Sequence[Unit], model: Model, given: Embedded | Task) -> list[Event]:
    """Bring units of one model and task to their outcomes; what the coordinator passes on of it.

    Args:
        order: what all pieces share.
        units: one, or those that train as one.
        model: theirs.
        given: their task, with vectors where they need them.

    Raises:
        WorkerUnfit: this worker runs another version.
    """
    with _Piece(order) as piece:
        return _work(piece, order, units, model, given)


def _work(
    piece: _Piece, order: Order, units: Sequence[Unit], model: Model, given: Embedded | Task
) -> list[Event]:
    compute: Compute = piece.compute
    if isinstance(given, Embedded):
        compute, task = Handed(compute, given), given.tasks[units[0].task]
    else:
        task = given
    selection = Selection((model.name,), (task.name,), (units[0].protocol,))
    plan = Plan(selection, tuple(units), {model.name: model}, {task.name: task})
    options = replace(order.options, workers=1, threads=piece.threads, slurm=None, dask=None)
    # Dask counts how many workers died of a task, so nothing is to be marked here.
    executor = ThreadExecutor(order.home, options, compute, lambda: Crashes(Path(os.devnull)))
    kept: list[UnitFinished] = []
    logged: list[Log] = []
    for event in executor.work(plan, _Asked(piece.cancel)):
        if isinstance(event, UnitFinished):
            kept.append(event)
        elif isinstance(event, Log):
            logged.append(event)
        else:
            piece.pass_on(event)
    reasons = [event.outcome.reason for event in kept if isinstance(event.outcome, Cancelled)]
    said = [log for log in logged if not any(reason and reason in log.text for reason in reasons)]
    return [*said, *map(_from_here, kept)]


def _here(sentence: str) -> str:
    return f"On the worker {socket.gethostname()}: {sentence}"


def _from_here(event: UnitFinished) -> UnitFinished:
    """`event`, which names this machine if that is why there is no score."""
    match event.outcome:
        case Cancelled(unit, reason) if reason:
            return replace(event, outcome=Cancelled(unit, _here(reason)))
        case Failed(unit, sentence, error="ModelError") as failed if unit.family == "finetune":
            return replace(event, outcome=replace(failed, sentence=_here(sentence)))
    return event


class _Piece(contextlib.AbstractContextManager["_Piece"]):
    """One piece of work on the worker of this thread, held while it goes on."""

    def __init__(self, order: Order) -> None:
        from distributed import get_worker

        self._worker = get_worker()
        self._topic = order.topic
        self._key = self._worker.get_current_task()
        self.cancel: Cancel = _Unwanted(self._worker, self._key)
        self.threads = order.options.threads or self._worker.state.nthreads
        """Of torch."""
        if order.version != this_version():
            raise WorkerUnfit(
                f"genearena is version {this_version()} on the worker {socket.gethostname()}, and "
                f"{order.version} here.",
                "Install the same one there.",
            )
        # Libraries draw no bars, ask no network and start no processes of their own.
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        self.compute: Compute = Steady(compute_here(order.home))
        self.tell("begun")

    def __exit__(self, *_: object) -> None:
        self.tell("over")

    def tell(self, what: str, **about: Any) -> None:
        """Let the coordinator know; it does without, if that is lost on the way."""
        said = {"what": what, "piece": self._key, "worker": self._worker.address, **about}
        self._worker.log_event(self._topic, said)

    def pass_on(self, event: Event) -> None:
        """Tell of a unit while it is worked on."""
        match event:
            case UnitStarted(unit):
                self.tell("started", unit=unit.key)
            case UnitProgress(unit, done, total):
                self.tell("progress", unit=unit.key, done=done, total=total)
            case EpochFinished(unit, epoch):
                self.tell("epoch", unit=unit.key, epoch=asdict(epoch))
            case StageProgress("finetune", label, done, total, rate, eta):
                self.tell("training", label=label, done=done, total=total, rate=rate, eta=eta)


class _Unwanted:
    """What tells work to give up: its task is cancelled, or its worker about to end."""

    def __init__(self, worker: Any, key: str) -> None:
        self._worker, self._key = worker, key

    def is_set(self) -> bool:
        """Whether nobody waits for it any more."""
        task = self._worker.state.tasks.get(self._key)
        return (
            task is None
            or task.state != "executing"
            or self._worker.status.name not in ("running", "paused")
        )

    def wait(self, timeout: float | None = None) -> bool:
        """Pause until then, for at most `timeout` seconds; whether to give up."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self.is_set():
            left = _PATIENCE if end is None else min(_PATIENCE, end - time.monotonic())
            if left <= 0:
                return False
            time.sleep(left)
        return True


class _Asked:
    """The mailbox of one piece of work, in which there is one thing: whether it is still wanted."""

    paused = False

    def __init__(self, cancel: Cancel) -> None:
        self.stopped = self.drained = cancel
        self.leaving: Cancel = threading.Event()

    def given_up(self, key: str) -> bool:
        """None is, alone."""
        return False

    def begin(self, key: str) -> Cancel:
        """See `contract.Mailbox.begin`."""
        if self.stopped.is_set():
            raise Stopped
        return self.stopped

    def end(self, key: str) -> None:
        """See `contract.Mailbox.end`."""


def _seldom(progress: Callable[[int, int], None], pause: float = 0.5) -> Callable[[int, int], None]:
    """`progress`, called at most every `pause` seconds, and at the end."""
    last = [0.0]

    def told(done: int, total: int) -> None:
        clock = time.monotonic()
        if done >= total or clock - last[0] >= pause:
            last[0] = clock
            progress(done, total)

    return told


def _portable(error: Exception) -> Exception:
    """`error`, or one that says the same and can be carried to another process."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - what was written one call before
    except Exception:  # noqa: BLE001 - whatever it is that a library's error does not allow
        return RuntimeError("".join(traceback.format_exception_only(error)).strip())
    return error
