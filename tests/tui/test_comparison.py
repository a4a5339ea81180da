"""What is said of two rows: own ones, an own and a published one, two published ones."""

from __future__ import annotations

from decimal import Decimal

import judged_home
import numpy as np
import pytest
from judged_home import MODEL, TASKS

from engine.stats.reproduction import reproduction
from store import connect
from store.arm import Arm, Table
from store.errors import UsageError
from store.home import find_home
from store.reference import reference_scores
from tui.questions.cells import Side, contrast, sides
from tui.ranked.comparison import Line, digits

LR = Table(Arm("lr"))
PRINTED = "e5-small-v2"
GOOD, FAIR, POOR = (Side("own", model, LR) for model in ("good", "fair", "poor"))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = find_home(tmp_path_factory.mktemp("home")).create()
    judged_home.fill(home, {"good": 2.5, "fair": 2.2, MODEL: 2.0})
    judged_home.fill(home, {"poor": 0.1}, TASKS[:2], failing=[("poor", TASKS[0], 41)])
    judged_home.fill(home, {"good": 2.5}, seeds=range(41, 45), protocol="rf")
    return home


@pytest.fixture
def ask(home):
    with connect(home) as con:
        yield lambda first, second: contrast(con, home, first, second)


def printed(model: str, protocol: str = "lr", source: str = "paper") -> Side:
    return Side(source, model, Table(Arm(protocol)), model)


# ---------------------------------------------------------------------------- digits


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        (0.911, 0.9, ("0.911", "0.900", "+0.011")),
        (0.9114, 0.9126, ("0.9114", "0.9126", "-0.0012")),  # .911 and .913 would not give -.001
        (0.91149, 0.91251, ("0.9115", "0.9125", "-0.0010")),
        (0.8, 0.8, ("0.800", "0.800", "+0.000")),
        (0.9125 - 1e-12, 0.5, ("0.912", "0.500", "+0.412")),
    ],
)
def test_a_difference_that_is_shown_is_that_of_the_aucs_that_are_shown(first, second, shown):
    assert Line("task", first, second, None, "").shown[:3] == shown


def test_no_row_fails_to_add_up_for_want_of_digits():
    rng = np.random.default_rng(0)
    for first, second in rng.uniform(0.4, 1, (500, 2)):
        line = Line("task", float(first), float(second), (first - second - 0.1, first - second + 0.1), "")
        one, two, difference = (Decimal(part) for part in line.shown[:3])
        assert abs(float(difference) - (first - second)) <= 0.5 * 10.0 ** -digits(first, second) + 1e-9
        assert one - two == difference or digits(first, second) == 6
        assert {len(part.partition(".")[2]) for part in line.shown[:3]} == {digits(first, second)}


# ---------------------------------------------------------------------------- own rows


def test_sides_of_one_table_stand_together_the_best_first(home):
    with connect(home) as con:
        found = [side for side in sides(con) if side.source == "own"]
        best = con.execute("select distinct model, mean_auc from ranked where protocol = 'lr'").fetchall()
    means = {model: mean or 0 for model, mean in best}
    assert [side.model for side in found[:4]] == sorted(means, key=means.get, reverse=True)
    assert {side.table for side in found[:4]} == {LR}
    assert found[3] == POOR
    assert found[4] == Side("own", "good", Table(Arm("rf")))


def test_two_own_rows_end_with_the_mean_whose_verdict_is_the_headline(ask):
    told = ask(GOOD, FAIR)
    assert [line.name for line in told.lines] == [*TASKS, "mean of 4"]
    mean = told.lines[-1]
    assert told.headline.startswith(
        "In the mean of 4 tasks: cannot be told apart with these splits, A - B "
    )
    assert mean.shown[2] in told.headline
    assert mean.shown[3] in told.headline
    assert mean.interval[0] < mean.difference < mean.interval[1]
    assert mean.difference == pytest.approx(np.mean([line.difference for line in told.lines[:-1]]))
    assert told.unlike == ""
    said = " ".join(told.notes)
    for words in (
        "On 10 splits a task.",
        "more than .01 with probability",
        "smallest difference",
        "be shown",
    ):
        assert words in said
    for line in told.lines[:-1]:
        assert np.mean(line.differences) == pytest.approx(line.difference)
        assert len(line.differences) == 10
        assert "Standard error of genes" in line.details[-1]


