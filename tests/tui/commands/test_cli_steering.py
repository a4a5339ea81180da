"""Steering from the command line: what it says and what it leaves for the runner."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import replace

import pytest
import small_home
from fake_arena import a_status

from engine.mailbox import (
    LogLine,
    StageStatus,
    Status,
    UnitStatus,
    enqueue,
    queued,
    remember,
    runner_lock,
    take_requests,
    write_status,
)
from engine.plan.launch import Launch, Options, Slurm
from engine.plan.selection import Selection
from store.store import Store
from tui.commands.steer import describe, follow

FAILED = UnitStatus("k2", "m", "t", "rf", "paper", 42, "failed", None, 1.0, "It \x1bbroke.")
RUNNING = Status(
    "run-1", 4711, "box", "running", small_home.NOON, small_home.NOON, 10, 4, 3, 1, 0, 2.0, 1.5,
    stages=(StageStatus("embed", "MiniLM", 5, 10, 2.5, 2.0),),
    running=(UnitStatus("k1", "m", "t", "lr", "paper", 41, "running"),),
    recent=(FAILED,),
    log=(LogLine(small_home.NOON, "info", "first"), LogLine(small_home.NOON, "info", "second")),
)  # fmt: skip


@pytest.fixture
def live(home):
    """A home whose runner is alive and has written a status."""
    with runner_lock(home):
        write_status(home, RUNNING)
        yield home


def test_status_before_any_run_says_so(call):
    assert "Nothing has run" in call("status").stderr
    assert call.json("status") is None


def test_status_and_rank_name_splits_that_gave_another_number(filled, call):
    write_status(filled.home, replace(RUNNING, state="finished"))
    assert "another number" not in call("status").output
    assert call.json("status")["conflicts"] == 0
    with contextlib.closing(Store(filled.home)) as store:
        store.append(small_home.scored(filled.units[0], 0.25), small_home.scored(filled.units[0], 0.125))
        store.flush()
    said = "1 split gave another number when run again; the earliest is kept"
    assert said in call("status").stderr
    assert call.json("status")["conflicts"] == 1
    assert "1 split gave another number" in call("rank").output


def test_status_of_a_live_run(live, call):
    text = call("status").stdout
    assert "run run-1: running" in text
    assert "PID 4711 on box" in text
    assert "7/10 units done (4 before this run), 1 failed" in text
    assert "embed MiniLM: 5/10 texts, 2.5/s, 0:02 left" in text
    assert r"It \x1bbroke." in text
    answer = call.json("status")
    assert answer["state"] == "running"
    assert answer["queued"] == 0


def test_a_run_whose_runner_has_gone_is_interrupted(home, call):
    home.create()
    write_status(home, RUNNING)
    text = call("status").stdout
    assert "run run-1: interrupted (The runner has gone.)" in text
    assert "`genearena resume` runs exactly what is missing." in text


@pytest.mark.parametrize(
    ("arguments", "request_"),
    [
        (("pause",), ("pause", "")),
        (("resume",), ("resume", "")),
        (("cancel",), ("cancel", "")),
        (("cancel", "--key", "k1"), ("cancel", "k1")),
        (("cancel", "--drain"), ("drain", "")),
    ],
)
def test_steering_leaves_a_request(live, call, arguments, request_):
    assert call(*arguments).exit_code == 0
    assert take_requests(live) == [request_]


def test_who_pauses_a_job_array_is_told_that_its_tasks_keep_their_nodes(live, call):
    assert "nodes" not in call("pause").stderr
    by_array = Options(slurm=Slurm(array=4))
    remember(live, Launch(Selection(("m",), ("t",), ("lr",)), by_array))
    assert by_array.while_paused in " ".join(call("pause").stderr.split())


def test_cancelling_says_that_what_waits_is_forgotten(live, call):
    enqueue(live, Launch(Selection(("m",), ("t",), ("lr",))))
    assert "1 more run" in call("status").stdout
    assert "1 run that waited" in call("cancel").stderr
    assert "forget" not in call("cancel", "--drain").stderr


def test_cancelling_a_silent_runner_names_what_ends_it(live, call):
    write_status(live, RUNNING)
    os.utime(live.mailbox / "status.json", (time.time(), time.time() - 60))
    assert "`genearena cancel --now` ends it" in call("cancel").stderr


@pytest.mark.parametrize("name", ["pause", "cancel", "attach"])
def test_steering_nothing_is_refused(call, name):
    assert "Nothing is running" in call.refused(name)


def test_resume_starts_what_is_missing_from_the_last_run(filled, call, monkeypatch):
    started = []
    monkeypatch.setattr("engine.mailbox.detach.start_runner", started.append)
    home, tasks = filled.home, small_home.TASKS
    remember(home, Launch(Selection((small_home.MODEL,), tasks, ("lr",), (41, 42, 43))))
    assert "4 missing units" in call("resume").stderr
    assert len(queued(home)) == len(started) == 1


def test_resume_says_when_nothing_is_missing_or_was_ever_run(filled, call, home):
    assert "no run to resume" in call.refused("resume")
    remember(home, Launch(Selection((small_home.MODEL,), small_home.TASKS, ("lr",), (41, 42))))
    assert "Nothing is missing" in call("resume").stderr


def test_resume_refuses_a_home_that_cannot_be_written(filled, call, monkeypatch):
    remember(filled.home, Launch(Selection((small_home.MODEL,), small_home.TASKS, ("lr",), (41, 42, 43))))
    monkeypatch.setattr("os.access", lambda path, mode, **_: not mode & os.W_OK)
    assert "cannot be written" in call.refused("resume")


def test_resume_starts_a_runner_for_what_waits(home, call, monkeypatch):
    started = []
    monkeypatch.setattr("tui.commands.steer.start_runner", started.append)
    home.create()
    enqueue(home, Launch(Selection(("m",), ("t",), ("lr",))))
    assert call("resume").exit_code == 0
    assert started == [home]


def test_attach_follows_until_the_runner_ends(home, call):
    release = threading.Event()

    def runner():
        with runner_lock(home):
            write_status(home, RUNNING)
            holding.set()
            release.wait(60)
            write_status(home, replace(RUNNING, state="failed", running=(), scored=5))

    holding = threading.Event()
    thread = threading.Thread(target=runner)
    thread.start()
    holding.wait(60)
    threading.Timer(0.8, release.set).start()
    result = call("attach")
    thread.join()
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert [line.split()[-1] for line in lines[:2]] == ["first", "second"]
    assert "embed MiniLM: 5/10 texts, 2.5/s, 0:02 left" in lines
    assert "run run-1: failed" in result.stdout


def test_a_silent_runner_is_told_once_and_when_it_speaks_again(home, capfd):
    beats = iter([0.0] * 6)

    def speak(_):
        if next(beats, None) is None:
            lock.close()
        elif len(looks) == 4:
            write_status(home, RUNNING)
        looks.append(1)

    looks = []
    with contextlib.ExitStack() as lock:
        lock.enter_context(runner_lock(home))
        write_status(home, RUNNING)
        os.utime(home.mailbox / "status.json", (0, time.time() - 60))
        follow(home, speak)
    told = capfd.readouterr().err
    assert told.count("Silent for 60 s: the runner is stopped or hangs") == 1
    assert told.count("speaks again") == 1


def test_now_goes_with_nothing_else(live, call):
    assert "--now goes with neither" in call.refused("cancel", "--now", "--drain")
    assert "--now goes with neither" in call.refused("cancel", "--now", "--key", "k1")


def test_logs_shows_the_end_and_hides_nothing_hostile(home, call):
    assert "no log yet" in call("logs").stderr
    home.create()
    (home.log / "runner.log").write_text("".join(f"line {n}\n" for n in range(100)) + "evil \x1b]0;x\x07\n")
    shown = call("logs", "-n", "3").stdout.splitlines()
    assert shown == ["line 98", "line 99", r"evil \x1b]0;x\x07"]


def test_a_status_says_each_reason_once():
    failed, *_ = a_status().recent
    failed = replace(failed, state="failed", sentence="The text is empty.")
    out = replace(failed, state="cancelled", sentence="The scheduler is gone.")
    left_out = tuple(replace(out, key=f"k{seed}", seed=seed) for seed in range(41, 51))
    status = replace(a_status(), recent=(failed, *left_out))
    said = [line for line in describe(status) if line.startswith(("failed: ", "cancelled: "))]
    name = f"{failed.model} {failed.task} {failed.protocol} seed"
    assert said == [
        f"failed: {name} {failed.seed}: The text is empty.",
        f"cancelled: {name} 41 and 9 more: The scheduler is gone.",
    ]
    known = replace(status, message="Units left out: 10. The scheduler is gone.")
    assert not any("cancelled: " in line for line in describe(known))
