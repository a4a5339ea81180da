"""What the Board says of what its numbers can tell: places, intervals, the baseline, the paper's rows."""

from __future__ import annotations

import contextlib
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fake_arena import FakeArena, a_table, at_rest, drive, make_app, screen_text, shows, told, until
from pressing import presses

from store.arm import Arm, Table
from store.errors import DataError, StoreBusy
from store.home import find_home
from tui.app import ArenaApp
from tui.questions.arena import Arena
from tui.ranked import figures, layouts, standings, unrounded
from tui.ranked.standings import Standing
from tui.screens.board import text as board_text
from tui.screens.board.cells import among, fitted
from tui.screens.board.view import SOURCES, Sorting, View, row_key
from tui.widgets.rows import fit

sys.path.insert(0, str(Path(__file__).parents[1] / "engine" / "verdicts"))

import judged_home

SKILLS = {"good": 2.5, "fair": 2.2, "poor": 0.2}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = find_home(tmp_path_factory.mktemp("home"))
    judged_home.fill(home, SKILLS)
    judged_home.fill(home, {"alone": 2.0}, seeds=(41, 42, 43), protocol="rf")
    return home


@pytest.fixture
def arena():
    arena = FakeArena()
    arena.boards["lr"] = a_table()
    return arena


def line_of(app, model: str) -> list[str]:
    lines = (line.replace("▌", " ").strip(" │┌├└◆∅") for line in screen_text(app).splitlines())
    return next((line.split() for line in lines if line.startswith(f"{model} ")), [])


def said(app) -> str:
    """All the words on screen, without frames."""
    return " ".join(screen_text(app).replace("│", " ").split())


@contextlib.asynccontextmanager
async def board(arena, size=(120, 40)):
    app = make_app(arena) if isinstance(arena, FakeArena) else ArenaApp(arena)
    async with drive(app, size) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: app.screen.MODE == "board")
        await at_rest(pilot)
        yield app, pilot


# ---------------------------------------------------------------------------- real scores


async def test_own_rows_have_the_places_that_rank_prints(home):
    arena = Arena(home)
    table = Table(Arm("lr"))
    standing = Standing(arena.rankings(table), arena.judged(table))
    async with board(arena) as (app, pilot):
        await until(pilot, lambda: "neighbours" in screen_text(app))
        assert standings.in_a_line(standing)[:100] in said(app)
        for row in standing.table.rows[: len(SKILLS)]:
            place, shown = standing.places[row.model], line_of(app, row.model)
            assert shown[1] == figures.ranged(place.first, place.last)
        [printed] = [row for row in standing.table.rows if (row.source, row.mean_rank) == ("paper", 3)]
        assert line_of(app, printed.model)[1] == "p3"
        assert figures.short(printed.mean) in line_of(app, printed.model)


async def test_an_only_own_model_has_no_place(home):
    async with board(Arena(home)) as (app, pilot):
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: "A single own model on 3 splits each, preliminary:" in said(app))
        assert line_of(app, "alone")[1] == "·"


async def test_a_table_of_print_alone_says_that_no_rank_of_it_can_be_told_apart(home):
    async with board(Arena(home)) as (app, pilot):
        await pilot.press(*["right_square_bracket"] * 2)
        await until(pilot, lambda: "No adjacent rank of this table is separable." in said(app))
        assert "lr-cv Logistic" in said(app)
        assert "differences below about .030 are within noise" in said(app)
        assert "A mean has a standard error of at least .015, by its genes alone." in said(app)


def test_a_judged_table_is_kept_until_the_database_moves(home):
    arena, table = Arena(home), Table(Arm("lr"))
    first = arena.judged(table)
    assert arena.judged(table) is first
    judged_home.fill(home, {"late": 1.0}, tasks=judged_home.TASKS[:1], seeds=(41,), protocol="lr-cv")
    assert arena.judged(table) is not first


def test_what_is_judged_is_let_go():
    import gc
    import weakref

    from engine.verdicts.table import Judged

    judged = Judged(())
    judged.ranking()
    gone = weakref.ref(judged)
    del judged
    gc.collect()
    assert gone() is None


# ---------------------------------------------------------------------------- the baseline


@presses("board.baseline")
async def test_a_pinned_row_is_what_the_others_are_set_against(arena):
    async with board(arena) as (app, pilot):
        await until(pilot, lambda: line_of(app, "mini")[1:2] == ["1"])
        await pilot.press("b")
        await until(pilot, lambda: "Beside mini, among 1 on 10 splits each" in said(app))
        assert "−.200 ±.060*" in " ".join(line_of(app, "other"))
        assert "base" in line_of(app, "mini")
        await shows(pilot, "◆mini")
        await pilot.press("l", "l", "s")
        await until(pilot, lambda: "by tall" in said(app) and "−.200 ±" in screen_text(app))
        await pilot.press("b")
        await until(pilot, lambda: line_of(app, "mini")[1:2] == ["1"])
        assert "±.060" not in screen_text(app)


