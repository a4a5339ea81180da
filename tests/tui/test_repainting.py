"""What is repainted is what has changed, no less and no more."""

from __future__ import annotations

import pytest
from fake_arena import (
    FakeArena,
    a_status,
    a_table,
    at_rest,
    drive,
    make_app,
    rested,
    screen_text,
    shows,
    until,
)
from rich.cells import cell_len
from textual.app import App
from textual.geometry import Region
from textual.notifications import Notifications
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets._toast import ToastRack

from tui.screens.overlays.dialogs import Notice
from tui.terminal.repainting import Pieces
from tui.terminal.timing import once
from tui.widgets import toast
from tui.widgets.toast import Telling

KEYS = {
    "1": ("to run", "jjkjjl \tjj\t G"),
    "2": ("No run yet", "jkl"),
    "3": ("▌mini", "jjkllv]z+"),
    "4": ("A minus B", "jjk\tjs"),
    "5": ("hardest first", "jjkkG/a"),
    "6": ("No rows yet", "jjkix"),
}
"""Key of a screen -> a word that it is there, and keys to press on it."""


def paint(cells, y, x, strip):
    """Put a strip on a screen of cells, as a terminal does."""
    for text, style, control in strip:
        for character in () if control else text:
            ink = style and character != " " and (style.color, bool(style.bold))
            cells[y, x] = (character, ink, style and (style.bgcolor, bool(style.underline)))
            x += cell_len(character)


def whole(screen):
    """Every cell of a screen, drawn anew."""
    cells = {}
    for y, strip in enumerate(screen._compositor.render_strips()[: screen.size.height]):
        paint(cells, y, 0, strip)
    return cells


def differing(painted, wanted):
    """Cells that are not as they should be."""
    return [at for at in wanted if painted.get(at) != wanted[at]]


@pytest.fixture
def terminal(monkeypatch):
    """The cells of a terminal, and the partial updates that it was sent."""
    cells, partial = {}, []

    def follow(self, screen, update, display=App._display):
        if isinstance(update, Pieces):
            partial.append(update)
            for y, x, strip in update.pieces:
                paint(cells, y, x, strip)
        elif update is not None:
            cells.clear()
            cells.update(whole(screen))
        display(self, screen, update)

    monkeypatch.setattr(App, "_display", follow)
    return cells, partial


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_terminal_shows_what_the_whole_screen_drawn_anew_does(terminal, size):
    painted, partial = terminal
    arena = FakeArena()
    arena.boards["lr"] = a_table()
    app = make_app(arena)
    async with drive(app, size) as pilot:
        for key, (there, pressed) in KEYS.items():
            await pilot.press(key)
            await shows(pilot, there)
            for one in pressed:
                await pilot.press({" ": "space", "\t": "tab"}.get(one, one))
            await at_rest(pilot)
            await until(pilot, lambda: not differing(painted, whole(app.screen)))
            await pilot.press("escape", "escape", "escape")
    assert len(partial) > 20


async def test_what_is_taken_away_is_painted_over_though_where_all_is_was_asked_in_between(terminal):
    painted, _ = terminal
    app = make_app(FakeArena())
    async with drive(app) as pilot:
        await shows(pilot, "to run")
        app.notify("It was copied.", timeout=600)
        await shows(pilot, "It was copied.")
        await at_rest(pilot)
        painter = app.screen._painter
        painter._full_map_invalidated = True  # as when something scrolls
        toast.show(app.screen.query_one(ToastRack), Notifications())
        assert app.screen.query_one(Telling) not in painter.full_map
        await until(pilot, lambda: "It was copied." not in screen_text(app))
        await until(pilot, lambda: not differing(painted, whole(app.screen)))


