"""The whole classical grid of one model: against the reference scripts' way, and on two workers.

The reference scripts load the model and embed every gene again for each split, one text at a time,
once for the default and once for the tuned classifiers, and tune with GridSearchCV.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._home import fresh_home, sample_task
from benchmarks.classify import BUNDLED, TASKS, Sample, grid_search
from store.records import Scored

TUNED = ("lr-cv", "rf-cv")
CLASSICAL = ("lr", "rf", *TUNED)
SEEDS = tuple(range(41, 51))
REFERENCE_SEEDS = (41,)
"""The reference way is measured on these and scaled to all seeds: its work per split is the same."""


def run_grid(home: Any, protocols: tuple[str, ...], seeds: tuple[int, ...], workers: int) -> list[Scored]:
    """Our way, by the runner itself: everything embedded, fitted, scored and saved."""
    from engine.plan.plan import build_plan
    from engine.plan.selection import Selection
    from engine.run.events import UnitFinished
    from engine.run.runner import Options, run
    from engine.run.steering import Steering
    from store.store import Store

    store = Store(home)
    plan = build_plan(Selection((BUNDLED,), TASKS, protocols, seeds), home, store.finished())
    events = run(plan, store, Steering(), Options(device="cpu", workers=workers, threads=1))
    outcomes = [event.outcome for event in events if isinstance(event, UnitFinished)]
    store.close()
    scored = [outcome for outcome in outcomes if isinstance(outcome, Scored)]
    if len(scored) < len(plan.todo):
        raise RuntimeError(f"only {len(scored)} of {len(plan.todo)} units were scored")
    return scored


def reference_split(folder: Path, task_name: str, seed: int) -> dict[str, float]:
    """The reference scripts' work for one split of one task; the AUC of each protocol."""
    from sentence_transformers import SentenceTransformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    from engine.data.tasks.splits import make_split

    task = sample_task(task_name)
    labels, split = np.array(task.labels), make_split(task, "paper", seed)
    fit, test = [*split.train, *split.evaluation], list(split.test)

    def embedded() -> Sample:
        model = SentenceTransformer(str(folder), device="cpu")
        vectors = np.array([model.encode(text, show_progress_bar=False) for text in task.texts])
        return Sample(vectors, labels, split)

    vectors = embedded().vectors
    lr = LogisticRegression().fit(vectors[fit], labels[fit]).predict_proba(vectors[test])
    rf = RandomForestClassifier(random_state=42).fit(vectors[fit], labels[fit]).predict_proba(vectors[test])
    again = embedded()
    scores = {"lr": lr, "rf": rf, **{name: grid_search(name, again, refit=True)[1] for name in TUNED}}
    return {name: float(roc_auc_score(labels[test], values[:, 1])) for name, values in scores.items()}


def cpu_time() -> float:
    """CPU seconds of this process and of the worker processes it had, which have ended by now."""
    for child in multiprocessing.active_children():
        child.join()
    return sum(os.times()[:4])


def whole_grid() -> list[dict[str, Any]]:
    import torch
    from threadpoolctl import threadpool_limits

    from engine.catalog.models import find_model, local_path

    torch.set_num_threads(1)
    folder = local_path(find_model(BUNDLED))
    if folder is None:
        raise RuntimeError(f"{BUNDLED} is not installed")
    with threadpool_limits(1), fresh_home() as home:
        run_grid(home, ("lr",), (99,), workers=1)
    with threadpool_limits(1), fresh_home() as home:
        started = cpu_time()
        scored = run_grid(home, CLASSICAL, SEEDS, workers=1)
        ours = cpu_time() - started
        mine = {(s.unit.task, s.unit.protocol, s.unit.seed): s.metrics.auc for s in scored}
        apart, theirs = 0.0, 0.0
        for task in TASKS:
            for seed in REFERENCE_SEEDS:
                started = cpu_time()
                aucs = reference_split(folder, task, seed)
                theirs += cpu_time() - started
                apart = max(apart, abs(aucs["lr"] - mine[task, "lr", seed]))
    scale = len(SEEDS) / len(REFERENCE_SEEDS)
    return [
        {
            "work": f"{len(CLASSICAL)} protocols x {len(TASKS)} tasks x {len(SEEDS)} seeds, one model",
            "reference": f"embedding per split, GridSearchCV {theirs * scale:.4g} CPU s",
            "ours": f"{ours:.4g} CPU s",
            "ratio": theirs * scale / ours,
            "equal": f"LR AUC within {apart:.1g}",
            "limit": ">= 6",
            "note": f"the reference was measured on {len(REFERENCE_SEEDS)} of {len(SEEDS)} seeds, "
            f"all tasks ({theirs:.4g} CPU s), times {scale:.3g}",
        }
    ]


def two_workers() -> list[dict[str, Any]]:
    """Wall time of the runner with one and with two workers, vectors already in the cache."""
    seeds = SEEDS[:3]
    walls: dict[int, list[float]] = {1: [], 2: []}
    aucs: dict[int, dict[str, float]] = {}
    for _ in range(2):
        for workers in walls:
            with fresh_home() as home:
                run_grid(home, ("lr",), (99,), workers=1)
                started = time.perf_counter()
                scored = run_grid(home, CLASSICAL, seeds, workers)
                walls[workers].append(time.perf_counter() - started)
                aucs[workers] = {s.unit.key: s.metrics.auc for s in scored}
    one, two = min(walls[1]), min(walls[2])
    return [
        {
            "work": f"{len(CLASSICAL)} protocols x {len(TASKS)} tasks x {len(seeds)} seeds, wall time",
            "reference": f"1 worker {one:.3g} s",
            "ours": f"2 workers {two:.3g} s",
            "ratio": two / one,
            "equal": aucs[1] == aucs[2],
            "limit": "<= 0.65",
            "note": f"the better of two; load of the machine meanwhile {os.getloadavg()[0]:.1f}",
        }
    ]


BENCHMARKS = {"whole-grid": whole_grid, "two-workers": two_workers}
