"""`store.export`: every format holds the same table, and a file is whole or not there."""

from __future__ import annotations

import csv
import io
import json
import math

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import DataError, UsageError
from store.export import FORMATS, export_table, format_of, render

COLUMNS = ["name", "auc", "n", "scores", "note"]
ROWS = [
    ["a|b & c_1", 0.1 + 0.2, 3, [0.25, 0.75], None],
    ["=cmd|' /C calc'!A0", -1.5, -2, [], "line\nbreak"],
]


def text_of(columns, rows, form):
    return "".join(render(columns, rows, form))


def read_csv(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def test_csv_keeps_every_digit_and_quotes_formulas():
    header, first, second = read_csv(text_of(COLUMNS, ROWS, "csv"))
    assert header == COLUMNS
    assert float(first[1]) == 0.1 + 0.2
    assert json.loads(first[3]) == [0.25, 0.75]
    assert second == ["'=cmd|' /C calc'!A0", "-1.5", "-2", "[]", "line\nbreak"]


@given(st.text(st.characters(codec="utf-8")))
def test_text_survives_csv_and_never_starts_as_a_formula(text):
    [_, [cell]] = read_csv(text_of(["x"], [["a" + text]], "csv"))
    assert cell == "a" + text
    _, *rows = read_csv(text_of(["x"], [[text]], "csv"))
    cell = rows[0][0] if rows and rows[0] else ""
    assert cell in (text, "'" + text)
    assert cell[:1] not in tuple("=@|\t\r%")


@pytest.mark.parametrize("cell", ["-1", "+2.5", "1e-3", "-.5", "12%", "-3.2E+7"])
def test_numbers_written_as_text_are_left_alone(cell):
    assert read_csv(text_of(["x"], [[cell]], "csv"))[1] == [cell]


@pytest.mark.parametrize("cell", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\tx", "\rx", "|x", "%x", "-1+1"])
def test_formulas_get_an_apostrophe(cell):
    assert read_csv(text_of(["x"], [[cell]], "csv"))[1] == ["'" + cell]


def test_json_has_null_for_what_is_no_number():
    rows = [[math.nan, math.inf, {"a": [math.nan, 1.0]}]]
    assert json.loads(text_of(["a", "b", "c"], rows, "json")) == [
        {"a": None, "b": None, "c": {"a": [None, 1.0]}}
    ]
    assert json.loads(text_of(["a"], [], "json")) == []


def test_json_is_ascii_so_that_nothing_in_it_steers_a_terminal():
    assert text_of(["a"], [["\x1b[31m\u202e"]], "json").isascii()
    assert "\x1b" not in text_of(["a"], [["\x1b[31m\u202e"]], "json")


def test_markdown_and_latex_escape_what_would_break_the_table():
    markdown = text_of(COLUMNS, ROWS, "markdown").splitlines()
    assert len(markdown) == 4
    assert r"a\|b & c_1" in markdown[2]
    latex = text_of(COLUMNS, ROWS, "latex")
    assert r"a|b \& c\_1 & 0.30000000000000004 & 3 &" in latex
    assert latex.count(r"\\") == 3
    assert r"\toprule" in latex


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_written_whole(tmp_path, form):
    path = tmp_path / "table.out"
    assert export_table(COLUMNS, ROWS, path, form) == path
    if form == "parquet":
        assert [row["auc"] for row in pq.read_table(path).to_pylist()] == [0.1 + 0.2, -1.5]
    else:
        assert path.read_bytes().decode() == text_of(COLUMNS, ROWS, form)
    assert [item.name for item in tmp_path.iterdir()] == ["table.out"]


def test_an_export_that_breaks_leaves_the_old_file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")

    def rows():
        yield ["x"]
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        export_table(["a"], rows(), path)
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["table.csv"]


def test_a_full_disk_is_told(tmp_path):
    with pytest.raises(DataError, match="cannot be written"):
        export_table(["a"], [["x"]], tmp_path / "no" / "folder.csv")


def test_the_format_comes_from_the_name_or_is_asked_for(tmp_path):
    assert format_of(tmp_path / "A.TEX") == "latex"
    with pytest.raises(UsageError) as refused:
        format_of(tmp_path / "table.xls")
    assert "parquet" in refused.value.hint


@pytest.mark.parametrize("format", ["markdown", "latex"])
def test_controls_are_written_as_escapes_where_people_read(format):
    text = "".join(render(["gene"], [("A\x1b[31mB\a",)], format))
    assert all(character.isprintable() or character == "\n" for character in text)
    assert "31mB" in text
