"""Logistic regression, default and tuned, with the numbers of scikit-learn's public classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, Literal

import numpy as np
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.multiclass import OneVsRestClassifier

from engine.classify.folds import Fold, Scores
from engine.classify.tuning import Cell, Pace, fold_auc

_LIBLINEAR: Final = Lock()
"""liblinear has one random generator for the whole process and lets go of the interpreter while it
fits: two fits at once take each other's numbers, and l1 coefficients differ in the second digit."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """`LogisticRegression` by lbfgs, or by liblinear with a fixed seed.

    liblinear knows two classes only; with more, one classifier is fitted for each class against
    the rest and the probabilities are scaled to sum to 1.
    """

    solver: Literal["lbfgs", "liblinear"]
    seed: int = 0
    """Of liblinear's shuffling; lbfgs draws no random numbers."""

    def cells(self, params: Mapping[str, Any]) -> list[Cell]:
        """The grid in GridSearchCV's order; lbfgs has the l2 half of it."""
        penalties = params["penalty"] if self.solver == "liblinear" else ("l2",)
        return list(ParameterGrid({"C": params["C"], "penalty": penalties}))

    def scores(self, fold: Fold, cell: Cell, pace: Pace) -> Scores:
        """Class probabilities of the held-out rows, shape (m, k).

        Raises:
            Stopped: cancelled before the fit.
        """
        return np.asarray(self._fit(fold, cell, pace).predict_proba(fold.x_held), dtype=np.float64)

    def aucs(self, fold: Fold, cells: Sequence[Cell], pace: Pace) -> list[float]:
        """The AUC of each cell in one fold, equal to GridSearchCV's bit for bit.

        Raises:
            Stopped: cancelled between two fits.
        """
        return [_auc(self._fit(fold, cell, pace), fold) for cell in cells]

    def _fit(self, fold: Fold, cell: Cell, pace: Pace) -> Any:
        pace.check()
        with config_context(skip_parameter_validation=True, assume_finite=True):
            if self.solver == "lbfgs":
                model = LogisticRegression(C=cell["C"], max_iter=cell.get("max_iter", 100))
                return model.fit(fold.x, fold.y)
            l1_ratio = float(cell["penalty"] == "l1")
            model = LogisticRegression(
                solver="liblinear", C=cell["C"], l1_ratio=l1_ratio, random_state=self.seed
            )
            if len(np.unique(fold.y)) > 2:
                model = OneVsRestClassifier(model)
            with _LIBLINEAR:
                return model.fit(fold.x, fold.y)


def _auc(model: Any, fold: Fold) -> float:
    """The held-out AUC of a fitted model, from what GridSearchCV's scorer asks of it.

    With two classes that is the decision value: probabilities near 0 and 1 run into ties.
    """
    score = model.decision_function if len(model.classes_) == 2 else model.predict_proba
    return fold_auc(fold.y_held, score(fold.x_held))
