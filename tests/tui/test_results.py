from __future__ import annotations

import pytest
from fake_arena import FakeArena, a_table, drive, make_app, screen_text, until
from fake_records import scored, unit

from store.errors import StoreBusy, StoreError
from store.home import find_home
from store.store import Store
from tui.results import Results


@pytest.mark.parametrize(
    "error", [StoreError("No space is left in /data."), StoreBusy("PID 7 holds the database.")]
)
def test_a_database_that_cannot_be_filled_is_read_as_it_is(tmp_path, monkeypatch, error):
    home = find_home(tmp_path).create()
    store = Store(home)
    store.append(scored(unit()))
    store.flush()

    def refuse(self):
        raise error

    results = Results(home)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "flush", refuse)
        assert [arm.protocol for arm in results.arms()] == ["lr"]
        assert results.behind == error.message
        assert results.sql_names()["scores"]
    results.arms()
    assert results.behind == ""


async def test_the_board_tells_why_its_rows_are_not_the_newest():
    arena = FakeArena()
    arena.tables = {"lr": a_table()}
    arena.behind = "No space is left in /data."
    app = make_app(arena)
    async with drive(app) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "Not up to date: No space is left in /data." in screen_text(app))
        assert "0.900" in screen_text(app)
        arena.behind = ""
        await until(pilot, lambda: "Not up to date" not in screen_text(app))
