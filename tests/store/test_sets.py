"""Sets of tasks: which definition counts, whatever became of the journals, and that no table mixes them."""

from __future__ import annotations

import shutil
from dataclasses import replace

import duckdb
import pytest
from fake_records import scored, unit
from hypothesis import given, settings
from hypothesis import strategies as st

import store
from store.arm import Arm, Table
from store.catching_up import catch_up
from store.entries import entry_of
from store.errors import StoreBusy, UsageError
from store.home import find_home
from store.journal import JournalWriter
from store.migrations import STEPS, stamp
from store.narrowed import narrowed
from store.provenance import TaskSet
from store.queries import members, rankings, tables
from store.reference import PAPER_TASKS
from store.repair import repair
from store.sets import check_set_name, read_set
from store.store import Store
from store.union import take_journals

LR = Arm("lr")
definitions = st.builds(
    TaskSet,
    st.sampled_from(["one", "two"]),
    st.lists(st.sampled_from(["x", "y", "é"]), max_size=2, unique=True).map(tuple),
    st.integers(1, 3),
)


def in_the_database(home) -> dict[str, TaskSet]:
    with store.connect(home) as con:
        rows = con.execute("SELECT name, tasks, turn FROM named_sets").fetchall()
    return {name: TaskSet(name, tuple(tasks), turn) for name, tasks, turn in rows}


