"""What workers tell while they work, as events of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.environment import now
from engine.run.events import EpochFinished, Event, ModelMeasured, StageProgress, UnitProgress
from store.provenance import Measurement
from store.readback import read_environment
from store.records import Epoch, Model, Unit


def event_of(said: Mapping[str, Any], unit: Unit | None) -> Event | None:
    """The event that a worker tells of; None if it is of a unit that nobody waits for.

    Args:
        said: what `engine.run.dask.worker` told.
        unit: which it is about, if it is about one that is open.
    """
    match said["what"]:
        case "embedding":
            return StageProgress("embed", said["model"], said["done"], said["total"], 0.0, None)
        case "training":
            about = (said[name] for name in ("label", "done", "total", "rate", "eta"))
            return StageProgress("finetune", *about)
        case "progress" if unit:
            return UnitProgress(unit, said["done"], said["total"])
        case "epoch" if unit:
            return EpochFinished(unit, Epoch(**said["epoch"]))
    return None


def measured(said: Mapping[str, Any], unit: Unit, model: Model) -> ModelMeasured:
    """What it cost to embed with `model`, for the first `unit` of those that needed it."""
    environment = read_environment(said["environment"])
    precision = unit.spec["embedding"]["precision"]
    measurement = Measurement(
        model.name, model.revision, precision, environment.hash, now(), **said["cost"]
    )
    return ModelMeasured(measurement, environment)
