from __future__ import annotations

import itertools
import multiprocessing
import os
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from workbench import FakeCompute, write_task

from engine.mailbox import (
    LogLine,
    Status,
    detach,
    enqueue,
    last_launch,
    left,
    queued,
    read_status,
    request,
    runner_alive,
    runner_lock,
    take_queued,
    take_requests,
    write_status,
)
from engine.plan.launch import Launch, Options
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.compute import Context
from engine.run.events import RunFinished, StageProgress, UnitFinished, UnitProgress, UnitStarted
from engine.run.monitor import Monitor
from engine.run.steering import Steering
from engine.run.supervise import supervise
from engine.run.threads import ThreadExecutor
from store import connect
from store.errors import StoreBusy, StoreError
from store.home import find_home
from store.records import Failed


@pytest.fixture
def home(tmp_path):
    return find_home(tmp_path / "home").create()


@pytest.fixture
def selection(tmp_path):
    return Selection(("all-MiniLM-L6-v2",), (write_task(tmp_path),), ("lr",), seeds=(41, 42, 43))


@pytest.fixture
def launch(selection):
    return Launch(selection, Options("cpu", 3, 1))


def seeded(launch, seed):
    return replace(launch, selection=replace(launch.selection, seeds=(seed,)))


def supervised(home, selection, compute):
    """What supervising the selection with one classifying thread yields."""
    plan = build_plan(selection, home, {})
    executor = ThreadExecutor(home, Options(workers=1), compute)
    yield from supervise(home, plan, Steering(), Options(workers=1), executor)


def hold(home, held, done):
    with runner_lock(home):
        held.set()
        done.wait(60)


def test_the_lock_is_single_across_processes_and_dies_with_its_holder(home):
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    holder = context.Process(target=hold, args=(home, held, done))
    holder.start()
    assert held.wait(60)
    assert runner_alive(home)
    with pytest.raises(StoreBusy, match=str(holder.pid)), runner_lock(home):
        pass
    holder.kill()
    holder.join()
    assert not runner_alive(home)
    with runner_lock(home):
        assert runner_alive(home)


def test_requests_and_queue_are_taken_once_and_in_order(home, launch):
    request(home, "pause")
    request(home, "cancel", "abc")
    assert take_requests(home) == [("pause", ""), ("cancel", "abc")]
    assert take_requests(home) == []
    enqueue(home, launch)
    assert take_queued(home) == launch
    assert queued(home) == []
    assert take_queued(home) is None


def test_what_is_put_first_is_taken_first(home, launch):
    early, late, first, before = (seeded(launch, seed) for seed in range(4))
    enqueue(home, early, first=True)
    enqueue(home, late)
    enqueue(home, first, first=True)
    enqueue(home, before, first=True)
    assert [take_queued(home) for _ in range(4)] == [before, first, early, late]


def test_a_standing_or_backward_clock_loses_and_reorders_nothing(home, launch, monkeypatch):
    clock = iter([10**18, 10**18, 10**18 - 10**9, 5])
    monkeypatch.setattr(left, "time", SimpleNamespace(time_ns=lambda: next(clock)))
    wanted = [seeded(launch, seed) for seed in range(4)]
    for one in wanted:
        enqueue(home, one)
    assert [take_queued(home) for _ in wanted] == wanted
    clock = iter([10**18, 10**18, 7])
    for what in ("pause", "resume", "cancel"):
        request(home, what)
    assert [what for what, _ in take_requests(home)] == ["pause", "resume", "cancel"]


def test_requests_left_to_an_earlier_runner_are_dropped_and_later_ones_kept(home):
    request(home, "cancel")
    with runner_lock(home):
        request(home, "pause")
        assert take_requests(home) == [("pause", "")]


def test_on_a_full_disk_the_status_is_written_over_the_old_one(home, monkeypatch):
    long = Status("r", 1, "h", "running", "t", "t", 10, 2, log=(LogLine("t", "info", "x" * 500),) * 9)
    write_status(home, long)

    def full(*args):
        raise StoreError("No space.")

    monkeypatch.setattr("engine.mailbox.status.write_json", full)
    write_status(home, replace(long, state="paused", message="No space is left."))
    with runner_lock(home):
        status = read_status(home)
    assert (status.state, status.message, len(status.log)) == ("paused", "No space is left.", 1)


def test_damaged_small_files_are_no_status_and_no_request(home):
    assert read_status(home) is None
    for text in ("", "{", "[]", '{"pid": 1}', "\x00"):
        (home.mailbox / "status.json").write_text(text)
        assert read_status(home) is None
    (home.mailbox / "requests").mkdir()
    (home.mailbox / "requests" / "1.json").write_text("{")
    assert take_requests(home) == []


def test_a_live_status_without_a_runner_reads_as_interrupted(home):
    status = Status("r", os.getpid(), "host", "running", "t", "t", 10, 2)
    write_status(home, status)
    assert read_status(home).state == "interrupted"
    with runner_lock(home):
        assert read_status(home).state == "running"


