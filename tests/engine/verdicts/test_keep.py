"""What is kept for SQL: the numbers of the statistics, of today's scores or not there at all."""

from __future__ import annotations

import contextlib
import shutil

import judged_home
import pytest
from judged_home import TASKS

from engine.verdicts import keep
from engine.verdicts.keep import refresh
from engine.verdicts.table import MEAN, judged
from store import connect
from store.arm import Arm, Table
from store.home import find_home
from store.provenance import TaskSet
from store.repair import repair
from store.store import Store
from store.verdicts import VIEWS

TABLE = Table(Arm("lr"))
SKILLS = {"good": 2.5, "fair": 2.2, "poor": 0.2}


@pytest.fixture(scope="module")
def judged_once(tmp_path_factory):
    home = find_home(tmp_path_factory.mktemp("judged") / "home")
    judged_home.fill(home, SKILLS, TASKS[2:])
    judged_home.fill(home, {"good": 2.5, "fair": 2.2}, TASKS[:2])
    return home


@pytest.fixture
def home(judged_once, tmp_path):
    home = find_home(tmp_path / "home")
    shutil.copytree(judged_once.data.parent, home.data.parent)
    return home


def rows(home, query):
    with connect(home) as con:
        return con.execute(query).fetchall()


def count(home):
    """Rows of the views that need no controls; those of `beats_tfidf` are in test_control_rows.py."""
    return [rows(home, f"select count(*) from {view}")[0][0] for view in VIEWS if view != "beats_tfidf"]


def test_what_is_kept_is_what_the_statistics_say(home):
    assert count(home) == [0, 0, 0]
    assert refresh(home) == 1
    with connect(home) as con:
        table = judged(con, TABLE)
    found = {
        (model, task): (auc, low, high, n)
        for model, task, auc, low, high, n in rows(
            home, "select model, task, auc, low, high, n from intervals where task_set = 'paper'"
        )
    }
    assert found == {
        place: (one.auc, *one.interval, min(splits.used for splits in one.splits))
        for place, one in table.estimates.items()
    }
    assert ("poor", MEAN) not in found
    pairs = rows(
        home, "select task, model, other, difference, low, high, p, verdict from contrasts order by all"
    )
    assert len(pairs) == 3 * 2 + 1 * 3
    for task, model, other, difference, low, high, p, verdict in pairs:
        pair = table.pair(model, other, task)
        assert (difference, low, high, p, verdict) == pytest.approx(
            (pair.difference, *pair.interval, pair.p, pair.word)
        )
    places = rows(
        home, "select task, model, first_place, last_place, among, letters, may_be_best from rank_intervals"
    )
    wanted = [
        (column, one.model, one.first, one.last, ranking.k, one.letters, one.leading)
        for column in (*TASKS, MEAN)
        for ranking in [table.ranking(column)]
        for one in ranking.places
    ]
    assert sorted(places) == sorted(wanted)


def test_nothing_is_worked_out_twice_and_nothing_stale_is_shown(home):
    assert refresh(home) == 1
    before = count(home)
    assert 0 not in before
    assert refresh(home) == 0
    judged_home.fill(home, {"late": 1.0}, TASKS[3:])
    assert count(home) == [0, 0, 0]
    assert refresh(home) == 1
    assert all(now > then for now, then in zip(count(home), before, strict=True))


def test_a_failure_a_conflict_and_another_set_make_it_stale(home):
    refresh(home)
    judged_home.fill(home, {"fair": 2.2}, TASKS[3:], range(51, 52), failing=[("fair", TASKS[3], 51)])
    assert (count(home), refresh(home)) == ([0, 0, 0], 1)
    with contextlib.closing(Store(home)) as store:
        store.append(TaskSet("mine", (TASKS[3], TASKS[2]), 1))
        store.flush()
    assert 0 not in count(home), "the table of the other set is as it was"
    assert refresh(home) == 1
    sets = rows(home, "select task_set, count(*) from rank_intervals where task = 'mean' group by 1")
    assert dict(sets) == {"paper": 2, "mine": 3}


def test_a_rebuilt_database_has_none_until_they_are_worked_out_again(home):
    refresh(home)
    before = {view: rows(home, f"select * from {view} order by all") for view in VIEWS}
    repair(home)
    assert count(home) == [0, 0, 0]
    refresh(home)
    assert {view: rows(home, f"select * from {view} order by all") for view in VIEWS} == before


def test_a_mean_is_of_the_whole_set_or_is_not_there(tmp_path):
    home = find_home(tmp_path)
    judged_home.fill(home, SKILLS, TASKS[1:])
    refresh(home)
    for view in VIEWS:
        assert rows(home, f"select * from {view} where task = 'mean'") == []
    with connect(home) as con:
        ranking = judged(con, TABLE).ranking()
    assert {gone.reason for gone in ranking.left_out} == {f"no score in {TASKS[0]}"}


def test_of_too_many_pairs_there_are_no_contrasts(home, monkeypatch):
    monkeypatch.setattr(keep, "MOST_PAIRS", 3)
    refresh(home)
    assert [number > 0 for number in count(home)] == [True, False, True]


def test_scores_that_cannot_be_judged_say_why_and_are_not_tried_each_time(home, monkeypatch):
    from store.errors import DataError

    def refuse(*_, **__):
        raise DataError("A gene stands twice.")

    monkeypatch.setattr(keep, "judged", refuse)
    assert refresh(home) == 1
    assert rows(home, "select trouble from kept_verdicts") == [("A gene stands twice.",)]
    assert refresh(home) == 0
    assert count(home) == [0, 0, 0]
