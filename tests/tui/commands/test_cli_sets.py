"""Sets of tasks on the command line: named, ranked, exported, run; and the paper's table left alone."""

from __future__ import annotations

import csv
import io
import json

import pytest
import workbench
from small_home import MODEL, TASKS, scored

import engine.run.threads
from engine.data.tasks.shelf import SAMPLE
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from store.store import Store

ALONE = ("--models", "all-MiniLM-L6-v2", "--controls", "none")
BASE = ("run", *ALONE, "--protocols", "lr,rf", "--seeds", "41-43")
OUTPUTS = (
    ("rank",),
    ("rank", "--json"),
    *(("rank", "--format", form) for form in ("csv", "markdown", "latex")),
    *(("export", "rankings", "--format", form) for form in ("csv", "json", "markdown", "latex")),
    *(("export", table, "--set", "paper") for table in ("leaderboard", "leaderboard_long")),
    ("export", "reproduction"),
)
"""Every way in which the paper's table is told."""


@pytest.fixture
def compute(monkeypatch):
    fake = workbench.FakeCompute()
    monkeypatch.setattr(engine.run.threads, "LocalCompute", lambda home: fake)
    return fake


@pytest.fixture
def toy(tmp_path, call):
    """A task of one's own, imported, of genes whose texts are known: it ranks in the paper's arms."""
    label, *lines = (SAMPLE / "tasks" / "dosage-sensitivity.csv").read_text().splitlines()
    path = tmp_path / "some.csv"
    path.write_text("\n".join([label, *lines[:30], *lines[-30:]]) + "\n")
    assert call("import", "task", str(path), "--name", "mine").exit_code == 0
    return "mine"


def told(call) -> dict[tuple[str, ...], str]:
    found = {}
    for arguments in OUTPUTS:
        result = call(*arguments)
        assert result.exit_code == 0, result.output
        found[arguments] = result.stdout
    return found


def test_the_papers_table_is_the_same_to_the_byte_after_a_task_of_ones_own(call, compute, request):
    assert call(*BASE).exit_code == 0
    before = told(call)
    assert [TASKS[0] in text for text in before.values()] == [*[True] * (len(before) - 1), False]
    request.getfixturevalue("toy")
    assert call(*BASE, "--tasks", "mine").exit_code == 0
    assert told(call) == before
    shown = call("rank", "--set", "own").stdout
    assert "set own" in shown
    assert " mine " in shown
    assert TASKS[0] not in shown
    assert "(paper)" not in shown
    assert call("sets", "both", "mine", "task1").exit_code == 0
    assert told(call) == before
    assert "Not shown, of other sets of tasks: both" in call("rank").stderr


def test_a_fresh_home_has_the_sets_that_come_along_and_an_empty_own(call):
    assert call.json("sets") == [
        {"name": "paper", "tasks": list(TASKS), "named": False},
        {"name": "own", "tasks": [], "named": False},
        {"name": "essentiality", "tasks": ["essential"], "named": False},
    ]
    assert "always there" in call.refused("sets", "essentiality", "--remove")
    assert "has no task" in call.refused(*BASE, "--set", "own")


def test_a_set_is_named_given_other_tasks_shown_and_removed(call, toy):
    assert call.json("sets", "own") == [{"name": "own", "tasks": ["mine"], "named": False}]
    assert "The set new is mine, dosage-sensitivity;" in call("sets", "new", "mine", "task2", "mine").stderr
    assert call.json("sets", "new") == [
        {"name": "new", "tasks": ["mine", "dosage-sensitivity"], "named": True}
    ]
    assert call.json("sets", "own")[0]["tasks"] == []
    told = call("sets", "new", "task1").stderr
    assert "The set new is long-vs-short-tf, no longer mine, dosage-sensitivity;" in told
    assert "no longer" not in call("sets", "new", "task1").stderr
    assert [(one["name"], one["tasks"]) for one in call.json("sets")] == [
        ("paper", list(TASKS)),
        ("own", ["mine"]),
        ("essentiality", ["essential"]),
        ("new", ["long-vs-short-tf"]),
    ]
    assert "long-vs-short-tf" in call("sets").stdout
    assert call("sets", "new", "--remove").exit_code == 0
    assert [one["name"] for one in call.json("sets")] == ["paper", "own", "essentiality"]


