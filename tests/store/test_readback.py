"""What a journal holds comes back as it was."""

from __future__ import annotations

import json
import math
from dataclasses import replace

from fake_records import scored, unit

from store.entries import entry_of
from store.provenance import Environment, Measurement
from store.readback import read_environment, read_failed, read_measurement, read_scored
from store.records import CvTrial, Epoch, Failed, Metrics, Prediction


def record(value):
    return json.loads(json.dumps(entry_of(value)["record"], allow_nan=False))


def test_a_score_comes_back():
    whole = replace(
        scored(unit(seed=41)),
        predictions=(Prediction(3, "TP53", 1, (0.1, 0.9)), Prediction(7, "SOX2", 0, (1 / 3, 2 / 3))),
        best_params={"C": 0.1},
        trials=(CvTrial({"C": 0.1}, (0.5, 1 / 7), True),),
        epochs=(Epoch(1, 1, 0.69, None, 1e-5, 2.5),),
        notes=("Its batch was halved.",),
        seconds={"fit": 0.1},
    )
    assert read_scored(record(whole), whole.unit) == whole


def test_a_number_that_is_none_comes_back_as_that():
    lost = replace(
        scored(unit(seed=41)),
        metrics=Metrics(*[math.nan] * 6),
        epochs=(Epoch(1, 1, math.nan, 0.5, 1e-5, 2.5),),
    )
    again = read_scored(record(lost), lost.unit)
    assert math.isnan(again.metrics.auc)
    assert math.isnan(again.epochs[0].loss)
    assert entry_of(again) == entry_of(lost)


def test_failures_environments_and_measurements_come_back():
    failed = Failed(unit(seed=41), "It broke.", "Traceback", "ValueError", "e", "2026-01-01", 2)
    assert read_failed(record(failed), failed.unit) == failed
    environment = Environment("3.11", "Linux", "node7", "cpu", "x", 4, {"numpy": "2"}, "AVX2")
    assert read_environment(record(environment)) == environment
    cost = Measurement("m", "r", "fp32", "e", "2026-01-01", 100, 0.5, 22_000_000, 1000)
    assert read_measurement(record(cost)) == cost