def test_supervise_tells_its_state_fills_the_database_and_remembers(home, selection):
    live = []
    for event in supervised(home, selection, FakeCompute()):
        if isinstance(event, UnitFinished):
            live.append(runner_alive(home))
    assert live == [True] * 3
    assert isinstance(event, RunFinished)
    status = read_status(home)
    assert (status.state, status.scored, status.total, status.eta_s) == ("finished", 3, 3, None)
    assert len(status.recent) == 3
    assert status.device == "cpu"
    assert last_launch(home) == Launch(selection, Options(workers=1))
    with connect(home) as connection:
        assert connection.execute("select count(*) from scores").fetchone() == (3,)


def test_the_time_left_is_that_of_the_protocols_left_for_the_whole_run_and_for_classifying(
    home, selection, monkeypatch
):
    clock = itertools.count(step=60.0)
    monkeypatch.setattr("engine.run.monitor.time", SimpleNamespace(monotonic=lambda: next(clock)))
    plan = build_plan(selection, home, {})
    monitor = Monitor(plan)
    monitor.feed(UnitStarted(plan.todo[0]))
    failed = Failed(plan.todo[0], "It broke.", "", "Error", "e", "t")
    monitor.feed(UnitFinished(failed))
    monitor.feed(StageProgress("classify", "LR and RF", 1, 3, 100.0, 0.02))
    [stage] = monitor.snapshot().stages
    assert stage.eta_s is None, "no unit was scored, so nothing is known"
    monitor.feed(UnitStarted(plan.todo[1]))
    here = Context("cpu", "e", threading.Event())
    monitor.feed(UnitFinished(FakeCompute().classify(plan.todo[1], None, None, here)))
    status = monitor.snapshot()
    assert status.stages[0].eta_s == status.eta_s == 60.0
    assert status.untimed == ()


def test_no_time_is_named_for_classifying_while_a_protocol_was_not_timed_and_the_snapshot_says_which(home):
    chosen = Selection(("all-MiniLM-L6-v2",), ("bivalent-vs-lys4",), ("lr", "rf"), (41, 42))
    plan = build_plan(chosen, home, {})
    monitor, first = Monitor(plan), next(unit for unit in plan.todo if unit.protocol == "lr")
    monitor.feed(UnitStarted(first))
    here = Context("cpu", "e", threading.Event())
    monitor.feed(UnitFinished(FakeCompute().classify(first, None, None, here)))
    monitor.feed(StageProgress("classify", "LR and RF", 1, 4, 100.0, 0.02))
    status = monitor.snapshot()
    assert status.eta_s is not None
    assert [stage.eta_s for stage in status.stages] == [None]
    write_status(home, status)
    assert read_status(home).untimed == ("rf",)


def test_a_unit_in_work_says_at_which_of_its_steps_it_is(home, selection):
    plan = build_plan(selection, home, {})
    monitor = Monitor(plan)
    monitor.feed(UnitProgress(plan.todo[0], 1, 6))
    monitor.feed(UnitStarted(plan.todo[0]))
    monitor.feed(UnitProgress(plan.todo[0], 2, 6))
    [unit] = monitor.snapshot().running
    assert unit.sentence == "step 3 of 6"
    assert unit.seconds is not None


def test_supervise_obeys_requests(home, selection):
    gate = threading.Event()

    def wait(unit, cancel):
        gate.set()
        assert cancel.wait(60)

    def cancel_when_running():
        assert gate.wait(60)
        request(home, "cancel")

    threading.Thread(target=cancel_when_running).start()
    *_, last = supervised(home, selection, FakeCompute(wait))
    assert last.cancelled == 3
    assert read_status(home).state == "cancelled"


def test_pause_shows_in_the_status(home, selection):
    def watch():
        while (status := read_status(home)) is None or status.state != "paused":
            time.sleep(0.02)
        request(home, "resume")
        seen.set()

    asked, seen = threading.Event(), threading.Event()

    def pause_first(unit, cancel):
        if not asked.is_set():
            asked.set()
            request(home, "pause")
            assert seen.wait(60)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    *_, last = supervised(home, selection, FakeCompute(pause_first))
    watcher.join(60)
    assert not watcher.is_alive()
    assert last.scored == 3


def test_launch_starts_one_runner_without_a_terminal(home, launch, monkeypatch):
    started = []
    monkeypatch.setattr(detach.subprocess, "Popen", lambda *a, **k: started.append((a, k)))
    monkeypatch.setattr(detach, "_see_it_begin", lambda *_: None)
    detach.launch(home, launch)
    (arguments, options) = started[0]
    assert options["start_new_session"]
    assert options["stdin"] == detach.subprocess.DEVNULL
    assert arguments[0][1:4] == ["-P", "-m", "engine.run"]
    with runner_lock(home):
        detach.launch(home, launch)
    assert len(started) == 1
    assert len(queued(home)) == 2
