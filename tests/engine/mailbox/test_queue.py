"""Nothing that was launched and is not finished is forgotten, and nothing is queued or removed twice."""

from __future__ import annotations

import os
import threading
from dataclasses import replace

import pytest
from workbench import FakeCompute, write_task

from engine.mailbox import (
    begin,
    clear_queue,
    damaged,
    detach,
    drop,
    enqueue,
    go_on,
    last_launch,
    leave_off,
    over,
    queue,
    queued,
    request,
    runner_lock,
    take_queued,
    take_requests,
    unfinished,
    waiting,
)
from engine.plan.launch import Launch, Options
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.events import UnitFinished
from engine.run.steering import Steering
from engine.run.supervise import supervise
from engine.run.threads import ThreadExecutor
from store.errors import StoreBusy, StoreError, UsageError
from store.home import find_home


@pytest.fixture
def home(tmp_path):
    return find_home(tmp_path / "home").create()


@pytest.fixture
def unstarted(monkeypatch):
    """Homes for which a runner would have been started."""
    started = []
    monkeypatch.setattr(detach, "start_runner", started.append)
    return started


def launch(seed: int, retry: bool = False) -> Launch:
    return Launch(Selection(("m",), ("t",), ("lr",), (seed,), retry_failed=retry), Options("cpu", 1))


def seeds(entries) -> list[int]:
    return [entry.launch.selection.seeds[0] for entry in entries]


def test_an_interrupted_launch_is_not_forgotten_when_another_runs_to_its_end(home):
    enqueue(home, launch(1))
    take_queued(home)
    assert seeds(unfinished(home, alive=True)) == [], "a runner is at work on it"
    assert seeds(unfinished(home, alive=False)) == [1]
    begin(home, launch(2))  # its runner has gone, and another run begins
    assert seeds(unfinished(home, alive=True)) == [1]
    over(home, launch(2))
    assert seeds(unfinished(home, alive=False)) == [1]
    assert unfinished(home, alive=False)[0].state == "interrupted"


def test_what_is_gone_on_with_waits_once_and_before_the_others(home, unstarted):
    for seed in (1, 2):
        enqueue(home, launch(seed))
        take_queued(home)
    enqueue(home, launch(3))
    begun = unfinished(home, alive=False)
    go_on(home, begun)
    go_on(home, begun)
    go_on(home, unfinished(home, alive=False))
    assert seeds(waiting(home)) == [1, 2, 3]
    assert not unfinished(home, alive=False)
    assert unstarted == [home] * 3


def test_nothing_is_put_back_beside_a_runner_that_was_faster(home, unstarted):
    enqueue(home, launch(1))
    take_queued(home)
    begun = unfinished(home, alive=False)
    with runner_lock(home), pytest.raises(StoreBusy):
        go_on(home, begun)
    assert not queued(home)
    assert not unstarted


