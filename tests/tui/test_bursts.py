"""Keys that arrive together: a paste, tmux send-keys, a slow line. Each goes where a person's would."""

from __future__ import annotations

import asyncio
import time

import pytest
from fake_arena import FakeArena, a_status, a_table, drive, make_app, screen_text, shows, told, until
from textual.events import Key
from textual.keys import _character_to_key
from textual.widgets import Input

import tui.terminal.typeahead
from tui.screens.overlays.dialogs import Ask
from tui.screens.overlays.pickers import Prompt
from tui.screens.plan.screen import PlanScreen
from tui.widgets.commandbar import CommandBar
from tui.widgets.filterbar import FilterBar
from tui.widgets.grid import Grid
from tui.widgets.sqleditor import SqlArea, SqlEditor

NAMED = {
    "\r": "enter",
    "\x1b": "escape",
    "\t": "tab",
    "\x15": "ctrl+u",
    "\x10": "ctrl+p",
    "\x12": "ctrl+r",
    "\x11": "ctrl+q",
}


@pytest.fixture
def arena(tmp_path):
    arena = FakeArena()
    arena.boards = {"lr": a_table(), "rf": a_table(auc=0.8)}
    arena.status = a_status()
    arena.exported = []
    arena.export = lambda columns, rows, path: arena.exported.append(path) or path
    return arena


def burst(app, typed: str) -> None:
    """Every key is in the application's queue before it looks at the first."""
    for character in typed:
        printable = None if character in NAMED else character
        app.post_message(Key(NAMED.get(character) or _character_to_key(character), printable))


async def ready(pilot, key: str, shown: str) -> None:
    await until(pilot, lambda: "to run" in screen_text(pilot.app))
    await pilot.press(key)
    await until(pilot, lambda: shown in screen_text(pilot.app))


