"""Tuned LR and RF against GridSearchCV, on the sample tasks with the bundled model's vectors.

CPU time of this process with one thread; the two take turns, so that both see the same machine.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks._home import sample_task
from engine.catalog.protocols import PROTOCOLS
from store.records import Split

T = TypeVar("T")
Outcome = tuple[NDArray[np.float64], ...]
"""What two ways of doing the same must agree on, bit for bit: fold AUCs (cells, folds) and, where
there was a refit, the test scores (n, k)."""

BUNDLED: Final = "all-MiniLM-L6-v2"
TASKS: Final = ("long-vs-short-tf", "dosage-sensitivity", "bivalent-vs-lys4", "bivalent-vs-no-methyl")

HARDER: Final = "dosage-sensitivity"
"""The largest task, whose trees are the deepest: the most are grown again."""


@dataclass(frozen=True)
class Sample:
    """One sample task as a classifier sees it."""

    vectors: NDArray[np.float32]
    labels: NDArray[np.int64]
    split: Split


@cache
def sample(task_name: str, seed: int = 41) -> Sample:
    """The task's vectors by the bundled model, and one of the paper's splits."""
    from engine.catalog.models import embedding_options, find_model
    from engine.catalog.presets import Axes
    from engine.data.tasks.splits import make_split
    from engine.embedding.embed import embed

    task, model = sample_task(task_name), find_model(BUNDLED)
    with tempfile.TemporaryDirectory() as cache_folder:
        vectors = embed(
            model,
            task.texts,
            embedding_options(model, Axes()),
            Path(cache_folder),
            device="cpu",
            cancel=threading.Event(),
            progress=lambda done, total: None,
        ).vectors
    return Sample(vectors, np.array(task.labels), make_split(task, "paper", seed))


def grid_search(protocol: str, rows: Sample, *, refit: bool) -> Outcome:
    """GridSearchCV as the reference code calls it, with the seeds that make it repeatable."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    params = PROTOCOLS[protocol].params
    model: Any
    if protocol == "lr-cv":
        model = LogisticRegression(solver="liblinear", random_state=params["seed"])
        grid = {"C": list(params["C"]), "l1_ratio": [float(p == "l1") for p in params["penalty"]]}
    else:
        model = RandomForestClassifier(random_state=params["seed"])
        grid = {"n_estimators": list(params["trees"]), "max_depth": list(params["max_depth"])}
    fit = [*rows.split.train, *rows.split.evaluation]
    search = GridSearchCV(model, grid, cv=params["folds"], scoring="roc_auc", refit=refit)
    search.fit(rows.vectors[fit], rows.labels[fit])
    aucs = np.array([search.cv_results_[f"split{fold}_test_score"] for fold in range(params["folds"])]).T
    return (aucs, search.predict_proba(rows.vectors[list(rows.split.test)])) if refit else (aucs,)


def whole_unit(protocol: str, rows: Sample) -> Outcome:
    """Ours as the runner calls it: the grid, the refit and the test scores."""
    from engine.classify import classify

    result = classify(
        protocol,
        PROTOCOLS[protocol].params,
        rows.vectors,
        rows.labels,
        rows.split,
        scaling="none",
        lr_solver="liblinear",
        cancel=threading.Event(),
    )
    return np.array([trial.fold_aucs for trial in result.trials]), result.scores


def forest_cells(rows: Sample) -> Outcome:
    """Ours, the grid of rf-cv alone."""
    from engine.classify.folds import cv_folds
    from engine.classify.forest import Forest
    from engine.classify.tuning import Pace, run_grid

    params = PROTOCOLS["rf-cv"].params
    forest = Forest(params["seed"])
    fit = np.array([*rows.split.train, *rows.split.evaluation])
    folds = cv_folds(rows.vectors, rows.labels, fit, params["folds"], "none")
    trials = run_grid(forest, forest.cells(params), folds, Pace(threading.Event(), None, params["folds"]))
    return (np.array([trial.fold_aucs for trial in trials]),)


def cpu_seconds(work: Callable[[], T]) -> tuple[float, T]:
    """CPU time of this process for `work`, and what it gave."""
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def compare(
    work: str, reference: Callable[[], Outcome], ours: Callable[[], Outcome], limit: str, rounds: int
) -> dict[str, Any]:
    """One row: the two in turns, ours before and after the reference; the medians."""
    from threadpoolctl import threadpool_limits

    before, after, equal = [], [], True
    with threadpool_limits(1):
        mine = ours()
        for _ in range(rounds):
            for times, function in ((after, ours), (before, reference), (after, ours)):
                spent, outcome = cpu_seconds(function)
                times.append(spent)
                equal &= all(map(np.array_equal, outcome, mine))
    reference_s, ours_s = statistics.median(before), statistics.median(after)
    return {
        "work": work,
        "reference": f"GridSearchCV {reference_s:.3g} CPU s",
        "ours": f"{ours_s:.3g} CPU s",
        "ratio": reference_s / ours_s,
        "equal": equal,
        "limit": limit,
    }


def tuned_forest() -> list[dict[str, Any]]:
    limits = {HARDER: ">= 8", "bivalent-vs-lys4": ">= 9"}
    rows = []
    for task, limit in limits.items():
        data = sample(task)
        cells = partial(grid_search, "rf-cv", data, refit=False)
        rows.append(
            compare(f"rf-cv, {task}: 20x5 cells, no refit", cells, partial(forest_cells, data), limit, 1)
        )
    unit = partial(grid_search, "rf-cv", sample(HARDER), refit=True)
    whole = partial(whole_unit, "rf-cv", sample(HARDER))
    return [*rows, compare(f"rf-cv, {HARDER}: cells, refit and test scores", unit, whole, "", 1)]


def tuned_logistic() -> list[dict[str, Any]]:
    rows = []
    for task in TASKS:
        data = sample(task)
        reference = partial(grid_search, "lr-cv", data, refit=True)
        ours = partial(whole_unit, "lr-cv", data)
        rows.append(compare(f"lr-cv, {task}: 10x5 cells, refit", reference, ours, ">= 1.25", 5))
    return rows


BENCHMARKS = {"tuned-lr": tuned_logistic, "tuned-rf": tuned_forest}
