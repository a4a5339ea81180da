"""Controls on the Board and in `rank`: apart, named in words, and every model judged beside TF-IDF."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_arena import FakeArena, a_table, at_rest, drive, make_app, screen_text, shows, until
from fake_judged import FakeJudged

from engine.stats.baseline import Against, Baseline
from engine.stats.baseline import Standing as Word
from store.export import render
from store.queries import RankRow
from tui.ranked import beats, layouts, records, standings, unrounded
from tui.ranked.headings import headings, with_headings
from tui.ranked.standings import Standing


def with_controls(table):
    """The same with TF-IDF and random vectors, the one far above and the other far below."""
    own = next(row for row in table.rows if row.source == "own")

    def row(name, auc, protocol=""):
        aucs = dict.fromkeys(own.auc, auc)
        n, failed = dict.fromkeys(own.auc, 10), dict.fromkeys(own.auc, 0)
        return RankRow(name, "own", aucs, {}, {}, n, failed, auc, None, True, protocol)

    mine = [one for one in table.rows if one.source == "own"]
    published = [one for one in table.rows if one.source != "own"]
    return replace(table, rows=(*mine, row("tfidf", 0.99), row("random", 0.5, "lr"), *published))


@pytest.fixture
def standing():
    table = with_controls(a_table())
    return Standing(table, FakeJudged(table))


def test_a_printed_table_sets_them_apart_without_a_place(standing):
    names = [row.model for row in standing.table.rows]
    columns, rows = layouts.printed(standing)
    by_model = dict(zip(names, rows, strict=True))
    place, verdict = columns.index("place"), columns.index("vs TF-IDF")
    assert by_model["tfidf"][0] == "TF-IDF words"
    assert by_model["random"][0] == "random vectors (lr)"
    assert by_model["tfidf"][place] == by_model["tfidf"][verdict] == ""
    assert by_model["mini"][verdict] == "below"
    assert "**" not in "".join(render(columns, [by_model["tfidf"]], "markdown"))
    after = names.index("random") + 1
    assert headings(standing.table.rows) == {2: "Controls (not ranked)", after: "Published"}
    assert headings(standing.table.rows[:after]) == {2: "Controls (not ranked)"}
    apart = with_headings(rows, standing.table.rows)
    assert [line[0] for line in apart if not any(line[1:])] == ["Controls (not ranked)", "Published"]
    assert [line for line in apart if any(line[1:])] == rows
    assert "| **Controls (not ranked)** |" in "".join(render(columns, apart, "markdown"))
    assert "\\midrule\n\\textbf{Controls (not ranked)}" in "".join(render(columns, apart, "latex"))


def test_a_narrow_table_leaves_the_column_to_the_sentence(standing):
    richest, *_, smallest = layouts.layouts(standing)
    assert "vs TF-IDF" in layouts.columns(standing, richest)
    assert "vs TF-IDF" not in layouts.columns(standing, smallest)
    assert "No model here is shown to beat TF-IDF; mini and other are below it." in standings.honesty(
        standing
    )


def test_programs_get_the_flag_and_the_difference(standing):
    columns, rows = unrounded.long_table(standing)
    table = {row[columns.index("model")]: dict(zip(columns, row, strict=True)) for row in rows}
    assert (table["tfidf"]["control"], table["mini"]["control"]) == (True, False)
    assert table["mini"]["mean against tfidf"] == "below"
    assert table["tfidf"]["mean against tfidf"] is table["tfidf"]["mean first"] is None
    mini = next(row for row in standing.table.rows if row.model == "mini")
    assert records.record(standing, mini)["mean"]["tfidf"]["verdict"] == "below"
    assert records.summary(standing)["mean"]["beside_tfidf"]["models"] == 2


def test_tfidf_as_the_baseline_is_not_said_twice(standing):
    pinned = replace(standing, baseline="tfidf")
    columns, _ = layouts.printed(pinned)
    assert "less tfidf" in columns
    assert "vs TF-IDF" not in columns
    names, _ = unrounded.long_table(pinned)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("n", "The model is not shown to beat TF-IDF."),
        ("nn", "No model here is shown to beat TF-IDF."),
        ("b", "A beats TF-IDF."),
        ("bbb", "All 3 models beat TF-IDF."),
        ("bnb", "A and C beat TF-IDF; of the rest it is not shown."),
        ("bl", "A beats TF-IDF; B is below it."),
        ("sn", "No model here is shown to beat TF-IDF; A is the same for practical purposes."),
        ("bbbbn", "A, B, C and 1 more model beat TF-IDF; of the rest it is not shown."),
    ],
)
def test_who_beats_tfidf_in_a_sentence(standing, words, said):
    known = {"n": Word.NOT_SHOWN, "b": Word.BEATS, "l": Word.BELOW, "s": Word.SAME}
    rows = [Against(chr(65 + i), 0.1, None, None, known[word]) for i, word in enumerate(words)]
    standing.judged.beside_control = lambda column: Baseline("tfidf", tuple(rows))
    assert beats.sentence(standing) == said


# ---------------------------------------------------------------------------- the Board


@pytest.fixture
def arena():
    arena = FakeArena()
    arena.boards["lr"] = with_controls(a_table())
    return arena


async def test_the_board_draws_a_rule_that_the_cursor_steps_over(arena):
    app = make_app(arena)
    async with drive(app, (160, 40)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "Controls (not ranked)" in screen_text(app))
        await at_rest(pilot)
        grid = app.screen.query_one("#board")
        keys = [row.key.rpartition("\x1f")[2] for row in grid.shown]
        rule = keys.index("controls")
        assert keys[rule + 1 :] == ["tfidf", "random"]
        grid.go_to(grid.shown[rule - 1].key)
        await pilot.press("down")
        assert grid.current.key == "own\x1ftfidf"
        await shows(pilot, "the words of the text")
        await pilot.press("up")
        assert grid.cursor == rule - 1


async def test_a_control_can_be_run_and_be_the_baseline(arena):
    app = make_app(arena)
    async with drive(app, (160, 40)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "◆TF-IDF words" in screen_text(app))  # unless another is pinned
        grid = app.screen.query_one("#board")
        grid.go_to("own\x1frandom")
        await pilot.press("b")
        await until(pilot, lambda: "◆random vectors" in screen_text(app))
        await shows(pilot, "∅TF-IDF words")
        await until(pilot, lambda: "Beside random" in screen_text(app))
        assert "--models random-1,random-2,random-3,random-4,random-5" in app.screen.shown_command()
        assert "--controls none" in app.screen.shown_command()


async def test_the_matrix_has_holes_of_controls(arena):
    app = make_app(arena)
    async with drive(app, (160, 40)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "Controls (not ranked)" in screen_text(app))
        await pilot.press("M")
        await until(pilot, lambda: "permuted labels" in screen_text(app))
        grid = app.screen.query_one("#board")
        grid.go_to("own\x1fpermuted")
        await at_rest(pilot)
        await shows(pilot, "permuted labels has nothing on")


# ---------------------------------------------------------------------------- the Plan


async def test_the_plan_counts_controls_and_c_steps_through_them(arena):
    app = make_app(arena)
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: "of controls" in screen_text(app))
        assert app.screen.selection.controls == "default"
        # Seven controls by two tasks, three protocols and ten seeds.
        await shows(pilot, "+ 420 of controls")
        await pilot.press("c")
        assert app.screen.selection.controls == "all"
        await pilot.press("c")
        await until(pilot, lambda: "no controls" in screen_text(app))
        assert app.screen.selection.controls == "none"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_baseline_and_controls_stay_in_sight_of_more_models_than_there_are_lines(size):
    arena, table = FakeArena(), with_controls(a_table())
    own = table.rows[0]
    many = [replace(own, model=f"m{number:02}", mean=0.9 - number / 1000) for number in range(60)]
    arena.boards = {"lr": replace(table, rows=(*many, *table.rows[1:]))}
    app = make_app(arena)
    async with drive(app, size) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "m00" in screen_text(app))
        await at_rest(pilot)
        for keys in ((), ("pagedown",), ("pagedown",), ("G",), ("g",)):
            for key in keys:
                await pilot.press(key)
            await at_rest(pilot)
            shown = screen_text(app)
            assert "◆TF-IDF" in shown, f"the baseline after {keys}"
            assert "∅random" in shown, f"the control after {keys}"
            assert "▌" in shown
