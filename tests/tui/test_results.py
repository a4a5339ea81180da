from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from fake_arena import FakeArena, a_table, drive, make_app, screen_text, shows, until
from fake_records import scored, unit

from engine import mailbox
from engine.plan.launch import Launch, Options
from engine.plan.selection import Selection
from store.errors import StoreBusy, StoreError, UsageError
from store.home import Home, find_home
from store.store import Store
from tui.app import ArenaApp
from tui.questions.arena import Arena
from tui.questions.saved import SavedResults


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

    results = SavedResults(home)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "flush", refuse)
        assert [table.arm.protocol for table in results.tables()] == ["lr"]
        assert results.behind == error.message
        assert results.sql_tables()["scores"].columns
    results.tables()
    assert results.behind == ""


def test_a_watcher_counts_in_a_home_that_cannot_be_written(tmp_path, monkeypatch):
    home = find_home(tmp_path).create()
    selection = Selection(("all-MiniLM-L6-v2",), ("dosage-sensitivity",), ("lr",), (41,))
    [done] = Arena(home).plan(selection).units
    store = Store(home)
    store.append(scored(done))
    store.flush()

    def refuse(self):
        raise StoreError(f"The folder {self.data} cannot be written.")

    monkeypatch.setattr(Home, "create", refuse)
    watcher = Arena(home, readonly=True)
    assert watcher.plan(selection).done == {done.key}
    assert watcher.past().unit_bytes


CHOSEN = Selection(("all-MiniLM-L6-v2",), ("dosage-sensitivity",), ("lr",), (41,))


def finished_home(folder) -> Home:
    home = find_home(folder).create()
    store = Store(home)
    store.append(*(scored(one) for one in Arena(home).plan(CHOSEN).units))
    store.flush()
    store.close()
    return home


def test_a_home_that_was_deleted_is_not_answered_for_from_memory(tmp_path):
    home = finished_home(tmp_path / "home")
    arena = Arena(home)
    assert len(arena.plan(CHOSEN).done) == len(arena.tables()) == 1
    (tmp_path / "home").rename(tmp_path / "away")
    for ask in (
        lambda: arena.plan(CHOSEN),
        arena.tables,
        arena.task_sets,
        arena.past,
        lambda: arena.launch(CHOSEN),
    ):
        with pytest.raises(StoreError, match="is gone: it was deleted or moved"):
            ask()
    assert not (tmp_path / "home").exists()
    (tmp_path / "away").rename(tmp_path / "home")
    assert len(arena.plan(CHOSEN).done) == 1
    shutil.rmtree(tmp_path / "home")
    home.create()
    assert (arena.plan(CHOSEN).done, arena.tables()) == (frozenset(), {})


async def test_plan_says_that_the_home_is_gone(tmp_path):
    home = finished_home(tmp_path / "home")
    app = ArenaApp(Arena(home), beat=0.05)
    async with drive(app) as pilot:
        await until(pilot, lambda: "1 done" in screen_text(app))
        (tmp_path / "home").rename(tmp_path / "away")
        await until(pilot, lambda: "it was deleted or moved" in screen_text(app))
        assert "1 done" not in screen_text(app)


OPTIONS = Options("cpu", 3, 1)


def test_a_retry_during_a_run_waits_for_its_end(tmp_path):
    home = find_home(tmp_path).create()
    live = Selection(("mini",), ("tall",), ("lr",), (41, 42))
    with mailbox.runner_lock(home):
        mailbox.remember(home, Launch(live, OPTIONS))
        Arena(home).relaunch(retry_failed=True)
        Arena(home).relaunch(retry_failed=True)
        assert len(mailbox.queued(home)) == 1
        assert mailbox.take_queued(home) == Launch(replace(live, retry_failed=True), OPTIONS)
    assert mailbox.last_launch(home) == Launch(live, OPTIONS)


def test_an_interrupted_run_is_resumed_before_what_waits(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.mailbox.detach.start_runner", lambda *_, **__: None)
    monkeypatch.setattr("engine.mailbox.start_runner", lambda *_, **__: None)
    home = find_home(tmp_path).create()
    killed, waits = (Selection(("mini",), ("tall",), ("lr",), (seed,)) for seed in (41, 42))
    mailbox.remember(home, Launch(killed, OPTIONS))
    mailbox.enqueue(home, Launch(waits))
    Arena(home).relaunch()
    Arena(home).relaunch()
    assert [mailbox.take_queued(home), mailbox.take_queued(home)] == [
        Launch(killed, OPTIONS),
        Launch(waits),
    ]
    assert not mailbox.queued(home)


def test_what_only_waits_is_started(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr("engine.mailbox.start_runner", lambda home, **_: started.append(home))
    home = find_home(tmp_path).create()
    with pytest.raises(UsageError, match="no earlier run"):
        Arena(home).relaunch()
    mailbox.enqueue(home, Launch(Selection(("mini",), ("tall",), ("lr",), (41,))))
    Arena(home).relaunch()
    assert started == [home]


def test_why_a_runner_did_not_start_is_the_last_it_wrote(tmp_path):
    home = find_home(tmp_path).create()
    assert Arena(home).runner_error().message == "The runner did not start."
    (home.log / "runner.out").write_text("Traceback\nNo module named engine\n")
    error = Arena(home).runner_error()
    assert error.message == "The runner did not start. It said last: No module named engine"
    assert "runner.out" in error.hint


def test_a_choice_waits_once_for_a_run_that_goes_on(tmp_path):
    home = find_home(tmp_path).create()
    first, second = (Selection(("mini",), ("tall",), ("lr",), (seed,)) for seed in (41, 42))
    with mailbox.runner_lock(home):
        assert Arena(home).launch(first)
        assert Arena(home).launch(second, first)
        assert [mailbox.take_queued(home), mailbox.take_queued(home)] == [Launch(first), Launch(second)]
        assert not mailbox.queued(home)


def test_what_past_units_took_is_the_sum_of_their_phases(tmp_path):
    home = find_home(tmp_path).create()
    store = Store(home)
    outcome = scored(unit())
    store.append(outcome)
    store.flush()
    past = SavedResults(home).past()
    assert list(past.seconds.values()) == [sum(outcome.seconds.values())]


async def test_the_board_tells_why_its_rows_are_not_the_newest():
    arena = FakeArena()
    arena.boards = {"lr": a_table()}
    arena.behind = "No space is left in /data."
    app = make_app(arena)
    async with drive(app) as pilot:
        await pilot.press("3")
        await until(pilot, lambda: "Not up to date: No space is left in /data." in screen_text(app))
        await shows(pilot, ".900")
        arena.behind = ""
        await until(pilot, lambda: "Not up to date" not in screen_text(app))
