"""The same numbers from other people's code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.stats.influence import Influences, TaskSplits
from engine.stats.pairs import pair_of

baycomp = pytest.importorskip(
    "baycomp", reason="pip install baycomp; it brings a package called tests along"
)


@settings(max_examples=50)
@given(st.integers(0, 1000), st.integers(2, 12))
def test_the_posterior_is_the_bayesian_correlated_t_test(seed, splits):
    """Corani & Benavoli's correlation 1 / n is a ratio of 1 / (n - 1), and nu the folds less one."""
    rng = np.random.default_rng(seed)
    auc = rng.uniform(0.6, 0.9, (2, splits))
    ratios = np.full(2, 1 / (splits - 1))
    task = TaskSplits("T", tuple(map(str, range(splits))), splits, 0, ratios, auc)
    no_genes = Influences(("a", "b"), auc.mean(axis=1), (), np.zeros((2, 0)), splits, (task,))
    found = pair_of(no_genes, 0, 1).probabilities
    expected = baycomp.two_on_single(auc[0], auc[1], rope=0.01, runs=1)
    assert (found.first, found.same, found.second) == pytest.approx(expected, abs=1e-9)