def test_the_other_way_round_everything_is_turned(ask):
    there, back = ask(GOOD, POOR), ask(POOR, GOOD)
    for one, two in zip(there.lines, back.lines, strict=True):
        assert one.difference == pytest.approx(-two.difference)
        assert (one.verdict, two.verdict) in (("A better", "B better"), ("not told apart",) * 2)
        assert one.interval == pytest.approx(tuple(-end for end in two.interval[::-1]))


def test_only_common_splits_and_tasks_are_compared_and_counted(ask):
    told = ask(GOOD, POOR)
    assert [line.splits for line in told.lines] == ["9/10", "10", "9-10/10"]
    assert len(told.lines[0].differences) == 9
    said = " ".join(told.notes)
    assert f"{TASKS[0]}: on 9 of 10 splits, those that both have; 1 split failed for one of them." in said
    assert f"no split of them in common: {TASKS[2]}, {TASKS[3]}." in said


def test_what_differs_beside_the_model_is_said(ask):
    told = ask(FAIR, Side("own", "good", Table(Arm("rf"))))
    assert told.unlike == "The two differ in protocol, not in the model alone."
    assert {line.splits for line in told.lines} == {"4/10"}
    assert "Preliminary" in told.notes[0]
    same = ask(GOOD, Side("own", "good", Table(Arm("rf"))))
    assert same.unlike == "The two differ in protocol; the model is the same."
    assert {line.verdict for line in same.lines} == {"identical scores"}


def test_a_side_is_not_compared_with_itself(ask):
    with pytest.raises(UsageError, match="with itself"):
        ask(GOOD, GOOD)


# ---------------------------------------------------------------------------- published rows


def test_an_own_row_is_judged_beside_a_published_one(home, ask):
    score = {
        row.task: row.auc for row in reference_scores()
        if (row.source, row.protocol, row.model) == ("paper", "lr", PRINTED)
    }  # fmt: skip
    own = Side("own", MODEL, LR, PRINTED)
    told = ask(own, printed(PRINTED))
    assert told.unlike == "The two differ in text and splits; the model is the same."
    with connect(home) as con:
        for line in told.lines[:-1]:
            asked = "select auc from scores where model = ? and task = ? and protocol = 'lr'"
            aucs = [auc for (auc,) in con.execute(asked, [MODEL, line.name]).fetchall()]
            expected = reproduction([aucs], score[line.name])
            assert (line.first, line.second) == (pytest.approx(expected.own), score[line.name])
            assert line.interval[1] == pytest.approx(expected.tolerance)
            assert line.verdict.startswith(expected.word)
    assert told.lines[-1].name == "mean of 4"
    assert told.lines[-1].second == score["mean"]
    assert told.lines[-1].verdict in told.headline
    assert told.interval == "split luck"
    turned = ask(printed(PRINTED), own)
    assert turned.lines[-1].difference == -told.lines[-1].difference
    assert [line.verdict for line in turned.lines] == [line.verdict for line in told.lines]


def test_with_few_own_splits_it_cannot_tell_and_says_why(ask):
    told = ask(Side("own", "good", Table(Arm("rf"))), printed(PRINTED, "rf"))
    assert {line.verdict for line in told.lines} == {"cannot tell: fewer than 5 own splits"}
    assert ask(POOR, printed(PRINTED)).headline.startswith("Their means are not comparable")


def test_two_published_rows_have_differences_and_how_little_they_mean(ask):
    models = list(dict.fromkeys(row.model for row in reference_scores() if row.protocol == "lr"))
    told = ask(printed(models[0]), printed(models[1]))
    assert [line.name for line in told.lines] == [*TASKS, "mean of 4"]
    assert {line.interval for line in told.lines} == {None}
    assert told.notes[0].startswith("Paper, lr: No adjacent rank of this table is separable.")
    assert "differences below about .030 are within noise" in told.notes[0]
    assert len(told.notes) == 1
    across = ask(printed(models[0]), printed(models[0], "rf"))
    assert len(across.notes) == 2
    assert across.unlike == "The two differ in protocol; the model is the same."
