"""Folds a run's events into the one snapshot that viewers read."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from engine.environment import now
from engine.mailbox import (
    EarlierRun,
    EpochStatus,
    LeftOut,
    LogLine,
    RunState,
    StageStatus,
    Status,
    UnitStatus,
)
from engine.plan.plan import Plan
from engine.run.events import (
    EpochFinished,
    Event,
    Log,
    Ready,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    StageProgress,
    UnitFinished,
    UnitProgress,
    UnitStarted,
    WorkersSeen,
)
from engine.run.jobs import finetune_label
from engine.run.left_out import summed_up
from engine.run.outlook import Outlook
from store.records import Cancelled, Failed, Scored, Unit

_RECENT: Final = 200
_EPOCHS: Final = 400
_SAID: Final = 20
"""Earlier runs, and reasons why units are left out, that a snapshot has."""


class Monitor:
    """The state of one run as a viewer sees it; fed by one thread, read by others."""

    def __init__(self, plan: Plan, earlier: Sequence[EarlierRun] = (), while_paused: str = "") -> None:
        self._while_paused = while_paused
        """What is to be known as long as somebody has the run paused."""
        self._lock = threading.RLock()
        """Protects all that follows."""
        self._outlook = Outlook(plan.todo)
        self._begun: dict[str, float] = {}
        self._started = time.monotonic()
        self._stages: dict[tuple[str, str], StageStatus] = {}
        self._running: dict[str, UnitStatus] = {}
        self._recent: deque[UnitStatus] = deque(maxlen=_RECENT)
        self._epochs: deque[EpochStatus] = deque(maxlen=_EPOCHS)
        self._log: deque[LogLine] = deque(maxlen=_RECENT)
        self._counts: Counter[str] = Counter()
        self._disk = ""
        self._ended = ""
        """When the run did, once it has."""
        self._left_out = 0
        """Units without a verdict that nobody asked to give up."""
        self._reason = ""
        """Why the last of them was left out."""
        started = now()
        self._status = Status(
            "",
            os.getpid(),
            socket.gethostname(),
            "running",
            started,
            started,
            len(plan.units),
            len(plan.done),
            left_out=_left_out(plan),
            earlier=tuple(earlier)[-_SAID:],
        )

    def feed(self, event: Event) -> None:
        """Take one event in."""
        with self._lock:
            self._feed(event)

    def _feed(self, event: Event) -> None:
        match event:
            case RunStarted(run):
                self._status = replace(
                    self._status,
                    run_id=run.id,
                    pid=run.pid,
                    host=run.host,
                    started_at=run.started_at,
                    updated_at=now(),
                    total=run.total,
                    already_done=run.already_done,
                    selection=dict(run.selection),
                )
            case Ready(devices, capacity):
                self._status = replace(self._status, device=", ".join(devices))
                self._outlook.capacity = capacity
            case StageProgress(stage, label, done, total, rate, eta):
                self._stages.pop((stage, label), None)
                if stage == "finetune" and done >= total:
                    return  # one bar for each of hundreds of units would bury the others
                self._stages[stage, label] = StageStatus(stage, label, done, total, rate, eta)
            case UnitStarted(unit):
                self._begun[unit.key] = time.monotonic()
                self._outlook.begin(unit, self._begun[unit.key])
                self._running[unit.key] = _unit_status(unit, "running")
            case UnitProgress(unit, done, total) if unit.key in self._running and done < total:
                sentence = f"step {done + 1} of {total}"
                self._running[unit.key] = replace(self._running[unit.key], sentence=sentence)
            case EpochFinished(unit, epoch):
                self._epochs.append(
                    EpochStatus(
                        unit.key,
                        unit.model,
                        unit.task,
                        unit.protocol,
                        unit.seed,
                        epoch.stage,
                        epoch.epoch,
                        epoch.loss,
                        epoch.eval_auc,
                        epoch.learning_rate,
                        epoch.seconds,
                    )
                )
            case UnitFinished(outcome):
                self._finish(outcome)
            case WorkersSeen(workers):
                self._status = replace(self._status, workers=workers)
                flying = {key for worker in workers for key in worker.units}
                self._running = {key: unit for key, unit in self._running.items() if key in flying}
            case Log(level, text):
                self.log(level, text)
            case RunPaused(reason):
                self._disk = reason
                self.log("warning", reason)
            case RunResumed():
                self._disk = ""
                self.log("info", "The run goes on.")
            case RunFinished(run):
                self._status = replace(self._status, state=run.state)  # type: ignore[arg-type]
                self._ended = run.finished_at or ""

    def log(self, level: str, text: str) -> None:
        """Keep one sentence."""
        with self._lock:
            self._log.append(LogLine(now(), level, text))

    def _finish(self, outcome: Scored | Failed | Cancelled) -> None:
        unit = outcome.unit
        clock = time.monotonic()
        seconds = clock - self._begun.pop(unit.key, clock)
        took = sum(outcome.seconds.values()) if isinstance(outcome, Scored) else 0.0
        self._outlook.end(unit, clock, counts=isinstance(outcome, Scored), took=took)
        self._running.pop(unit.key, None)
        self._stages.pop(("finetune", finetune_label(unit)), None)
        match outcome:
            case Scored():
                self._counts["scored"] += 1
                self._recent.appendleft(_unit_status(unit, "scored", outcome.metrics.auc, seconds))
            case Failed():
                self._counts["failed"] += 1
                self._recent.appendleft(_unit_status(unit, "failed", None, seconds, outcome.sentence))
                self.log(
                    "error", f"{unit.model} {unit.task} {unit.protocol} {unit.seed}: {outcome.sentence}"
                )
            case Cancelled(reason=reason):
                self._counts["cancelled"] += 1
                self._recent.appendleft(_unit_status(unit, "cancelled", sentence=reason))
                self._left_out += bool(reason)
                self._reason = reason or self._reason

    def snapshot(self, *, paused: bool = False, store_message: str = "") -> Status:
        """The status now; `paused` if the user has asked for it."""
        with self._lock:
            return self._snapshot(paused, store_message)

    def _snapshot(self, paused: bool, store_message: str) -> Status:
        state: RunState = self._status.state
        message = self._disk or store_message
        if self._left_out and not message:
            message = summed_up(self._left_out, self._reason)
        if state == "running" and (paused or self._disk):
            said = f"Paused; no further unit starts until it is resumed. {self._while_paused}".rstrip()
            state, message = "paused", message or said
        finished = sum(self._counts.values())
        elapsed = time.monotonic() - self._started
        return replace(
            self._status,
            state=state,
            updated_at=self._ended or now(),
            scored=self._counts["scored"],
            failed=self._counts["failed"],
            cancelled=self._counts["cancelled"],
            rate=finished / elapsed if elapsed else 0.0,
            eta_s=self._outlook.seconds_left() if state == "running" else None,
            untimed=self._outlook.untimed if state == "running" else (),
            stages=tuple(map(self._foreseen, self._stages.values())),
            running=tuple(
                replace(unit, seconds=time.monotonic() - self._begun[unit.key])
                for unit in self._running.values()
            ),
            recent=tuple(self._recent),
            epochs=tuple(self._epochs),
            log=tuple(self._log),
            message=message,
        )

    def _foreseen(self, stage: StageStatus) -> StageStatus:
        """Classifying takes as long as the protocols that are left, not as those that are done."""
        if stage.stage != "classify":
            return stage
        return replace(stage, eta_s=None if self._outlook.untimed else self._outlook.seconds_to_classify())


def _left_out(plan: Plan) -> tuple[LeftOut, ...]:
    counts: Counter[str] = Counter()
    for part in plan.blocked:
        counts[part.reason] += part.units
    return tuple(LeftOut(units, reason) for reason, units in counts.most_common(_SAID))


def _unit_status(
    unit: Unit,
    state: str,
    auc: float | None = None,
    seconds: float | None = None,
    sentence: str = "",
) -> UnitStatus:
    return UnitStatus(
        unit.key,
        unit.model,
        unit.task,
        unit.protocol,
        unit.preset,
        unit.seed,
        state,  # type: ignore[arg-type]
        auc,
        seconds,
        sentence,
    )