def test_the_name_of_a_set_that_comes_along_may_be_given_to_ones_own_tasks(call, toy):
    assert call("sets", "essentiality", "essential", "mine").exit_code == 0
    assert call.json("sets", "essentiality") == [
        {"name": "essentiality", "tasks": ["essential", "mine"], "named": True}
    ]
    assert call("sets", "essentiality", "--remove").exit_code == 0
    assert call.json("sets", "essentiality")[0]["tasks"] == ["essential"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("paper", "mine"), "The set paper is always the paper's four tasks."),
        (("OWN", "mine"), "The set own is always every task that is in no other set."),
        (("a b", "mine"), "cannot be called 'a b'"),
        (("new", "mone"), "Did you mean 'mine'?"),
        (("none",), "There is no set of tasks named 'none'"),
        (("--remove",), "--remove takes the name of one set."),
        (("own", "--remove"), "The set own is always there."),
        (("none", "--remove"), "There is no set of your own."),
    ],
)
def test_what_cannot_be_done_to_a_set_is_said(call, toy, arguments, sentence):
    assert sentence in call.refused("sets", *arguments)
    assert [one["name"] for one in call.json("sets")] == ["paper", "own", "essentiality"]


def test_a_name_in_another_spelling_is_refused(call, toy):
    call("sets", "new", "mine")
    assert "There is a set new already." in call.refused("sets", "New", "task1")
    assert "Did you mean 'new'?" in call.refused("sets", "ne", "--remove")


def test_a_removed_task_can_stay_in_a_set_while_it_has_results(call, compute, toy):
    assert call(*BASE, "--tasks", "mine").exit_code == 0
    call("tasks", "mine", "--remove")
    assert call("sets", "new", "mine").exit_code == 0
    assert " mine " in call("rank", "--set", "new").stdout


def test_a_run_takes_a_set_and_ranks_the_sets_that_were_run(call, compute, toy):
    call("sets", "new", "mine", "task1")
    ran = call(*BASE, "--set", "new", "--rank")
    assert ran.exit_code == 0
    titles = [line for line in ran.stdout.splitlines() if "AUC [95 %" in line]
    assert [title.split(",")[1].strip() for title in titles] == ["set new", "set new"]
    heads = [line.split() for line in ran.stdout.splitlines() if line.startswith("model")]
    assert heads == [["model", "mine", "long-vs-short-tf", "mean"]] * 2
    # Without a set, each task's first: the paper's for task1, and the named one since mine is not in own.
    ran = call(*BASE, "--tasks", "mine,task1", "--rank")
    titles = [line for line in ran.stdout.splitlines() if "AUC [95 %" in line]
    assert sorted({title.split(",")[1].strip() for title in titles}) == ["set new", "set paper"]
    assert call.json(*BASE, "--set", "new", "--tasks", "task2", "--dry-run")["units"] == 3 * 2 * 3
    assert "Did you mean 'new'?" in call.refused(*BASE, "--set", "ne")


def test_without_results_of_the_papers_the_sets_there_are_are_shown(call, compute, toy):
    assert call(*BASE, "--tasks", "mine").exit_code == 0
    assert [(table["task_set"], table["protocol"]) for table in call.json("rank")] == [
        ("own", "lr"),
        ("own", "rf"),
    ]
    assert {row["task_set"] for row in rows(call("export", "rankings"))} == {"own"}
    assert "Known: own." in call.refused("rank", "--set", "paper")


def rows(result):
    return list(csv.DictReader(io.StringIO(result.stdout)))


