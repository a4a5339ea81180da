"""Logistic regression gives scikit-learn's numbers to the last bit, by every road there is."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.svm
from classify_examples import (
    LR_GRID,
    cell_aucs,
    draw_split,
    grid_search_aucs,
    noisy_genes,
    run,
    training_rows,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import _liblinear

from engine.catalog.protocols import PROTOCOLS
from engine.classify import liblinear

LIBLINEAR = LogisticRegression(solver="liblinear", random_state=42)
NEW_SPELLING = {"C": list(LR_GRID["C"]), "l1_ratio": [1.0, 0.0]}
OLD_SPELLING = {"C": list(LR_GRID["C"]), "penalty": ["l1", "l2"]}


def assert_same(result, search, test_vectors):
    assert np.array_equal(cell_aucs(result), grid_search_aucs(search))
    assert [trial.best for trial in result.trials].index(True) == search.best_index_
    assert np.array_equal(result.scores, search.predict_proba(test_vectors))


def search_over(model, grid, vectors, labels, split, scoring="roc_auc"):
    rows = training_rows(split)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return GridSearchCV(model, grid, cv=5, scoring=scoring).fit(vectors[rows], labels[rows])


@pytest.fixture(params=["direct", "public classes"])
def road(request, monkeypatch):
    if request.param == "public classes":
        monkeypatch.setattr(liblinear, "direct_is_equal", lambda: False)


@pytest.mark.usefixtures("road")
@pytest.mark.parametrize("grid", [NEW_SPELLING, OLD_SPELLING], ids=["l1_ratio", "penalty"])
def test_liblinear_grid_equals_grid_search_in_both_spellings(grid):
    vectors, labels = noisy_genes()
    split = draw_split(labels)
    result = run("lr-cv", LR_GRID, vectors, labels, split)
    assert_same(result, search_over(LIBLINEAR, grid, vectors, labels, split), vectors[list(split.test)])
    assert [trial.params["penalty"] for trial in result.trials[:2]] == ["l1", "l2"]


def test_direct_road_is_open():
    assert liblinear.direct_is_equal.__wrapped__()


def a_bit_off(train_wrap):
    def changed(*args):
        raw, iterations = train_wrap(*args)
        return raw * (1 + 1e-15), iterations

    return changed


def other_arguments(train_wrap):
    return lambda x, y: None


@pytest.mark.parametrize("change", [a_bit_off, other_arguments])
def test_direct_road_closes_when_the_private_interface_changes(monkeypatch, change):
    changed = SimpleNamespace(
        train_wrap=change(_liblinear.train_wrap), set_verbosity_wrap=_liblinear.set_verbosity_wrap
    )
    monkeypatch.setattr(sklearn.svm, "_liblinear", changed)
    assert not liblinear.direct_is_equal.__wrapped__()


@pytest.mark.usefixtures("road")
def test_threads_do_not_take_each_others_random_numbers():
    """Long l1 fits, whose coefficients show in every decision value which numbers they were dealt."""
    vectors = np.random.default_rng(0).normal(size=(400, 200)).astype(np.float32)
    labels = (vectors[:, 0] > 0.3).astype(np.int64)

    def decide(c):
        return liblinear.decide(vectors, labels, vectors[:20], c, "l1", 42)

    strengths = [10.0, 100.0] * 6
    alone = [decide(c) for c in strengths]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(decide, strengths))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def test_more_classes_are_fitted_one_against_the_rest():
    vectors, labels = noisy_genes(classes=3)
    split = draw_split(labels)
    grid = {"estimator__C": list(LR_GRID["C"]), "estimator__l1_ratio": [1.0, 0.0]}
    search = search_over(OneVsRestClassifier(LIBLINEAR), grid, vectors, labels, split, "roc_auc_ovr")
    result = run("lr-cv", LR_GRID, vectors, labels, split)
    assert_same(result, search, vectors[list(split.test)])
    assert np.allclose(result.scores.sum(axis=1), 1)


@pytest.mark.parametrize(("classes", "scoring"), [(2, "roc_auc"), (3, "roc_auc_ovr")])
def test_lbfgs_grid_is_the_l2_half(classes, scoring):
    vectors, labels = noisy_genes(classes)
    split = draw_split(labels)
    search = search_over(LogisticRegression(), {"C": list(LR_GRID["C"])}, vectors, labels, split, scoring)
    result = run("lr-cv", LR_GRID, vectors, labels, split, lr_solver="lbfgs")
    assert_same(result, search, vectors[list(split.test)])
    assert {trial.params["penalty"] for trial in result.trials} == {"l2"}


@pytest.mark.parametrize("classes", [2, 3])
def test_default_equals_logistic_regression(classes):
    vectors, labels = noisy_genes(classes)
    split = draw_split(labels)
    rows = training_rows(split)
    reference = LogisticRegression().fit(vectors[rows], labels[rows])
    result = run("lr", PROTOCOLS["lr"].params, vectors, labels, split)
    assert np.array_equal(result.scores, reference.predict_proba(vectors[list(split.test)]))
