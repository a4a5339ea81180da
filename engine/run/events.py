"""The closed union of what can happen in a run, in the order a reader would tell it.

`engine.run.runner.run` yields these; the command line, the detached runner and tests are each one
`for event in run(...)` loop with a `match` on this union.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from store.records import Epoch, Measurement, Outcome, Run, Unit

Stage = Literal["load", "embed", "classify", "finetune"]


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The plan stands and work begins."""

    run: Run


@dataclass(frozen=True, slots=True)
class Ready:
    """The libraries are loaded and the threads start."""

    devices: tuple[str, ...]
    """What embeds and fine-tunes, as torch names it."""


@dataclass(frozen=True, slots=True)
class StageProgress:
    """How far one stage has come; at most ten a second for each stage."""

    stage: Stage
    label: str
    """What is being worked on, e.g. `all-MiniLM-L6-v2`."""
    done: int
    total: int
    rate: float
    """Items a second since the stage began; 0 until known."""
    eta_s: float | None
    """Seconds left at that rate; None until known."""


@dataclass(frozen=True, slots=True)
class ModelMeasured:
    """A model has embedded texts, and what that cost is on disk."""

    measurement: Measurement


@dataclass(frozen=True, slots=True)
class UnitStarted:
    """A worker has taken this unit."""

    unit: Unit


@dataclass(frozen=True, slots=True)
class EpochFinished:
    """One epoch of one fine-tuning unit."""

    unit: Unit
    epoch: Epoch


@dataclass(frozen=True, slots=True)
class UnitFinished:
    """A unit's outcome; if it was scored or failed, it is already on disk."""

    outcome: Outcome


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
    | EpochFinished
    | UnitFinished
    | Log
    | RunPaused
    | RunResumed
    | RunFinished
)
