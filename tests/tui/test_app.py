from __future__ import annotations

import asyncio
import os
import signal

import pytest
from fake_arena import FakeArena, a_status, at_rest, drive, make_app, screen_text, shows, until
from pressing import presses
from textual.widgets import Static

from store.errors import DataError
from store.home import find_home
from tui.app import ArenaApp
from tui.keys import every_binding
from tui.screens.runs.screen import RunsScreen


@pytest.fixture
def arena():
    return FakeArena()


@presses("go.plan", "go.runs", "go.board", "go.compare", "go.genes", "go.sql")
async def test_number_keys_go_to_the_screens(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        for key, mode in zip("234561", ("runs", "board", "compare", "genes", "sql", "plan"), strict=True):
            await pilot.press(key)
            await until(pilot, lambda mode=mode: mode == app.screen.MODE)


async def test_leaving_the_first_screen_at_once_leaves_it_whole(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await pilot.press("3", "1", "2", "1")
        await until(pilot, lambda: "80 to run" in screen_text(app))
        await shows(pilot, "Models", "Tasks", "Protocols", "Settings", "Sum")


@presses("quit")
@pytest.mark.parametrize("status", [None, a_status("finished"), a_status("interrupted")])
async def test_q_leaves_at_once_without_a_live_run(arena, status):
    arena.status = status
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: app.pulse.status == status)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert app.return_value == 0


@presses("quit.always")
@pytest.mark.parametrize(("key", "asked"), [("D", []), ("x", [("drain", "")])])
async def test_with_a_live_run_leaving_asks_what_becomes_of_it(arena, key, asked):
    arena.status = a_status()
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: app.pulse.status is not None)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: "A run is going on" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "A run is going on" not in screen_text(app))
        await pilot.press("ctrl+q", key)
        await until(pilot, lambda: not app.is_running)
    assert arena.requests == asked
    assert app.return_value == 0


async def test_a_watcher_leaves_a_live_run_without_a_question():
    watcher = FakeArena(readonly=True)
    watcher.status = a_status()
    app = make_app(watcher)
    async with drive(app) as pilot:
        await until(pilot, lambda: app.pulse.status is not None)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_signals_leave_in_order(arena, number, monkeypatch):
    monkeypatch.setattr("tui.terminal.leaving.hung_up", lambda: False)
    before = signal.getsignal(number)
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        os.kill(os.getpid(), number)
        await until(pilot, lambda: not app.is_running)
    assert app.return_value == 128 + number
    assert signal.getsignal(number) == before
    assert arena.requests == []


async def test_a_foreseen_error_in_a_worker_is_a_sentence_and_a_hint(arena):
    arena.broken["launch"] = DataError("The file [/] is empty.", "Give another [one].")
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "The file [/] is empty." in screen_text(app))
        await shows(pilot, "Give another [one].")
        await pilot.press("escape")
        await until(pilot, lambda: "The file [/] is empty." not in screen_text(app))
        assert app.screen.MODE == "plan"


async def test_an_unforeseen_error_is_a_sentence_and_a_traceback_in_the_log(tmp_path, caplog):
    arena = FakeArena(find_home(tmp_path))
    arena.broken["launch"] = ZeroDivisionError("by [nought]")
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "ZeroDivisionError: by [nought]" in screen_text(app))
        await shows(pilot, "Something unforeseen went wrong")
        await pilot.press("escape", "j", "space")
        await until(pilot, lambda: "80 blocked" in screen_text(app))
    assert "Traceback" in caplog.text


