"""liblinear, one fit at a time, and without the input checks that take a quarter of a small fit."""

from __future__ import annotations

import warnings
from functools import cache
from threading import Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from engine.classify.folds import Labels, Scores, Vectors

_ALONE: Final = Lock()
"""liblinear has one random generator for the whole process and lets go of the interpreter while it
fits: two fits at once take each other's numbers, and l1 coefficients differ in the second digit."""
_SOLVERS: Final = {"l1": 6, "l2": 0}
"""liblinear's own numbers of its solvers for logistic loss in the primal."""

# A fit that ends at its hundred iterations is as published; hundreds of such lines would hide the progress.
warnings.filterwarnings("ignore", "Liblinear failed to converge", ConvergenceWarning)


def fit(x: Vectors, y: Labels, c: float, penalty: str, seed: int) -> Any:
    """A fitted `LogisticRegression(solver="liblinear")`, or one of each class against the rest.

    Args:
        x: Shape (n, d).
        y: Class indices, shape (n,).
        c: Inverse strength of the penalty.
        penalty: `l1` or `l2`.
        seed: Of the shuffling in l1 fits.
    """
    model = LogisticRegression(solver="liblinear", C=c, l1_ratio=float(penalty == "l1"), random_state=seed)
    if len(np.unique(y)) > 2:
        model = OneVsRestClassifier(model)
    with _ALONE, config_context(skip_parameter_validation=True, assume_finite=True):
        return model.fit(x, y)


def decide(x: Vectors, y: Labels, x_held: Vectors, c: float, penalty: str, seed: int) -> Scores:
    """The decision values (m,) of `fit(x, y, ...)` for two classes, bit for bit."""
    if direct_is_equal() and not issparse(x):
        return _decide_directly(x, y, x_held, c, penalty, seed)
    return np.asarray(fit(x, y, c, penalty, seed).decision_function(x_held))


def _decide_directly(x: Vectors, y: Labels, x_held: Vectors, c: float, penalty: str, seed: int) -> Scores:
    """What LogisticRegression does with liblinear at its defaults, and nothing else."""
    from sklearn.svm import _liblinear  # private: `direct_is_equal` guards it

    shuffle = np.random.RandomState(seed).randint(np.iinfo("i").max)
    tolerance, bias, max_iter, epsilon = 1e-4, 1.0, 100, 0.1
    with _ALONE:
        _liblinear.set_verbosity_wrap(0)
        raw, _ = _liblinear.train_wrap(
            x,
            y.astype(np.float64),
            False,
            _SOLVERS[penalty],
            tolerance,
            bias,
            c,
            np.ones(2),
            max_iter,
            shuffle,
            epsilon,
            np.ones(len(y)),
        )
    values: NDArray[np.float64] = (x_held @ raw[:, :-1].T + raw[:, -1]).ravel()
    return values


@cache
def direct_is_equal() -> bool:
    """Whether this scikit-learn's private interface still gives its public numbers."""
    random = np.random.RandomState(0)
    x = random.standard_normal((24, 5)).astype(np.float32)
    y = (x[:, 0] + random.standard_normal(24) > 0).astype(np.int64)
    try:
        return all(
            np.array_equal(
                _decide_directly(x, y, x, 10.0, penalty, 1),
                fit(x, y, 10.0, penalty, 1).decision_function(x),
            )
            for penalty in _SOLVERS
        )
    except (ImportError, AttributeError, TypeError, ValueError):
        return False
