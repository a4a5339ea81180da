"""`sql` reads, and only reads."""

from __future__ import annotations

import json

import pytest

from store import connect


def test_every_format_has_the_same_rows(filled, call):
    query = "select model, task, auc from leaderboard where protocol = 'lr' order by task"
    rows = call.json("sql", query)
    with connect(filled.home) as connection:
        assert [tuple(row.values()) for row in rows] == connection.execute(query).fetchall()
    assert json.loads(call("sql", query, "--format", "json").stdout) == rows
    text = call("sql", query).stdout.splitlines()
    assert text[0].split() == ["model", "task", "auc"]
    assert len(text) == 5
    assert call("sql", query, "--format", "csv").stdout.splitlines()[0] == "model,task,auc"


def test_the_leaderboard_agrees_with_rank(filled, call):
    [table] = call.json("rank", "--protocol", "lr")
    rows = call.json("sql", "select task, auc from leaderboard where protocol = 'lr'")
    mine = next(row for row in table["rows"] if row["source"] == "own")
    assert {row["task"]: row["auc"] for row in rows} == mine["auc"]


def test_a_query_may_come_from_standard_input(filled, call):
    assert call("sql", "-", input="select 41 + 1 as answer").stdout.split() == ["answer", "42"]


def test_more_rows_than_the_limit_are_told(filled, call):
    result = call("sql", "select * from range(20)", "--limit", "3")
    assert len(result.stdout.splitlines()) == 4
    assert "--limit" in result.stderr


@pytest.mark.parametrize(
    "query",
    [
        "delete from scores",
        "create table x(a int)",
        "attach '/tmp/other.duckdb'",
        "copy scores to '/tmp/stolen.csv'",
        "select * from read_csv('/etc/passwd')",
        "install httpfs",
        "select 1; select 2",
        "selec 1",
        "",
    ],
)
def test_anything_but_one_reading_statement_is_refused(filled, call, query):
    call.refused("sql", query)


def test_hostile_values_are_escaped_in_the_text_table(filled, call):
    shown = call("sql", "select distinct gene from predictions order by gene desc", color=True).stdout
    assert r"\x1b]52;c;x\x07\u202e" in shown
    assert "\x1b" not in shown


def test_without_a_store_it_says_how_to_get_one(call):
    call.refused("sql", "select 1", code=3)


def test_columns_of_one_name_are_all_there(filled, call):
    query = "select 'a' as x, 'b' as x, 'c' as x_1"
    assert sorted(call.json("sql", query)[0].values()) == ["a", "b", "c"]
    assert json.loads(call("sql", query, "--format", "json").stdout) == call.json("sql", query)