async def test_what_has_not_changed_is_not_drawn(monkeypatch):
    app = make_app(FakeArena())
    async with drive(app, (120, 40)) as pilot:
        await shows(pilot, "to run")
        await at_rest(pilot)
        drawn, render = [], Widget.render_lines
        monkeypatch.setattr(
            Widget, "render_lines", lambda self, at: drawn.append((self, at.height)) or render(self, at)
        )
        app.focused.refresh(Region(2, 3, 8, 1))
        await until(pilot, lambda: drawn)
        await rested(pilot)
        assert drawn == [(app.focused, 1)]


async def test_a_key_is_painted_without_waiting_for_the_next_tick(monkeypatch):
    app = make_app(FakeArena())
    async with drive(app, (120, 40)) as pilot:
        await shows(pilot, "to run")
        await at_rest(pilot)
        never = property(lambda self: once(self, 3600.0, lambda: None))
        monkeypatch.setattr(Screen, "_update_timer", never)
        painted, display = [], App._display
        monkeypatch.setattr(App, "_display", lambda self, *of: painted.append(of) or display(self, *of))
        before = app.focused.cursor
        await pilot.press("j")
        await until(pilot, lambda: painted)
        assert app.focused.cursor == before + 1


async def test_where_the_focus_is_comes_first_and_the_rest_once_the_key_is_answered():
    app = make_app(FakeArena())
    async with drive(app, (120, 40)) as pilot:
        await shows(pilot, "to run")
        await at_rest(pilot)
        screen, painter, here = app.screen, app.screen._painter, app.focused.region
        both = {Region(here.x, here.y, 4, 1), Region(0, 0, 4, 1)}
        for hurried, parts in ((False, [here.y, 0]), (True, [here.y])):
            painter.hurried = hurried
            painter._dirty_regions = set(both)
            found = [update.pieces[0].y for update in iter(painter.render_partial_update, None)]
            assert found == parts
            assert painter.unpainted == hurried
        painter.hurried = False
        screen.set_focus(None)
        painter.hurried = True  # with no focus there is nothing to prefer
        assert painter.render_partial_update() is not None


async def test_what_waits_for_the_focus_waits_no_longer_than_it_may(monkeypatch):
    app = make_app(FakeArena())
    async with drive(app, (120, 40)) as pilot:
        await shows(pilot, "to run")
        await at_rest(pilot)
        painter, here = app.screen._painter, app.focused.region
        cursor, elsewhere = Region(here.x, here.y, 4, 1), Region(0, 0, 4, 1)
        painter.hurried = True

        def painted():
            painter._dirty_regions |= {cursor, elsewhere}
            return [piece.y for piece in painter.render_partial_update().pieces]

        monkeypatch.setattr("tui.terminal.repainting.LATEST", 3600.0)
        assert painted() == [here.y]
        assert painted() == [here.y]
        monkeypatch.setattr("tui.terminal.repainting.LATEST", 0.0)
        assert painted() == [0, here.y]
        assert not painter.unpainted
        assert painted() == [here.y]  # and from then on it waits again


async def test_a_live_run_is_shown_while_keys_keep_coming():
    arena = FakeArena()
    app = make_app(arena)
    async with drive(app, (120, 40)) as pilot:
        await shows(pilot, "to run")
        await pilot.press("2")
        await shows(pilot, "No run yet")
        arena.status = a_status()
        for _ in range(1000):
            await pilot.press("j")
            if "1 failed" in screen_text(app):
                break
        assert "1 failed" in screen_text(app)


async def test_a_screen_behind_one_that_hides_it_is_not_current_and_behind_a_dialog_it_is():
    app = make_app(FakeArena())
    async with drive(app, (120, 40)) as pilot:
        await shows(pilot, "to run")
        below = app.screen
        assert below.is_current
        app.push_screen(Notice("Title", "A sentence."))
        await until(pilot, lambda: app.screen is not below)
        assert below.is_current
        app.pop_screen()
        app.push_screen(Screen())
        await until(pilot, lambda: app.screen is not below)
        assert not below.is_current