async def test_the_baseline_is_pinned_by_name(arena):
    async with board(arena) as (app, pilot):
        await pilot.press("colon", *"baseline othr", "enter")
        await until(pilot, lambda: "othr" in told(app) and "other" in told(app))
        await pilot.press("colon", *"baseline other", "enter")
        await until(pilot, lambda: "Beside other, among 1" in said(app))
        assert "+.200 ±.060 " in " ".join(line_of(app, "mini"))  # no star: it is not shown
        await pilot.press("colon", *"baseline", "enter")
        await until(pilot, lambda: "Among 2 models" in said(app))


async def test_what_is_printed_cannot_be_the_baseline(arena):
    async with board(arena) as (app, pilot):
        await pilot.press("j", "b")
        await until(pilot, lambda: "Only a row of your own can be the baseline." in told(app))
        assert "Beside" not in said(app)


async def test_a_table_without_the_baseline_shows_places(arena):
    arena.boards["rf"] = replace(
        a_table(), rows=tuple(replace(row, model=f"{row.model}2") for row in a_table().rows)
    )
    async with board(arena) as (app, pilot):
        await pilot.press("b", "right_square_bracket")
        await until(pilot, lambda: "rf Random" in said(app) and line_of(app, "mini2")[1:2] == ["1"])
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "Beside mini" in said(app))


async def test_differences_are_taken_away_too(arena, tmp_path):
    path = tmp_path / "table.csv"
    async with board(arena) as (app, pilot):
        await pilot.press("b")
        await until(pilot, lambda: "Beside mini" in said(app))
        app.screen.export_to(str(path))
        await until(pilot, lambda: "Wrote 3 rows" in told(app))
    header, _, printed, other = path.read_text().splitlines()
    assert header.endswith(
        "mean less mini,mean low less mini,mean high less mini,mean p against mini,mean against mini"
    )
    assert printed.endswith(",,,,,")
    assert other.endswith(",0.04,below")


# ---------------------------------------------------------------------------- where it stands


async def test_ranks_are_of_the_column_sorted_by_and_the_cursor_stays_on_its_own(arena):
    async with board(arena, (200, 60)) as (app, pilot):
        await until(pilot, lambda: line_of(app, "mini")[1:2] == ["1"])
        grid = app.screen.query_one("#board")
        titles = [column.key for column in grid.columns]
        assert titles == ["model", "place", "tall", "small", "mean", "paper", "strip"]
        await pilot.press("l", "l", "l", "s")
        await until(pilot, lambda: "by small" in said(app))
        assert grid.column == 3
        assert next(column.key for column in grid.columns if column.sort) == "small"
        await pilot.press("h", "h", "s")  # the rank is of small, so it is small that is sorted by
        await until(pilot, lambda: "by mean" in said(app))


@presses("board.method")
async def test_the_method_has_its_references(arena):
    async with board(arena, (120, 60)) as (app, pilot):
        await until(pilot, lambda: line_of(app, "mini")[1:2] == ["1"])
        await pilot.press("i")
        await until(pilot, lambda: "Romano and Wolf 2005" in screen_text(app))
        await shows(pilot, "Nadeau and Bengio 2003")
        assert "picked as best of 2" in " ".join(screen_text(app).split())


@presses("board.families")
async def test_families_kept_apart_are_one_key_away(home, tmp_path):
    copied = find_home(shutil.copytree(home.data.parent, tmp_path / "home"))
    judged_home.fill(copied, {"good": 0.5}, scheme="grouped")
    async with board(Arena(copied), (120, 60)) as (app, pilot):
        await until(pilot, lambda: "1–" in screen_text(app) or "2–" in screen_text(app))
        await pilot.press("f")
        await until(pilot, lambda: "With families kept apart" in screen_text(app))
        shown = screen_text(app)
        assert "same kind of genes" in shown
        assert "no relative of theirs in training" in " ".join(shown.replace("│", " ").split())
        assert "poor  " not in shown.partition("With families kept apart")[2].partition("esc or enter")[0]


async def test_where_families_were_not_kept_apart_it_says_how_to_do_that(arena):
    async with board(arena) as (app, pilot):
        await until(pilot, lambda: line_of(app, "mini")[1:2] == ["1"])
        await pilot.press("f")
        await until(pilot, lambda: "genearena run --scheme grouped" in told(app))


async def test_the_smallest_margin_is_the_one_that_is_judged_by():
    from engine.stats.baseline import MARGIN

    assert f"within {figures.short(MARGIN).rstrip('0')} models" in standings.DIFFERENCES


# ---------------------------------------------------------------------------- as it comes


