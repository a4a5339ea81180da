"""NO_COLOR: weight, dim, underline and reverse say what colours do elsewhere."""

from __future__ import annotations

import pytest
from fake_arena import FakeArena
from textual.filter import Monochrome, NoColor

from tui.app import ArenaApp


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
