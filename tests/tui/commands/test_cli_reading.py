"""`rank`, `tasks`, `models`, `export`: the same numbers in every format, and nothing hostile shown."""

from __future__ import annotations

import csv
import io
import json
import shlex
import sys
from contextlib import closing
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
import small_home
from small_home import HOSTILE, MODEL, TASKS

from engine.catalog.controls import part_of
from engine.mailbox import runner_lock
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from store import connect
from store.store import Store


def own(table):
    return next(row for row in table["rows"] if row["source"] == "own")


def test_rank_agrees_with_the_leaderboard_and_with_arithmetic(filled, call):
    [table] = call.json("rank", "--protocol", "lr")
    row = own(table)
    aucs = {
        task: 0.5 + (0.01 * (2 * place) + 0.01 * (2 * place + 1)) / 2 for place, task in enumerate(TASKS)
    }
    assert row["auc"] == pytest.approx(aucs, abs=1e-9)
    assert row["mean"] == pytest.approx(sum(aucs.values()) / 4, abs=1e-9)
    with connect(filled.home) as connection:
        shown = connection.execute("select task, auc from leaderboard where protocol = 'lr'").fetchall()
    assert dict(shown) == row["auc"]


def test_rank_lays_the_table_out_as_the_paper_does_and_gives_an_only_model_no_rank(filled, call):
    result = call("rank", "--protocol", "lr", "--format", "markdown", "--no-references")
    head, _, first, *_ = result.stdout.splitlines()
    assert head == f"| model | {' | '.join(TASKS)} | mean |"
    assert first == f"| {MODEL} | .505 | .525 | .545 | .565 | .535 |"
    [table] = call.json("rank", "--protocol", "lr")
    assert {"rank", "mean_rank"}.isdisjoint(own(table))


def test_rank_text_shows_own_paper_and_rerun_rows(filled, call):
    text = call("rank", "--protocol", "lr").stdout
    assert "Logistic regression (lr), set paper, preset paper, text facts" in text
    assert ".505" in text
    assert "A single own model on 2 splits each, preliminary: there is nothing of your own" in text
    assert "gte-small (paper)" in text
    assert "gte-small (rerun)" in text
    assert "(paper)" not in call("rank", "--protocol", "lr", "--no-references").stdout


def test_rank_says_how_little_the_papers_rows_tell_apart(filled, call):
    forests, linear = (call("rank", "--protocol", name).stdout for name in ("rf", "lr"))
    for text in (forests, linear):
        assert "The paper's rows: No adjacent rank of this table is separable." in text
    assert "The authors' own rerun turns round 9 of 55 pairs of models" in forests
    assert "The authors' own rerun keeps the order of all 55 pairs of models." in linear
    assert "The paper's rows" not in call("rank", "--protocol", "rf", "--no-references").stdout


def test_rank_tells_failed_and_missing_splits(filled, call):
    result = call("rank", "--protocol", "rf")
    assert "1/2" in result.stdout
    assert "rf: 1 split missing, 1 of them failed" in result.stderr


def test_rank_tells_mixed_environments(filled, call):
    other = replace(small_home.ENVIRONMENT, host="elsewhere")
    seed = filled.units[0].seed + 100
    spec = {**filled.units[0].spec, "split": {"scheme": "paper", "seed": seed}}
    store = Store(filled.home)
    store.append(other, small_home.scored(replace(filled.units[0], seed=seed, spec=spec), 0.9, other))
    store.flush()
    assert "2 environments" in call("rank", "--protocol", "lr").stderr


def test_rank_names_what_there_is_instead(filled, call):
    assert "'lr'" in call.refused("rank", "--protocol", "lrr")
    assert "facts" in call.refused("rank", "--text", "summary")


def test_rank_without_a_text_shows_the_only_one_there_is(home, call):
    selection = Selection((MODEL,), TASKS[:1], ("lr",), (41,), text="symbol")
    [unit] = build_plan(selection, home, {}).units
    store = Store(home)
    store.append(small_home.ENVIRONMENT, small_home.scored(unit, 0.75))
    store.flush()
    [table] = call.json("rank")
    assert (table["text"], own(table)["auc"]) == ("symbol", {TASKS[0]: 0.75})
    assert "symbol" in call.refused("rank", "--text", "facts")


