"""What a biologist sees in a cell, against the table of the statistics reference."""

from __future__ import annotations

import numpy as np
import pytest
from cell_examples import TASKS, fixture_splits, needs_fixture, training_counts

from engine.stats.calibration import calibration
from engine.stats.calls import calls
from engine.stats.retrieval import retrieval

pytestmark = needs_fixture

COLUMNS = ("ap", "p@k", "skill", "recalibrated", "f1", "all-positive f1", "called", "one-class splits")

TABLE = {
    ("minilm", TASKS[0]): (0.443, 0.280, 0.011, -0.015, 0.000, 0.435, 0.00, 10),
    # The reference prints .280 for precision at k; one of its splits has two genes, one of them positive,
    # tied for the fifth place, and the half that its own definition gives the positive one makes .290.
    ("tfidf", TASKS[0]): (0.479, 0.290, 0.026, 0.014, 0.000, 0.435, 0.00, 10),
    ("minilm", TASKS[1]): (0.785, 0.708, 0.428, 0.434, 0.647, 0.393, 0.22, 0),
    ("tfidf", TASKS[1]): (0.812, 0.675, 0.395, 0.448, 0.440, 0.393, 0.08, 0),
    ("minilm", TASKS[2]): (0.938, 0.870, 0.445, 0.533, 0.862, 0.714, 0.54, 0),
    ("tfidf", TASKS[2]): (0.936, 0.850, 0.326, 0.505, 0.828, 0.714, 0.69, 0),
    ("minilm", TASKS[3]): (0.975, 0.910, 0.385, 0.504, 0.867, 0.833, 0.89, 1),
    ("tfidf", TASKS[3]): (0.959, 0.870, 0.243, 0.403, 0.855, 0.833, 0.96, 5),
}


@pytest.fixture(scope="module")
def cells():
    return fixture_splits()


@pytest.mark.parametrize("cell", TABLE, ids="/".join)
def test_the_table_of_the_reference(cells, cell: tuple[str, str]) -> None:
    splits = cells[cell]
    order, fit, called = (
        retrieval(splits),
        calibration(splits, training_counts(cell[1], splits)),
        calls(splits),
    )
    f1 = [_f1(calls([split])) for split in splits]
    found = (
        order.average_precision,
        order.precision_at_k,
        fit.skill,
        fit.recalibrated_skill,
        np.mean(f1),
        called.all_positive_f1,
        called.called,
        called.one_class,
    )
    for name, ours, printed in zip(COLUMNS, found, TABLE[cell], strict=True):
        digits = 0.005 if name == "called" else 0.0005
        assert ours == pytest.approx(printed, abs=digits + 1e-6), name


def test_what_stands_instead_of_f1(cells) -> None:
    first, last = calls(cells["minilm", TASKS[0]]), calls(cells["tfidf", TASKS[3]])
    assert first.sentence() == "no gene called positive at 0.5 in 10 of 10 splits"
    assert last.sentence() == "every gene called positive at 0.5 in 5 of 10 splits"
    assert first.f1 is None
    assert last.precision is None


def _f1(split) -> float:
    """F1 with the conventions of the reference's table, which prints one where none should stand."""
    if split.f1 is not None:
        return split.f1
    return split.all_positive_f1 if split.all_called else 0.0
