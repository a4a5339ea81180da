"""Journal records back to what `store.entries` wrote: outcomes, their environments, measurements."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from store.provenance import Environment, Measurement
from store.records import CvTrial, Epoch, Failed, Metrics, Prediction, Scored, Unit

_METRICS = ("auc", "auprc", "precision", "recall", "f1", "brier")


def read_scored(record: Mapping[str, Any], unit: Unit) -> Scored:
    """The score of `unit` that a line of kind `scored` holds.

    Raises:
        KeyError, TypeError, ValueError: it holds something else.
    """
    names = ("index", "gene", "label", "scores")
    columns = zip(*(record["predictions"][name] for name in names), strict=True)
    rows = ((index, gene, label, tuple(map(_number, scores))) for index, gene, label, scores in columns)
    rest = {
        name: record[name] for name in ("split_hash", "n_train", "n_test", "environment", "finished_at")
    }
    return Scored(
        unit,
        Metrics(**{name: _number(record["metrics"][name]) for name in _METRICS}),
        tuple(Prediction(*row) for row in rows),
        **rest,
        seconds=record["seconds"],
        vectors_hash=record["vectors_hash"],
        best_params=record["best_params"],
        trials=tuple(
            CvTrial(trial["params"], tuple(map(_number, trial["fold_aucs"])), trial["best"])
            for trial in record["trials"]
        ),
        epochs=tuple(
            Epoch(**{**epoch, **{name: _number(epoch[name]) for name in ("loss", "learning_rate")}})
            for epoch in record["epochs"]
        ),
        notes=tuple(record["notes"]),
    )


def read_failed(record: Mapping[str, Any], unit: Unit) -> Failed:
    """The failure of `unit` that a line of kind `failed` holds.

    Raises:
        KeyError, TypeError: it holds something else.
    """
    return Failed(**{**record, "unit": unit})


def read_environment(record: Mapping[str, Any]) -> Environment:
    """What a line of kind `environment` holds.

    Raises:
        TypeError: it holds something else.
    """
    return Environment(**record)


def read_measurement(record: Mapping[str, Any]) -> Measurement:
    """What a line of kind `measurement` holds.

    Raises:
        TypeError: it holds something else.
    """
    return Measurement(**record)


def _number(value: float | None) -> float:
    """A number as it was: JSON has no word for one that is none."""
    return math.nan if value is None else float(value)
