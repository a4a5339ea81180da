"""The other views: reproduction, best parameters, ROC points and the long table."""

from __future__ import annotations

import numpy as np
import pytest
from fake_records import scored, unit
from sklearn.metrics import roc_curve

import store
from store.records import Metrics, Model, Prediction, Scored
from store.reference import reference_scores
from store.store import Store


@pytest.fixture
def filled(home):
    def fill(*records):
        saved = Store(home)
        saved.append(*records)
        saved.flush()
        return store.connect(home)

    return fill


def predicted(labels, scores) -> Scored:
    rows = scores if np.ndim(scores) == 2 else [(1 - score, score) for score in scores]
    predictions = [
        Prediction(place, f"G{place}", int(label), tuple(map(float, row)))
        for place, (label, row) in enumerate(zip(labels, rows, strict=True))
    ]
    return Scored(
        unit(), Metrics(*[0.5] * 6), tuple(predictions), "", 1, len(labels), "e", "2026-11-23T12:00:00Z"
    )


def test_roc_points_are_scikit_learns(filled):
    chance = np.random.default_rng(1)
    labels = chance.integers(0, 2, 40)
    scores = chance.integers(0, 12, 40) / 12  # many ties
    with filled(predicted(labels, scores)) as con:
        points = con.execute(
            "SELECT fpr, tpr, threshold FROM roc_points WHERE key = ?", [unit().key]
        ).fetchall()
    fpr, tpr, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_allclose(points, np.column_stack([fpr, tpr, thresholds]), atol=1e-12)


def test_roc_points_of_more_classes_are_one_against_the_rest(filled):
    chance = np.random.default_rng(2)
    labels, scores = chance.integers(0, 3, 30), chance.dirichlet([1, 1, 1], 30)
    with filled(predicted(labels, scores)) as con:
        for label in range(3):
            points = con.execute("SELECT fpr, tpr FROM roc_points WHERE class = ?", [label]).fetchall()
            fpr, tpr, _ = roc_curve(labels == label, scores[:, label], drop_intermediate=False)
            np.testing.assert_allclose(points, np.column_stack([fpr, tpr]), atol=1e-12)
        assert con.execute("SELECT count(*) FROM predictions WHERE score IS NOT NULL").fetchone() == (0,)


def test_best_params_are_counted_by_split(filled):
    with filled(
        *(scored(unit(seed=seed, protocol="lr-cv")) for seed in range(3)), scored(unit(seed=9))
    ) as con:
        assert con.execute("SELECT protocol, params->>'C', splits FROM best_params").fetchall() == [
            ("lr-cv", "1.0", 3)
        ]


@pytest.mark.parametrize(
    ("auc", "n", "verdict"),
    [
        (0.97, 10, "differs"),
        (0.92, 10, "match"),
        (0.945, 10, "near"),
        (0.95, 1, "match"),
        (0.84, 10, "near"),
    ],
)
def test_reproduction_judges_by_the_standard_error(filled, auc, n, verdict):
    """The paper's e5-small has .898 on dosage; the yardstick of ten splits is .066 / sqrt(10) = .0209."""
    model = Model("mine", "folder", "/m", paper_name="e5-small")
    with filled(model, *(scored(unit("mine", seed), auc) for seed in range(n))) as con:
        row = con.execute(
            "SELECT paper_auc, rerun_auc, round(delta, 6), verdict FROM reproduction"
        ).fetchall()
    assert row == [(0.898, 0.898, round(auc - 0.898, 6), verdict)]


def test_reproduction_is_of_splits_drawn_as_the_papers(filled):
    model = Model("mine", "folder", "/m", paper_name="e5-small")
    folds = unit("mine", 41, split={"scheme": "cv-10x10", "seed": 41})
    with filled(model, scored(unit("mine", 41), 0.9), scored(folds, 0.8)) as con:
        assert con.execute("SELECT scheme, auc FROM reproduction").fetchall() == [("paper", 0.9)]
        assert len(con.execute("SELECT scheme FROM leaderboard").fetchall()) == 2


def test_the_long_table_holds_own_and_published(filled):
    with filled(scored(unit())) as con:
        found = dict(
            con.execute("SELECT source, count(*) FROM leaderboard_long GROUP BY source").fetchall()
        )
        assert found == {"own": 2, "paper": 270, "rerun-2025-06": 270}
        own = "SELECT task, auc, n FROM leaderboard_long WHERE source = 'own' ORDER BY task"
        assert con.execute(own).fetchall() == [("dosage-sensitivity", 0.75, 1), ("mean", 0.75, None)]


def test_the_published_numbers_are_whole():
    rows = list(reference_scores())
    assert len(rows) == 540
    openai = {
        (row.source, row.paper_table): row.rank
        for row in rows
        if (row.model, row.task) == ("OpenAI", "mean")
    }
    assert [openai["paper", table] for table in (3, 4, 5, 6)] == [7, 10, 10, 8]
    assert [openai["rerun-2025-06", table] for table in (4, 5)] == [8, 11]
    moved = [
        row.auc
        for row in rows
        if (row.model, row.protocol, row.task) == ("e5-small", "lr", "bivalent-vs-lys4")
    ]
    assert moved == [0.932, 0.933]
