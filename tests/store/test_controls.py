"""Whether a row is of a control: kept with each unit and score, and found again in files of before."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest
from fake_records import scored, unit

from store import connect, migrations
from store.arm import Arm, Table
from store.narrowed import narrowed
from store.queries import Rankings, RankRow
from store.records import Audit, Task
from store.store import Store


def control(name: str, seed: int = 41):
    of = unit(seed=seed)
    spec = {**of.spec, "model": {"kind": "control", "source": name, "revision": "1"}}
    return replace(of, model=name, spec=spec)


def test_new_rows_know_it(home):
    store = Store(home)
    store.append(scored(unit()), scored(control("tfidf")), scored(control("random-1")))
    store.flush()
    store.close()
    with connect(home) as con:
        for table in ("units", "scores", "ranked", "leaderboard"):
            found = dict(con.execute(f"select model, control from {table}").fetchall())
            assert found == {"all-MiniLM-L6-v2": False, "tfidf": True, "random-1": True}, table
        assert con.execute("select count(rank), count(mean_rank) from leaderboard").fetchone() == (0, 0)


def test_a_file_of_before_learns_it(monkeypatch):
    con = duckdb.connect()
    before = migrations.STEPS[: migrations.STEPS.index("migrations/controls.sql")]
    monkeypatch.setattr(migrations, "_VIEWS", "migrations/current_and_refused.sql")
    for file in before:
        con.execute(migrations._sql(file))
    con.execute(
        "INSERT INTO migrations SELECT range + 1, 'x', 1, now()::timestamp FROM range(?)", [len(before)]
    )
    for key, kind in (("a", "package"), ("b", "control")):
        con.execute(
            "INSERT INTO units VALUES (?, 'm', 't', 'lr', 'paper', 'facts', 41, 'paper', 'c', 'h', '1', 1, "
            "'{}', ?, 'failed', now()::timestamp)",
            [key, f'{{"model": {{"kind": "{kind}"}}}}'],
        )
    monkeypatch.undo()
    migrations.migrate(con)
    assert con.execute("select key, control from units order by key").fetchall() == [
        ("a", False),
        ("b", True),
    ]


def test_whether_a_gene_has_a_text_comes_back(home):
    genes = ("A", "B", "C", "D")
    task = Task(
        "t", "T", ("x", "y"), genes, (0, 1, 0, 1), genes, Audit(()), "s", described=(True, False) * 2
    )
    silent = Task("u", "U", ("x", "y"), genes, (1, 1, 0, 0), genes, Audit(()), "s")
    store = Store(home)
    store.append(task, silent)
    store.flush()
    store.close()
    with connect(home) as con:
        asked = 'select described from task_genes where task_hash = ? order by "index"'
        assert [row[0] for row in con.execute(asked, [task.hash]).fetchall()] == list(task.described)
        assert {row[0] for row in con.execute(asked, [silent.hash]).fetchall()} == {None}


@pytest.mark.parametrize("wanted", [True, False])
def test_fewer_models_or_tasks_leave_controls_unless_they_are_not_wanted(wanted):
    def row(model, auc, is_control=False):
        rank = {} if is_control else {"t": 1.0, "u": 1.0}
        n = {"t": 10, "u": 10}
        return RankRow(model, "own", {"t": auc, "u": auc}, {}, rank, n, n, auc, None, is_control)

    rows = (row("a", 0.9), row("b", 0.8), row("tfidf", 0.95, True))
    table = Rankings(Table(Arm("lr")), ("t", "u"), rows, 10, 1)
    less = narrowed(table, ["t"], ["b"], wanted)
    assert [found.model for found in less.rows] == (["b", "tfidf"] if wanted else ["b"])
    assert (less.hidden, less.left_out) == (1, ("u",))
    assert [found.mean_rank for found in less.rows if not found.control] == [2.0]
    assert all(found.mean_rank is None for found in less.rows if found.control)
