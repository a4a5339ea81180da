from __future__ import annotations

import pytest
from fake_arena import FakeArena, a_status, drive, make_app, paste, screen_text, shows, told, until
from fake_records import scored, unit
from pressing import presses

from store.errors import StoreError, UsageError
from store.home import find_home
from store.store import Store
from tui.questions.sql import SqlDesk
from tui.screens.base import EXPORTING
from tui.screens.sql import text
from tui.screens.sql.text import Wrong, error_lines, where_wrong
from tui.widgets.paged import KEPT, PAGE, PagedRows
from tui.widgets.sqleditor import SqlEditor

SIZES = [(80, 24), (200, 60)]


@pytest.fixture
def arena():
    return FakeArena()


async def opened(pilot) -> None:
    await pilot.press("6")
    await until(pilot, lambda: "tables: leaderboard  predictions" in screen_text(pilot.app))


@presses("sql.run")
@pytest.mark.parametrize("size", SIZES)
async def test_f5_runs_the_query_and_shows_its_rows(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        await shows(pilot, "f5 runs the query")
        await pilot.press("f5")
        await until(pilot, lambda: "3 rows, 12 ms" in screen_text(app))
        await shows(pilot, "0.285714")
        assert arena.desk.asked[0].startswith("select model, task, auc")


@pytest.mark.parametrize("size", [*SIZES, (120, 40)])
async def test_a_query_that_no_row_answers_is_not_called_unasked(arena, size):
    arena.desk.row_count = 0
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await opened(pilot)
        await pilot.press("f5")
        await shows(pilot, "0 rows, 12 ms", "No rows match the query.")
        assert "f5 runs the query above" not in screen_text(app)
        assert "1 of 0" not in screen_text(app)
        assert "not here yet" not in screen_text(app)


@presses("sql.edit", "sql.leave", "sql.complete")
async def test_names_are_completed_in_the_editor(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("i")
        editor = app.screen.query_one(SqlEditor)
        editor.text = "select mea"
        await until(pilot, lambda: "tab: mean_auc" in screen_text(app))
        await pilot.press("tab")
        assert editor.text == "select mean_auc"
        await pilot.press(*" from lead", "tab", "ctrl+j")
        await until(pilot, lambda: arena.desk.asked == ["select mean_auc from leaderboard"])
        await pilot.press("escape", "1")
        await until(pilot, lambda: app.screen.MODE == "plan")


async def test_columns_of_the_tables_in_the_query_come_first(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        editor = app.screen.query_one(SqlEditor)
        editor.learn({"a": ("alpha", "beta"), "b": ("alarm",)})
        editor.text = "select al from b"
        assert editor.candidates("al") == ["alarm", "all", "alpha"]


@pytest.mark.parametrize(
    "error", [UsageError("No such table: x.", "Did you mean y?"), StoreError("No results yet.")]
)
async def test_what_is_wrong_with_a_query_is_told_in_place(arena, error):
    arena.broken["sql"] = error
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("f5")
        await until(pilot, lambda: str(error) in screen_text(app))


def test_an_error_stands_under_the_one_part_that_it_names():
    sentence = 'Catalog Error: Scalar Function with name stdev does not exist. Did you mean "stddev"?'
    query = "select model,\n  stdev(auc)\nfrom scores"
    wrong = where_wrong(sentence, query)
    assert wrong == Wrong(1, 2, 5, "stddev")
    drawn = ["".join(text for text, _ in line) for line in error_lines(sentence, query, wrong, 80)]
    assert drawn[1].index("▔▔▔▔▔") == drawn[0].index("stdev")
    assert drawn[2].endswith("does not exist.  tab puts stddev")
    assert where_wrong(sentence, "select stdev(auc), stdev(f1) from scores") is None


async def test_tab_takes_what_the_database_suggests_and_typing_replaces_the_sample(arena):
    arena.broken["sql"] = UsageError('Table with name skores does not exist! Did you mean "scores"?')
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("i", *"from skores", "f5")
        await until(pilot, lambda: "▔▔▔▔▔▔" in screen_text(app))
        await pilot.press("tab")
        assert app.screen.query_one(SqlEditor).text == "from scores"


@presses("grid.sort")
async def test_s_puts_the_rows_in_the_order_of_a_column_and_turns_them_round(arena, tmp_path):
    home = find_home(tmp_path).create()
    store = Store(home)
    store.append(scored(unit()))
    store.flush()
    store.close()
    arena.desk = SqlDesk(home)
    app = make_app(arena)

    def rows() -> list[str]:
        found = (line.strip(" ▌").split() for line in screen_text(app).splitlines())
        return [words[1] for words in found if len(words) == 2 and words[1].startswith("row-")]

    async with drive(app) as pilot:
        await opened(pilot)
        query = "select * from (values (2, 'row-b'), (10, 'row-a'), (3, 'row-c')) as given(n, name)"
        await pilot.press("i")
        paste(pilot, query)
        await pilot.press("f5", "escape")
        await until(pilot, lambda: rows() == ["row-b", "row-a", "row-c"])
        await pilot.press("s")
        await until(pilot, lambda: "n▾" in screen_text(app))
        assert rows() == ["row-a", "row-c", "row-b"]
        await pilot.press("s")
        await until(pilot, lambda: "n▴" in screen_text(app))
        assert rows() == ["row-b", "row-c", "row-a"]
        await pilot.press("l", "s")
        await until(pilot, lambda: "name▾" in screen_text(app))
        assert rows() == ["row-c", "row-b", "row-a"]
        assert arena.desk.history() == ({}, [query])
        await pilot.press("i", "ctrl+end", "right_parenthesis", "f5", "escape")
        await until(pilot, lambda: "these rows are older" in screen_text(app))
        await pilot.press("h", "s")  # the rows of before, and what is wrong with the query stays said
        await until(pilot, lambda: rows() == ["row-a", "row-c", "row-b"])
        await shows(pilot, "these rows are older")


async def test_in_the_editor_the_bottom_line_does_not_name_enter(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        assert "i Edit" in screen_text(app).splitlines()[-1]
        await pilot.press("i")
        await until(pilot, lambda: "esc Rows" in screen_text(app).splitlines()[-1])
        assert "Edit" not in screen_text(app).splitlines()[-1]


@presses("sql.tables")
async def test_tables_are_laid_beside_the_rows_and_fold(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        assert "▸ predictions" not in screen_text(app)
        await pilot.press("f2")
        await until(pilot, lambda: "▾ leaderboard" in screen_text(app) and "mean_auc" in screen_text(app))
        await pilot.press("enter")  # the cursor is on predictions, asked more often
        await until(pilot, lambda: "▾ predictions" in screen_text(app) and "gene " in screen_text(app))


@presses("sql.stop")
async def test_a_running_query_can_be_stopped(arena):
    arena.desk.gate.clear()
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("ctrl+x")
        await until(pilot, lambda: "No query is running." in told(app))
        await pilot.press("f5")
        await until(pilot, lambda: "Running; ctrl+x stops it." in screen_text(app))
        await pilot.press("f5")
        await until(pilot, lambda: "A query is running; ctrl+x stops it." in told(app))
        await pilot.press("ctrl+x")
        await until(pilot, lambda: "The query was cancelled." in screen_text(app))


@presses("sql.history")
async def test_earlier_and_saved_queries_come_back(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("colon", *"save mine", "enter")
        await until(pilot, lambda: "mine" in arena.desk.saved)
        arena.desk.saved["mine"] = "select 42"
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "hardest genes" in screen_text(app))
        await pilot.press(*"mine", "enter")
        await until(pilot, lambda: "select 42" in screen_text(app))
        await pilot.press("f5")
        await until(pilot, lambda: arena.desk.asked == ["select 42"])


async def test_a_query_from_the_command_line(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("colon", *"sql select 7", "enter")
        await until(pilot, lambda: arena.desk.asked == ["select 7"])


async def test_a_million_rows_are_paged_through(arena):
    arena.desk.row_count = 1_000_000
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("f5")
        await until(pilot, lambda: "1,000,000 rows" in screen_text(app))
        await pilot.press("G")
        await until(pilot, lambda: "name 999999" in screen_text(app))
        await pilot.press("g", "pagedown")
        await until(pilot, lambda: "name 9 " in screen_text(app))


async def test_a_filter_is_told_to_be_a_where_clause(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("slash")
        await until(pilot, lambda: "Filter with a where clause" in told(app))


@presses("export", "yank")
async def test_the_whole_result_is_written_and_the_row_copied(arena, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENEARENA_CLIPBOARD", "file")
    arena.home = arena.home.__class__(*(tmp_path / name for name in ("data", "cache", "config", "log")))
    arena.desk.row_count = PAGE * 12
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("f5")
        await until(pilot, lambda: "6,000 rows" in screen_text(app))
        await pilot.press("j", "y", "y")
        await until(pilot, lambda: "yank.txt" in told(app))
        assert (tmp_path / "cache" / "yank.txt").read_text() == "1\tname 1\t0.142857"
        await pilot.press("e")
        await until(pilot, lambda: "sql-result.csv" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Wrote 6,000 rows" in told(app))
    lines = (tmp_path / "sql-result.csv").read_text().splitlines()
    assert lines[0] == "n,name,x"
    assert len(lines) == 6001
    assert lines[6000].startswith("5999,name 5999,")


@pytest.mark.parametrize("live", [False, True])
async def test_leaving_while_a_result_is_written_asks_first(arena, tmp_path, monkeypatch, live):
    monkeypatch.chdir(tmp_path)
    arena.status = a_status() if live else None
    arena.desk.row_count = PAGE * 40
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("f5")
        await until(pilot, lambda: "20,000 rows" in screen_text(app))
        arena.desk.pages_gate.clear()
        await pilot.press("e", "enter")
        await until(pilot, lambda: "Writing 20,000 rows." in told(app))
        leaving = ("q", "D") if live else ("q",)
        await pilot.press(*leaving)
        await until(pilot, lambda: "A file is being written" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "A file is being written" not in screen_text(app))
        arena.desk.pages_gate.set()
        await until(pilot, lambda: "Wrote 20,000 rows" in told(app))
        await pilot.press(*leaving)
        await until(pilot, lambda: not app.is_running)
    assert app.return_value == 0
    assert len((tmp_path / "sql-result.csv").read_text().splitlines()) == 20_001


async def test_a_file_that_is_being_written_can_be_given_up_by_leaving(arena, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("f5")
        await until(pilot, lambda: "3 rows" in screen_text(app))
        arena.desk.pages_gate.clear()
        await pilot.press("e", "enter")
        await until(pilot, lambda: any(worker.group == EXPORTING for worker in app.workers))
        await pilot.press("q")
        await until(pilot, lambda: "A file is being written" in screen_text(app))
        await pilot.press("x")
        await until(pilot, lambda: not app.is_running)
        arena.desk.pages_gate.set()
    assert app.return_value == 0


async def test_of_a_result_of_many_pages_the_row_is_copied_and_never_a_blank_one(
    arena, tmp_path, monkeypatch
):
    monkeypatch.setenv("GENEARENA_CLIPBOARD", "file")
    arena.home = arena.home.__class__(*(tmp_path / name for name in ("data", "cache", "config", "log")))
    arena.desk.row_count = 1_000_000
    arena.desk.pages_gate.clear()
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot)
        await pilot.press("f5")
        await until(pilot, lambda: "1,000,000 rows" in screen_text(app))
        await pilot.press("G", "y")
        await until(pilot, lambda: "There is nothing here to copy yet." in told(app))
        arena.desk.pages_gate.set()
        await until(pilot, lambda: "name 999999" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: "Copy what?" in screen_text(app))
        assert "tab-separated" not in screen_text(app)
        await pilot.press("y")
        await until(pilot, lambda: "yank.txt" in told(app))
    assert (tmp_path / "cache" / "yank.txt").read_text() == "999999\tname 999999\t142857"
    assert len(arena.desk.fetched) <= 2


def test_pages_are_sent_for_once_and_the_oldest_dropped():
    asked: list[int] = []
    rows = PagedRows(PAGE * 100, asked.append, 2)
    assert rows[PAGE + 1].cells == ("", "")
    assert rows[PAGE + 2].cells == ("", "")
    assert asked == [1]
    rows.put(1, [(number, None) for number in range(PAGE)])
    assert rows[PAGE + 2].cells == ("2", "")
    assert rows[-1].key == str(PAGE * 100 - 1)
    assert list(rows[PAGE + 1 : PAGE + 3]) == [rows[PAGE + 1], rows[PAGE + 2]]
    for page in range(2, 2 + KEPT):
        rows.put(page, [])
    assert rows[PAGE + 1].cells == ("", "")
    with pytest.raises(IndexError):
        rows[PAGE * 100]


async def test_the_first_rows_are_there_before_anybody_asks(arena):
    arena.desk.looks = True
    app = make_app(arena)
    async with drive(app, (200, 60)) as pilot:
        await opened(pilot)
        await until(pilot, lambda: "3 rows, 12 ms" in screen_text(app))
        assert arena.desk.asked == []
        await pilot.press("i")
        app.screen.query_one(SqlEditor).text = "select 42"
        await pilot.press("f5")
        await until(pilot, lambda: arena.desk.asked == ["select 42"])


def test_a_kept_query_stands_in_full_and_each_of_its_lines_is_it():
    sql = "select model, task, protocol, seed, sentence from failures\norder by finished_at desc"
    rows = text.query_rows(sql, "failures")
    assert [str(row.cells[0]) for row in rows] == [
        "failures",
        "  select model, task, protocol, seed, sentence",
        "    from failures",
        "  order by finished_at desc",
    ]
    assert {text.query_of(row.key) for row in rows} == {sql}
