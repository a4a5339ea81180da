"""What stands below and beside the Board's table: rails, lanes, splits, the row's card, the curve."""

from __future__ import annotations

import threading

import pytest
from fake_arena import FakeArena, a_table, at_rest, drive, make_app, screen_text, shows, until
from fake_judged import FakeJudged
from pressing import presses

from tui.questions.cells import Side
from tui.ranked.standings import Standing
from tui.screens.board import card, panes, rails
from tui.screens.board.view import View


@pytest.fixture
def arena():
    arena = FakeArena()
    arena.boards["lr"] = a_table()
    return arena


def drawn(lines) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in lines]


def test_a_rail_passes_what_it_does_not_hold_and_ends_with_its_last():
    models = ["x", "a", None, "b", None, "c", "d"]
    found = rails.rails(models, [["a", "b", "c"], ["c", "d"], ["x"]])
    assert drawn(found) == ["", "┌", "│", "├", "│", "└┌", " └"]
    assert [line[0][1] for line in found if line[0][0] == "│"] == ["line", "line"]


def test_of_many_groups_the_letters_stand_there():
    found = rails.lettered(["a", None, "b"], {"a": "ab", "b": "bcdefg"})
    assert drawn(found) == ["ab", "", "bcde"]


@pytest.mark.parametrize("size", [(46, 12), (62, 34), (30, 5)])
def test_pictures_keep_to_their_place(size):
    table = a_table()
    view = View(table, standing=Standing(table, FakeJudged(table)), settled=True)
    aucs = {(row.model, task): {41: 0.45, 42: None} for row in table.rows for task in table.tasks}
    row = table.rows[0]
    pictures = {
        "lanes": panes.lanes(view, row, *size),
        "forest": panes.forest(view, row, *size),
        "splits": panes.splits(view, row, aucs, True, *size),
        "card": card.card(view, row, "tall", *size),
        "duels": card.duels(view, row, "Told.", *size),
    }
    for name in ("lanes", "forest", "splits"):
        assert max(map(len, drawn(pictures[name])), default=0) <= size[0], name
    assert len(pictures["splits"]) <= size[1]
    if size[0] > 40:
        assert {"tall", "small"} <= {line.strip().split()[0] for line in drawn(pictures["splits"]) if line}
    below_chance = [tone for line in pictures["splits"] for text, tone in line if text.strip() == ".450"]
    assert set(below_chance) == {"$say-fill-0"}
    assert "+.200*" in " ".join(drawn(pictures["duels"]))
    printed = card.card(view, table.rows[2], "tall", *size)
    assert "printed rank 2" in " ".join(drawn(printed))


async def test_a_curve_gets_its_interval_though_that_is_known_later(arena, monkeypatch):
    known, judged = threading.Event(), arena.judged
    monkeypatch.setattr(arena, "judged", lambda table: known.wait(60) and judged(table))
    app = make_app(arena)
    async with drive(app, (200, 60)) as pilot:
        await pilot.press("3")
        await shows(pilot, "mean of 2 splits")
        before = app.screen.shown_plot().note
        known.set()
        await until(pilot, lambda: "[" in app.screen.shown_plot().note)
        assert "[" not in before
        await shows(pilot, app.screen.shown_plot().note)


async def test_a_large_terminal_shows_the_row_and_its_curve_too(arena):
    app = make_app(arena)
    async with drive(app, (200, 60)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "rank 1 of 2 own" in screen_text(app))
        await until(pilot, lambda: "mean of 2 splits" in screen_text(app))
        await shows(pilot, "ROC mini, tall")
        assert app.screen.shown_plot() is not None
        await pilot.press("l", "l", "l")
        await until(pilot, lambda: "ROC mini, small" in screen_text(app))
        await pilot.press("j")
        await until(pilot, lambda: "No splits of your own here; r runs the cell." in screen_text(app))
        await shows(pilot, "printed rank 2")
        await pilot.resize_terminal(80, 24)
        await at_rest(pilot)
        assert app.screen.shown_plot() is None


async def test_a_small_terminal_reads_no_cell_that_it_does_not_show(arena):
    arena.broken["cell_detail"] = RuntimeError("it was read")
    app = make_app(arena)
    async with drive(app) as pilot:
        await pilot.press("3")
        await at_rest(pilot)
        await pilot.press("j", "k", "l")
        await at_rest(pilot)
        assert "it was read" not in screen_text(app)


@presses("grid.mark", "board.compare", "back")
async def test_marked_rows_are_compared_and_esc_drops_marks(arena):
    app = make_app(arena)
    async with drive(app, (120, 40)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "rank 1 of 2 own" in screen_text(app))
        await pilot.press("space", "j", "j", "space")
        await until(pilot, lambda: "■ mini" in screen_text(app) and "■ other" in screen_text(app))
        went = []
        app.go = lambda *where: went.append(where)
        await pilot.press("c")
        names = [Side("own", model, arena.boards["lr"].table).name for model in ("mini", "other")]
        assert went == [("compare", "\n".join(names))]
        await pilot.press("escape")
        await until(pilot, lambda: "■ mini" not in screen_text(app))
