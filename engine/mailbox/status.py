"""The latest snapshot of a run, replaced whole at most four times a second; viewers read it."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from engine.mailbox.claim import Claim, birth
from engine.mailbox.lock import LIVE, runner_alive
from store.errors import StoreError
from store.files import read_json, write_json
from store.home import Home

RunState = Literal["running", "paused", "finished", "failed", "cancelled", "interrupted"]
UnitState = Literal["queued", "running", "scored", "failed", "cancelled"]
SILENT: Final = 10.0
"""Seconds without a word from a live runner, which speaks four times a second, before that is said."""


@dataclass(frozen=True, slots=True)
class StageStatus:
    """One bar."""

    stage: str
    label: str
    done: int
    total: int
    rate: float
    eta_s: float | None


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """One unit of a run; a snapshot has those in flight and just finished, so none that is `queued`."""

    key: str
    model: str
    task: str
    protocol: str
    preset: str
    seed: int
    state: UnitState
    auc: float | None = None
    seconds: float | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class EpochStatus:
    """One point of a fine-tuning curve."""

    key: str
    model: str
    task: str
    protocol: str
    seed: int
    stage: int
    epoch: int
    loss: float
    eval_auc: float | None
    learning_rate: float
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class LogLine:
    """One sentence of the run's log."""

    time: str
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """One of several processes that do the work of a run, on this machine or others."""

    name: str
    """As its scheduler knows it."""
    state: str
    """`waits`, `runs`, `silent` (nothing was heard for long, though it should run), `unfit` (it cannot do
    the work, and is given none), `ended`, or `died` (it is gone and gave no last word).
    """
    host: str = ""
    """Empty until it has begun, as are those that follow."""
    device: str = ""
    units: tuple[str, ...] = ()
    """Keys of what it is at."""
    unit: str = ""
    """The first of these in words; while there is none, what else it does."""
    done: int = 0
    total: int = 0
    rate: float = 0.0
    """Units a second."""
    heard_s: float | None = None
    """Seconds since its last heartbeat was seen to change."""
    message: str = ""
    """Why it waits, is unfit or died, or what a reader should know first."""
    log: str = ""
    """File with all that it printed, if there is one."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Units of a run that cannot be run."""

    units: int
    reason: str


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """A launch that this runner took off the queue before, and that did not end well."""

    run_id: str
    """Empty if it did not come to a run."""
    state: RunState
    ended_at: str
    scored: int
    failed: int
    message: str
    """Why it stopped, or how its first failed unit did."""
    selection: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Status:
    """The latest snapshot of a run."""

    run_id: str
    pid: int
    host: str
    state: RunState
    started_at: str
    updated_at: str
    total: int
    already_done: int
    scored: int = 0
    failed: int = 0
    cancelled: int = 0
    rate: float = 0.0
    """Units a second."""
    eta_s: float | None = None
    untimed: tuple[str, ...] = ()
    """Protocols of which no unit was timed yet; `eta_s` takes them to be as slow as the slowest known."""
    stages: tuple[StageStatus, ...] = ()
    running: tuple[UnitStatus, ...] = ()
    recent: tuple[UnitStatus, ...] = ()
    """Newest first, at most 200."""
    epochs: tuple[EpochStatus, ...] = ()
    log: tuple[LogLine, ...] = ()
    """Newest last, at most 200."""
    message: str = ""
    """Why it is paused, or what a reader should know first."""
    device: str = ""
    selection: Mapping[str, Any] = field(default_factory=dict)
    born: str = ""
    """Where and when the process began, which no other with its PID shares; see `engine.mailbox.claim`."""
    beat: float = 0.0
    """Seconds on its machine's own clock, which nobody can set, when this was written."""
    silent_s: float = 0.0
    """Whole seconds since the last word of a runner that is silent for long; else 0."""
    left_out: tuple[LeftOut, ...] = ()
    """At most 20, the most units first."""
    earlier: tuple[EarlierRun, ...] = ()
    """Newest last, at most 20."""
    workers: tuple[WorkerStatus, ...] = ()
    """Empty where threads of the runner do the work."""

    @property
    def live(self) -> bool:
        """Whether a runner is at work on it."""
        return self.state in LIVE

    @property
    def silent(self) -> bool:
        """Whether the runner has said nothing for so long that something must be wrong."""
        return self.live and self.silent_s > 0


def write_status(home: Home, status: Status) -> None:
    """Replace the snapshot; on a full disk, write a short one over the old, in the space it has."""
    path = home.mailbox / "status.json"
    if status.pid == os.getpid():
        status = replace(status, born=birth(status.pid), beat=time.monotonic())
    try:
        write_json(path, asdict(status))
    except StoreError:
        short = replace(status, stages=(), running=(), recent=(), epochs=(), log=status.log[-1:])
        with contextlib.suppress(OSError), path.open("r+b", buffering=0) as file:
            # One write of the old length: a reader sees no half of either.
            file.write(json.dumps(asdict(short)).encode().ljust(path.stat().st_size))


def read_status(home: Home) -> Status | None:
    """The latest snapshot, or None if nothing ever ran here.

    A run that says it is live while there is no runner reads as `interrupted`; a runner that is silent
    for long is said to be.

    Raises:
        StoreError: there is one that cannot be read.
    """
    path = home.mailbox / "status.json"
    data = read_json(path)
    if data is None:
        return None
    parts: dict[str, type] = {
        "stages": StageStatus,
        "running": UnitStatus,
        "recent": UnitStatus,
        "epochs": EpochStatus,
        "log": LogLine,
        "left_out": LeftOut,
        "earlier": EarlierRun,
        "workers": WorkerStatus,
    }
    try:
        lists = {name: tuple(part(**item) for item in data.get(name, ())) for name, part in parts.items()}
        status = Status(**{**data, **lists, "untimed": tuple(data.get("untimed", ()))})
    except (TypeError, KeyError):
        return None
    if not status.live:
        return status
    if not runner_alive(home):
        return replace(status, state="interrupted", running=(), message="The runner has gone.")
    silence = _silence(status, path)
    if silence < SILENT:
        return status
    status = replace(status, silent_s=float(int(silence)))
    sentence = (
        f"Silent for {status.silent_s:.0f} s: the runner is stopped or hangs; "
        "`genearena cancel --now` ends it."
    )
    return replace(status, message=f"{sentence} {status.message}".rstrip())


_heard: dict[Path, tuple[str, float | None]] = {}
"""Status file -> when its latest word was written, and when this process saw it change, if it did."""


def _silence(status: Status, path: Path) -> float:
    """Seconds since `status` was written, by no clock that can be set if there is another way.

    There is on the writer's own machine, and for who has seen the status change before.
    """
    if Claim(status.pid, status.host, status.born).seen_from_here:
        return max(time.monotonic() - status.beat, 0.0)
    word, changed = _heard.get(path, ("", None))
    if word != status.updated_at:
        changed = time.monotonic() if word else None
        _heard[path] = (status.updated_at, changed)
    if changed is not None:
        return time.monotonic() - changed
    try:
        return max(time.time() - path.stat().st_mtime, 0.0)
    except OSError:
        return 0.0
