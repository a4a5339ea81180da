"""`rank` beside families kept apart: the same numbers in every format, and how to get them."""

from __future__ import annotations

import csv
import io
import shutil
import sys
from pathlib import Path

import pytest

from store.arm import Arm, Table
from store.home import find_home
from tui.ranked import families

sys.path.insert(0, str(Path(__file__).parents[2] / "engine" / "verdicts"))

import judged_home

TASKS = judged_home.TASKS
BARE = ("--no-references", "--scheme", "paper")


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    home = find_home(tmp_path_factory.mktemp("judged") / "home")
    judged_home.fill(home, {"good": 2.5, "alone": 1.0})
    judged_home.fill(home, {"good": 0.5}, scheme="grouped")
    return home


@pytest.fixture
def both(home, judged):
    shutil.copytree(judged.data.parent, home.data.parent)
    return home


def test_rank_prints_random_same_kind_and_apart_in_a_block(both, call):
    text = call("rank", *BARE).stdout
    block = text.partition("With families kept apart (families by the stem of the symbol):\n")[2]
    head, *lines = block.splitlines()
    assert head.split() == ["model", "splits", *TASKS, "mean"]
    assert [line.split("  ")[0] for line in lines[:3]] == ["good", "", ""]
    assert [
        name in line for name, line in zip(("random", "same kind", "families apart"), lines, strict=False)
    ]
    assert all(line.count("[") == 5 for line in lines[:3])
    assert lines[3].startswith("Same kind of genes:")
    assert "alone" not in block
    assert "--scheme grouped" not in text


def test_every_format_has_the_same_numbers(both, call):
    [table] = call.json("rank", *BARE)
    found = table["families_apart"]
    assert found["families"] == ["stem"]
    assert list(found["models"]) == ["good"]
    [row] = [row for row in table["rows"] if row["model"] == "good"]
    for task in TASKS:
        numbers = found["models"]["good"][task]
        assert numbers["random"]["auc"] == pytest.approx(row["auc"][task], abs=1e-9)
        assert {kind: known["n"] for kind, known in numbers.items()} == dict.fromkeys(numbers, 10)
        assert numbers["grouped"]["low"] < numbers["grouped"]["auc"] < numbers["grouped"]["high"]
    rows = {
        row["model"]: row
        for row in csv.DictReader(io.StringIO(call("rank", *BARE, "--format", "csv").stdout))
    }
    mean = found["models"]["good"]["mean"]
    for kind in ("matched", "grouped"):
        assert float(rows["good"][f"mean {kind} auc"]) == mean[kind]["auc"]
        assert (
            float(rows["good"][f"{TASKS[0]} {kind} high"])
            == found["models"]["good"][TASKS[0]][kind]["high"]
        )
        assert rows["alone"][f"mean {kind} auc"] == ""
    markdown = call("rank", *BARE, "--format", "markdown").stdout
    apart = next(line for line in markdown.splitlines() if "families apart |" in line)
    assert f"{mean['grouped']['auc']:.3f}"[1:] in apart


def test_columns_that_were_left_out_are_left_out_here_too(both, call):
    [table] = call.json("rank", *BARE, "--tasks", TASKS[1])
    numbers = table["families_apart"]["models"]["good"]
    assert set(numbers) == {TASKS[1], "mean"}
    assert numbers["mean"] == numbers[TASKS[1]]
    [table] = call.json("rank", *BARE, "--models", "alone")
    assert table["families_apart"]["models"] == {}


@pytest.mark.parametrize(
    ("table", "options"),
    [
        (Table(Arm("rf")), "rf"),
        (Table(Arm("lr"), "mine"), "lr --set mine"),
        (Table(Arm("lr", text="summary"), "mine"), "lr --set mine"),
        (
            Table(Arm("lr", "corrected scaling=none", "facts+masked"), "own"),
            "lr --set own --preset corrected --axis scaling=none --text facts+masked",
        ),
        (Table(Arm("lr", text="summary@1a2b3c4d"), "own"), "lr --set own --descriptions FILE"),
    ],
)
def test_the_line_names_the_tables_own_tasks_texts_and_preset(table, options):
    assert f"`genearena run --scheme grouped --protocols {options}`" in families.how_to(table)
    assert not families.how_to(Table(Arm("lr", scheme="grouped")))


def test_where_it_was_not_run_a_line_says_how(filled, call):
    text = call("rank", "--protocol", "lr").stdout
    assert text.count("`genearena run --scheme grouped --protocols lr`") == 1
    [table] = call.json("rank", "--protocol", "lr")
    assert table["families_apart"] is None


def test_a_table_of_grouped_splits_is_a_table_like_any_other(both, call):
    text = call("rank", "--scheme", "grouped").stdout
    assert "splits grouped" in text
    assert "With families kept apart" not in text
