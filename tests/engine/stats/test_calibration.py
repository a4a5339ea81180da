"""Brier skill, as scores are and recalibrated on the other splits."""

from __future__ import annotations

import numpy as np
import pytest
from cell_examples import one_split
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from engine.metrics import score
from engine.stats.calibration import CLIP, calibration, logistic_fit
from engine.stats.held_out import one_against_rest
from store.errors import DataError


def random_splits(number: int, genes: int = 400, tested: int = 60, warp=lambda p: p, entries: int = 1):
    """Splits of genes whose true probabilities are reported after `warp`; `entries` share a symbol."""
    random = np.random.default_rng(0)
    p = expit(random.normal(0, 2, genes))
    labels = (random.random(genes) < p).astype(int)
    splits = []
    for _ in range(number):
        rows = random.choice(genes, tested, replace=False)
        splits.append(one_split(labels[rows], warp(p[rows]), [f"G{row // entries}" for row in rows]))
    return splits


def test_a_split_by_hand() -> None:
    """Brier .04 beside that of a training prevalence of a quarter: (1/16 + 9/16) / 2."""
    found = calibration([one_split([0, 1], [0.2, 0.8])], [[3, 1]])
    assert found.brier == pytest.approx(0.04)
    assert found.skill == pytest.approx(1 - 0.04 / (10 / 32))
    assert found.in_the_large == pytest.approx(0)
    assert found.recalibrated_skill is None


def test_the_training_prevalence_itself_has_no_skill_and_leans_by_its_difference() -> None:
    found = calibration(
        [one_split([0, 1, 1, 1], [0.25] * 4), one_split([0, 1], [0.5] * 2)], [[3, 1], [1, 1]]
    )
    assert found.skill == 0
    assert found.in_the_large == pytest.approx((-0.5 + 0) / 2)


def test_skill_is_the_mean_of_the_splits_skills() -> None:
    """1 - .04 / .25 and 1 - .16 / (10 / 32); the ratio of the mean scores would be another number."""
    splits = [one_split([0, 1], [0.2, 0.8]), one_split([0, 1], [0.4, 0.6])]
    found = calibration(splits, [[1, 1], [3, 1]])
    assert found.skill == pytest.approx(((1 - 0.04 / 0.25) + (1 - 0.16 / (10 / 32))) / 2)


def test_brier_is_the_stored_metric() -> None:
    random = np.random.default_rng(1)
    for classes in (2, 3):
        labels, scores = np.arange(12) % classes, random.dirichlet(np.ones(classes), 12)
        found = calibration([one_split(labels, scores)], [[1] * classes])
        assert found.brier == pytest.approx(score(labels, scores).brier, abs=1e-12)


def test_more_classes_have_a_skill_but_no_side_to_lean_to() -> None:
    split = one_split([0, 1, 2], np.eye(3) * 0.4 + 0.2)
    found = calibration([split, split], [[1, 1, 2]] * 2)
    by_hand = 1 - (0.4**2 + 2 * 0.2**2) / np.mean(
        [0.75**2 + 0.25**2 + 0.25, 0.75**2 + 0.25**2 + 0.25, 0.375]
    )
    assert found.skill == pytest.approx(by_hand)
    assert found.recalibrated_skill is None
    assert found.in_the_large is None
    assert calibration([one_against_rest(split, 2)], [[2, 2]]).in_the_large == pytest.approx(0)


def test_recalibration_undoes_a_shift_and_a_stretch() -> None:
    """Scores whose logit is bent lose skill, all of which recalibration returns."""
    straight_splits, bent_splits = (
        random_splits(10, warp=warp) for warp in (lambda p: p, lambda p: expit(3 * logit(p) + 2))
    )
    counts = [[200, 140]] * 10
    straight, crooked = calibration(straight_splits, counts), calibration(bent_splits, counts)
    assert crooked.skill < straight.skill - 0.1
    assert crooked.recalibrated_skill == pytest.approx(straight.recalibrated_skill, abs=0.01)
    assert crooked.in_the_large > 0.1


