"""A home whose rows are as good as they are told to be: real tasks and splits, scores drawn from a seed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping

import numpy as np

from engine.catalog.models import find_model
from engine.data.tasks.splits import make_split
from engine.metrics import score
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from store.home import Home
from store.provenance import Environment
from store.records import Failed, Prediction, Scored, Unit
from store.store import Store

MODEL = "all-MiniLM-L6-v2"
TASKS = ("long-vs-short-tf", "dosage-sensitivity", "bivalent-vs-lys4", "bivalent-vs-no-methyl")
NOON = "2026-11-28T12:00:00+00:00"
ENVIRONMENT = Environment("3.11.7", "Linux", "box", "cpu", "a cpu", 2, {"numpy": "2.4.0"})


def fill(
    home: Home,
    skills: Mapping[str, float],
    tasks: Iterable[str] = TASKS,
    seeds: Iterable[int] = range(41, 51),
    protocol: str = "lr",
    failing: Iterable[tuple[str, str, int]] = (),
    controls: bool = False,
    scheme: str = "paper",
) -> None:
    """Save a row for each model of `skills` (how far its scores of the two classes lie apart).

    `failing` are (model, task, seed) that failed. With `controls` the rows are of controls of these names.
    """
    seeds, failing = tuple(seeds), set(failing)
    plan = build_plan(Selection((MODEL,), tuple(tasks), (protocol,), seeds, scheme=scheme), home, {})
    with contextlib.closing(Store(home)) as store:
        store.append(ENVIRONMENT, find_model(MODEL, home), *plan.tasks.values())
        for model, skill in skills.items():
            for unit in plan.units:
                renamed = _unit(unit, model, controls)
                if (model, unit.task, unit.seed) in failing:
                    store.append(Failed(renamed, "It broke.", "", "ValueError", ENVIRONMENT.hash, NOON))
                else:
                    store.append(_scored(renamed, plan.tasks[unit.task], skill))
        store.flush()


def _unit(unit: Unit, model: str, control: bool) -> Unit:
    kind = "control" if control else unit.spec["model"]["kind"]
    spec = {**unit.spec, "model": {**unit.spec["model"], "source": model, "kind": kind}}
    return Unit(model, unit.task, unit.protocol, unit.preset, unit.seed, spec)


def _scored(unit: Unit, task, skill: float) -> Scored:
    split = make_split(task, unit.spec["split"]["scheme"], unit.seed, "unique")
    test = list(split.test)
    labels = np.array(task.labels)[test]
    genes = [task.genes[place] for place in test]
    # What a model says of a gene is mostly the gene's own, so that splits are not independent.
    own = np.array([_noise(unit.model, gene) for gene in genes])
    fit = np.random.default_rng(unit.seed).normal(size=len(test))
    chance = 1 / (1 + np.exp(-(skill * (labels - 0.5) + own + 0.5 * fit)))
    both = np.stack([1 - chance, chance], axis=1)
    predictions = tuple(
        Prediction(place, gene, int(label), (float(no), float(yes)))
        for place, gene, label, (no, yes) in zip(test, genes, labels, both, strict=True)
    )
    return Scored(
        unit, score(labels, both), predictions, split.hash, len(task.genes) - len(test), len(test),
        ENVIRONMENT.hash, NOON,
    )  # fmt: skip


def _noise(model: str, gene: str) -> float:
    return float(np.random.default_rng(list(f"{model} {gene}".encode())).normal())
