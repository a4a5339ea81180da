"""The shared forest grid gives GridSearchCV's numbers to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from classify_examples import (
    RF_GRID,
    cell_aucs,
    draw_split,
    grid_search_aucs,
    noisy_genes,
    run,
    training_rows,
)
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.model_selection import GridSearchCV

from engine.catalog.protocols import PROTOCOLS
from engine.classify import forest
from engine.data.load import load_task
from engine.data.tasks.splits import make_split


def grid_search(params, vectors, labels, rows, scoring="roc_auc"):
    grid = {"n_estimators": list(params["trees"]), "max_depth": list(params["max_depth"])}
    model = RandomForestClassifier(random_state=params["seed"])
    search = GridSearchCV(model, grid, cv=params["folds"], scoring=scoring)
    return search.fit(vectors[rows], labels[rows])


def assert_same(result, search, test_vectors):
    assert np.array_equal(cell_aucs(result), grid_search_aucs(search))
    assert [trial.params for trial in result.trials] == search.cv_results_["params"]
    assert result.best_params == search.best_params_
    assert [trial.best for trial in result.trials].index(True) == search.best_index_
    assert sum(trial.best for trial in result.trials) == 1
    assert np.array_equal(result.scores, search.predict_proba(test_vectors))


@pytest.mark.parametrize(("classes", "scoring"), [(2, "roc_auc"), (3, "roc_auc_ovr")])
def test_every_cell_and_the_refit_equal_grid_search(classes, scoring):
    vectors, labels = noisy_genes(classes)
    split = draw_split(labels)
    search = grid_search(RF_GRID, vectors, labels, training_rows(split), scoring)
    result = run("rf-cv", RF_GRID, vectors, labels, split)
    assert_same(result, search, vectors[list(split.test)])


def test_every_cell_equals_grid_search_on_a_real_task(home):
    task = load_task("long-vs-short-tf", home)
    params = PROTOCOLS["rf-cv"].params
    # A twentieth of the trees: every cell is still made of trees that other cells have too.
    params = {**params, "trees": tuple(trees // 20 for trees in params["trees"])}
    # The text alone decides the vectors, so no model is needed; few dimensions make deep trees.
    hashing = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), n_features=32)
    vectors = hashing.transform(task.texts).toarray().astype(np.float32)
    labels = np.array(task.labels)
    split = make_split(task, "paper", 41)
    result = run("rf-cv", params, vectors, labels, split)
    assert cell_aucs(result).shape == (20, 5)
    search = grid_search(params, vectors, labels, training_rows(split))
    assert_same(result, search, vectors[list(split.test)])


def test_shallow_limits_cut_trees_of_the_example(monkeypatch):
    """The examples do reach the limits: without growing cut trees again, cells differ."""
    vectors, labels = noisy_genes()
    split = draw_split(labels)
    honest = cell_aucs(run("rf-cv", RF_GRID, vectors, labels, split))
    monkeypatch.setattr(forest, "is_cut", lambda tree, limit: False)
    careless = cell_aucs(run("rf-cv", RF_GRID, vectors, labels, split))
    assert not np.array_equal(honest, careless)


def test_an_impure_leaf_at_the_limit_counts_as_cut():
    x = np.array([[0.0], [0.0], [1.0]], dtype=np.float32)
    tree = forest.DecisionTreeClassifier(random_state=0).fit(x, [0, 1, 1])
    assert tree.get_depth() == 1
    assert forest.is_cut(tree, 1)
    assert not forest.is_cut(tree, 2)
    assert not forest.is_cut(tree, None)
    pure = forest.DecisionTreeClassifier(random_state=0).fit(x, [0, 0, 1])
    assert not forest.is_cut(pure, 1)


@pytest.mark.parametrize("classes", [2, 4])
def test_default_forest_equals_random_forest(classes):
    vectors, labels = noisy_genes(classes)
    split = draw_split(labels)
    rows = training_rows(split)
    reference = RandomForestClassifier(n_estimators=100, random_state=42).fit(vectors[rows], labels[rows])
    result = run("rf", PROTOCOLS["rf"].params, vectors, labels, split)
    assert np.array_equal(result.scores, reference.predict_proba(vectors[list(split.test)]))
    assert result.trials == ()
    assert result.best_params == {}