async def test_numbers_are_there_before_what_they_can_tell(arena):
    import threading

    gate, judged = threading.Event(), arena.judged
    arena.judged = lambda table: gate.wait(60) and judged(table)
    app = make_app(arena)
    async with drive(app, (120, 40)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: ".850" in screen_text(app))
        await until(pilot, lambda: "2 own rows" in said(app) and "10 splits each" in said(app))
        assert "p2" in line_of(app, "Printed")
        assert "…" in line_of(app, "mini")
        assert "[" not in " ".join(line_of(app, "mini"))
        await pilot.press("i")
        await until(pilot, lambda: "not worked out yet" in told(app))
        await pilot.press("j", "k", "l")
        gate.set()
        await until(pilot, lambda: line_of(app, "mini")[1:2] == ["1"])


async def test_moving_about_judges_nothing_anew(arena):
    async with board(arena) as (app, pilot):
        await until(pilot, lambda: line_of(app, "mini")[1:2] == ["1"])
        before = arena.calls["judged"]
        await pilot.press(*"jjkkllhh", "o", "M", "M")
        await at_rest(pilot)
        assert arena.calls["judged"] == before


async def test_scores_that_cannot_be_judged_leave_the_numbers_and_say_why(arena):
    arena.broken["judged"] = DataError("A gene stands twice in a class.")
    async with board(arena) as (app, pilot):
        await until(pilot, lambda: "A gene stands twice in a class." in said(app))
        assert ".900±.03" in line_of(app, "mini")
        assert len(app.screen_stack) == 1


async def test_a_file_locked_while_it_is_judged_is_read_again(arena):
    arena.broken["judged"] = StoreBusy("The database is held by harlequin (PID 7).")
    async with board(arena) as (app, pilot):
        await until(pilot, lambda: "Not up to date: The database is held" in said(app))
        del arena.broken["judged"]
        await until(pilot, lambda: line_of(app, "mini")[1:2] == ["1"])
        assert "Not up to date" not in said(app)


# ---------------------------------------------------------------------------- layouts


def a_view(home, **changes) -> View:
    arena, table = Arena(home), Table(Arm("lr"))
    rankings = arena.rankings(table)
    standing = Standing(rankings, arena.judged(table), baseline=changes.pop("baseline", ""))
    return View(rankings, standing=standing, settled=True, **changes)


@pytest.mark.parametrize("baseline", ["", "fair"])
@pytest.mark.parametrize("width", [80, 116, 134, 300])
def test_no_number_is_ever_cut(home, width, baseline):
    view = a_view(home, sources=SOURCES[1], baseline=baseline)
    columns, rows = fitted(view, width)
    placed = fit(columns, rows, width - 2)
    assert placed.width <= width - 2
    for spot in placed.columns:
        longest = max(len(str(row.cells[spot.column])) for row in rows)
        key = columns[spot.column].key
        assert key in ("model", "strip") or spot.width >= longest
    assert columns[-1].key == "strip"
    assert placed.columns[-1].width >= (24 if width >= 100 else 12)
    said = {str(row.cells[1])[:1] for row in rows}
    assert {"p", "r"} <= said  # whose row it is
    assert ("difference" in [column.key for column in columns]) == bool(baseline)


@pytest.mark.parametrize(("width", "shown"), [(80, ""), (110, "±"), (300, "[")])
def test_a_task_says_how_sure_it_is_where_there_is_room(home, width, shown):
    _, rows = fitted(a_view(home, sources=SOURCES[2], baseline="fair"), width)
    cell = str(rows[0].cells[2])
    assert (shown in cell) if shown else len(cell) == 4


def test_where_own_rows_stand_among_the_papers_is_a_range(home):
    view = a_view(home)
    columns, rows = fitted(view, 300)
    at = [column.key for column in columns].index("paper")
    for row, line in zip(view.rows, rows, strict=False):
        found = standings.among_paper(view.standing, row)
        assert str(line.cells[at]) == (among(*found) if found else "")
    assert [among(1, 1, 12), among(12, 12, 12), among(2, 9, 12)] == ["above", "below", "2–9"]


def test_what_is_taken_away_is_what_rank_writes(home):
    view = a_view(home)
    keys = [row_key(row) for row in view.rankings.rows]
    assert board_text.table(view.standing, keys) == unrounded.long_table(view.standing)
    assert board_text.printed(view.standing, keys) == layouts.printed(view.standing)
    columns, rows = board_text.table(view.standing, [keys[2], keys[0]])
    assert [row[columns.index("model")] for row in rows] == ["poor", "fair"]


def test_rows_upside_down_keep_those_without_a_number_last():
    table = a_table()
    lacking = replace(table.rows[0], model="none", auc={}, mean=None)
    view = View(replace(table, rows=(lacking, *table.rows)), Sorting("mean", upside_down=True))
    assert [row.model for row in view.rows] == ["other", "Printed", "mini", "none"]
