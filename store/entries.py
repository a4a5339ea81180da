"""Records to journal entries: plain JSON with nothing lost.

An entry is `{"kind", "key", "record"}`. Numbers that JSON has no word for (the loss of a training
that diverged) are written as null.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from store.provenance import Environment, Measurement, Removal, Run, TaskSet
from store.records import (
    CvTrial,
    Epoch,
    Failed,
    Metrics,
    Model,
    Prediction,
    Scored,
    Task,
    Unit,
    content_hash,
)

Record = Scored | Failed | Run | Environment | Model | Task | Measurement | Removal | TaskSet


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
        case Measurement():
            kind, key = "measurement", content_hash(body)[:16]
        case TaskSet():
            kind, key = "task_set", content_hash(body)[:16]
        case Removal():
            kind, key = "removal", content_hash(body)[:16]
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
