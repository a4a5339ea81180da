"""What `classify` may look at, what it refuses, and how it is steered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from classify_examples import (
    LR_GRID,
    RF_GRID,
    cell_aucs,
    draw_split,
    grid_search_aucs,
    noisy_genes,
    run,
    training_rows,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from engine.catalog.protocols import PROTOCOLS
from engine.metrics import score
from store.errors import DataError, UsageError
from store.records import PHASES

PARAMS = {
    "lr": PROTOCOLS["lr"].params,
    "rf": {"trees": 10, "seed": 42},
    "lr-cv": LR_GRID,
    "rf-cv": RF_GRID,
}
every_protocol = pytest.mark.parametrize("protocol", PARAMS)


@pytest.fixture
def example():
    vectors, labels = noisy_genes()
    return vectors * np.linspace(0.1, 9, 12, dtype=np.float32), labels, draw_split(labels)


@every_protocol
def test_stored_auc_is_recomputed_by_plain_scikit_learn(protocol, example):
    _, labels, split = example
    result = run(protocol, PARAMS[protocol], *example)
    held = labels[list(split.test)]
    expected = roc_auc_score(held, result.scores[:, 1])
    assert score(held, result.scores).auc == pytest.approx(expected, abs=1e-9)
    assert result.scores.dtype == np.float64
    assert result.scores.shape == (len(split.test), 2)


@every_protocol
def test_the_time_of_each_phase_is_told_under_a_name_that_the_store_has(protocol, example):
    phases = set(run(protocol, PARAMS[protocol], *example).seconds)
    assert phases == ({"tune", "fit"} if protocol.endswith("-cv") else {"fit"})
    assert phases <= set(PHASES)


@pytest.mark.parametrize(
    ("scaling", "scaler"), [("standard", StandardScaler), ("l2", Normalizer)], ids=["standard", "l2"]
)
def test_scaling_is_fitted_inside_each_fold_as_a_pipeline_does(scaling, scaler, example):
    vectors, labels, split = example
    rows = training_rows(split)
    model = LogisticRegression(solver="liblinear", random_state=42)
    grid = {"C": list(LR_GRID["C"]), "l1_ratio": [1.0, 0.0]}
    piped = {f"logisticregression__{name}": values for name, values in grid.items()}
    search = GridSearchCV(make_pipeline(scaler(), model), piped, cv=5, scoring="roc_auc")
    search.fit(vectors[rows], labels[rows])
    result = run("lr-cv", LR_GRID, *example, scaling=scaling)
    assert np.array_equal(cell_aucs(result), grid_search_aucs(search))
    assert np.array_equal(result.scores, search.predict_proba(vectors[list(split.test)]))


def test_scaling_before_the_folds_would_show(example):
    vectors, labels, split = example
    inside = run("lr-cv", LR_GRID, *example, scaling="standard")
    leaky = StandardScaler().fit_transform(vectors)
    assert not np.array_equal(cell_aucs(inside), cell_aucs(run("lr-cv", LR_GRID, leaky, labels, split)))


def test_training_rows_are_train_then_evaluation(example):
    """Folds follow the order of rows, so the order is part of the number."""
    vectors, labels, split = example
    swapped = replace(split, train=split.evaluation, evaluation=split.train)
    first = run("lr-cv", LR_GRID, vectors, labels, split)
    assert not np.array_equal(cell_aucs(first), cell_aucs(run("lr-cv", LR_GRID, vectors, labels, swapped)))


@every_protocol
def test_progress_ends_at_its_total(protocol, example):
    told = []
    run(protocol, PARAMS[protocol], *example, progress=lambda done, total: told.append((done, total)))
    total = 6 if protocol.endswith("-cv") else 1
    assert told == [(done, total) for done in range(1, total + 1)]


@pytest.mark.parametrize(
    ("protocol", "options", "word"),
    [
        ("rfcv", {}, "rf-cv"),
        ("lr-cv", {"lr_solver": "libliner"}, "liblinear"),
        ("lr", {"scaling": "robust"}, "standard"),
    ],
)
def test_unknown_names_are_refused(protocol, options, word, example):
    with pytest.raises(UsageError) as raised:
        run(protocol, PARAMS.get(protocol, {}), *example, **options)
    assert word in str(raised.value)


def test_vectors_that_are_not_finite_are_refused(example):
    vectors, labels, split = example
    vectors[17, 3] = np.nan
    with pytest.raises(DataError, match=r"1 of 150 vectors .* row 17"):
        run("rf", PARAMS["rf"], vectors, labels, split)


def test_too_few_genes_for_the_folds_are_refused(example):
    vectors, labels, split = example
    rows = np.array(training_rows(split))
    labels[rows] = 0
    labels[rows[:3]] = 1
    with pytest.raises(DataError, match="Class 1 has only 3 training genes"):
        run("lr-cv", LR_GRID, vectors, labels, split)
    labels[rows] = 0
    labels[split.test[0]] = 1
    with pytest.raises(DataError, match="No gene of class 1"):
        run("lr", PARAMS["lr"], vectors, labels, split)


def test_labels_that_do_not_fit_are_refused(example):
    vectors, labels, split = example
    with pytest.raises(DataError, match=r"\(150, 12\) do not fit 149"):
        run("lr", PARAMS["lr"], vectors, labels[:-1], split)