def test_many_that_resume_at_once_queue_it_once(home, unstarted):
    enqueue(home, launch(1))
    take_queued(home)
    begun = unfinished(home, alive=False)
    barrier = threading.Barrier(8)

    def resume():
        barrier.wait(60)
        go_on(home, begun)

    threads = [threading.Thread(target=resume) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seeds(waiting(home)) == [1]


def test_the_same_launched_again_is_one_launch_whatever_it_is_run_with(home):
    enqueue(home, launch(1))
    take_queued(home)
    begin(home, replace(launch(1), options=Options("cuda:0")))
    over(home, launch(1))
    assert not unfinished(home, alive=False)


def test_a_retry_finishes_the_launch_it_retries_and_no_other(home):
    begin(home, launch(1))
    begin(home, launch(2))
    begin(home, launch(1, retry=True))
    over(home, launch(1, retry=True))
    assert seeds(unfinished(home, alive=False)) == [2]


def test_a_finished_launch_does_not_finish_the_retry_of_it(home):
    begin(home, launch(1, retry=True))
    begin(home, launch(1))
    over(home, launch(1))
    assert [entry.launch for entry in unfinished(home, alive=False)] == [launch(1, retry=True)]


def test_a_cancelled_launch_can_be_resumed_until_another_begins(home):
    begin(home, launch(1))
    leave_off(home, "cancelled")
    assert [entry.state for entry in unfinished(home, alive=True)] == ["cancelled"]
    begin(home, launch(2))
    assert seeds(unfinished(home, alive=False)) == [2]


def test_why_a_launch_could_not_be_run_stays_with_it(home):
    enqueue(home, launch(1))
    take_queued(home)
    [before] = unfinished(home, alive=False)
    leave_off(home, "failed", "The model is gone.")
    [entry] = unfinished(home, alive=True)
    assert (entry.state, entry.why, entry.id) == ("failed", "The model is gone.", before.id)
    assert entry.launched_at == before.launched_at
    go_on_with = launch(1)
    assert entry.launch == go_on_with


def test_parameters_that_json_changes_are_still_the_same_launch(home):
    odd = Launch(replace(launch(1).selection, params={"grid": (1, 2)}))
    begin(home, odd)
    begin(home, odd)
    over(home, odd)
    assert not unfinished(home, alive=False)


# ---------------------------------------------------------------------------- removing


def test_removing_removes_that_entry_whatever_moved_meanwhile(home):
    for seed in (1, 2, 3):
        enqueue(home, launch(seed))
    second = waiting(home)[1]
    take_queued(home)
    enqueue(home, launch(4), first=True)
    assert [entry.id for entry in drop(home, second.id)] == [second.id]
    assert seeds(waiting(home)) == [4, 3]
    with pytest.raises(UsageError, match=second.id):
        drop(home, second.id)
    assert seeds(waiting(home)) == [4, 3]


def test_what_has_begun_meanwhile_is_not_removed(home):
    enqueue(home, launch(1))
    [entry] = waiting(home)
    with runner_lock(home):
        take_queued(home)
        with pytest.raises(UsageError, match="begun"):
            drop(home, entry.id)
    assert seeds(unfinished(home, alive=False)) == [1]


def test_an_entry_taken_between_the_look_and_the_removal_is_kept(home, monkeypatch):
    enqueue(home, launch(1))
    [entry] = waiting(home)

    def taken_meanwhile(_):
        found = [entry]
        take_queued(home)
        return found

    monkeypatch.setattr(queue, "waiting", taken_meanwhile)
    with pytest.raises(UsageError, match="begun"):
        drop(home, entry.id)
    assert seeds(unfinished(home, alive=False)) == [1]


def test_an_entry_is_known_by_the_same_id_wherever_it_is(home, unstarted):
    enqueue(home, launch(1))
    [before] = waiting(home)
    take_queued(home)
    [begun] = unfinished(home, alive=False)
    go_on(home, [begun])
    assert {before.id, begun.id, waiting(home)[0].id} == {before.id}


def test_what_is_removed_is_not_brought_back_by_being_the_last(home):
    enqueue(home, launch(1))
    take_queued(home)
    [entry] = unfinished(home, alive=False)
    drop(home, entry.id)
    assert last_launch(home) is None


def test_of_two_files_of_one_id_neither_is_removed(home):
    enqueue(home, launch(1))
    [path] = queued(home)
    path.with_name(f"7-8-{waiting(home)[0].id}.json").write_text(path.read_text())
    with pytest.raises(UsageError):
        drop(home, waiting(home)[0].id)
    assert len(waiting(home)) == 2


# ---------------------------------------------------------------------------- what is not a launch


def spoil(home) -> list:
    """Files that are no launches between two that are; their paths."""
    folder = home.mailbox / "queue"
    enqueue(home, launch(1))
    bad = [folder / f"{number}-1-bad{number}.json" for number in range(1, 5)]
    for path, text in zip(bad, ("", "{", "[]", '{"selection": 1}'), strict=True):
        path.write_text(text)
    enqueue(home, launch(2))
    return bad


def test_damaged_files_are_named_and_not_counted_and_set_aside_by_the_runner(home, caplog):
    bad = spoil(home)
    assert seeds(waiting(home)) == [1, 2]
    assert damaged(home) == sorted(bad)
    assert take_queued(home) == launch(1)
    assert [record.getMessage() for record in caplog.records if str(bad[0]) in record.getMessage()]
    assert damaged(home) == sorted(path.with_name(path.name + ".damaged") for path in bad)
    assert len(queued(home)) == 1
    clear_queue(home)
    assert not damaged(home)
    assert not queued(home)


@pytest.mark.parametrize("folder", ["queue", "running", "interrupted", "requests"])
def test_pipes_folders_and_huge_files_hold_nobody_up(home, folder):
    place = home.mailbox / folder
    place.mkdir()
    os.mkfifo(place / "1-1-pipe.json")
    (place / "2-1-folder.json").mkdir()
    (place / "3-1-link.json").symlink_to(place / "1-1-pipe.json")
    (place / "4-1-zero.json").symlink_to("/dev/zero")
    with (place / "5-1-huge.json").open("wb") as file:
        file.truncate(1 << 40)
    request(home, "pause")
    enqueue(home, launch(1))
    assert seeds(waiting(home)) == [1]
    assert unfinished(home, alive=False) == []
    assert take_requests(home) == [("pause", "")]
    assert take_queued(home) == launch(1)
    assert last_launch(home) == launch(1)
    clear_queue(home)
    drop_all = unfinished(home, alive=False)
    assert seeds(drop_all) == [1]


def test_a_launch_that_cannot_be_remembered_is_not_lost(home, monkeypatch):
    def full(*args):
        raise StoreError("The disk is full.")

    enqueue(home, launch(1))
    with monkeypatch.context() as patch:
        patch.setattr(queue, "remember", full)
        with pytest.raises(StoreError):
            take_queued(home)
    assert seeds(unfinished(home, alive=False)) == [1]


def test_a_thousand_launches_are_read_once(home, monkeypatch):
    for seed in range(20):
        enqueue(home, launch(seed))
    waiting(home)
    monkeypatch.setattr(queue, "read", lambda path: pytest.fail("read again"))
    assert seeds(waiting(home)) == list(range(20))


# ---------------------------------------------------------------------------- through a run


@pytest.fixture
def selection(tmp_path):
    return Selection(("all-MiniLM-L6-v2",), (write_task(tmp_path),), ("lr",), seeds=(41, 42, 43))


def supervised(home, selection, compute=None):
    options = Options(workers=1)
    plan = build_plan(selection, home, {})
    executor = ThreadExecutor(home, options, compute or FakeCompute())
    return supervise(home, plan, Steering(), options, executor)


def test_a_run_to_its_end_leaves_nothing_unfinished_also_if_units_failed(home, selection):
    def breaks(unit, cancel):
        raise RuntimeError("no")

    for compute in (FakeCompute(breaks), FakeCompute()):
        list(supervised(home, replace(selection, retry_failed=True), compute))
        assert not unfinished(home, alive=False)


def test_a_run_that_is_left_in_the_middle_is_unfinished(home, selection):
    events = supervised(home, selection)
    for event in events:
        if isinstance(event, UnitFinished):
            break
    assert not unfinished(home, alive=True)
    events.close()
    assert [entry.launch.selection for entry in unfinished(home, alive=False)] == [selection]


def test_a_run_that_is_cancelled_is_kept_as_that(home, selection):
    def cancel(unit, event):
        request(home, "cancel")
        assert event.wait(60)

    list(supervised(home, selection, FakeCompute(cancel)))
    assert [entry.state for entry in unfinished(home, alive=False)] == ["cancelled"]
