"""The latest snapshot of a run, replaced whole at most four times a second; viewers read it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

from engine.mailbox.lock import runner_alive
from store.errors import StoreError
from store.files import read_json, write_json
from store.home import Home

RunState = Literal["running", "paused", "finished", "failed", "cancelled", "interrupted"]
UnitState = Literal["queued", "running", "scored", "failed", "cancelled"]
LIVE: Final = ("running", "paused")


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


@dataclass(frozen=True, slots=True)
class LogLine:
    """One sentence of the run's log."""

    time: str
    level: str
    text: str


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
    left_out: tuple[LeftOut, ...] = ()
    """At most 20, the most units first."""
    earlier: tuple[EarlierRun, ...] = ()
    """Newest last, at most 20."""

    @property
    def live(self) -> bool:
        """Whether a runner is at work on it."""
        return self.state in LIVE


def write_status(home: Home, status: Status) -> None:
    """Replace the snapshot; on a full disk, write a short one over the old, in the space it has."""
    path = home.mailbox / "status.json"
    try:
        write_json(path, asdict(status))
    except StoreError:
        short = replace(status, stages=(), running=(), recent=(), epochs=(), log=status.log[-1:])
        with contextlib.suppress(OSError), path.open("r+b", buffering=0) as file:
            # One write of the old length: a reader sees no half of either.
            file.write(json.dumps(asdict(short)).encode().ljust(path.stat().st_size))


def read_status(home: Home) -> Status | None:
    """The latest snapshot, or None if nothing ever ran here.

    A run that says it is live while no runner holds the lock reads as `interrupted`.
    """
    data = read_json(home.mailbox / "status.json")
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
    }
    try:
        lists = {name: tuple(part(**item) for item in data.get(name, ())) for name, part in parts.items()}
        status = Status(**{**data, **lists})
    except (TypeError, KeyError):
        return None
    if status.live and not runner_alive(home):
        return replace(status, state="interrupted", running=(), message="The runner has gone.")
    return status