@pytest.mark.parametrize("entries", [1, 2])
def test_recalibration_is_scikit_learns_on_the_other_splits_other_genes(entries: int) -> None:
    """A symbol that stands in both classes is left out as the one when it is tested as the other."""
    splits, counts = random_splits(4, genes=240, tested=40, entries=entries), [[60, 60]] * 4
    skills = []
    for number, split in enumerate(splits):
        rows = [
            (logit(p), label)
            for other, there in enumerate(splits)
            if other != number
            for gene, label, p in zip(
                there.genes, there.labels, np.clip(there.scores, CLIP, 1 - CLIP), strict=True
            )
            if gene not in split.genes
        ]
        x, y = (np.array(column) for column in zip(*rows, strict=True))
        fit = LogisticRegression(C=np.inf, tol=1e-10).fit(x[:, None], y)
        p = fit.predict_proba(logit(np.clip(split.scores, CLIP, 1 - CLIP))[:, None])[:, 1]
        skills.append(1 - np.mean((p - split.labels) ** 2) / np.mean((0.5 - split.labels) ** 2))
    assert calibration(splits, counts).recalibrated_skill == pytest.approx(np.mean(skills), abs=1e-6)


@pytest.mark.parametrize(
    ("scores", "labels"),
    [
        ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]),
        ([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0]),
        ([0.1, 0.5, 0.5, 0.9], [0, 0, 1, 1]),
        ([0.5, 0.5, 0.5, 0.5], [0, 1, 0, 1]),
        ([0.1, 0.2, 0.3, 0.4], [1, 1, 1, 1]),
        ([0.0, 0.0, 5e-324, -1.0], [0, 1, 0, 0]),
        ([], []),
    ],
)
def test_a_fit_without_a_solution_is_none(scores: list[float], labels: list[int]) -> None:
    assert logistic_fit(np.asarray(scores, dtype=float), np.asarray(labels) == 1) is None


@given(
    st.lists(st.tuples(st.floats(-7, 7), st.booleans()), min_size=4, max_size=40),
    st.floats(-5, 5),
)
@settings(max_examples=200)
def test_a_fit_is_where_the_likelihood_is_flat(rows: list[tuple[float, bool]], shift: float) -> None:
    x, truth = (np.array(column) for column in zip(*rows, strict=True))
    fit = logistic_fit(x + shift, truth)
    if fit is None:
        return
    error = truth - expit(fit[0] + fit[1] * (x + shift))
    assert abs(error.sum()) < 1e-6
    assert abs((error * x).sum()) < 1e-5


def test_scores_of_0_and_1_do_not_break_the_fit() -> None:
    """What a forest says: a wrong 0 and a wrong 1 among right ones."""
    splits = random_splits(6, warp=lambda p: np.round(p, 1))
    assert any((split.scores == 0).any() and (split.scores == 1).any() for split in splits)
    assert calibration(splits, [[1, 1]] * 6).recalibrated_skill > 0.2


def test_splits_that_share_all_their_genes_leave_none_to_fit_on() -> None:
    split = one_split([0, 1, 0, 1], [0.4, 0.3, 0.6, 0.7])
    assert calibration([split, split], [[1, 1]] * 2).recalibrated_skill is None


def test_what_does_not_fit_is_refused_in_a_sentence() -> None:
    split = one_split([0, 1], [0.2, 0.8])
    for counts, said in (
        ([[1, 1], [1, 1]], "do not fit 1 splits of 2 classes"),
        ([1, 1], "do not fit"),
        ([[3, 0]], "at least two classes"),
        ([[-1, 2]], "at least two classes"),
    ):
        with pytest.raises(DataError, match=said):
            calibration([split], counts)
    with pytest.raises(DataError, match="not a probability"):
        calibration([one_split([0, 1], [0.2, 1.8])], [[1, 1]])
