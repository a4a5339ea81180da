from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.quantities import auc, big, count, duration, mebi, roughly
from tui.widgets.rows import Column, Row, beside, cut, cut_title, fit, matches
from tui.widgets.text import clean
from tui.widgets.words import ASCII, UNICODE, bar, say, state_glyph

COLUMNS = (
    Column("name", "name", least=6),
    Column("kind", "kind", shed=1),
    Column("value", "value", right=True),
)
ROWS = [Row("1", ("a long name of a model", "package", "0.912")), Row("2", ("short", "folder", "0.7"))]


def test_columns_take_what_they_need_where_there_is_room():
    layout = fit(COLUMNS, ROWS, 80)
    assert [spot.width for spot in layout.columns] == [22, 7, 5]
    assert [spot.x for spot in layout.columns] == [0, 23, 31]
    assert layout.width == 36


def test_a_column_is_shed_before_another_is_narrowed():
    assert [(spot.column, spot.width) for spot in fit(COLUMNS, ROWS, 30).columns] == [(0, 22), (2, 5)]
    assert [(spot.column, spot.width) for spot in fit(COLUMNS, ROWS, 20).columns] == [(0, 14), (2, 5)]


def test_the_widest_column_gives_way_first():
    columns = [Column(name, name, least=4) for name in ("a" * 20, "b" * 10, "c" * 6)]
    assert [spot.width for spot in fit(columns, [], 26).columns] == [9, 9, 6]
    assert [spot.width for spot in fit(columns, [], 3).columns] == [4, 4, 4]


def test_what_cannot_be_narrowed_further_is_left_to_scrolling():
    assert fit(COLUMNS, ROWS, 5).width == 6 + 1 + 5


def test_the_last_rows_count_for_the_width_too():
    rows = [Row(str(n), ("x", "y", str(n))) for n in range(12_345)]
    assert fit(COLUMNS, rows, 80).columns[2].width == 5


@given(st.text(max_size=30), st.integers(1, 20), st.booleans())
def test_cut_fills_its_cells_exactly(value, width, right):
    assert cell_len(cut(clean(value), width, right)) == width


def test_a_title_keeps_both_ends():
    assert cut_title("bivalent-vs-no-methyl", 12) == "bivale…ethyl"
    assert cut_title("bivalent-vs-lys4", 12) == "bivale…-lys4"
    assert cut_title("short", 12) == "short"
    assert cut_title("bivalent", 4) == "biv…"


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        ("", ["1", "2"]),
        ("LONG", ["1"]),
        ("!long", ["2"]),
        ("kind:folder", ["2"]),
        ("name:folder", []),
        ("short folder", ["2"]),
        ("value:0.9", ["1"]),
        ("nowhere:1", []),
        ("!", []),
    ],
)
def test_filter(wanted, keys):
    assert [row.key for row in ROWS if matches(row, COLUMNS, wanted)] == keys


@pytest.mark.parametrize(
    ("name", "width", "said"),
    [
        ("long-vs-short-tf", 16, "long-vs-short-tf"),
        ("long-vs-short-tf", 10, "long/short"),
        ("bivalent-vs-lys4", 10, "bival/lys4"),
        ("bivalent-vs-no-methyl", 10, "bival/no-m"),
        ("bivalent-vs-no-methyl", 20, "bivalent/no-methyl"),
        ("dosage-sensitivity", 10, "dosag/sens"),
        ("essential", 5, "essential"),
    ],
)
def test_a_tasks_name_in_one_line_has_both_of_its_parts(name, width, said):
    assert beside(name, width) == said


def test_what_grows_shares_the_room_that_is_left():
    columns = (
        Column("a", "a", grows=True, wants=10),
        Column("b", "b", wants=4),
        Column("c", "c", grows=True),
    )
    layout = fit(columns, (), 60)
    assert [spot.width for spot in layout.columns] == [31, 4, 23]
    assert layout.width == 60


def test_a_filter_finds_a_row_by_its_other_name():
    row = Row("1", ("TF-IDF words",), alias="tfidf")
    found = {word: matches(row, (Column("name", "name"),), word) for word in ("tfidf", "tf-idf", "!TFIDF")}
    assert found == {"tfidf": True, "tf-idf": True, "!TFIDF": False}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "-"),
        (-1, "-"),
        (float("nan"), "-"),
        (5, "0:05"),
        (64.5, "1:04"),
        (3661, "1:01:01"),
        (200_000, "2 days"),
    ],
)
def test_duration(seconds, said):
    assert duration(seconds) == said


def test_numbers_as_people_say_them():
    assert [big(n) for n in (None, 5, 22_700_000, 7_100_000_000)] == ["-", "5", "22.7M", "7.1B"]
    assert count(1, "unit") == "1 unit"
    assert count(1280, "unit") == "1,280 units"
    assert auc(0.91249) == "0.912"
    assert auc(None) == auc(float("nan")) == "-"
    assert [roughly(s) for s in (None, 0.2, 90, 300, 9000)] == [
        "",
        "about 1 s",
        "about 90 s",
        "about 5 min",
        "about 2 h",
    ]


@pytest.mark.parametrize("charset", [UNICODE, ASCII])
@pytest.mark.parametrize(("done", "total"), [(0, 0), (0, 10), (5, 10), (10, 10), (12, 10)])
def test_a_bar_keeps_its_width(charset, done, total):
    assert bar(done, total, 22, charset).cell_length == 22


def test_ascii_bars_are_ascii():
    assert bar(5, 10, 22, ASCII).plain.isascii()


def test_what_is_said_is_cleaned_and_never_markup():
    said = say("[red]x[/]", ("\x1b[2J", "bad"), "two\nlines")
    assert said.plain == "[red]x[/]\\x1b[2Jtwo\nlines"


def test_an_unknown_state_still_has_a_glyph():
    assert state_glyph("of another version") == state_glyph("interrupted")


def test_nothing_takes_no_room_and_a_little_takes_some():
    assert [mebi(size) for size in (None, 0, 1, 3 << 20, 3 << 29)] == [
        "-",
        "0 MiB",
        "1 MiB",
        "3 MiB",
        "1.5 GiB",
    ]