def test_rank_and_export_take_the_papers_splits_unless_others_are_named(filled, call):
    spec = {**filled.units[0].spec, "split": {"scheme": "chromosome", "seed": 41}}
    store = Store(filled.home)
    store.append(small_home.scored(replace(filled.units[0], spec=spec), 0.99))
    store.flush()
    [papers] = call.json("rank", "--protocol", "lr")
    [other] = call.json("rank", "--scheme", "chromosome")
    assert (papers["scheme"], own(papers)["auc"][TASKS[0]]) == ("paper", pytest.approx(0.505))
    assert (other["scheme"], own(other)["auc"]) == ("chromosome", {TASKS[0]: 0.99})
    assert "splits chromosome" in call("rank", "--scheme", "chromosome").stdout
    assert "'chromosome'" in call.refused("rank", "--scheme", "chromosomes")
    assert "lr scheme=chromosome" in call.refused("rank", "--protocol", "rf", "--scheme", "chromosome")
    exported = call("export", "scores", "--scheme", "chromosome").stdout
    assert [row["auc"] for row in csv.DictReader(io.StringIO(exported))] == ["0.99"]


def test_rank_all_takes_every_arm(filled, call):
    assert [table["protocol"] for table in call.json("rank", "--all")] == ["lr", "rf"]


def test_rank_without_a_store_says_how_to_get_one(call):
    assert "no results" in call.refused("rank", code=3)


def test_tasks_counts_the_papers_genes(call):
    tasks = {task["paper_task"]: task for task in call.json("tasks")}
    counts = {name: sorted(task["counts"]) for name, task in tasks.items()}
    assert counts["task1"] == [46, 130]
    assert counts["task2"] == [122, 368]
    text = call("tasks").stdout
    assert all(name in text for name in TASKS)


def test_tasks_audit_names_each_exception_with_its_reason(call):
    [task] = call.json("tasks", "task3")
    assert task["name"] == "bivalent-vs-lys4"
    bivalent = next(part for part in task["classes"] if part["label"] == "bivalent")
    assert (bivalent["raw"], bivalent["unique"]) == (107, 96)
    repeats = [
        gene for gene in task["genes"] if gene["reason"] == "duplicate" and gene["label"] == "bivalent"
    ]
    assert len(repeats) == 11
    listed = call("tasks", "task3", "--audit").stdout
    assert all(gene["identifier"] in listed for gene in repeats)
    sentence = "! The letters of the symbol alone reach AUC .905 [.819, .953]. Names tell the classes apart"
    assert sentence in listed, "and what gives the labels away"
    assert "--scheme grouped" in listed
    [task] = call.json("tasks", "task3", "--audit")
    found = {leak["kind"]: leak for leak in task["leaks"]}
    assert found["symbol"]["alarming"]
    assert found["relatives"]["numbers"]["share"] == pytest.approx(0.494, abs=0.001)
    assert not found["coverage"]["advice"]


def test_models_lists_the_catalog_and_what_is_here(call):
    models = {model["name"]: model for model in call.json("models")}
    assert models[MODEL]["dimension"] == 384
    assert models["stella-base-en-v2"]["parameters"] > 100_000_000
    assert MODEL in call("models").stdout


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_export_gives_the_same_scores_in_every_format(filled, call, tmp_path, form):
    path = tmp_path / f"scores.{form}"
    assert call("export", "scores", "--output", str(path)).exit_code == 0
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(path.read_text())))
    elif form == "json":
        rows = json.loads(path.read_text())
    else:
        rows = pq.read_table(path).to_pylist()
    found = {row["key"]: float(row["auc"]) for row in rows}
    assert found == {unit.key: 0.5 + place / 100 for place, unit in enumerate(filled.units)}


def test_export_filters_by_every_coordinate(filled, call):
    rows = json.loads(
        call(
            "export",
            "predictions",
            "--format",
            "json",
            "--tasks",
            "task2",
            "--protocols",
            "rf",
            "--seeds",
            "42",
        ).stdout
    )
    assert {(row["task"], row["protocol"], row["seed"]) for row in rows} == {
        ("dosage-sensitivity", "rf", 42)
    }
    assert len(rows) == 2


def test_export_knows_the_random_draws_by_the_name_of_their_row(filled, call):
    plan = build_plan(Selection(part_of("random"), (TASKS[0],), ("lr",), (41,)), filled.home, {})
    with closing(Store(filled.home)) as store:
        store.append(*(small_home.scored(unit, 0.5) for unit in plan.units))
        store.flush()
    rows = json.loads(call("export", "scores", "--models", "random", "--format", "json").stdout)
    assert {row["model"] for row in rows} == {f"random-{draw}" for draw in range(1, 6)}
    [row] = json.loads(call("export", "scores", "--models", "random-2", "--format", "json").stdout)
    assert row["model"] == "random-2"


