"""A small home filled through real journals, and a way to call the command line in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from engine.catalog.models import find_model
from engine.plan import Selection, build_plan
from store.home import Home, find_home
from store.records import Environment, Failed, Metrics, Prediction, Run, Scored, Unit
from store.store import Store
from tui.cli import cli

Call = Callable[..., Result]
ENVIRONMENT = Environment("3.11.7", "Linux", "host", "cpu", "a cpu", 2, {"numpy": "2.4.6"})
NOON = "2026-01-02T12:00:00.000+00:00"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return find_home(tmp_path / "home")


@pytest.fixture
def call(home: Home, monkeypatch: pytest.MonkeyPatch) -> Call:
    """`call("rank", "--json")` on the test's own home; the result has exit_code, stdout and stderr."""
    monkeypatch.delenv("GENEARENA_HOME", raising=False)

    def run(*arguments: str, **extra: Any) -> Result:
        return CliRunner().invoke(cli, ["--home", str(home.data.parent), *arguments], **extra)

    return run


@dataclass(frozen=True)
class Filled:
    """What stands in the filled home."""

    units: tuple[Unit, ...]
    failed: Unit


def scored(unit: Unit, auc: float, environment: Environment = ENVIRONMENT) -> Scored:
    """An outcome of `unit` with two test genes."""
    predictions = (
        Prediction(0, "AAA", 0, (0.75, 0.25)),
        Prediction(1, "=HYPERLINK(1)", 1, (0.125, 0.875)),
    )
    metrics = Metrics(auc, 0.5, 0.5, 0.5, 0.5, 0.25)
    return Scored(unit, metrics, predictions, "split", 90, 10, environment.hash, NOON, {"fit": 0.5})


@pytest.fixture
def filled(home: Home) -> Filled:
    """The bundled model with lr and rf on the four sample tasks, seeds 41 and 42; one unit failed."""
    tasks = ("long-vs-short-tf", "dosage-sensitivity", "bivalent-vs-lys4", "bivalent-vs-no-methyl")
    selection = Selection(("all-MiniLM-L6-v2",), tasks, ("lr", "rf"), (41, 42))
    plan = build_plan(selection, home, {})
    *rest, last = plan.units
    store = Store(home)
    run = Run("20260102-120000-abcdef", NOON, selection.to_json(), 16, 0, 1, "host", NOON, "failed")
    store.append(run, ENVIRONMENT, find_model("all-MiniLM-L6-v2", home), *plan.tasks.values())
    store.append(*(scored(unit, 0.5 + 0.01 * place) for place, unit in enumerate(rest)))
    store.append(Failed(last, "It \x1b[31mbroke\x1b[0m.", "Traceback", "ValueError", ENVIRONMENT.hash, NOON))
    store.flush()
    store.close()
    return Filled(tuple(rest), last)


def data(result: Result) -> Any:
    """What a `--json` call printed on standard output."""
    assert result.exit_code in (0, 1, 3), result.stderr
    return json.loads(result.stdout)
