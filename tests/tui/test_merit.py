"""What is said of one cell: every number beside what chance reaches, and no F1 where it says nothing."""

from __future__ import annotations

import judged_home
import numpy as np
import pytest
from judged_home import TASKS

from engine.stats.scores import CellScores, FitScores
from engine.verdicts.worth import worth, worth_of
from store import connect
from store.arm import Arm
from store.home import find_home
from tui.questions.cells import Place, cell_detail, cell_worth
from tui.ranked.merit import errors, merits


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = find_home(tmp_path_factory.mktemp("home")).create()
    judged_home.fill(home, {"fair": 1.5}, TASKS[1:2])
    return home


def cell(shift: float = 0.0, splits: int = 6) -> CellScores:
    """Scores moved up or down by `shift`, which changes their order nowhere."""
    rng = np.random.default_rng(7)
    labels = np.arange(20) % 2
    fits = []
    for number in range(splits):
        genes = tuple(f"G{gene}" for gene in rng.permutation(60)[:20])
        chance = 1 / (1 + np.exp(-(rng.normal(size=20) + labels - 0.5 + shift)))
        fits.append(FitScores(f"split {number}", genes, labels, chance))
    return CellScores("m", "t", 0.1, control=False, fits=tuple(fits))


def said(shift: float = 0.0, splits: int = 6) -> str:
    return "\n".join(merits(worth(cell(shift, splits), ("short", "tall"), (30, 30))))


def test_f1_stands_beside_the_share_called_and_what_calling_all_gives():
    text = said()
    assert "F1 0." in text
    assert "of the genes called tall; calling all gives 0.667" in text


@pytest.mark.parametrize(("shift", "who"), [(-20, "No gene"), (20, "Every gene")])
def test_a_sentence_stands_instead_of_f1_where_all_are_called_the_same(shift, who):
    text = said(shift)
    assert f"{who} called tall at 0.5 in 6 of 6 splits" in text
    assert "F1" not in text


def test_chance_stands_beside_what_it_is_the_chance_of():
    found = worth(cell(), ("short", "tall"), (30, 30))
    top = found.retrieval
    text = "\n".join(merits(found))
    assert f"AUPRC {top.average_precision:.3f} (chance {top.chance_average_precision:.3f}, skill" in text
    assert top.chance_average_precision > top.prevalence == 0.5
    assert f"precision at 10: {top.precision_at_k:.3f} (chance 0.500)" in text
    assert f"Brier skill {found.calibration.skill:.3f}, recalibrated" in text
    assert "mean score less prevalence" in text


def test_an_interval_is_never_written_with_a_plus_minus():
    found = worth(cell(), ("short", "tall"), (30, 30))
    low, high = found.estimate.interval
    assert merits(found)[0] == (f"AUC {found.estimate.auc:.3f}, 95 % [{low:.3f}, {high:.3f}], of 6 splits")
    assert "±" not in "".join(merits(found))
    assert said(splits=1).splitlines()[0].endswith("of 1 split, preliminary")
    assert errors(found).endswith(f"; {found.estimate.nu} degrees of freedom")


def test_a_third_class_that_is_never_called_is_named():
    labels, scores = np.array([0, 1, 2]), np.array([[0.6, 0.3, 0.1]] * 3)
    fits = (FitScores("split", ("A", "B", "C"), labels, scores),)
    found = worth(CellScores("m", "t", 0.1, control=False, fits=fits), ("a", "b", "c"), (9, 9, 9))
    text = merits(found)[-1]
    assert "every gene called a as its likeliest class in 1 of 1 splits" in text
    assert "no gene called c as its likeliest class in 1 of 1 splits" in text
    assert "F1" not in text


def test_the_screen_asks_the_store(home):
    place = Place("fair", TASKS[1], Arm("lr"))
    with connect(home) as con:
        found, detail = cell_worth(con, place), cell_detail(con, place)
        expected = worth_of(con, "fair", TASKS[1], Arm("lr"))
        nothing = cell_worth(con, Place("nobody", TASKS[1], Arm("lr")))
    assert found.lines == merits(expected)
    assert found.errors == errors(expected)
    assert nothing.lines == ()
    assert np.mean(list(detail.called.values())) == pytest.approx(expected.calls[0].called)
    assert set(detail.called) == {split["key"] for split in detail.splits}
