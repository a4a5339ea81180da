"""A home filled through real journals in a moment, and records to fill it with."""

from __future__ import annotations

from dataclasses import dataclass

from engine.catalog.models import find_model
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from store.home import Home
from store.provenance import Environment, Run
from store.records import Failed, Metrics, Prediction, Scored, Unit
from store.store import Store

MODEL = "all-MiniLM-L6-v2"
TASKS = ("long-vs-short-tf", "dosage-sensitivity", "bivalent-vs-lys4", "bivalent-vs-no-methyl")
ENVIRONMENT = Environment("3.11.7", "Linux", "host", "cpu", "a cpu", 2, {"numpy": "2.4.6"})
NOON = "2026-01-02T12:00:00.000+00:00"
HOSTILE = "=HYPERLINK(1)\x1b]52;c;x\x07\u202e"


@dataclass(frozen=True)
class Filled:
    """What stands in a filled home."""

    home: Home
    units: tuple[Unit, ...]
    failed: Unit


def scored(unit: Unit, auc: float, environment: Environment = ENVIRONMENT) -> Scored:
    """An outcome of `unit` with two test genes, one of a hostile name."""
    predictions = (Prediction(0, "AAA", 0, (0.75, 0.25)), Prediction(1, HOSTILE, 1, (0.125, 0.875)))
    metrics = Metrics(auc, 0.5, 0.5, 0.5, 0.5, 0.25)
    return Scored(unit, metrics, predictions, "split", 90, 10, environment.hash, NOON, {"fit": 0.5})


def fill(home: Home) -> Filled:
    """The bundled model with lr and rf on the sample tasks, seeds 41 and 42; the last unit failed."""
    selection = Selection((MODEL,), TASKS, ("lr", "rf"), (41, 42))
    plan = build_plan(selection, home, {})
    *rest, last = plan.units
    store = Store(home)
    run = Run("20260102-120000-abcdef", NOON, selection.to_json(), 16, 0, 1, "host", NOON, "failed")
    store.append(run, ENVIRONMENT, find_model(MODEL, home), *plan.tasks.values())
    store.append(*(scored(unit, 0.5 + place / 100) for place, unit in enumerate(rest)))
    store.append(
        Failed(last, "It \x1b[31mbroke\x1b[0m.", "Traceback", "ValueError", ENVIRONMENT.hash, NOON)
    )
    store.flush()
    store.close()
    return Filled(home, tuple(rest), last)
