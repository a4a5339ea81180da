"""Lists that end where their rows do, heads that are not cut where there is room, even gaps."""

from __future__ import annotations

from itertools import pairwise

import pytest
from fake_arena import FakeArena, a_table, drive, make_app, screen_text, until

from store.arm import Arm, Table
from tui.questions.cells import Side
from tui.ranked.comparison import Line
from tui.screens.board.matrix import _column, _widths
from tui.screens.compare.drawings import dumbbells
from tui.screens.compare.verdict import titled
from tui.screens.overlays.pickers import Pick
from tui.widgets.grid import Grid
from tui.widgets.rows import Column, Row

TASKS = "long-vs-short-tf", "dosage-sensitivity", "bivalent-vs-lys4", "bivalent-vs-no-methyl"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("rows", [3, 60])
async def test_a_picker_ends_with_its_rows(size, rows):
    arena = FakeArena()
    arena.boards["lr"] = a_table()
    app = make_app(arena)
    async with drive(app, size) as pilot:
        found = [Row(str(number), (f"model {number}",)) for number in range(rows)]
        app.push_screen(Pick("Models", (Column("model", "model"),), found))
        await until(pilot, lambda: "model 2" in screen_text(app))
        grid = app.screen.query_one(Grid)
        await until(pilot, lambda: app.screen.query_one(".box").size.height == grid.outer_size.height + 1)
        assert grid.size.height == min(rows + 1, size[1] * 55 // 100)


@pytest.mark.parametrize("room", [47, 90])
def test_heads_of_the_matrix_are_whole_where_there_is_room(room):
    heads = [_column(*both) for both in zip(TASKS, _widths(TASKS, room), strict=True)]
    said = [f"{head.title} {head.second}".split() for head in heads]
    assert [words[0] for words in said] == (
        list(TASKS) if room == 90 else ["long", "dosage", "bivalent", "bivalent"]
    )
    if room == 47:
        assert [words[1] for words in said] == ["short-tf", "sensitivity", "lys4", "no-methyl"]


def test_heads_share_what_room_there_is():
    assert _widths(TASKS, 36) == [8, 8, 8, 8]


@pytest.mark.parametrize("splits", [5, 9, 10, 40])
@pytest.mark.parametrize("height", range(12, 45))
def test_splits_stand_in_groups_of_one_size(splits, height):
    pairs = tuple((str(number), 0.5 + number / 100, 0.6) for number in range(splits))
    line = Line("task", 0.6, 0.6, None, "", pairs=pairs)
    seeds = ["".join(text for text, _ in pieces)[:6].strip() for pieces in dumbbells(line, 60, height)][1:]
    shown = [number for number, seed in enumerate(seeds) if seed.isdecimal()]
    gaps = [later - before for before, later in pairwise(shown)]
    wide = [number for number, gap in enumerate(gaps, 1) if gap > min(gaps)]
    assert len(set(gaps)) <= 2
    if wide:
        assert wide == list(range(wide[0], len(gaps) + 1, wide[0]))


def test_a_control_has_one_name():
    side = Side("own", "tfidf", Table(Arm("lr")))
    assert titled(side).startswith("TF-IDF words / ")
    assert titled(Side("own", "mini", Table(Arm("lr")))).startswith("mini / ")
