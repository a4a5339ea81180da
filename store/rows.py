"""From one journal entry to the rows it means, table by table; pure."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from store.entries import plain
from store.journal import Entry
from store.records import config_of
from store.sets import read_set

Row = dict[str, Any]
Rows = dict[str, list[Row]]
"""Table name -> its new rows; of those `IN_BLOCKS` -> many at once, each a column name -> values."""
IN_BLOCKS: Final = "predictions"
"""The table that has fifty rows for one of any other."""

MODEL_COLUMNS: Final = (
    *("kind", "source", "revision", "version", "dimension", "parameters", "pooling", "normalize"),
    *("prefix", "max_tokens", "licence", "paper_name", "note"),
)
"""The columns of `models` that are taken over as they are."""
_METRICS: Final = ("auc", "auprc", "precision", "recall", "f1", "brier")
_PLACE: Final = ("key", "model", "task", "protocol", "preset", "text", "scheme", "seed")


class UnknownKind(Exception):
    """A journal line of a kind that only a newer version knows."""


class Unfit(Exception):
    """A journal line that is not what this version writes."""


def rows_of(entry: Entry) -> Rows:
    """The rows of `entry`.

    Raises:
        UnknownKind: this version does not know its kind.
        Unfit: it is not what this version writes.
    """
    if not known(entry.kind):
        raise UnknownKind(f"a line of the kind {entry.kind}, which this version does not know")
    try:
        return _ROWS[entry.kind](entry.key, entry.record)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise Unfit(f"{type(error).__name__}: {error}") from error


def _unit_row(key: str, unit: Row, state: str, finished_at: datetime | None) -> Row:
    spec = unit["spec"]
    return {
        "key": key,
        "model": str(unit["model"]),
        "task": str(unit["task"]),
        "protocol": str(unit["protocol"]),
        "preset": str(unit["preset"]),
        "text": str(spec["axes"].get("text", "")),
        "seed": int(unit["seed"]),
        "scheme": str(spec["split"]["scheme"]),
        "config": _config(json.dumps({**spec, "split": {**spec["split"], "seed": 0}})),
        "task_hash": str(spec["task"]),
        "model_revision": str(spec["model"]["revision"]),
        "protocol_revision": int(spec["protocol"]["revision"]),
        "axes": json.dumps(spec["axes"]),
        "spec": json.dumps(spec),
        "state": state,
        "finished_at": finished_at,
        "control": spec["model"].get("kind") == "control",
    }


@functools.lru_cache(maxsize=4096)
def _config(spec: str) -> str:
    """`config_of` the spec in this JSON, which all splits of a cell share but for the seed."""
    return config_of(json.loads(spec))


def _scored_rows(key: str, record: Row) -> Rows:
    finished_at = _time(record["finished_at"])
    unit = _unit_row(key, record["unit"], "scored", finished_at)
    predictions = record["predictions"]
    score = {
        **{name: unit[name] for name in (*_PLACE, "config", "control")},
        **{name: _float(record["metrics"][name]) for name in _METRICS},
        "n_train": int(record["n_train"]),
        "n_test": int(record["n_test"]),
        "environment": str(record["environment"]),
        "finished_at": finished_at,
        "seconds": {name: _float(value) for name, value in record["seconds"].items()},
        "best_params": json.dumps(record["best_params"], sort_keys=True),
        "notes": [str(note) for note in record["notes"]],
        "split_hash": str(record["split_hash"]),
        "vectors_hash": str(record["vectors_hash"]),
        "predictions_hash": hashlib.sha256(json.dumps(predictions).encode()).hexdigest()[:16],
    }
    return {
        "units": [unit],
        "scores": [score],
        "predictions": [_prediction_rows(key, predictions)],
        "cv_trials": [_trial_row(key, place, trial) for place, trial in enumerate(record["trials"])],
        "epochs": [_epoch_row(key, epoch) for epoch in record["epochs"]],
    }


def _prediction_rows(key: str, columns: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    scores = [_floats(one) for one in columns["scores"]]
    block: dict[str, list[Any]] = {
        "key": [key] * len(scores),
        "index": list(map(int, columns["index"])),
        "gene": list(map(str, columns["gene"])),
        "label": list(map(int, columns["label"])),
        "score": [one[1] if len(one) == 2 else None for one in scores],
        "scores": scores,
    }
    if len(set(map(len, block.values()))) > 1:
        raise ValueError("the columns of its predictions differ in length")
    return block


def _trial_row(key: str, place: int, trial: Row) -> Row:
    folds = [_float(auc) for auc in trial["fold_aucs"]]
    known = [auc for auc in folds if auc is not None]
    return {
        "key": key,
        "trial": place,
        "params": json.dumps(trial["params"], sort_keys=True),
        "fold_aucs": folds,
        "mean_auc": sum(known) / len(folds) if folds and len(known) == len(folds) else None,
        "best": bool(trial["best"]),
    }


def _epoch_row(key: str, epoch: Row) -> Row:
    numbers = {name: _float(epoch[name]) for name in ("loss", "eval_auc", "learning_rate", "seconds")}
    return {"key": key, "stage": int(epoch["stage"]), "epoch": int(epoch["epoch"]), **numbers}


def _failed_rows(key: str, record: Row) -> Rows:
    finished_at = _time(record["finished_at"])
    unit = _unit_row(key, record["unit"], "failed", finished_at)
    failure = {
        **{name: unit[name] for name in _PLACE},
        "attempt": int(record["attempt"]),
        **{name: str(record[name]) for name in ("sentence", "error", "traceback", "environment")},
        "finished_at": finished_at,
    }
    return {"units": [unit], "failures": [failure]}


def _run_rows(key: str, record: Row) -> Rows:
    return {
        "runs": [
            {
                "id": key,
                "started_at": _time(record["started_at"]),
                "finished_at": _time(record["finished_at"]),
                "state": str(record["state"]),
                "selection": json.dumps(record["selection"]),
                **{name: int(record[name]) for name in ("total", "already_done", "pid")},
                "host": str(record["host"]),
            }
        ],
        # Runs of before have neither.
        "current": [
            {"config": str(config), "turn": int(record["turn"])} for config in record.get("configs", ())
        ],
    }


def _environment_rows(key: str, record: Row) -> Rows:
    texts = {name: str(record[name]) for name in ("python", "platform", "host", "device", "cpu", "kernels")}
    versions = [(str(name), str(version)) for name, version in record["versions"].items()]
    return {
        "environments": [{"hash": key, **texts, "threads": int(record["threads"]), "versions": versions}]
    }


def _model_rows(key: str, record: Row) -> Rows:
    columns = {name: record[name] for name in MODEL_COLUMNS}
    for name in ("dimension", "max_tokens"):
        if columns[name] is not None and not 0 <= columns[name] < 2**31:
            raise ValueError(name)  # would keep everything after it out of the database
    printed = [(str(name), _float(value)) for name, value in record["printed"].items()]
    return {"models": [{"name": str(record["name"]), **columns, "printed": printed}]}


def _task_rows(key: str, record: Row) -> Rows:
    classes = [str(name) for name in record["classes"]]
    task = {
        "hash": key,
        "name": str(record["name"]),
        "title": str(record["title"]),
        "classes": classes,
        "genes": len(record["genes"]),
        "source": str(record["source"]),
        "audit": json.dumps(record["audit"]),
    }
    described = record.get("described") or [None] * len(record["genes"])
    genes = [
        {
            "task_hash": key,
            "index": place,
            "gene": gene,
            "label": label,
            "class": classes[label],
            "text": text,
            "described": None if has_text is None else bool(has_text),
        }
        for place, (gene, label, text, has_text) in enumerate(
            zip(record["genes"], record["labels"], record["texts"], described, strict=True)
        )
    ]
    return {"tasks": [task], "task_genes": genes}


def _measurement_rows(_key: str, record: Row) -> Rows:
    texts, seconds = int(record["texts"]), float(record["seconds"])
    size = None if record["parameters"] is None else int(record["parameters"])
    return {
        "measurements": [
            {
                **{name: str(record[name]) for name in ("model", "revision", "precision", "environment")},
                "measured_at": _time(record["measured_at"]),
                "texts": texts,
                "seconds": seconds,
                "ms_per_text": 1000 * seconds / texts if texts else None,
                "parameters": size,
                "bytes_fp32": None if size is None else 4 * size,
                "bytes_fp16": None if size is None else 2 * size,
                "peak_memory": record["peak_memory"],
            }
        ]
    }


def _set_rows(_key: str, record: Row) -> Rows:
    found = read_set(record)
    return {"named_sets": [{"name": found.name, "tasks": list(found.tasks), "turn": found.turn}]}


def _no_rows(_key: str, _record: Row) -> Rows:
    """Of what matters to a home's files and not to its tables."""
    return {}


