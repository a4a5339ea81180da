"""run(plan, store, mailbox, executor) -> Iterator[Event]: the executor computes, and this saves.

The caller's thread, iterating, is the one that writes: a finished unit is in the journal, synced,
before its event is yielded. Whatever does the work is asked for its events by a thread of its own,
so that all that has happened meanwhile shares one sync.
"""

from __future__ import annotations

import os
import queue
import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, Protocol

from engine.data.tasks.audit import NO_TEXT
from engine.environment import now
from engine.plan.plan import Plan
from engine.run.contract import Executor
from engine.run.events import (
    Event,
    Log,
    ModelMeasured,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    UnitFinished,
)
from engine.run.steering import Steering
from store.entries import Record
from store.journal import DiskFull
from store.provenance import Run
from store.records import Cancelled, Failed
from store.store import Store

_BATCH: Final = 64
"""Events saved together: few enough to fit where little space is left, many enough to share a sync."""
_WAITING: Final = 256
"""Events that wait to be saved at most, so that work waits rather than piles up while the disk is full."""
_DISK_RETRY: Final = 1.0
"""Seconds between two tries to save on a full disk."""


def run(plan: Plan, store: Store, mailbox: Steering, executor: Executor) -> Iterator[Event]:
    """Run what `plan` still has to do and yield what happens.

    The executor is not asked for anything when there is nothing to do. Closing the iterator stops
    the run.

    Raises:
        StoreError: the journal cannot be written for another reason than a full disk.
    """
    configs = _configs(plan)
    turn = store.new_turn(configs)
    record = Run(
        f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}",
        now(),
        plan.selection.to_json(),
        len(plan.units),
        len(plan.units) - len(plan.todo),
        os.getpid(),
        socket.gethostname(),
        turn=turn or 0,
        configs=configs if turn else (),
    )
    yield RunStarted(record)
    counts: Counter[str] = Counter()
    if plan.todo:
        yield from _gaps(plan)
        yield from _save(store, [record, *plan.models.values(), *plan.tasks.values()], mailbox)
        for event in saved(plan, store, mailbox, executor):
            if isinstance(event, UnitFinished):
                counts[type(event.outcome).__name__] += 1
            yield event
    elif turn:  # nothing to do, and yet another configuration is today's
        yield from _save(store, [record, *plan.models.values(), *plan.tasks.values()], mailbox)
    ended = replace(record, finished_at=now(), state=_end_state(counts, len(plan.todo)), turn=0, configs=())
    if plan.todo or turn:
        yield from _save(store, [ended], mailbox)
    yield RunFinished(ended, counts["Scored"], counts["Failed"], counts["Cancelled"])


def _configs(plan: Plan) -> tuple[str, ...]:
    """What the models and tasks of the plan resolve to: one configuration for each cell."""
    cells = {(unit.model, unit.task, unit.protocol, unit.preset): unit for unit in plan.units}
    return tuple(sorted({unit.config for unit in cells.values()}))


def _gaps(plan: Plan) -> Iterator[Event]:
    """Say which units cannot be run and why, and of each task how many genes have no text of their own."""
    for reason in dict.fromkeys(part.reason for part in plan.blocked):
        units = sum(part.units for part in plan.blocked if part.reason == reason)
        yield Log("warning", f"Units that cannot be run: {units}. {reason}")
    for task in plan.tasks.values():
        bare = len({gene.symbol for gene in task.audit.genes if gene.used and gene.reason == NO_TEXT})
        if bare:
            yield Log("info", f"{task.name}: {bare} genes have no {task.recipe}; their name stands in.")


def _end_state(counts: Counter[str], wanted: int) -> str:
    if counts["Scored"] + counts["Failed"] < wanted:
        return "cancelled"
    return "failed" if counts["Failed"] else "finished"


class Keeps(Protocol):
    """Where outcomes are saved: a `Store`, or less."""

    def append(self, *records: Record) -> None:
        """See `Store.append`."""

    def attempts(self) -> dict[str, int]:
        """See `Store.attempts`."""


def saved(plan: Plan, store: Keeps, mailbox: Steering, executor: Executor) -> Iterator[Event]:
    """What the executor does, each outcome saved before its event is yielded.

    Raises:
        StoreError: it cannot be saved for another reason than a full disk.
    """
    known: set[str] = set()
    """Hashes of the environments that are saved."""
    ahead = _Ahead(plan, mailbox, executor)
    try:
        while batch := [_counted(event, store) for event in ahead.batch()]:
            records = list(_records(batch, known))
            if records:
                yield from _save(store, records, mailbox)
            yield from batch
    finally:
        ahead.close()
    if ahead.error is not None:
        raise ahead.error


def _records(batch: Sequence[Event], known: set[str]) -> Iterator[Record]:
    """What of these events is kept: environments not saved yet, then outcomes and measurements."""
    kept: list[Record] = []
    for event in batch:
        if isinstance(event, ModelMeasured):
            kept.append(event.measurement)
        elif isinstance(event, UnitFinished) and not isinstance(event.outcome, Cancelled):
            kept.append(event.outcome)
        else:
            continue
        environment = event.environment
        if environment is not None and environment.hash not in known:
            known.add(environment.hash)
            yield environment
    yield from kept


def _counted(event: Event, store: Keeps) -> Event:
    """A failure says which attempt it is; the store's journals are read by this thread only."""
    if not isinstance(event, UnitFinished) or not isinstance(event.outcome, Failed):
        return event
    before = store.attempts().get(event.outcome.unit.key, 0)
    return replace(event, outcome=replace(event.outcome, attempt=before + 1))


def _save(store: Keeps, records: Sequence[Record], mailbox: Steering) -> Iterator[Event]:
    """Append durably; on a full disk, say so, wait and try again until it fits or is stopped."""
    said = False
    while True:
        try:
            store.append(*records)
        except DiskFull as error:
            if not said:
                yield RunPaused(str(error))
                said = True
            if mailbox.stopped.wait(_DISK_RETRY):
                raise
        else:
            if said:
                yield RunResumed()
            return


class _Ahead:
    """A thread that asks the executor for its events while those before are being saved."""

    def __init__(self, plan: Plan, mailbox: Steering, executor: Executor) -> None:
        self.error: Exception | None = None
        """What broke the executor, once its last event was handed out."""
        self._mailbox = mailbox
        self._events: queue.Queue[Event | None] = queue.Queue(_WAITING)
        self._over = False
        """Whether the executor's last event was handed out."""
        self._thread = threading.Thread(
            target=self._ask, args=(plan, mailbox, executor), name="executor", daemon=True
        )
        self._thread.start()

    def _ask(self, plan: Plan, mailbox: Steering, executor: Executor) -> None:
        try:
            for event in executor.work(plan, mailbox):
                self._events.put(event)
        except Exception as error:  # noqa: BLE001 - the thread's boundary: the caller raises it
            self.error = error
        finally:
            self._events.put(None)

    def batch(self) -> list[Event]:
        """What has happened, from one event to `_BATCH`; empty once the executor has ended."""
        batch: list[Event] = []
        while not self._over and len(batch) < _BATCH:
            try:
                event = self._events.get(block=not batch)
            except queue.Empty:
                break
            if event is None:
                self._over = True
            else:
                batch.append(event)
        return batch

    def close(self) -> None:
        """Join the thread; an executor that has not ended is stopped, and what it still says dropped."""
        if not self._over:
            self._mailbox.stop()
            while self._events.get() is not None:
                pass
        self._thread.join()
