"""Records to journal entries and back: plain JSON with nothing lost.

An entry is `{"kind", "key", "record"}`. Numbers that JSON has no word for (the loss of a training
that diverged) are written as null and read back as NaN where a number is due.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from store.records import (
    Audit,
    AuditedGene,
    ClassAudit,
    CvTrial,
    Environment,
    Epoch,
    Failed,
    Metrics,
    Model,
    Prediction,
    Run,
    Scored,
    Task,
    Unit,
    content_hash,
)

Record = Scored | Failed | Run | Environment | Model | Task


def entry_of(record: Record) -> dict[str, Any]:
    """The journal entry of `record`; its key is what makes a second one the same thing."""
    body = plain(_body(record))
    match record:
        case Scored():
            kind, key = "scored", record.unit.key
        case Failed():
            kind, key = "failed", record.unit.key
        case Run():
            kind, key = "run" if record.state == "started" else "run_end", record.id
        case Environment():
            kind, key = "environment", record.hash
        case Task():
            kind, key = "task", record.hash
        case Model():
            kind, key = "model", content_hash(body)[:16]
    return {"kind": kind, "key": key, "record": body}


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: NaN and infinities as null, lone surrogates escaped."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def scored_from(record: Mapping[str, Any]) -> Scored:
    """The `Scored` that an entry's record tells of.

    Raises:
        KeyError, TypeError, ValueError: the record is not one.
    """
    columns = record["predictions"]
    places = zip(columns["index"], columns["gene"], columns["label"], columns["scores"], strict=True)
    return Scored(
        **{
            **record,
            "unit": Unit(**record["unit"]),
            "metrics": Metrics(**_numbers(record["metrics"])),
            "predictions": tuple(
                Prediction(index, gene, label, tuple(map(_number, scores)))
                for index, gene, label, scores in places
            ),
            "seconds": _numbers(record["seconds"]),
            "trials": tuple(
                CvTrial(trial["params"], tuple(map(_number, trial["fold_aucs"])), trial["best"])
                for trial in record["trials"]
            ),
            "epochs": tuple(
                Epoch(
                    **{
                        **epoch,
                        "loss": _number(epoch["loss"]),
                        "learning_rate": _number(epoch["learning_rate"]),
                        "seconds": _number(epoch["seconds"]),
                    }
                )
                for epoch in record["epochs"]
            ),
            "notes": tuple(record["notes"]),
        }
    )


def failed_from(record: Mapping[str, Any]) -> Failed:
    """The `Failed` that an entry's record tells of."""
    return Failed(**{**record, "unit": Unit(**record["unit"])})


def run_from(record: Mapping[str, Any]) -> Run:
    """The `Run` that an entry's record tells of."""
    return Run(**record)


def environment_from(record: Mapping[str, Any]) -> Environment:
    """The `Environment` that an entry's record tells of."""
    return Environment(**record)


def model_from(record: Mapping[str, Any]) -> Model:
    """The `Model` that an entry's record tells of."""
    return Model(**{**record, "printed": _numbers(record["printed"])})


def task_from(record: Mapping[str, Any]) -> Task:
    """The `Task` that an entry's record tells of."""
    audit = Audit(
        tuple(ClassAudit(**item) for item in record["audit"]["classes"]),
        tuple(AuditedGene(**item) for item in record["audit"]["genes"]),
    )
    lists = {name: tuple(record[name]) for name in ("classes", "genes", "labels", "texts")}
    return Task(**{**record, **lists, "audit": audit})


def _body(record: Record) -> dict[str, Any]:
    if isinstance(record, Task):
        return asdict(record)
    body = {item.name: getattr(record, item.name) for item in fields(record)}
    if isinstance(record, Scored | Failed):
        body["unit"] = _shallow(record.unit)
    if isinstance(record, Scored):
        body["metrics"] = _shallow(record.metrics)
        body["predictions"] = {
            item.name: [getattr(prediction, item.name) for prediction in record.predictions]
            for item in fields(Prediction)
        }
        body["trials"] = [_shallow(trial) for trial in record.trials]
        body["epochs"] = [_shallow(epoch) for epoch in record.epochs]
    return body


def _shallow(record: Unit | Metrics | CvTrial | Epoch) -> dict[str, Any]:
    return {item.name: getattr(record, item.name) for item in fields(record) if item.init}


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _numbers(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: _number(value) for name, value in values.items()}
