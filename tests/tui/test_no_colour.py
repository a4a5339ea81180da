"""NO_COLOR: weight, dim, underline and reverse say what colours do elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_arena import FakeArena, a_status, a_table, screen_text, until
from textual.command import CommandList
from textual.filter import Monochrome, NoColor
from textual.widgets import Input

from tui.app import ArenaApp
from tui.screens.plan.text import class_bar
from tui.screens.runs.units_text import legend, mark
from tui.terminal.tokens import to_ascii
from tui.widgets.canvas import Canvas, Span
from tui.widgets.grid import Grid
from tui.widgets.rows import Cell, Column, Row
from tui.widgets.words import BARE, FEW, UNICODE


@pytest.mark.parametrize("term", ["xterm", "xterm-256color"])
def test_no_color_leaves_weight_alone_however_many_colours_there_are(monkeypatch, term):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", term)
    monkeypatch.delenv("COLORTERM", raising=False)
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    app = ArenaApp(FakeArena())
    kinds = [type(one) for one in app._filters if isinstance(one, NoColor | Monochrome)]
    assert kinds == [NoColor]
    assert app.depth == "mono"
    assert app.native_ansi_color
    assert app.theme_variables["say-soft"] == "dim"


@pytest.fixture
def bare(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    return ArenaApp(FakeArena())


async def test_without_colours_the_cursors_are_told_by_weight(bare):
    async with bare.run_test() as pilot:
        await pilot.press("colon", "t")
        cursor = bare.screen.query_one(Input).get_component_rich_style("input--cursor")
        assert cursor.reverse
        await pilot.press("escape", "ctrl+p")
        await until(pilot, lambda: bare.screen.query_one(CommandList).option_count)
        line = bare.screen.query_one(CommandList).render_line(0)
        assert all(style.underline for text, style, _ in line if text.strip())


async def test_without_colours_the_legend_of_a_band_shows_its_shading(bare):
    bare.arena.boards["lr"] = a_table()
    async with bare.run_test(size=(200, 60)) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "░░ lowest to highest" in screen_text(bare))
        assert "tint" not in screen_text(bare)


async def test_without_colours_classes_are_told_by_signs(bare):
    assert bare.charset is BARE
    canvas = Canvas(4, 1, Span(0, 4), Span(0, 1), BARE)
    canvas.scatter([(0.5, 0.5), (2.5, 0.5)], "a")
    canvas.scatter([(1.5, 0.5), (2.5, 0.5)], "b")
    assert "".join(text for text, _ in canvas.lines()[0]) == "□■◉ "
    assert to_ascii("".join(BARE.bars)) == ":.=."
    bar = class_bar((3, 1), 4, 8, BARE.bars)
    assert [text for text, _ in bar] == ["▄▄▄▄▄▄", "▁▁"]


def test_without_colours_a_split_no_better_than_chance_has_a_sign_of_its_own():
    units = [replace(a_status().recent[0], state="scored", auc=auc) for auc in (0.5, 0.9)]
    assert [mark(unit, BARE)[0] for unit in units] == ["□", "■"]
    assert [mark(unit, UNICODE)[0] for unit in units] == ["■", "■"]
    said = "".join(str(part[0]) for part in legend(BARE, False))
    assert said == "■ done  □ to .5  ◐ in work  · waiting  "


async def test_of_sixteen_colours_classes_and_chance_have_signs_too_since_the_cursors_row_has_none(
    monkeypatch,
):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(ArenaApp, "depth", "16")
    app = ArenaApp(FakeArena())
    assert app.charset is FEW
    assert not FEW.points  # dots have their colours
    assert [text for text, _ in class_bar((3, 1), 4, 8, FEW.bars)] == ["▄▄▄▄▄▄", "▁▁"]
    assert legend(FEW, False) == legend(BARE, False)
    assert mark(replace(a_status().recent[0], state="scored", auc=0.5), FEW)[0] == "□"


async def test_the_best_of_a_column_is_underlined_under_the_cursor_too(bare):
    async with bare.run_test(size=(40, 24)) as pilot:
        grid = Grid((Column("name", "name"), Column("auc", "auc", right=True)), id="bests")
        await bare.screen.mount(grid)
        grid.show([Row(name, (name, Cell(".900", fill=5, best=name == "a"))) for name in "ab"])
        grid.focus()
        await pilot.pause()
        one, other = ({text.strip(): style for text, style, _ in grid.render_line(y)} for y in (1, 2))
        assert one[".900"].reverse
        assert one[".900"].underline
        assert not other[".900"].underline
