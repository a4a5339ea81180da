"""Logistic regression, default and tuned, with the numbers of scikit-learn's public classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from sklearn import config_context
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid

from engine.classify import liblinear
from engine.classify.folds import Fold, Scores
from engine.classify.tuning import Cell, Pace, fold_auc


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
        # A key spells 1.0 as 1; the stored parameters shall not depend on where they came from.
        return list(ParameterGrid({"C": [float(c) for c in params["C"]], "penalty": penalties}))

    def scores(self, fold: Fold, cell: Cell, pace: Pace) -> Scores:
        """Class probabilities of the held-out rows, shape (m, k).

        Raises:
            Stopped: cancelled before the fit.
        """
        pace.check()
        return np.asarray(self._fit(fold, cell).predict_proba(fold.x_held), dtype=np.float64)

    def aucs(self, fold: Fold, cells: Sequence[Cell], pace: Pace) -> list[float]:
        """The AUC of each cell in one fold, equal to GridSearchCV's bit for bit.

        Raises:
            Stopped: cancelled between two fits.
        """
        return [self._auc(fold, cell, pace) for cell in cells]

    def _auc(self, fold: Fold, cell: Cell, pace: Pace) -> float:
        """The held-out AUC, from the values GridSearchCV's scorer asks for.

        With two classes those are decision values: probabilities near 0 and 1 run into ties.
        """
        pace.check()
        if len(np.unique(fold.y)) > 2:
            return fold_auc(fold.y_held, self._fit(fold, cell).predict_proba(fold.x_held))
        if self.solver == "lbfgs":
            return fold_auc(fold.y_held, self._fit(fold, cell).decision_function(fold.x_held))
        settings = (cell["C"], cell["penalty"], self.seed)
        return fold_auc(fold.y_held, liblinear.decide(fold.x, fold.y, fold.x_held, *settings))

    def _fit(self, fold: Fold, cell: Cell) -> Any:
        if self.solver == "liblinear":
            return liblinear.fit(fold.x, fold.y, cell["C"], cell["penalty"], self.seed)
        model = LogisticRegression(C=cell["C"], max_iter=cell.get("max_iter", 100))
        with config_context(skip_parameter_validation=True, assume_finite=True):
            return model.fit(fold.x, fold.y)
