"""The short form of `make bench ONLY=coverage`: the errors are what they say, on 200 data sets."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.coverage import data_set, monte_carlo, ridge_scores, study, training_targets
from engine.stats.influence import influences

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def test_equal_models_are_told_apart_no_more_often_than_promised():
    found = study(200)
    most = 0.05 + monte_carlo(0.05, 200)
    assert (found.p <= 0.05).mean(axis=0).max() <= most
    assert (found.naive <= 0.05).mean() > 0.12
    assert found.ordered.mean() <= most
    assert found.leading.mean() >= 0.95 - monte_carlo(0.05, 200)


def test_permuted_labels_give_no_more_small_p_than_uniform_ones():
    p = study(200, models=2, seed=1, permuted="training").p[:, :4]
    for level in (0.05, 0.1, 0.25, 0.5):
        assert (p <= level).mean() <= level + monte_carlo(level, p.size / 2)


def test_a_data_set_is_as_the_sample_is():
    tasks = data_set(np.random.default_rng(0), 2)
    tested = [[np.bincount(fit.labels).tolist() for fit in cells[0].fits] for cells in tasks]
    assert [counts[0] for counts in tested] == [[13, 5], [37, 12], [8, 10], [4, 10]]
    genes = [set(influences(cells).genes) for cells in tasks]
    assert genes[2] & genes[3]
    assert not genes[0] & genes[1]


def test_ridge_scores_are_those_of_fitting_each_split_by_itself():
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    seen, labels = rng.standard_normal((2, 40, 5)), np.repeat([0, 1], 20)
    tests = np.stack([rng.permutation(40)[:8] for _ in range(3)])
    for permuted in (False, True):
        targets = training_targets(rng, labels, tests, permuted)
        assert np.unique(targets[0]).tolist() == [-1, 0, 1]
        assert (targets[0, tests[0]] == 0).all()
        found = ridge_scores(seen, targets, tests)
        for model in range(2):
            for split, held in enumerate(tests):
                train = np.setdiff1d(np.arange(40), held)
                fitted = Ridge(alpha=10.0).fit(seen[model, train], targets[split, train])
                assert found[model, split] == pytest.approx(fitted.predict(seen[model, held]))
