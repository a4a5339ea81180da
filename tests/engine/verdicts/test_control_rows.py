"""Controls in a judged table: cells and differences but no place, and nothing of others changes."""

from __future__ import annotations

import judged_home
import pytest
from judged_home import TASKS

from engine.stats.baseline import against
from engine.stats.pairs import compare_all
from engine.verdicts.controls import borrowed, with_controls
from engine.verdicts.keep import refresh
from engine.verdicts.sides import Side, compared
from engine.verdicts.table import MEAN, judged
from store import connect
from store.arm import Arm, Table
from store.home import find_home
from store.queries import rankings

TABLE = Table(Arm("lr"))
SKILLS = {"good": 3.2, "fair": 2.2, "poor": 0.2}
CONTROLS = {"majority": 0.0, "tfidf": 1.0, "random-1": 0.1, "random-2": -0.1, "symbol": 4.5}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    home = find_home(tmp_path_factory.mktemp("alone"))
    judged_home.fill(home, SKILLS)
    return home


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    home = find_home(tmp_path_factory.mktemp("beside"))
    judged_home.fill(home, SKILLS)
    judged_home.fill(home, CONTROLS, controls=True)
    return home


def read(home):
    with connect(home) as con:
        return rankings(con, TABLE, references=False), judged(con, TABLE)


def test_nothing_of_a_contestant_changes_when_controls_come_or_go(alone, beside):
    """Ranks, rank intervals, letters, intervals and contrasts are equal bit for bit."""
    (table, without), (other, with_them) = read(alone), read(beside)
    assert table.rows == tuple(row for row in other.rows if not row.control)
    assert (table.tasks, table.expected) == (other.tasks, other.expected)
    for column in (*TASKS, MEAN):
        mine, theirs = without.ranking(column), with_them.ranking(column)
        assert mine.places == theirs.places
        assert mine.left_out == theirs.left_out == ()
        assert (mine.critical, mine.optimism, mine.detectable) == (
            theirs.critical,
            theirs.optimism,
            theirs.detectable,
        )
        for model in SKILLS:
            assert without.estimates[model, column] == with_them.estimates[model, column]
    pairs = [
        compare_all([c for c in of.cells.values() if c.task == TASKS[0]]) for of in (without, with_them)
    ]
    among = [pair for pair in pairs[1] if {pair.first, pair.second} <= SKILLS.keys()]
    assert pairs[0] == among


def test_controls_stand_below_in_their_order_without_a_rank(beside):
    table, known = read(beside)
    assert [row.model for row in table.rows] == [
        "good",
        "fair",
        "poor",
        "tfidf",
        "symbol",
        "random",
        "majority",
    ]
    for row in table.rows:
        assert (row.rank != {}) == (row.mean_rank is not None) == (not row.control)
        assert row.mean is not None
    assert {place.model for place in known.ranking().places} == set(SKILLS)


def test_draws_are_one_row_averaged_in_each_split_first(beside):
    table, known = read(beside)
    [row] = [row for row in table.rows if row.model == "random"]
    with connect(beside) as con:
        found = con.execute(
            "select task, avg(auc), stddev_samp(auc) from (select task, seed, avg(auc) as auc from scores "
            "where starts_with(model, 'random-') group by all) group by task"
        ).fetchall()
        assert con.execute("select count(distinct model) from scores where control").fetchone() == (5,)
    for task, auc, sd in found:
        assert row.auc[task] == pytest.approx(auc, abs=1e-9)
        assert row.sd[task] == pytest.approx(sd, abs=1e-9)
        assert known.estimates["random", task].auc == pytest.approx(auc, abs=1e-9)
        assert known.estimates["random", task].sd == pytest.approx(sd, abs=1e-9)
    assert row.n == dict.fromkeys(TASKS, 10)
    assert row.mean == pytest.approx(known.estimates["random", MEAN].auc, abs=1e-9)


