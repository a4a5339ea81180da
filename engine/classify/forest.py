"""Random forests, and their tuning grid grown once instead of once for each cell.

A forest's first k trees do not depend on how many follow, and a depth limit changes only the trees
that reach it. So one unlimited forest of the largest size in each fold, with the few trees that a
limit cuts grown again under it, holds every cell of GridSearchCV's grid to the last bit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn import config_context
from sklearn.model_selection import ParameterGrid
from sklearn.tree import DecisionTreeClassifier

from engine.classify.folds import Fold, Scores, Vectors
from engine.classify.tuning import Cell, Pace, fold_auc


@dataclass(frozen=True, slots=True)
class Forest:
    """`RandomForestClassifier(**cell, random_state=seed)`, bit for bit."""

    seed: int

    def cells(self, params: Mapping[str, Any]) -> list[Cell]:
        """The grid in GridSearchCV's order, under scikit-learn's names."""
        return list(ParameterGrid({"n_estimators": params["trees"], "max_depth": params["max_depth"]}))

    def scores(self, fold: Fold, cell: Cell, pace: Pace) -> Scores:
        """Class probabilities of the held-out rows, shape (m, k).

        Raises:
            Stopped: cancelled between two trees.
        """
        size = cell["n_estimators"]
        grower = _Grower(fold, self.seed, size, pace)
        trees = (grower.grow(place, cell["max_depth"]) for place in range(size))
        return _averages(trees, {size}, fold)[size]

    def aucs(self, fold: Fold, cells: Sequence[Cell], pace: Pace) -> list[float]:
        """The AUC of each cell in one fold.

        Raises:
            Stopped: cancelled between two trees.
        """
        sizes = {cell["n_estimators"] for cell in cells}
        grower = _Grower(fold, self.seed, max(sizes), pace)
        unlimited = [grower.grow(place, None) for place in range(max(sizes))]
        uncut = _averages(unlimited, sizes, fold)
        scores: dict[int | None, dict[int, Scores]] = {}
        for limit in {cell["max_depth"] for cell in cells}:
            cut = {place for place, tree in enumerate(unlimited) if is_cut(tree, limit)}
            trees = (grower.grow(i, limit) if i in cut else tree for i, tree in enumerate(unlimited))
            scores[limit] = _averages(trees, sizes, fold) if cut else uncut
        return [fold_auc(fold.y_held, scores[cell["max_depth"]][cell["n_estimators"]]) for cell in cells]


class _Grower:
    """Grows any one tree of a forest, from the same random numbers RandomForestClassifier draws.

    On tasks of a few hundred genes more than half of `RandomForestClassifier.fit` is Python around
    the trees. Growing them directly leaves half of that, and threads overlap the better for it.
    """

    def __init__(self, fold: Fold, seed: int, size: int, pace: Pace) -> None:
        self._x = _columnwise(fold.x)
        self._y = fold.y
        self._pace = pace
        self._seeds = np.random.RandomState(seed).randint(np.iinfo(np.int32).max, size=size)
        # Reseeding takes 1 us, a new RandomState 60: it reads the system's entropy first.
        self._random = np.random.RandomState(seed)

    def grow(self, place: int, max_depth: int | None) -> DecisionTreeClassifier:
        """Tree number `place` of the forest, under a depth limit or none."""
        self._pace.check()
        rows = len(self._y)
        self._random.seed(self._seeds[place])
        bootstrap = np.bincount(self._random.randint(0, rows, rows), minlength=rows)
        self._random.seed(self._seeds[place])
        tree = DecisionTreeClassifier(max_depth=max_depth, max_features="sqrt", random_state=self._random)
        with config_context(skip_parameter_validation=True, assume_finite=True):
            tree.fit(self._x, self._y, sample_weight=bootstrap, check_input=False)
        return tree


def _columnwise(x: Vectors) -> Vectors:
    """`x` as trees are grown from it: a sparse one as RandomForestClassifier would turn it."""
    if not issparse(x):
        return x
    columns = x.tocsc().astype(np.float32)
    columns.sort_indices()
    return columns


def is_cut(tree: DecisionTreeClassifier, limit: int | None) -> bool:
    """Whether `tree` would be another one under the depth limit.

    A tree that is cut must be grown again, not truncated: a node that is not split draws no random
    numbers, so all later nodes get others. The same holds for an impure leaf at the limit, which
    drew some in vain.
    """
    nodes = tree.tree_
    if limit is None or nodes.max_depth < limit:
        return False
    leaves = nodes.children_left == -1
    return bool(nodes.max_depth > limit or nodes.impurity[leaves].any())


def _averages(
    trees: Iterable[DecisionTreeClassifier], sizes: Collection[int], fold: Fold
) -> dict[int, Scores]:
    """Class probabilities (m, k) of the forests of the first `sizes` trees.

    Added tree by tree and then divided, as RandomForestClassifier does: the order of rounding.
    """
    averages: dict[int, Scores] = {}
    held = fold.x_held.astype(np.float32) if issparse(fold.x_held) else fold.x_held
    total = np.zeros((held.shape[0], len(np.unique(fold.y))))
    for count, tree in enumerate(trees, start=1):
        # The input check would take five times as long as the prediction.
        total += tree.predict_proba(held, check_input=False)
        if count in sizes:
            averages[count] = total / count
    return averages