@given(st.lists(definitions, min_size=1, max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=10)
def test_the_same_definition_counts_in_whatever_order_they_are_read(tmp_path_factory, said, chance):
    wanted = {}
    for one in said:
        wanted[one.name] = max(wanted.get(one.name, one), one, key=lambda other: other.order)
    homes = [find_home(tmp_path_factory.mktemp("sets")) for _ in range(2)]
    for home in homes:
        chance.shuffle(said)
        for one in said:
            saved = Store(home)  # a journal for each, so that their order is that of their names
            saved.append(one)
            if chance.random() < 0.5:
                saved.flush()
            saved.close()
        saved = Store(home)
        saved.flush()
        assert saved.task_sets() == in_the_database(home) == wanted
    take_journals(homes[0].journals, homes[1].journals)
    Store(homes[0]).flush()
    assert in_the_database(homes[0]) == Store(homes[0]).task_sets() == wanted


def test_sets_outlive_the_database_and_the_journals(home):
    saved = Store(home)
    saved.append(TaskSet("mine", ("x", "y"), 4), TaskSet("gone", (), 2))
    saved.flush()
    saved.close()
    kept = in_the_database(home)
    repair(home)
    assert in_the_database(home) == kept
    shutil.rmtree(home.journals)
    Store(home).flush()
    assert Store(home).task_sets() == kept
    repair(home)
    assert in_the_database(home) == kept


@pytest.mark.parametrize("name", ["paper", "own", "Own", "", "-x", "a b", "a/b", "x" * 65, "\u00e9"])
def test_no_set_is_called_so(home, name):
    with pytest.raises(UsageError):
        check_set_name(name)
    writer = JournalWriter(home.journals, make_folder=home.create)
    writer.append([entry_of(TaskSet(name, ("x",), 1))])
    saved = Store(home)
    assert saved.flush().refused == 1
    assert saved.task_sets() == in_the_database(home) == {}


@pytest.mark.parametrize(
    "record",
    [{}, {"name": 1}, {"name": "a", "tasks": "xy", "turn": 1}, {"name": "a", "tasks": [1], "turn": 1},
     {"name": "a", "tasks": ["x"], "turn": True}],
)  # fmt: skip
def test_what_is_no_set_is_not_read_as_one(record):
    with pytest.raises(ValueError, match=r"set of tasks|named by texts"):
        read_set(record)


# ---------------------------------------------------------------------------- tables


def fill(home, *models: str, tasks=PAPER_TASKS, arm: str = "lr", best: float = 0.9) -> None:
    saved = Store(home)
    for place, model in enumerate(models):
        for task in tasks:
            saved.append(scored(unit(model, 41, task, arm), best - place / 10))
    saved.flush()
    saved.close()


def ranked(home, table: Table, **options):
    with store.connect(home) as con:
        return rankings(con, table, **options)


def test_a_task_of_ones_own_changes_nothing_in_the_papers_table(home):
    fill(home, "A", "B")
    before = ranked(home, Table(LR))
    assert [row.mean_rank for row in before.rows[:2]] == [1, 2]
    fill(home, "B", tasks=("toy",), best=1.0)
    assert ranked(home, Table(LR)) == before
    own = ranked(home, Table(LR, "own"))
    assert (own.tasks, [row.model for row in own.rows]) == (("toy",), ["B"])


def test_revisions_environments_and_conflicts_of_another_set_are_not_told(home):
    """What is unlike in a user's own tasks says nothing of the paper's."""
    fill(home, "A")
    before = ranked(home, Table(LR))
    saved = Store(home)
    other = {"kind": "package", "source": "A", "revision": "2"}
    plain = unit("A", 41, "toy")
    saved.append(scored(replace(plain, spec={**plain.spec, "model": other})))
    saved.append(replace(scored(unit("A", 42, "toy")), environment="elsewhere"))
    saved.append(scored(unit("A", 43, "toy"), 0.1), scored(unit("A", 43, "toy"), 0.2))
    saved.flush()
    assert ranked(home, Table(LR)) == before
    own = ranked(home, Table(LR, "own"))
    assert (own.conflicts, own.older) == (1, ("A",))


def test_a_mean_is_over_every_task_of_its_set(home):
    fill(home, "A", tasks=PAPER_TASKS[:3])
    fill(home, "A", "B", tasks=("x", "y"))
    fill(home, "C", tasks=("x",))
    saved = Store(home)
    saved.append(TaskSet("mine", ("y", PAPER_TASKS[0], "x"), 1), TaskSet("unrun", ("z",), 1))
    saved.flush()
    [paper] = [row for row in ranked(home, Table(LR)).rows if row.source == "own"]
    assert (len(paper.auc), paper.mean, paper.mean_rank) == (3, None, None)
    mine = ranked(home, Table(LR, "mine"))
    assert mine.tasks == ("y", PAPER_TASKS[0], "x")
    means = {row.model: (row.mean, row.mean_rank) for row in mine.rows}
    assert means == {"A": (0.9, None), "B": (None, None), "C": (None, None)}
    assert ranked(home, Table(LR, "unrun")).rows == ()
    with store.connect(home) as con:
        assert set(tables(con)) == {Table(LR), Table(LR, "mine")}
        assert members(con) == {
            "paper": tuple(sorted(PAPER_TASKS)),
            "own": (),
            "mine": tuple(sorted(mine.tasks)),
            "unrun": ("z",),
            "essentiality": ("essential",),
        }


def test_a_task_is_in_own_until_it_is_put_elsewhere_and_again_after(home):
    fill(home, "A", tasks=("x", "y"))
    fill(home, "A", tasks=("x",), arm="rf")
    saved = Store(home)
    assert ranked(home, Table(LR, "own")).tasks == ("x", "y")
    for turn, tasks in ((1, ("x",)), (2, ("x", "y")), (3, ())):
        saved.append(TaskSet("mine", tasks, turn))
        saved.flush()
        with store.connect(home) as con:
            found = {(table.arm.protocol, table.task_set): units for table, units in tables(con).items()}
        rest = len({"x", "y"} - set(tasks))
        wanted = {("lr", "mine"): len(tasks), ("rf", "mine"): len(tasks[:1])}
        wanted |= {("lr", "own"): rest, ("rf", "own"): 1 - len(tasks[:1])}
        assert found == {place: units for place, units in wanted.items() if units}


def as_before_sets(home) -> None:
    """Leave the database as the second step made it."""
    with duckdb.connect(home.database) as con:
        con.execute("DROP TABLE named_sets; DROP TABLE ranked; DROP TABLE mixed")
        con.execute("CREATE TABLE ranked (model VARCHAR); CREATE TABLE mixed (model VARCHAR)")
        con.execute("DROP TABLE table_digests; DROP TABLE kept_verdicts; DROP TABLE kept_intervals")
        con.execute("DROP TABLE kept_contrasts; DROP TABLE kept_rank_intervals; DROP TABLE removals")
        con.execute("ALTER TABLE units DROP COLUMN control; ALTER TABLE scores DROP COLUMN control")
        con.execute("ALTER TABLE task_genes DROP COLUMN described; DROP TABLE kept_beats")
        con.execute("DELETE FROM migrations WHERE step > 2")


def bring_up_by_a_run(home):
    saved = Store(home)
    saved.append(scored(unit("Z", 41, "toy", "rf")))
    saved.flush()


@pytest.mark.parametrize("bring_up", [catch_up, bring_up_by_a_run, repair])
def test_a_database_of_before_is_ranked_in_sets(home, bring_up):
    fill(home, "A", "B")
    fill(home, "A", tasks=("toy",))
    before = ranked(home, Table(LR)), ranked(home, Table(LR, "own"))
    as_before_sets(home)
    with pytest.raises(StoreBusy, match="last written by an earlier genearena"):
        store.connect(home, timeout=0)
    bring_up(home)
    with store.connect(home) as con:
        assert stamp(con)[1] == len(STEPS)
    assert (ranked(home, Table(LR)), ranked(home, Table(LR, "own"))) == before
    assert catch_up(home) == []


def test_what_only_a_database_of_before_has_is_saved_again(home):
    fill(home, "A")
    as_before_sets(home)
    shutil.rmtree(home.journals)
    repair(home)
    [own] = ranked(home, Table(LR), references=False).rows
    assert (own.model, own.mean) == ("A", 0.9)


# ---------------------------------------------------------------------------- narrowed


def test_fewer_tasks_have_a_mean_of_their_own_and_published_rows_none(home):
    fill(home, "A", "B")
    saved = Store(home)
    saved.append(scored(unit("C", 41, PAPER_TASKS[1]), 0.99))
    saved.append(scored(unit("A", 42, PAPER_TASKS[1]), 0.5))  # A: .7, less than B's .8
    saved.flush()
    whole = ranked(home, Table(LR))
    found = narrowed(whole, PAPER_TASKS[1:2])
    assert (found.tasks, found.hidden) == (PAPER_TASKS[1:2], 0)
    assert found.left_out == tuple(task for task in PAPER_TASKS if task != PAPER_TASKS[1])
    own = [(row.model, row.mean, row.mean_rank) for row in found.rows if row.source == "own"]
    assert own == [("C", 0.99, 1), ("B", 0.8, 2), ("A", 0.7, 3)]
    assert {row.mean for row in found.rows if row.source != "own"} == {None}
    assert narrowed(whole, PAPER_TASKS) == narrowed(whole) == whole


def test_equal_means_of_fewer_tasks_share_a_rank(home):
    saved = Store(home)
    for model, aucs in {"A": (0.7, 0.8), "B": (0.8, 0.7), "C": (0.1, 0.1), "D": (0.9, 0.9)}.items():
        for task, auc in zip(PAPER_TASKS, aucs, strict=False):
            saved.append(scored(unit(model, 41, task), auc))
    saved.flush()
    found = narrowed(ranked(home, Table(LR), references=False), PAPER_TASKS[:2])
    assert [(row.model, row.mean_rank) for row in found.rows] == [
        ("D", 1),
        ("A", 2.5),
        ("B", 2.5),
        ("C", 4),
    ]


def test_fewer_models_keep_the_ranks_of_the_whole(home):
    fill(home, "A", "B", "C")
    whole = ranked(home, Table(LR), references=False)
    found = narrowed(whole, models=("C", "B"))
    assert [(row.model, row.mean_rank, row.rank[PAPER_TASKS[0]]) for row in found.rows] == [
        ("B", 2, 2),
        ("C", 3, 3),
    ]
    assert found.hidden == 1
