"""Small labelled vectors and the ways the tests classify them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from engine.classify import Classified, classify
from store.records import Split

RF_GRID: Mapping[str, Any] = {"trees": (3, 8, 20), "max_depth": (None, 2, 4, 6), "folds": 5, "seed": 42}
LR_GRID: Mapping[str, Any] = {
    "C": (0.01, 0.1, 1.0, 10.0, 100.0),
    "penalty": ("l1", "l2"),
    "folds": 5,
    "seed": 42,
}


def noisy_genes(classes: int = 2, rows: int = 150, seed: int = 7) -> tuple[NDArray[Any], NDArray[Any]]:
    """Vectors (rows, 12) that tell the class badly, with pairs of equal rows in different classes."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, rows)
    vectors = random.normal(size=(rows, 12)).astype(np.float32)
    vectors[:, 0] += labels
    vectors[:10] = vectors[10:20]
    labels[:10] = (labels[10:20] + 1) % classes
    return vectors, labels


def draw_split(labels: NDArray[Any], seed: int = 41) -> Split:
    """A stratified 80/10/10 split."""
    rest, test = train_test_split(np.arange(len(labels)), test_size=0.2, stratify=labels, random_state=seed)
    train, evaluation = train_test_split(rest, test_size=0.2, stratify=labels[rest], random_state=seed)
    return Split("paper", seed, *(tuple(part.tolist()) for part in (train, evaluation, test)))


def training_rows(split: Split) -> list[int]:
    return [*split.train, *split.evaluation]


def run(
    protocol: str,
    params: Mapping[str, Any],
    vectors: NDArray[Any],
    labels: NDArray[Any],
    split: Split,
    scaling: str = "none",
    lr_solver: str = "liblinear",
    **others: Any,
) -> Classified:
    others.setdefault("cancel", threading.Event())
    return classify(
        protocol, params, vectors, labels, split, scaling=scaling, lr_solver=lr_solver, **others
    )


def cell_aucs(result: Classified) -> NDArray[np.float64]:
    """Shape (cells, folds)."""
    return np.array([trial.fold_aucs for trial in result.trials])


def grid_search_aucs(search: Any) -> NDArray[np.float64]:
    """GridSearchCV's own fold scores, shape (cells, folds)."""
    return np.array([search.cv_results_[f"split{fold}_test_score"] for fold in range(search.n_splits_)]).T
