"""NO_COLOR on a terminal of sixteen colours."""

from __future__ import annotations

import pytest
from fake_arena import FakeArena
from textual.filter import Monochrome, NoColor

from tui.app import ArenaApp


@pytest.mark.parametrize(("term", "filtered"), [("xterm", NoColor), ("xterm-256color", Monochrome)])
def test_no_color_on_sixteen_colours_leaves_the_terminals_own(monkeypatch, term, filtered):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", term)
    monkeypatch.delenv("COLORTERM", raising=False)
    monkeypatch.setattr("rich.console.Console.is_terminal", True)
    app = ArenaApp(FakeArena())
    kinds = [type(one) for one in app._filters if isinstance(one, NoColor | Monochrome)]
    assert kinds == [filtered]
