"""A ranked table judged: what is read from the store is what the formulae are given."""

from __future__ import annotations

import judged_home
import numpy as np
import pytest
from judged_home import TASKS

from engine.stats.pairs import Verdict
from engine.verdicts.sides import Side, compared
from engine.verdicts.table import MEAN, judged
from store import connect
from store.arm import Arm, Table
from store.errors import UsageError
from store.home import find_home
from store.queries import rankings

TABLE = Table(Arm("lr"))
SKILLS = {"good": 2.5, "fair": 2.2, "poor": 0.2}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = find_home(tmp_path_factory.mktemp("home"))
    judged_home.fill(home, SKILLS)
    judged_home.fill(home, {"late": 1.0}, seeds=range(46, 51))
    return home


@pytest.fixture
def con(home):
    with connect(home) as con:
        yield con


def test_estimates_are_of_the_ranked_numbers(con):
    table = judged(con, TABLE)
    shown = {row.model: row for row in rankings(con, TABLE, references=False).rows}
    assert set(table.models) == {*SKILLS, "late"}
    for model, row in shown.items():
        for task in TASKS:
            estimate = table.estimates[model, task]
            assert estimate.auc == pytest.approx(row.auc[task], abs=1e-9)
            assert estimate.sd == pytest.approx(row.sd[task], abs=1e-9)
            assert estimate.splits[0].used == row.n[task]
            low, high = estimate.interval
            assert low < row.auc[task] < high
        assert table.estimates[model, MEAN].auc == pytest.approx(row.mean, abs=1e-9)


def test_degrees_of_freedom_count_distinct_genes_of_the_smaller_class(con):
    found = {task: judged(con, TABLE).estimates["good", task].nu for task in TASKS}
    assert found == dict(zip(TASKS, (30, 79, 47, 24), strict=True))


def test_a_ranking_says_what_is_told_apart(con):
    ranking = judged(con, TABLE).ranking()
    places = {place.model: place for place in ranking.places}
    assert places["poor"].first > places["good"].last
    assert set(places["good"].letters).isdisjoint(places["poor"].letters)
    assert {name for name, place in places.items() if place.leading} >= {"good"}
    assert not places["poor"].leading
    assert [count.used for count in ranking.splits] == [5] * 4, "on the splits that all have"


def test_a_pair_depends_on_no_third_row(tmp_path, con):
    alone = find_home(tmp_path)
    judged_home.fill(alone, {name: SKILLS[name] for name in ("good", "fair")})
    with connect(alone) as other:
        for column in (*TASKS, MEAN):
            pair = judged(con, TABLE).pair("good", "fair", column)
            assert pair == judged(other, TABLE).pair("good", "fair", column)


def test_another_seed_of_the_list_is_another_split_and_failed_ones_are_counted(tmp_path):
    home = find_home(tmp_path)
    task = TASKS[3]
    judged_home.fill(home, {"a": 2.0, "b": 1.0}, [task], failing=[("a", task, 43), ("b", task, 44)])
    with connect(home) as con:
        pair = judged(con, TABLE).pair("a", "b", task)
    assert [(count.used, count.tried, count.failed) for count in pair.splits] == [(8, 10, 2)]


def test_sides_of_two_tables_are_told_by_their_tables(tmp_path):
    home = find_home(tmp_path)
    judged_home.fill(home, {"a": 2.0}, TASKS[:2])
    judged_home.fill(home, {"a": 2.0}, TASKS[1:3], protocol="rf")
    with connect(home) as con:
        found = compared(con, Side("a", TABLE), Side("a", Table(Arm("rf"))))
        assert found.unlike == ("protocol",)
        assert (found.mean.first, found.mean.second) == ("lr", "rf")
        assert list(found.tasks) == [TASKS[1]]
        assert set(found.mean.missing) == {TASKS[0], TASKS[2]}
        assert found.tasks[TASKS[1]].verdict is Verdict.IDENTICAL
        with pytest.raises(UsageError, match="with itself"):
            compared(con, Side("a", TABLE), Side("a", TABLE))
        with pytest.raises(UsageError, match="named 'b'"):
            compared(con, Side("a", TABLE), Side("b", TABLE))


def test_differences_are_antisymmetric(con):
    table = judged(con, TABLE)
    one, two = table.pair("good", "poor"), table.pair("poor", "good")
    assert one.difference == pytest.approx(-two.difference)
    assert np.allclose(one.interval, [-value for value in reversed(two.interval)])
    assert (one.verdict, two.verdict) == (Verdict.FIRST, Verdict.SECOND)
    assert one.word == two.word == "good better"