def test_export_refuses_a_filter_the_table_has_not(filled, call):
    assert "no seed" in call.refused("export", "models", "--seeds", "41")


def test_exported_formulas_are_quoted_and_numbers_are_not(filled, call, tmp_path):
    path = tmp_path / "predictions.csv"
    call("export", "predictions", "-o", str(path))
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert {row["gene"] for row in rows} == {"AAA", "'" + HOSTILE}
    assert {row["score"] for row in rows} == {"0.25", "0.875"}


def test_export_of_splits_is_each_gene_once_a_seed_in_training_order(call):
    rows = list(
        csv.DictReader(io.StringIO(call("export", "splits", "--tasks", "task1", "--seeds", "41-42").stdout))
    )
    for seed in ("41", "42"):
        mine = [row for row in rows if row["seed"] == seed]
        assert sorted(int(row["index"]) for row in mine) == list(range(176))
        parts = [row["part"] for row in mine]
        assert parts.count("test") == 18
    assert [row["index"] for row in rows[:176]] != [row["index"] for row in rows[176:]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("export", "scoress"), "'scores'"),
        (("export", "scores", "-o", "x.xyz"), "--format"),
        (("export", "scores", "--format", "parquet"), "--output"),
        (("export", "scores", "-o", "/nowhere/x.csv"), "/nowhere/x.csv"),
        (("export", "scores", "--axis", "labels=raw"), "--axis"),
        (("export", "rankings", "--seeds", "41"), "--seeds"),
        (("export", "rankings", "--models", MODEL), "--models"),
        (("export", "rankings", "--tasks", "task1"), "--tasks"),
    ],
)
def test_export_refuses_with_a_remedy(filled, call, arguments, words):
    assert words in call.refused(*arguments)


def test_export_rankings_joins_the_protocols(filled, call):
    rows = list(csv.DictReader(io.StringIO(call("export", "rankings").stdout)))
    assert {row["protocol"] for row in rows} == {"lr", "rf"}
    latex = call("export", "rankings", "--format", "latex").stdout
    assert latex.count(r"\\") == 1 + len(rows)


def test_hostile_gene_names_reach_a_terminal_as_escapes(filled):
    import pexpect

    arguments = ["-m", "tui", "--home", str(filled.home.data.parent), "export", "predictions"]
    for form in ("csv", "json", "markdown", "latex"):
        shown = pexpect.run(shlex.join([sys.executable, *arguments, "--format", form]), timeout=60)
        assert b"HYPERLINK" in shown
        assert b"\x1b" not in shown
        assert b"\x07" not in shown
        assert "\u202e".encode() not in shown


@pytest.mark.parametrize(
    "arguments", [("rank", "--all", "--json"), ("sql", "from scores", "--json"), ("export", "scores")]
)
def test_what_only_a_journal_has_is_shown_as_soon_as_no_runner_lives(filled, call, arguments):
    late = 0.987654321
    store = Store(filled.home)
    store.append(small_home.scored(filled.failed, late))
    store.close()
    with runner_lock(filled.home):
        call(*arguments)
        with connect(filled.home) as connection:
            assert connection.execute("select max(auc) < 0.9 from scores").fetchall() == [(True,)]
    assert call(*arguments).exit_code == 0
    with connect(filled.home) as connection:
        assert connection.execute("select max(auc) from scores").fetchall() == [(late,)]


def test_reading_leaves_a_database_that_is_up_to_date_alone(filled, call, monkeypatch):
    monkeypatch.setattr("store.database.writing", lambda path: pytest.fail("opened for writing"))
    assert call("rank", "--json").exit_code == 0


def test_rank_as_json_keeps_the_order_of_the_tasks(filled, call):
    for table in call.json("rank", "--all"):
        for row in table["rows"]:
            assert list(row["auc"]) == [task for task in table["tasks"] if task in row["auc"]]


def test_a_plan_of_a_query_is_drawn_over_its_lines(filled, call):
    lines = call("sql", "explain select count(*) from scores").stdout.splitlines()
    assert len(lines) >= 3
    assert all("\\n" not in line for line in lines)
