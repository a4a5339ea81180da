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
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from store.records import Split

BUNDLED: Final = "all-MiniLM-L6-v2"
TASKS: Final = ("long-vs-short-tf", "dosage-sensitivity", "bivalent-vs-lys4", "bivalent-vs-no-methyl")


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
    from engine.data.splits import make_split
    from engine.data.tasks import load_task
    from engine.embed import embed

    task, model = load_task(task_name), find_model(BUNDLED)
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


def grid_search(protocol: str, rows: Sample) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """GridSearchCV as the reference code calls it: fold AUCs (cells, folds) and test scores."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    from engine.catalog.protocols import PROTOCOLS

    params = PROTOCOLS[protocol].params
    model: Any
    if protocol == "lr-cv":
        model = LogisticRegression(solver="liblinear", random_state=params["seed"])
        grid = {"C": list(params["C"]), "l1_ratio": [float(p == "l1") for p in params["penalty"]]}
    else:
        model = RandomForestClassifier(random_state=params["seed"])
        grid = {"n_estimators": list(params["trees"]), "max_depth": list(params["max_depth"])}
    fit = [*rows.split.train, *rows.split.evaluation]
    search = GridSearchCV(model, grid, cv=params["folds"], scoring="roc_auc")
    search.fit(rows.vectors[fit], rows.labels[fit])
    folds = [search.cv_results_[f"split{fold}_test_score"] for fold in range(params["folds"])]
    return np.array(folds).T, search.predict_proba(rows.vectors[list(rows.split.test)])


def shared_grid(protocol: str, rows: Sample) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ours: fold AUCs (cells, folds) and test scores."""
    from engine.catalog.protocols import PROTOCOLS
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


def cpu_seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU time of this process for `work`, and what it gave."""
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def compare(protocol: str, task: str, limit: str, rounds: int) -> dict[str, Any]:
    """One row: GridSearchCV and ours in turns, the median of each."""
    from threadpoolctl import threadpool_limits

    rows = sample(task)
    theirs, ours, equal = [], [], True
    with threadpool_limits(1):
        shared_grid(protocol, rows)
        for _ in range(rounds):
            spent, (aucs, scores) = cpu_seconds(lambda: grid_search(protocol, rows))
            theirs.append(spent)
            spent, (our_aucs, our_scores) = cpu_seconds(lambda: shared_grid(protocol, rows))
            ours.append(spent)
            equal &= np.array_equal(aucs, our_aucs) and np.array_equal(scores, our_scores)
    before, after = statistics.median(theirs), statistics.median(ours)
    return {
        "work": f"{protocol}, {task}, {aucs.shape[0]}x{aucs.shape[1]} cells and refit",
        "reference": f"GridSearchCV {before:.3g} CPU s",
        "ours": f"{after:.3g} CPU s",
        "ratio": before / after,
        "equal": bool(equal),
        "limit": limit,
    }


def tuned_forest() -> list[dict[str, Any]]:
    return [
        compare("rf-cv", "dosage-sensitivity", ">= 8", rounds=1),
        compare("rf-cv", "bivalent-vs-lys4", ">= 9", rounds=1),
        compare("rf-cv", "long-vs-short-tf", ">= 8", rounds=1),
        compare("rf-cv", "bivalent-vs-no-methyl", ">= 8", rounds=1),
    ]


def tuned_logistic() -> list[dict[str, Any]]:
    return [compare("lr-cv", task, ">= 1.25", rounds=7) for task in TASKS]


BENCHMARKS = {"tuned-lr": tuned_logistic, "tuned-rf": tuned_forest}
