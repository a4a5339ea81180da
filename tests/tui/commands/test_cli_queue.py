"""`queue`, and what `status` and `resume` say of launches that are not finished."""

from __future__ import annotations

from dataclasses import replace

import pytest
import small_home

from engine.mailbox import (
    EarlierRun,
    LeftOut,
    Status,
    begin,
    enqueue,
    leave_off,
    queued,
    runner_lock,
    take_queued,
    take_requests,
    unfinished,
    waiting,
    write_status,
)
from engine.plan.launch import Launch
from engine.plan.selection import Selection


def launch(seeds=(41,), **changes) -> Launch:
    return Launch(Selection((small_home.MODEL,), small_home.TASKS, ("lr",), seeds, **changes))


DONE = Status("run-1", 1, "box", "finished", small_home.NOON, small_home.NOON, 3, 0, 3)


@pytest.fixture
def started(monkeypatch):
    homes = []
    monkeypatch.setattr("engine.mailbox.detach.start_runner", homes.append)
    monkeypatch.setattr("tui.commands.steer.start_runner", homes.append)
    return homes


def test_an_empty_queue_is_said_to_be(call):
    assert "Nothing waits" in call("queue").stderr
    assert call.json("queue") == []


def test_the_queue_has_what_waits_and_what_is_unfinished_by_an_id_that_stays(home, call):
    home.create()
    for seed in (41, 42, 43):
        enqueue(home, launch((seed,)))
    take_queued(home)
    leave_off(home, "failed", "The model is gone.")
    rows = call.json("queue")
    assert [row["state"] for row in rows] == ["failed", "waits", "waits"]
    assert rows[0]["why"] == "The model is gone."
    assert rows[0]["selection"]["seeds"] == [41]
    text = call("queue").stdout
    assert all(row["id"] in text for row in rows)
    assert "x lr x seed 43" in text
    assert "The model is gone." in text
    assert rows[1]["what"] in call("queue", "remove", rows[1]["id"]).stderr
    assert [row["id"] for row in call.json("queue")] == [rows[0]["id"], rows[2]["id"]]
    assert rows[1]["id"] in call.refused("queue", "remove", rows[1]["id"])
    assert "Forgot 2 runs" in call("queue", "clear").stderr
    assert call.json("queue") == []


def test_the_running_launch_is_no_part_of_the_queue(home, call):
    home.create()
    enqueue(home, launch())
    with runner_lock(home):
        take_queued(home)
        enqueue(home, launch((42,)))
        [row] = call.json("queue")
        assert row["selection"]["seeds"] == [42]
        call("queue", "clear")
        assert call.json("queue") == []
    assert len(unfinished(home, alive=False)) == 1


def test_damaged_files_are_named_not_counted_and_cleared(home, call):
    home.create()
    enqueue(home, launch())
    write_status(home, DONE)
    (home.mailbox / "queue" / "1-1-bad.json").write_text("{")
    assert call.json("status")["queued"] == 1
    for name in ("status", "queue"):
        assert "1-1-bad.json should be a launch and cannot be read" in call(name).stderr
    assert "1-1-bad.json" in call("doctor").stdout
    assert "1 run and 1 damaged file" in call("queue", "clear").stderr
    assert "1-1-bad.json" not in call("status").stderr


def test_status_says_what_is_unfinished_after_another_run_has_finished(home, call):
    home.create()
    begin(home, launch())
    begin(home, launch((42,)))
    leave_off(home, "interrupted")
    write_status(home, DONE)
    text = call("status").stdout
    assert "Unfinished: 2 runs; `genearena resume` starts a runner" in text
    assert call.json("status")["unfinished"] == 2
    assert "2 runs were begun and did not come to the end" in call("doctor").stdout


def test_status_says_which_launch_before_this_failed_and_why_and_what_is_left_out(home, call):
    home.create()
    failed = EarlierRun("r0", "failed", "t", 2, 1, "It \x1bbroke.", launch().selection.to_json())
    unrun = EarlierRun("", "failed", "t", 0, 0, "The model is gone.", {})
    status = replace(DONE, earlier=(failed, unrun), left_out=(LeftOut(7, "It cannot be fine-tuned."),))
    write_status(home, status)
    result = call("status")
    assert result.exit_code == 1
    assert r"seed 41: 1 failed, 2 scored: It \x1bbroke." in result.stdout
    assert "not run: The model is gone." in result.stdout
    assert "left out: 7 units: It cannot be fine-tuned." in result.stdout
    assert call.json("status", code=1)["earlier"][0]["failed"] == 1


def test_resume_goes_on_with_every_unfinished_launch_once(filled, call, started):
    home = filled.home
    begin(home, launch((41, 42, 43)))
    begin(home, launch((44,)))
    assert "8 missing units" in call("resume").stderr
    assert call("resume").exit_code == 0
    assert [entry.launch.selection.seeds for entry in waiting(home)] == [(41, 42, 43), (44,)]
    assert len(started) == 2


def test_resume_forgets_what_has_been_done_meanwhile(filled, call, started):
    home = filled.home
    begin(home, launch((41, 42)))
    assert "Nothing is missing" in call("resume").stderr
    assert not unfinished(home, alive=False)
    assert started == []


def test_resume_leaves_what_cannot_be_planned_and_goes_on_with_the_rest(filled, call, started):
    home = filled.home
    begin(home, Launch(replace(launch().selection, tasks=("gone",))))
    assert "gone" in call.refused("resume")
    begin(home, launch((44,)))
    said = call("resume")
    assert said.exit_code == 0
    assert "Left as it is" in said.stderr
    assert len(queued(home)) == len(unfinished(home, alive=False)) == len(started) == 1


def test_resume_that_loses_the_race_asks_the_runner_and_queues_nothing(filled, call, started, monkeypatch):
    home = filled.home
    begin(home, launch((44,)))
    plan = "tui.commands.steer.checked_plan"
    import tui.commands.steer as steer

    real, lock = steer.checked_plan, runner_lock(home)

    def plan_while_another_starts(*arguments):
        lock.__enter__()
        return real(*arguments)

    monkeypatch.setattr(plan, plan_while_another_starts)
    try:
        assert "Asked the runner to go on" in call("resume").stderr
        assert take_requests(home) == [("resume", "")]
    finally:
        lock.__exit__(None, None, None)
    assert not queued(home)


def test_a_selection_in_words():
    chosen = Selection(("a", "b", "c", "d"), ("/x/toy.csv",), ("lr", "rf"), (41, 42, 43, 50))
    assert chosen.words == "a, b, c and 1 more x toy x lr, rf x seeds 41-43, 50"
    more = replace(chosen, preset="corrected", axes={"labels": "raw"}, text="name", retry_failed=True)
    assert more.words.endswith(", corrected, labels=raw, text name, once more what failed")


def test_on_a_pipe_nothing_of_what_waits_is_cut(call, home):
    tasks = tuple(f"a-task-with-quite-a-long-name-{number}" for number in range(3))
    models = tuple(f"a-model-with-quite-a-long-name-{number}" for number in range(3))
    selection = Selection(models, tasks, ("lr",))
    enqueue(home.create(), Launch(selection))
    assert selection.words in call("queue").stdout