_ROWS: Final = {
    "scored": _scored_rows,
    "failed": _failed_rows,
    "run": _run_rows,
    "run_end": _run_rows,
    "environment": _environment_rows,
    "model": _model_rows,
    "measurement": _measurement_rows,
    "task": _task_rows,
    "task_removed": _no_rows,
    "task_restored": _no_rows,
    "task_set": _set_rows,
}


@functools.cache
def this_version() -> str:
    """Of this package: what one version refuses, another may know."""
    from importlib import metadata

    try:
        return metadata.version("genearena")
    except metadata.PackageNotFoundError:
        return ""


def known(kind: str) -> bool:
    """Whether this version knows what a line of `kind` says."""
    return kind in _ROWS


def refused_row(entry: Entry, reason: str, *, newer: bool = False) -> Rows:
    """The row of a line that is in no other table."""
    return {
        "refused": [
            {
                "file": entry.file,
                "start": entry.end - len(entry.line),
                "end": entry.end,
                "kind": entry.kind,
                "key": plain(entry.key),
                "reason": plain(reason),
                "newer": newer,
                "version": this_version(),
            }
        ]
    }


def _floats(values: list[Any]) -> list[float | None]:
    try:
        return list(map(float, values))
    except TypeError:
        return list(map(_float, values))


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _time(text: str) -> datetime | None:
    """An ISO 8601 time as naive UTC, which is what the tables hold; '' is None."""
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