def test_all_shows_every_set_and_none_in_another(call, compute, toy):
    assert call(*BASE).exit_code == 0
    call("sets", "new", "mine", "task1")
    call(*BASE, "--tasks", "mine")
    tables = call.json("rank", "--all")
    assert [(table["task_set"], table["protocol"]) for table in tables] == [
        ("paper", "lr"),
        ("paper", "rf"),
        ("new", "lr"),
        ("new", "rf"),
    ]
    assert [table["tasks"] for table in tables[1:3]] == [list(TASKS), ["mine", TASKS[0]]]
    assert {row["source"] for row in tables[2]["rows"]} == {"own"}
    exported = rows(call("export", "leaderboard", "--set", "new"))
    assert {(row["task_set"], row["task"]) for row in exported} == {("new", "mine"), ("new", TASKS[0])}
    [listed] = [row for row in rows(call("export", "task_sets")) if row["task_set"] == "new"]
    assert json.loads(listed["tasks"]) == ["mine", TASKS[0]]
    assert "no set of tasks to choose by" in call.refused("export", "scores", "--set", "new")
    assert {row["task"] for row in rows(call("export", "splits", "--set", "new", "--seeds", "41"))} == {
        "mine",
        TASKS[0],
    }


# ---------------------------------------------------------------------------- narrowed


def test_fewer_tasks_have_a_labelled_mean_and_published_rows_none(filled, call):
    result = call("rank", "--protocol", "lr", "--tasks", "task2,task1")
    title, columns, first, *others = result.stdout.splitlines()
    assert title.endswith(": AUC [95 % interval]; means are over 2 of the set's 4 tasks")
    assert columns.split() == ["model", TASKS[0], TASKS[1], "mean", "of", "2", "of", "paper's"]
    assert ".515" in first.split()
    assert all(line.split()[-2:] == ["-", "-"] for line in others if "(paper)" in line)
    [table] = call.json("rank", "--protocol", "lr", "--tasks", "task1")
    assert (table["tasks"], table["left_out"]) == ([TASKS[0]], list(TASKS[1:]))
    spread = call("rank", "--protocol", "lr", "--tasks", "task1", "--format", "csv")
    assert "mean of 1" in spread.stdout.splitlines()[0]
    assert "lr: means are over 1 of the set's 4 tasks." in spread.stderr
    assert "'dosage-sensitivity'" in call.refused("rank", "--tasks", "dosage")
    every = call("rank", "--protocol", "lr", "--tasks", ",".join(TASKS))
    assert every.stdout == call("rank", "--protocol", "lr").stdout


def test_fewer_models_keep_their_ranks(filled, call):
    [all_rows] = call.json("rank", "--protocol", "lr")
    whole = {row["model"]: row for row in all_rows["rows"] if row["source"] == "paper"}
    [table] = call.json("rank", "--protocol", "lr", "--models", "gte-small,OpenAI")
    assert table["hidden"] == len(all_rows["rows"]) - 4
    shown = [row for row in table["rows"] if row["source"] == "paper"]
    assert {row["model"]: row["mean_rank"] for row in shown} == {
        name: whole[name]["mean_rank"] for name in ("gte-small", "OpenAI")
    }
    text = call("rank", "--protocol", "lr", "--models", "gte-small,OpenAI").stdout
    assert "4 of 23 rows, with the ranks among all" in text
    assert MODEL in call.refused("rank", "--protocol", "lr", "--models", "all-MiniLM")


def test_tasks_choose_the_set_that_has_them(filled, call, toy):
    store = Store(filled.home)
    for unit in build_plan(Selection((MODEL,), (toy,), ("lr",), (41, 42)), filled.home, {}).units:
        store.append(scored(unit, 0.9))
    store.close()
    [table] = call.json("rank", "--tasks", "mine")
    assert (table["task_set"], table["tasks"]) == ("own", ["mine"])
    assert "No set has all of the tasks" in call.refused("rank", "--tasks", "mine,task1")
