"""Ranks as the paper makes them: unrounded means, high to low, ties averaged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import duckdb
import pandas as pd
import pytest
from fake_records import failed, scored, unit
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

import store
from store.arm import Arm, Table
from store.database import insert
from store.migrations import migrate
from store.provenance import TaskSet
from store.queries import Unlike, cell, rankings, tables
from store.records import Audit, Task, Unit
from store.reference import PAPER_TASKS, reference_scores
from store.store import Store

# The published columns whose ranks are not those of their printed three digits.
ROUNDED_APART = {
    (3, "dosage-sensitivity"),
    (4, "long-vs-short-tf"),
    (4, "dosage-sensitivity"),
    (4, "mean"),
    (5, "mean"),
    (6, "dosage-sensitivity"),
    (6, "mean"),
    (8, "dosage-sensitivity"),
    (8, "mean"),
}


def put_scores(con, table: list[tuple[str, str, int, float]], protocol: str = "lr") -> None:
    """Insert (model, task, seed, auc) as scores."""
    places = range(len(table))
    models, tasks, seeds, aucs = zip(*table, strict=True)
    constant = {
        "protocol": protocol,
        "preset": "paper",
        "text": "facts",
        "scheme": "paper",
        "config": "c",
        "environment": "e",
    }
    constant |= {"n_train": 9, "n_test": 1, "best_params": "{}"}
    constant |= dict.fromkeys(("split_hash", "vectors_hash", "predictions_hash"), "")
    same = {name: [value] * len(table) for name, value in constant.items()}
    same["notes"] = [[] for _ in places]
    same["finished_at"] = [pd.Timestamp("2026-11-23")] * len(table)
    keys = [f"{protocol} {place}" for place in places]
    own = {"key": keys, "model": list(models), "task": list(tasks), "seed": list(seeds), "auc": list(aucs)}
    insert(con, "scores", {**own, **same})


def leaderboard(con) -> pd.DataFrame:
    return con.execute("SELECT * FROM leaderboard").df()


def around(mean: float, order: int = 0) -> list[float]:
    """Ten AUCs of four digits with this mean, in another order for each `order`."""
    offsets = [0.0301, -0.0301, 0.0107, -0.0107, 0.0555, -0.0555, 0.0023, -0.0023, 0.0, 0.0]
    return [mean + offset for offset in offsets[order:] + offsets[:order]]


def test_own_means_are_ranked_unrounded_and_equal_ones_tie(empty_database):
    """Both print .887 and are ranks 5 and 6; the two at .940 are equal, so 1.5 each."""
    means = {"GIST-small": 0.88691, "MiniLM": 0.88742, "e5": 0.8981}
    table = [("GIST-small", "dosage", seed, auc) for seed, auc in enumerate(around(means["GIST-small"]))]
    table += [("MiniLM", "dosage", seed, auc) for seed, auc in enumerate(around(means["MiniLM"]))]
    table += [("e5", "dosage", seed, auc) for seed, auc in enumerate(around(means["e5"]))]
    for order, model in enumerate(("GIST-small", "MiniLM", "e5")):
        bivalent = 0.9401 if model != "e5" else 0.915
        table += [(model, "bivalent", seed, auc) for seed, auc in enumerate(around(bivalent, 3 * order))]
    put_scores(empty_database, table)
    found = {(row.model, row.task): row for row in leaderboard(empty_database).itertuples()}
    assert {key: row.rank for key, row in found.items()} == {
        ("e5", "dosage"): 1, ("MiniLM", "dosage"): 2, ("GIST-small", "dosage"): 3,
        ("GIST-small", "bivalent"): 1.5, ("MiniLM", "bivalent"): 1.5, ("e5", "bivalent"): 3,
    }  # fmt: skip
    assert round(found["MiniLM", "dosage"].auc, 3) == round(found["GIST-small", "dosage"].auc, 3) == 0.887
    assert {row.model: row.mean_rank for row in found.values()} == {"MiniLM": 1, "GIST-small": 2, "e5": 3}


def published() -> dict[tuple[int, str], pd.DataFrame]:
    frame = pd.DataFrame(row for row in reference_scores() if row.source == "paper")
    return dict(iter(frame.groupby(["paper_table", "task"])))


@pytest.mark.parametrize("column", published().items(), ids=lambda item: str(item[0]))
def test_published_ranks_are_compatible_with_rounding(column):
    """Whoever ranks better may not print lower; equal ranks print equally."""
    _, cells = column
    for a in cells.itertuples():
        for b in cells.itertuples():
            if a.rank < b.rank:
                assert a.auc >= b.auc
            if a.rank == b.rank:
                assert a.auc == b.auc


def test_the_view_gives_the_published_ranks_wherever_three_digits_suffice(empty_database):
    apart = set()
    for (table, task), cells in published().items():
        protocol = f"{table} {task}"
        put_scores(empty_database, [(row.model, "t", 1, row.auc) for row in cells.itertuples()], protocol)
        ranks = empty_database.execute("SELECT model, rank FROM leaderboard WHERE protocol = ?", [protocol])
        if dict(ranks.fetchall()) != dict(zip(cells.model, cells["rank"], strict=True)):
            apart.add((table, task))
    assert apart == ROUNDED_APART


cells_of = st.lists(
    st.tuples(
        st.sampled_from("ABCDE"),
        st.sampled_from(["t1", "t2", "t3"]),
        st.integers(1, 4),
        st.integers(0, 40).map(lambda steps: steps / 40),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda item: item[:3],
)


@given(table=cells_of)
@settings(max_examples=60)
def test_ranks_agree_with_pandas_and_scipy(empty_schema, table):
    empty_schema.execute("DELETE FROM scores")
    put_scores(empty_schema, table)
    mine = leaderboard(empty_schema).set_index(["model", "task"])
    frame = pd.DataFrame(table, columns=["model", "task", "seed", "auc"])
    means = frame.groupby(["model", "task"])["auc"].agg(["mean", "std", "count"])
    assert set(mine.index) == set(means.index)
    for _, column in means.groupby(level="task"):
        ranks = pd.Series(rankdata(-column["mean"].round(9), method="average"), index=column.index)
        ranks = ranks if len(ranks) > 1 else ranks * float("nan")  # a single model has none
        pd.testing.assert_series_equal(mine.loc[column.index, "rank"], ranks, check_names=False)
    pd.testing.assert_series_equal(
        mine["sd"].sort_index(), means["std"].sort_index(), check_names=False, atol=1e-12
    )
    whole = means["mean"].unstack().dropna().mean(axis=1).round(9)
    expected = dict(zip(whole.index, rankdata(-whole, method="average"), strict=True))
    expected = expected if len(expected) > 1 else {}
    found = mine["mean_rank"].groupby(level="model").first().dropna()
    assert dict(found) == expected


@pytest.fixture(scope="module")
def empty_schema():
    import duckdb

    from store.migrations import migrate

    with duckdb.connect() as con:
        migrate(con)
        yield con


@given(data=st.data())
@settings(max_examples=8)
def test_ranks_written_down_are_those_of_the_view(tmp_path_factory, data):
    from store.home import find_home

    home = find_home(tmp_path_factory.mktemp("ranked"))
    saved = Store(home)
    steps = st.tuples(
        st.sampled_from("ABC"),
        st.sampled_from(["t1", "t2"]),
        st.integers(1, 3),
        st.integers(0, 5),
        st.booleans(),
    )
    for batch in data.draw(st.lists(st.lists(steps, max_size=6), min_size=1, max_size=3)):
        for model, task, seed, auc, works in batch:
            work = unit(model, seed, task)
            saved.append(scored(work, auc / 5) if works else failed(work))
        saved.flush()
    with store.connect(home) as con:
        columns = ", ".join(con.sql("SELECT * EXCLUDE finished_at FROM leaderboard LIMIT 0").columns)
        written = con.execute(f"SELECT {columns} FROM ranked ORDER BY ALL").fetchall()
        assert written == con.execute(f"SELECT {columns} FROM leaderboard ORDER BY ALL").fetchall()
        ended = con.execute("SELECT count(*) FROM units").fetchone()[0]
    assert sum(row[9] + row[10] for row in written) == ended  # n + failed


@pytest.fixture
def small_arena(home):
    """Two models with both tasks, one of them with a failed split; a third with one task only."""
    saved = Store(home)
    for seed in (41, 42):
        saved.append(
            scored(unit("A", seed, "dosage-sensitivity"), 0.9),
            scored(unit("A", seed, "long-vs-short-tf"), 0.6 + seed / 1000),
            scored(unit("B", seed, "dosage-sensitivity"), 0.9),
            scored(unit("C", seed, "dosage-sensitivity"), 0.8),
        )
    saved.append(scored(unit("B", 41, "long-vs-short-tf"), 0.7), failed(unit("B", 42, "long-vs-short-tf")))
    saved.append(scored(unit("A", 41, "zebra", "rf")))
    saved.append(TaskSet("two", ("long-vs-short-tf", "dosage-sensitivity"), 1))
    saved.flush()
    with store.connect(home) as con:
        yield con


def test_rankings_tell_what_is_missing_and_what_failed(small_arena):
    table = rankings(small_arena, Table(Arm("lr"), "two"))
    assert table.tasks == ("long-vs-short-tf", "dosage-sensitivity")
    assert table.expected == 2
    assert table.environments == 1
    rows = {row.model: row for row in table.rows}
    assert [row.model for row in table.rows] == ["B", "A", "C"]
    assert rows["A"].rank == {"dosage-sensitivity": 1.5, "long-vs-short-tf": 2}
    assert rows["B"].n == {"dosage-sensitivity": 2, "long-vs-short-tf": 1}
    assert rows["B"].failed == {"dosage-sensitivity": 0, "long-vs-short-tf": 1}
    assert "long-vs-short-tf" not in rows["B"].sd
    assert (rows["B"].mean, rows["B"].mean_rank) == (0.8, 1)
    assert (rows["C"].mean, rows["C"].mean_rank) == (None, None)
    assert rows["C"].auc == {"dosage-sensitivity": 0.8}


def test_published_rows_stand_in_the_table_of_the_papers_tasks_alone(small_arena):
    table = rankings(small_arena, Table(Arm("lr")))
    assert table.tasks == PAPER_TASKS
    assert [row.source for row in table.rows] == ["own"] * 3 + ["paper"] * 11 + ["rerun"] * 11
    assert [row.mean for row in table.rows[:3]] == [None] * 3  # each has two of the four tasks at most
    openai = next(row for row in table.rows if row.model == "OpenAI" and row.source == "paper")
    assert (openai.auc["long-vs-short-tf"], openai.rank["long-vs-short-tf"]) == (0.712, 3)
    assert openai.mean is not None
    for task_set in ("two", "own"):
        assert {row.source for row in rankings(small_arena, Table(Arm("lr"), task_set)).rows} <= {"own"}
    nothing_own = rankings(small_arena, Table(Arm("finetune")))
    assert nothing_own.tasks == PAPER_TASKS
    assert [row.source for row in nothing_own.rows] == ["paper"] * 10 + ["rerun"] * 10
    assert (nothing_own.rows[0].model, nothing_own.rows[0].mean, nothing_own.rows[0].mean_rank) == (
        "stella-base-en-v2",
        0.84,
        1,
    )
    assert rankings(small_arena, Table(Arm("linear-probe"))).rows == ()


def test_tables_and_cells(small_arena):
    lr, rf = Arm("lr"), Arm("rf")
    assert list(tables(small_arena).items()) == [
        (Table(lr), 10),
        (Table(lr, "two"), 10),
        (Table(rf, "own"), 1),
    ]
    splits = cell(small_arena, "B", "long-vs-short-tf", lr)
    assert [(split["seed"], split["state"], split["auc"]) for split in splits] == [
        (41, "scored", 0.7),
        (42, "failed", None),
    ]
    assert splits[0]["seconds"] == {"fit": 0.25, "metrics": 0.01}
    assert splits[1]["sentence"] == "It ran out of memory."


def test_the_newest_configuration_of_a_cell_counts(home):
    saved = Store(home)
    old = [unit("A", seed) for seed in range(5)]
    new = [unit("A", seed, task="dosage-sensitivity", embedding={"pooling": "cls"}) for seed in range(2)]
    saved.append(*(scored(work, 0.5, at="2026-11-23T12:00:00+00:00") for work in old))
    saved.append(*(scored(work, 0.9, at="2026-11-24T12:00:00+00:00") for work in new))
    saved.flush()
    with store.connect(home) as con:
        assert con.execute("SELECT auc, n, configs FROM leaderboard").fetchall() == [(0.9, 2, 2)]
        assert len(cell(con, "A", "dosage-sensitivity", Arm("lr"))) == 2


def test_environments_are_counted(home):
    saved = Store(home)
    saved.append(scored(unit(seed=1)), scored(unit(seed=2), environment="elsewhere"))
    saved.flush()
    with store.connect(home) as con:
        assert rankings(con, Table(Arm("lr"))).environments == 2


def test_a_task_that_changed_between_two_models_is_told(home):
    saved = Store(home)
    old, new = (_task("edited", text) for text in ("old", "new"))
    saved.append(old, new, _task("same", "text"))
    for model, version in (("A", old), ("B", new)):
        saved.append(scored(_on(version, model)), scored(unit(model, task="same")))
    saved.flush()
    with store.connect(home) as con:
        assert rankings(con, Table(Arm("lr"), "own")).unlike == Unlike(texts=("edited",))
    saved.append(scored(_on(new, "A"), at="2026-11-24T12:00:00+00:00"))
    saved.flush()
    with store.connect(home) as con:
        assert rankings(con, Table(Arm("lr"), "own")).unlike == Unlike()


def test_as_many_but_other_splits_are_told(home):
    saved = Store(home)
    for model, seeds in (("A", (41, 42)), ("B", (51, 52)), ("C", (41,))):
        saved.append(*(scored(unit(model, seed)) for seed in seeds))
        saved.append(scored(unit(model, 41, "long-vs-short-tf")))
    saved.flush()
    with store.connect(home) as con:
        assert rankings(con, Table(Arm("lr"))).unlike == Unlike(splits=("dosage-sensitivity",))


def test_rows_and_tables_of_several_revisions_are_told(home):
    saved = Store(home)
    for task, revision in (("dosage-sensitivity", "1"), ("long-vs-short-tf", "2")):
        saved.append(scored(_revised(unit("A", task=task), model=revision)))
    saved.append(scored(_revised(unit("B"), protocol=2)))
    saved.flush()
    with store.connect(home) as con:
        assert rankings(con, Table(Arm("lr"))).unlike == Unlike(models=("A",), protocols=("lr",))


def test_gene_families_of_two_sources_are_told_but_not_of_controls(home):
    saved = Store(home)
    apart = {"split": {"scheme": "grouped", "families": "stem"}}
    by_group = {"split": {"scheme": "grouped", "families": "HGNC 1"}}
    a_control = {"kind": "control", "source": "tfidf", "revision": "1"}
    saved.append(scored(_with(unit("A"), apart)), scored(_with(unit("tfidf"), by_group, model=a_control)))
    saved.flush()
    grouped = Table(Arm("lr", scheme="grouped"))
    with store.connect(home) as con:
        assert rankings(con, grouped).unlike == Unlike()
    saved.append(scored(_with(unit("B"), by_group)))
    saved.flush()
    with store.connect(home) as con:
        assert rankings(con, grouped).unlike == Unlike(families=("HGNC 1", "stem"))


def _with(of: Unit, *parts: dict[str, Any], **more: Any) -> Unit:
    spec = dict(of.spec)
    for part in (*parts, more):
        spec |= part
    return replace(of, spec=spec)


def _revised(of: Unit, **revisions: Any) -> Unit:
    members = {name: {**of.spec[name], "revision": revision} for name, revision in revisions.items()}
    return replace(of, spec={**of.spec, **members})


def _on(task: Task, model: str) -> Unit:
    plain = unit(model, task=task.name)
    return replace(plain, spec={**plain.spec, "task": task.hash})


def _task(name: str, text: str) -> Task:
    return Task(name, name, ("a", "b"), ("G1", "G2"), (0, 1), (text, text), Audit((), ()))


def test_the_spread_does_not_depend_on_the_order_of_the_rows():
    found = set()
    for turn in range(10):
        with duckdb.connect() as con:
            migrate(con)
            put_scores(con, [("m", "t", seed, auc) for seed, auc in enumerate(around(0.8731, turn))])
            found.add(tuple(leaderboard(con).sd))
    assert len(found) == 1


def test_published_rows_of_one_printed_mean_stand_in_the_order_of_their_ranks(home):
    Store(home).flush()
    with store.connect(home) as con:
        for protocol in ("lr", "rf", "lr-cv", "rf-cv", "finetune"):
            rows = rankings(con, Table(Arm(protocol))).rows
            for source in ("paper", "rerun"):
                places = [row.mean_rank for row in rows if row.source == source]
                assert places == sorted(places)


def test_splits_of_another_scheme_rank_in_a_table_of_their_own(home):
    """The newest configuration of a cell counts, but never in place of the paper's splits."""
    saved = Store(home)
    saved.append(scored(unit("A", 41), 0.9), scored(unit("B", 41), 0.8))
    saved.flush()
    other = unit("A", 41, split={"scheme": "chromosome", "seed": 41})
    saved.append(scored(other, 0.5, at="2026-12-01T12:00:00+00:00"), failed(_with_seed(other, 42)))
    saved.flush()
    with store.connect(home) as con:
        assert list(tables(con).items()) == [
            (Table(Arm("lr")), 2),
            (Table(Arm("lr", scheme="chromosome")), 2),
        ]
        for arm, aucs in ((Arm("lr"), [0.9, 0.8]), (Arm("lr", scheme="chromosome"), [0.5])):
            table = rankings(con, Table(arm), references=False)
            assert [row.auc["dosage-sensitivity"] for row in table.rows] == aucs
            assert table.unlike == Unlike()
            published = {row.source for row in rankings(con, Table(arm)).rows} - {"own"}
            assert published == ({"paper", "rerun"} if arm == Arm("lr") else set())
        [split] = cell(con, "A", "dosage-sensitivity", Arm("lr"))
        assert split["auc"] == 0.9
        schemes = con.execute("SELECT scheme, auc FROM scores WHERE model = 'A' ORDER BY auc").fetchall()
        assert schemes == [("chromosome", 0.5), ("paper", 0.9)]


def _with_seed(of: Unit, seed: int) -> Unit:
    return replace(of, seed=seed, spec={**of.spec, "split": {**of.spec["split"], "seed": seed}})
