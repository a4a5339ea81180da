"""Copying and writing what is shown: by the key, by name, and with very many rows."""

from __future__ import annotations

import threading

import pytest
from fake_arena import FakeArena, a_status, drive, make_app, paste, screen_text, told, until

from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.rows import Row

FAR = 500
"""A row that is neither drawn nor measured."""


class Watched(str):
    """Text that knows in which threads it was asked for."""

    asked: list[threading.Thread]

    def __str__(self) -> str:
        self.asked.append(threading.current_thread())
        return "far away"


@pytest.fixture
def watched():
    cell = Watched()
    cell.asked = []
    return cell


@pytest.fixture
def arena(tmp_path):
    arena = FakeArena()
    arena.status = a_status()
    return arena


async def opened(pilot, watched, count: int) -> None:
    """The Runs screen, whose log has so many rows."""
    app = pilot.app
    await pilot.press("2")
    await until(pilot, lambda: "classify" in screen_text(app))
    await pilot.press("l")
    await until(pilot, lambda: "embedding mini" in screen_text(app))
    log = app.screen.query_one("#log", Grid)
    app.screen.follow = lambda pulse: None
    app.screen.query_one("#log-pane", Pane).open()
    rows = [
        Row(str(number), ("now", "info", watched if number == FAR else f"line {number}"))
        for number in range(count)
    ]
    log.show(rows)


async def export(pilot, path: str) -> None:
    await pilot.press("colon")
    paste(pilot, f"export {path}")
    await pilot.press("enter")


@pytest.mark.parametrize(("keys", "taken"), [("yy", "line 0"), ("yt", "far away"), ("ym", "far away")])
async def test_a_table_is_copied_without_the_keys_waiting_for_it(arena, watched, keys, taken):
    app = make_app(arena)
    copied = []
    app.yank = lambda text: copied.append(text) or "Copied."
    async with drive(app) as pilot:
        await opened(pilot, watched, 1_000)
        await pilot.press(*keys)
        await until(pilot, lambda: "Copied." in told(app))
    assert taken in copied[0]
    assert threading.main_thread() not in watched.asked


async def test_a_table_is_written_without_the_keys_waiting_for_it(arena, watched, tmp_path):
    app = make_app(arena)
    said = []
    async with drive(app) as pilot:
        await opened(pilot, watched, 20_000)
        app.screen.tell = lambda sentence, good: said.append(sentence)
        await export(pilot, f"{tmp_path}/log.csv")
        await until(pilot, lambda: len(said) == 2)
    assert said[0] == "Writing 20,000 rows."
    assert said[1].startswith("Wrote 20,000 rows")
    assert (tmp_path / "log.csv").read_text().splitlines()[FAR + 1] == "now,info,far away"
    assert watched.asked
    assert threading.main_thread() not in watched.asked


async def test_a_typed_name_takes_the_place_of_the_one_that_is_suggested(arena, watched, tmp_path):
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot, watched, 3)
        await pilot.press("e")
        await until(pilot, lambda: "runs-log.csv" in screen_text(app))
        paste(pilot, f"{tmp_path}/mine.csv")
        await pilot.press("enter")
        await until(pilot, lambda: "Wrote 3 rows" in told(app))
    assert (tmp_path / "mine.csv").read_text().startswith("time,")


async def test_with_nothing_shown_there_is_nothing_to_write(arena, tmp_path):
    arena.status = None
    app = make_app(arena)
    async with drive(app) as pilot:
        await pilot.press("2")
        await until(pilot, lambda: "No run yet" in screen_text(app))
        await export(pilot, f"{tmp_path}/log.csv")
        await until(pilot, lambda: "There is nothing here to write yet." in told(app))
    assert not (tmp_path / "log.csv").exists()


@pytest.mark.parametrize("by_name", [True, False])
async def test_a_file_that_is_there_is_replaced_only_on_a_yes(
    arena, watched, tmp_path, monkeypatch, by_name
):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "runs-log.csv"
    file.write_text("older")
    keys = ("colon", *f"export {file.name}", "enter") if by_name else ("e", "enter")
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot, watched, 10)
        for answer, text in (("escape", "older"), ("r", "time,")):
            await pilot.press(*keys)
            await until(pilot, lambda: "runs-log.csv is there already." in screen_text(app))
            await pilot.press(answer)
            await until(pilot, lambda: "is there already" not in screen_text(app))
            await until(pilot, lambda text=text: file.read_text().startswith(text))
        await until(pilot, lambda: "Wrote 10 rows" in told(app))


async def test_a_figure_that_is_there_is_replaced_only_on_a_yes(arena, watched, tmp_path):
    file = tmp_path / "curve.svg"
    file.write_text("older")
    app = make_app(arena)
    async with drive(app) as pilot:
        await opened(pilot, watched, 10)
        await export(pilot, str(file))
        await until(pilot, lambda: "Replace it?" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "Replace it?" not in screen_text(app))
        assert file.read_text() == "older"
        await export(pilot, str(file))
        await until(pilot, lambda: "Replace it?" in screen_text(app))
        await pilot.press("r")
        await until(pilot, lambda: "<svg" in file.read_text())
