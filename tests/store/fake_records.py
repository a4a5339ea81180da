"""Records as a run would make them, without one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from store.provenance import Environment
from store.records import CvTrial, Epoch, Failed, Metrics, Prediction, Scored, Unit

NOON = "2026-11-23T12:00:00+00:00"
ENVIRONMENT = Environment("3.11.7", "Linux", "box", "cpu", "a cpu", 2, {"numpy": "2.4.0"})


def unit(
    model: str = "all-MiniLM-L6-v2",
    seed: int = 41,
    task: str = "dosage-sensitivity",
    protocol: str = "lr",
    **spec: Any,
) -> Unit:
    """A unit; `spec` replaces members of its specification."""
    whole: Mapping[str, Any] = {
        "v": 1,
        "model": {"source": model, "revision": "1", "kind": "package"},
        "embedding": {"prefix": "", "pooling": "mean"},
        "task": f"hash of {task}",
        "protocol": {"name": protocol, "revision": 1, "params": {"C": 1.0}},
        "axes": {"text": "facts", "labels": "unique"},
        "split": {"scheme": "paper", "seed": seed},
        **spec,
    }
    return Unit(model, task, protocol, "paper", seed, whole)


def scored(of: Unit, auc: float = 0.75, *, at: str = NOON, environment: str = ENVIRONMENT.hash) -> Scored:
    """A finished split whose predictions follow from its key, and whose AUC is as told."""
    chance = random.Random(f"{of.key} {auc}")
    predictions = tuple(
        Prediction(place, f"GENE{place}", place % 2, (1 - score, score))
        for place, score in enumerate(chance.random() for _ in range(12))
    )
    return Scored(
        of,
        Metrics(auc, 0.5, 0.5, 0.5, 0.5, 0.25),
        predictions,
        "split",
        108,
        12,
        environment,
        at,
        {"fit": 0.25, "metrics": 0.01},
        "vectors",
        {"C": 1.0} if of.protocol == "lr-cv" else {},
        (CvTrial({"C": 1.0}, (0.5, 0.75), True), CvTrial({"C": 0.1}, (0.5, 0.5), False)),
        (Epoch(1, 1, 0.7, 0.6, 1e-5, 2.0),),
        ("a note",),
    )


def failed(of: Unit, attempt: int = 1) -> Failed:
    return Failed(
        of, "It ran out of memory.", "Traceback ...", "MemoryError", ENVIRONMENT.hash, NOON, attempt
    )
