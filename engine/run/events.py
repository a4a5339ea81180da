"""The closed union of what can happen in a run, in the order a reader would tell it.

An executor yields those from `Ready` to `UnitFinished`, and `engine.run.runner.run` all of them; the
command line, the detached runner and tests are each one `for event in run(...)` loop with a `match`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.mailbox.status import WorkerStatus
from store.provenance import Environment, Measurement, Run
from store.records import Epoch, Outcome, Unit

Stage = Literal["load", "embed", "classify", "finetune"]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The plan stands and work begins."""

    run: Run


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many pieces of work go on at once, so that a time left can be true."""

    devices: int
    """Models that embed or fine-tune at once."""
    classify: int
    """Units that are classified at once."""
    by_turns: bool
    """Whether classifying and the devices take turns, as they do where the CPU is the device."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The libraries are loaded and the threads start."""

    devices: tuple[str, ...]
    """What embeds and fine-tunes, as torch names it."""
    capacity: Capacity
    """What can go on at once."""


@dataclass(frozen=True, slots=True)
class StageProgress:
    """How far one stage has come; at most ten a second for each stage."""

    stage: Stage
    label: str
    """What is being worked on, e.g. `all-MiniLM-L6-v2`."""
    done: int
    total: int
    rate: float
    """Items a second since the stage began, or of late; 0 until known."""
    eta_s: float | None
    """Seconds left at that rate; None until known."""


@dataclass(frozen=True, slots=True)
class ModelMeasured:
    """A model has embedded texts, and what that cost is on disk."""

    measurement: Measurement
    environment: Environment
    """Where it was measured."""


@dataclass(frozen=True, slots=True)
class UnitStarted:
    """A worker has taken this unit."""

    unit: Unit


@dataclass(frozen=True, slots=True)
class UnitProgress:
    """How far a unit in work has come: of one that is tuned, folds and the final fit."""

    unit: Unit
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class EpochFinished:
    """One epoch of one fine-tuning unit."""

    unit: Unit
    epoch: Epoch


@dataclass(frozen=True, slots=True)
class UnitFinished:
    """A unit's outcome; if it was scored or failed, `run` has it on disk already."""

    outcome: Outcome
    environment: Environment | None = None
    """Where it was scored or failed; None for a cancelled one."""


@dataclass(frozen=True, slots=True)
class WorkersSeen:
    """How the processes stand that do the work, where others than this one do; all of them."""

    workers: tuple[WorkerStatus, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """A sentence worth keeping."""

    level: Literal["info", "warning", "error"]
    text: str


@dataclass(frozen=True, slots=True)
class RunPaused:
    """Nothing new is saved or started until the reason goes away; nothing finished is lost."""

    reason: str


@dataclass(frozen=True, slots=True)
class RunResumed:
    """The reason for the pause has gone."""


@dataclass(frozen=True, slots=True)
class RunFinished:
    """No worker is left."""

    run: Run
    scored: int
    failed: int
    cancelled: int


Event = (
    RunStarted
    | Ready
    | StageProgress
    | ModelMeasured
    | UnitStarted
    | UnitProgress
    | EpochFinished
    | UnitFinished
    | WorkersSeen
    | Log
    | RunPaused
    | RunResumed
    | RunFinished
)