def test_every_contestant_is_judged_beside_tfidf_and_no_other_control(beside):
    _, known = read(beside)
    for column in (*TASKS, MEAN):
        found = known.beside_control(column)
        assert [row.model for row in found.rows] == sorted(SKILLS)
        by_hand = against(
            [c for c in known.cells.values() if c.model in (*SKILLS, "tfidf") and column in (c.task, MEAN)],
            "tfidf",
        )
        for mine, theirs in zip(found.rows, by_hand.rows, strict=True):
            assert (mine.model, mine.standing) == (theirs.model, theirs.standing)
            assert (mine.difference, *mine.interval) == pytest.approx((theirs.difference, *theirs.interval))
    words = {row.model: row.standing.value for row in known.beside_control().rows}
    assert words["good"] == "beats"
    assert words["poor"] == "below"


def test_without_tfidf_or_without_contestants_nothing_is_said(alone, tmp_path):
    assert read(alone)[1].beside_control() is None
    home = find_home(tmp_path / "only")
    judged_home.fill(home, {"tfidf": 1.0, "symbol": 1.0}, TASKS[:1], controls=True)
    table, known = read(home)
    assert known.beside_control(TASKS[0]) is None
    assert [(row.model, row.rank) for row in table.rows] == [("tfidf", {}), ("symbol", {})]
    assert known.ranking(TASKS[0]).left_out == ()


def test_sql_has_the_verdicts_and_drops_them_when_scores_change(tmp_path):
    home = find_home(tmp_path / "home")
    judged_home.fill(home, {"good": 3.2, "poor": 0.2}, TASKS[2:3])
    judged_home.fill(home, {"tfidf": 1.0, "random-1": 0.0, "random-2": 0.0}, TASKS[2:3], controls=True)
    refresh(home)
    _, known = read(home)
    asked = (
        "select task, model, difference, low, high, p, verdict, among, n from beats_tfidf order by model"
    )
    with connect(home) as con:
        rows = con.execute(asked).fetchall()
        shown = con.execute("select distinct model from intervals order by 1").fetchall()
    assert rows == [
        (TASKS[2], one.model, one.difference, *one.interval, one.p, one.standing.value, 2, 10)
        for one in known.beside_control(TASKS[2]).rows
    ]
    assert shown == [("good",), ("poor",), ("random",), ("tfidf",)]
    judged_home.fill(home, {"fair": 1.0}, TASKS[2:3])
    with connect(home) as con:
        assert con.execute(asked).fetchall() == []


def test_a_fine_tuning_table_has_the_controls_of_lr(tmp_path):
    home = find_home(tmp_path / "home")
    tuned = Table(Arm("finetune"))
    assert borrowed(tuned) == TABLE
    assert borrowed(TABLE) is None
    assert borrowed(Table(Arm("finetune", "paper finetune_tokens=256"))) == TABLE
    judged_home.fill(home, {"good": 2.5}, TASKS[2:], protocol="finetune")
    judged_home.fill(home, {"tfidf": 1.0, "random-1": 0.0}, controls=True)
    with connect(home) as con:
        rows = with_controls(con, tuned, references=False).rows
        known = judged(con, tuned)
    assert [(row.model, row.protocol, row.control) for row in rows] == [
        ("good", "", False),
        ("tfidf", "lr", True),
        ("random", "lr", True),
    ]
    mine = known.beside_control(TASKS[2])
    assert [row.model for row in mine.rows] == ["good"]
    beats = "select difference, verdict from beats_tfidf where protocol = 'finetune' and task = ?"
    asked = beats, [TASKS[2]]
    shown = "select model from intervals where protocol = 'finetune' and task = ? order by 1", [TASKS[2]]
    refresh(home)
    with connect(home) as con:
        assert con.execute(*asked).fetchall() == [(row.difference, row.standing.value) for row in mine.rows]
        assert con.execute(*shown).fetchall() == [("good",), ("random",), ("tfidf",)]
    judged_home.fill(home, {"symbol": 0.5}, TASKS[2:3], controls=True)
    with connect(home) as con:
        assert con.execute(*asked).fetchall() == [], "other controls stand beside it"
    assert refresh(home) == 2
    with connect(home) as con:
        assert ("symbol",) in con.execute(*shown).fetchall()


def test_a_control_can_be_a_side_of_a_comparison(beside):
    with connect(beside) as con:
        found = compared(con, Side("good", TABLE), Side("random", TABLE))
    assert set(found.tasks) == set(TASKS)
    assert found.mean.difference > 0