async def test_an_error_while_following_the_run_is_told_and_the_following_goes_on(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        arena.broken["pulse"] = OSError("stale file handle")
        await until(pilot, lambda: "stale file handle" in screen_text(app))
        del arena.broken["pulse"]
        arena.status = a_status()
        await pilot.press("escape")
        await until(pilot, lambda: "31/160" in screen_text(app))


@presses("help", "help.close", "overlay.down", "overlay.up")
async def test_help_is_made_of_the_bindings(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("question_mark")
        await until(pilot, lambda: "Keys on Plan" in screen_text(app))
        await shows(pilot, "Start what is chosen and not yet done", "✓ done  ▶ running")
        await pilot.press("j", "k", "q")
        await until(pilot, lambda: "Keys on Plan" not in screen_text(app))


@presses("command", "command.complete", "command.close")
async def test_commands_by_name(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("colon", *"boa", "tab", "enter")
        await until(pilot, lambda: app.screen.MODE == "board")
        await pilot.press("1", "colon", *"baord", "enter")
        await until(pilot, lambda: "There is no command named 'baord'.  tab puts board" in screen_text(app))
        await shows(pilot, "\n ▔▔▔▔▔ ")  # under the word
        await pilot.press("tab", "enter")
        await until(pilot, lambda: app.screen.MODE == "board")
        await pilot.press("colon", *"zzz", "enter")
        await until(
            pilot, lambda: "There is no command named 'zzz'. ctrl+p lists them all." in screen_text(app)
        )
        await pilot.press("escape", "colon", *"theme nord", "enter")
        await until(pilot, lambda: app.theme == "nord")
        await pilot.press("colon", "escape", "colon", *"q", "enter")
        await until(pilot, lambda: not app.is_running)


@presses("toast.read")
async def test_one_thing_is_said_at_a_time_and_what_is_bad_stays_until_esc_reads_it(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        app.notify("It is locked. Read as of 12:04.", title="Locked", severity="error", timeout=0.001)
        app.notify("It was copied.")
        await until(pilot, lambda: "✗ Locked" in screen_text(app))
        lines = screen_text(app).splitlines()
        assert lines[-2].rstrip().endswith(" esc ─╯")
        assert "│ It is locked. " in lines[-4]
        assert "│ Read as of 12:04. " in lines[-3]
        await pilot.press("escape")
        await until(pilot, lambda: "✓ Noted" in screen_text(app))
        assert "Locked" not in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: "Noted" not in screen_text(app))


async def test_the_application_takes_away_on_every_screen_what_was_said_on_one(arena, monkeypatch):
    """A toast's own timer would never be called if it were set a moment before its end."""
    ends = []
    monkeypatch.setattr("tui.shell.once", lambda _, seconds, callback: ends.append((seconds, callback)))
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        app.notify("It was copied.", timeout=600)
        await shows(pilot, "It was copied.")
        await pilot.press("2")
        await until(pilot, lambda: app.screen.MODE == "runs")
        await shows(pilot, "It was copied.")
        [(seconds, end)] = ends
        assert seconds == 600
        end()
        await until(pilot, lambda: "It was copied." not in screen_text(app))
        await pilot.press("1")
        await until(pilot, lambda: app.screen.MODE == "plan" and "It was copied." not in screen_text(app))


async def test_every_key_is_listed_by_the_name_that_the_settings_take(arena):
    app = make_app(arena)
    async with drive(app, (120, 40)) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("colon", *"keys", "enter")
        await until(pilot, lambda: "board.compare" in screen_text(app))
        assert all(name in app.screen.body for name in every_binding(ArenaApp))


async def test_the_palette_lists_commands_and_keys(arena):
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("ctrl+p", *"go to runs")
        await until(pilot, lambda: ":runs" in screen_text(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: getattr(app.screen, "MODE", "") == "runs" or "runs" in screen_text(app))


@presses("zoom")
async def test_zoom_shows_one_pane_alone(arena):
    app = make_app(arena)
    async with drive(app, (200, 60)) as pilot:
        await until(pilot, lambda: "Protocols" in screen_text(app))
        await pilot.press("plus")
        await until(pilot, lambda: "Protocols" not in screen_text(app))
        await pilot.press("plus")
        await until(pilot, lambda: "Protocols" in screen_text(app))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_pane_alone_has_the_whole_terminal(arena, size):
    app = make_app(arena)
    async with drive(app, size) as pilot:
        for keys, word in {"1": "Sum", "2": "Newest", "3": "Board", "4": "Tasks", "5": "Genes"}.items():
            await pilot.press(keys)
            await until(pilot, lambda word=word: word in screen_text(app))
            await at_rest(pilot)
            await pilot.press("z")
            await until(pilot, lambda: app.screen.maximized is not None)
            await until(pilot, lambda: app.screen.maximized.region.size == app.screen.size)
            assert "╱" not in screen_text(app)
            await pilot.press("escape")
            await until(pilot, lambda: app.screen.maximized is None)


async def test_the_terminal_may_shrink_and_grow_during_a_run(arena):
    arena.status = a_status()
    app = make_app(arena)
    async with drive(app, (200, 60)) as pilot:
        words = ("Sum", "Units", "Board", "Tasks", "Genes", "f5 runs")
        for key, word in zip("123456", words, strict=True):
            await pilot.press(key)
            await until(pilot, lambda word=word: word in screen_text(app))
            for size in ((60, 18), (200, 60), (20, 5), (80, 24)):
                await pilot.resize_terminal(*size)
                await until(pilot, lambda size=size: app.screen.size == size)
                assert app.is_running
            await until(pilot, lambda word=word: word in screen_text(app))


async def test_a_screen_that_waits_for_its_widgets_lets_the_others_go_on(arena, monkeypatch):
    """Such as one that opens beside a passing sentence, which is a widget of every screen."""

    class Slow(Static):
        async def on_mount(self) -> None:
            await asyncio.sleep(0.5)

    complete, rounds = RunsScreen.complete, [0]

    async def counted(self) -> None:
        rounds[0] += 1
        assert rounds[0] < 100_000, "nobody else went on"
        await complete(self)

    async def late(self) -> None:
        self.query_one("#runs-grid").mount(Slow())

    monkeypatch.setattr(RunsScreen, "on_mount", late, raising=False)
    monkeypatch.setattr(RunsScreen, "complete", counted)
    app = make_app(arena)
    async with drive(app) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press("2")
        await until(pilot, lambda: app.screen.MODE == "runs" and app.screen.stands_whole)


async def test_a_window_too_small_asks_for_more_room(arena):
    app = make_app(arena)
    async with drive(app, (59, 24)) as pilot:
        await until(pilot, lambda: "make the window larger, 80x24 or more" in screen_text(app))
        await pilot.resize_terminal(60, 18)
        await until(pilot, lambda: " 1Plan " in screen_text(app))
        await until(pilot, lambda: "▌■ mini" in screen_text(app))


@pytest.mark.parametrize("key", "123456")
@pytest.mark.parametrize("width", [80, 200])
async def test_the_bottom_line_fits_and_ends_with_help_and_quit(arena, key, width):
    app = make_app(arena)
    async with drive(app, (width, 24)) as pilot:
        await until(pilot, lambda: "to run" in screen_text(app))
        await pilot.press(key)
        await until(pilot, lambda: "? Help  q Quit" in screen_text(app).splitlines()[-1])
        active = {item.binding.id for item in app.screen.active_bindings.values()}
        assert len(active.intersection(app.screen.FOOTER)) + 2 <= 9


async def test_ascii_mode_draws_bars_in_ascii(arena):
    arena.status = a_status()
    app = make_app(arena, ascii=True)
    async with drive(app) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: "=======---" in screen_text(app))
        assert screen_text(app).isascii()
