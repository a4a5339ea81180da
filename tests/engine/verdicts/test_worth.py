"""What a cell is worth, from what the store keeps of it."""

from __future__ import annotations

import judged_home
import numpy as np
import pytest
from judged_home import TASKS
from sklearn.metrics import average_precision_score

from engine.stats.scores import CellScores, FitScores
from engine.verdicts.table import judged
from engine.verdicts.worth import worth, worth_of
from store import connect
from store.arm import Arm, Table
from store.errors import DataError
from store.home import find_home

LR = Arm("lr")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = find_home(tmp_path_factory.mktemp("home")).create()
    judged_home.fill(home, {"fair": 1.5}, TASKS[2:], failing=[("fair", TASKS[2], 43)])
    judged_home.fill(home, {"fair": 1.5}, TASKS[3:], seeds=(41,), protocol="rf")
    return home


@pytest.fixture
def con(home):
    with connect(home) as con:
        yield con


@pytest.mark.parametrize("task", TASKS[2:])
def test_it_is_what_the_table_and_the_kept_metrics_say(con, task):
    found = worth_of(con, "fair", task, LR)
    assert found.estimate == judged(con, Table(LR)).estimates["fair", task]
    kept = "select avg(auprc), avg(brier), count(*) from scores where task = ? and protocol = 'lr'"
    auprc, brier, splits = con.execute(kept, [task]).fetchone()
    assert found.retrieval.average_precision == pytest.approx(auprc)
    assert found.calibration.brier == pytest.approx(brier)
    [called] = found.calls
    assert called.splits == splits == (9 if task == TASKS[2] else 10)
    assert len(found.classes) == 2


def test_the_prevalence_is_that_of_the_genes_outside_of_each_test_set(con):
    found = worth_of(con, "fair", TASKS[3], LR)
    skills = []
    for (key,) in con.execute(
        "select key from scores where task = ? and protocol = 'lr'", [TASKS[3]]
    ).fetchall():
        rows = con.execute("select label, score from predictions where key = ?", [key]).fetchall()
        labels, scores = np.array(rows).T
        positive, total = con.execute(
            """select sum(label), count(*) from task_genes
            where task_hash = (select task_hash from units where key = ?)""", [key],
        ).fetchone()  # fmt: skip
        trained = (positive - labels.sum()) / (total - len(labels))
        skills.append(1 - ((scores - labels) ** 2).mean() / ((trained - labels) ** 2).mean())
    assert found.calibration.skill == pytest.approx(np.mean(skills))
    assert found.calibration.recalibrated_skill is not None


def test_one_split_has_no_recalibration(con):
    found = worth_of(con, "fair", TASKS[3], Arm("rf"))
    assert found.estimate.preliminary
    assert found.calibration.recalibrated_skill is None


def test_what_was_never_scored_is_worth_nothing(con):
    assert worth_of(con, "nobody", TASKS[3], LR) is None
    assert worth_of(con, "fair", TASKS[0], LR) is None


def three_classes(scores) -> CellScores:
    labels = np.array([0, 1, 2, 0, 1, 2])
    fits = tuple(FitScores(f"split {n}", tuple("ABCDEF"), labels, np.array(scores)) for n in range(2))
    return CellScores("m", "t", 0.1, control=False, fits=fits)


def test_more_than_two_classes():
    scores = np.array([[0.6, 0.2, 0.2], [0.2, 0.4, 0.4], [0.1, 0.3, 0.6]] * 2)
    found = worth(three_classes(scores), ("a", "b", "c"), (10, 10, 10))
    labels = np.array([0, 1, 2] * 2)
    expected = np.mean([average_precision_score(labels == k, scores[:, k]) for k in range(3)])
    assert found.retrieval.average_precision == pytest.approx(expected)
    assert [one.called for one in found.calls] == pytest.approx([1 / 3] * 3)
    assert found.calibration.in_the_large is None


def test_what_is_no_probability_is_refused():
    with pytest.raises(DataError, match="not a probability"):
        worth(three_classes(np.full((6, 3), 2.0)), ("a", "b", "c"), (10, 10, 10))