async def test_a_command_is_typed_into_the_command_line(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await ready(pilot, "3", "▌mini")
        burst(app, ":export x.csv\r")
        await until(pilot, lambda: arena.exported == ["x.csv"])
        await until(pilot, lambda: not app.screen.query(CommandBar))
        assert app.screen.MODE == "board"


async def test_a_filter_is_typed_into_the_filter_and_what_follows_goes_to_the_rows(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await ready(pilot, "3", "▌mini")
        grid = app.screen.query_one(Grid)
        burst(app, "/m:m\rj:rn\x1b")
        await until(pilot, lambda: grid.filter == "m:m" and not app.screen.query(Input))
        await until(pilot, lambda: grid.has_focus)
        burst(app, "/\x15\x1b/i\rG")
        await until(pilot, lambda: not app.screen.query(FilterBar) and grid.filter == "i")
        await until(pilot, lambda: grid.cursor == len(grid.shown) - 1 == 1)


async def test_a_prompt_takes_what_follows_its_key(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await ready(pilot, "3", "▌mini")
        burst(app, "e\x15y.md\r/other\r")
        await until(pilot, lambda: arena.exported == ["y.md"])
        await until(pilot, lambda: app.screen.query_one(Grid).filter == "other")


async def test_questions_and_their_prompts_take_what_follows(arena):
    app = make_app(arena)
    asked = []
    arena.import_file = lambda kind, path, _: asked.append((kind, path))
    async with drive(app) as pilot:
        await ready(pilot, "1", "to run")
        burst(app, "Itdata/qx.csv\r")
        await shows(pilot, "enter imports it like this")  # once it has been looked at
        burst(app, "\r")
        await until(pilot, lambda: asked == [("task", "data/qx.csv")])


async def test_a_list_to_pick_from_takes_what_follows(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await ready(pilot, "4", "A − B")
        await until(pilot, lambda: app.screen._sides)
        burst(app, "bPrinted\rffother / lr\x1b\x1b")
        await until(pilot, lambda: "B Printed" in screen_text(app))
        burst(app, "fother\r")
        await until(pilot, lambda: "A other" in screen_text(app))
        assert app.screen.MODE == "compare"


async def test_the_editor_and_the_earlier_queries_take_what_follows(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await ready(pilot, "6", "f5 runs the query")
        burst(app, "ie3q")
        editor = app.screen.query_one(SqlEditor)
        await until(pilot, lambda: "e3q" in editor.text)
        burst(app, "\x1b\x12hardest\r")
        await until(pilot, lambda: "avg(abs(label - score))" in editor.text)
        assert app.screen.MODE == "sql"


async def test_the_palette_takes_what_follows(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await ready(pilot, "3", "▌mini")
        burst(app, "\x10every key")
        await until(pilot, lambda: [line.value for line in app.screen.query(Input)] == ["every key"])


async def test_a_screen_that_is_opened_takes_what_follows(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        burst(app, "3/other\r6i--e")
        await until(pilot, lambda: any("--e" in area.text for area in app.screen.query(SqlArea)))
        await pilot.press("escape", "3")
        await until(pilot, lambda: "other" in screen_text(app))
        assert app.screen.query_one(Grid).filter == "other"


async def test_no_key_is_lost_on_a_machine_that_hardly_lets_it_go_on(arena, monkeypatch):
    app = make_app(arena)
    async with drive(app) as pilot:
        await ready(pilot, "6", "f5 runs the query")
        monkeypatch.setattr(tui.terminal.typeahead, "PATIENCE", 0.05)
        loop, left = asyncio.get_running_loop(), iter(range(60))

        def keep_from_going_on() -> None:
            time.sleep(0.05)
            if next(left, None) is not None:
                loop.call_soon(keep_from_going_on)

        keep_from_going_on()
        burst(app, "iqq5")
        await until(pilot, lambda: app.screen.query_one(SqlArea).text == "qq5")


async def test_keys_before_the_first_frame_are_not_lost(arena):
    app = make_app(arena)
    burst(app, "3")
    async with drive(app) as pilot:
        await until(pilot, lambda: app.screen.MODE == "board")


async def test_a_screen_that_hangs_does_not_take_the_keys_with_it(arena, monkeypatch):
    monkeypatch.setattr(tui.terminal.typeahead, "PATIENCE", 0.05)
    app = make_app(arena)
    async with drive(app) as pilot:
        await ready(pilot, "3", "▌mini")
        await until(pilot, lambda: app.pulse.status is not None)  # without a run it would be left at once
        released = asyncio.Event()
        app.screen.call_later(released.wait)
        try:
            burst(app, "jj\x11")
            # The pilot itself would wait for the screen.
            while not isinstance(app.screen, Ask):
                await asyncio.sleep(0.01)
        finally:
            released.set()


@pytest.mark.parametrize("forwarded", [False, True], ids=["as it comes", "on its way up"])
async def test_a_key_while_the_application_is_left_is_dropped(arena, forwarded):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
    key = Key("j", "j")
    if forwarded:
        key._set_forwarded()
    await app.on_event(key)  # raises where no screen is there to answer


async def test_a_paste_right_behind_a_key_is_pasted_into_what_it_opened(arena):
    from textual.events import Paste

    app = make_app(arena)
    async with drive(app) as pilot:
        await ready(pilot, "3", "▌mini")
        burst(app, "e\x15")
        app.post_message(Paste("z.json"))
        burst(app, "\r")
        await until(pilot, lambda: arena.exported == ["z.json"])
        assert not isinstance(app.screen, Prompt)
        await until(pilot, lambda: "z.json" in told(app))


async def test_a_line_opened_before_the_first_screen_is_whole_keeps_what_follows(arena, monkeypatch):
    rest = PlanScreen.mount_rest
    opened = asyncio.Event()

    async def mount_late(self):
        await opened.wait()
        await rest(self)

    monkeypatch.setattr(PlanScreen, "mount_rest", mount_late)
    app = make_app(arena)
    async with drive(app) as pilot:
        burst(app, "/")
        await until(pilot, lambda: isinstance(app.focused, Input))
        opened.set()
        await until(pilot, lambda: app.screen.stands_whole)
        burst(app, "tall")
        await until(pilot, lambda: app.screen.query_one(FilterBar).value == "tall")
