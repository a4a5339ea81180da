"""Locks that are missing, replaced or broken, and runners that do not answer, among real processes."""

from __future__ import annotations

import errno
import os
import signal
import tempfile
from collections import Counter
from pathlib import Path

import psutil
import pytest
from fault_tools import (
    FOLDER,
    LONG,
    a_home,
    a_selection,
    ended,
    enqueue,
    genearena,
    here,
    journalled,
    plain,
    run_tiny,
    tiny,
    until,
)

from engine import mailbox
from engine.mailbox import RunnerLock, queued, read_status, runner_alive, runner_of
from engine.mailbox.lock import lock_path
from engine.run.crashes import read_strikes
from store.errors import StoreError

pytestmark = pytest.mark.faults


def broken(number: int) -> dict[str, str]:
    """The environment of a process on a file system whose flock fails with `number`; 0: locks nothing."""
    path = os.pathsep.join(
        [str(FOLDER / "unlocked"), str(FOLDER.parents[1]), os.environ.get("PYTHONPATH", "")]
    )
    return {"PYTHONPATH": path, "BROKEN_FLOCK": str(number)}


def at_work(home) -> bool:
    """Whether a runner lives and has scored a unit."""
    status = read_status(home)
    return bool(status and status.live and status.scored and runner_alive(home))


@pytest.fixture
def home(tmp_path):
    return a_home(tmp_path)


@pytest.fixture
def working(home, tmp_path):
    """A home whose runner, the child of a parent, is at work for long."""
    enqueue(home, a_selection(tmp_path, LONG))
    with ended(tiny(home, 0.05, parent=True)) as parent:
        until(lambda: at_work(home), what="a unit scored")
        yield home, parent
    for process in psutil.process_iter(["cmdline"]):
        if str(home.data) in (process.info["cmdline"] or []):
            process.kill()


def few(folder):
    """The command line's words for four units."""
    selection = a_selection(folder, 4)
    return ("--tasks", ",".join(selection.tasks), "--protocols", "lr,rf", "--seeds", "0", "--workers", "2")


# ---------------------------------------------------------------------------- file systems


@pytest.mark.parametrize("number", [errno.ENOSYS, pytest.param(errno.ENOLCK, marks=pytest.mark.slow)])
def test_a_file_system_without_locks_is_told_by_everything_that_starts_a_run(home, tmp_path, number):
    run_tiny(home, a_selection(tmp_path, 4, ("before",)))  # so that the lock and a status are there
    words = few(tmp_path)
    for arguments in (("run", *words), ("run", "--detach", *words)):
        done = plain(genearena(home, *arguments, tiny_seconds=0, env=broken(number)), 3)
        assert "has no locks" in done.stderr
        assert "detached" not in done.stderr
        assert queued(home) == []
    for name in ("attach", "cancel", "pause"):
        assert "Nothing is running" in plain(genearena(home, name, env=broken(number)), 2).stderr
    assert "has no locks" in genearena(home, "doctor", env=broken(number)).stdout
    assert "finished" in plain(genearena(home, "status", env=broken(number)), 0).stdout


def test_locks_that_reach_nobody_let_no_second_runner_begin(home, tmp_path):
    enqueue(home, a_selection(tmp_path, LONG))
    with ended(tiny(home, 0.05, env=broken(0))) as runner:
        until(lambda: read_status(home) and read_status(home).scored, what="a unit scored")
        assert read_status(home).state == "running"
        done = plain(genearena(home, "run", *few(tmp_path), tiny_seconds=0, env=broken(0)), 3)
        assert f"PID {runner.pid}" in done.stderr
        assert "keep nobody out" in genearena(home, "doctor", env=broken(0)).stdout
        runner.kill()
        runner.wait()
        assert read_status(home).state == "interrupted"
        plain(genearena(home, "run", *few(tmp_path), tiny_seconds=0, env=broken(0)), 0)


@pytest.mark.parametrize("name", ["runner.out", "runner.log"])
def test_a_pipe_in_the_place_of_a_log_is_told_and_never_waited_for(home, tmp_path, name):
    os.mkfifo(home.log / name)
    done = plain(genearena(home, "run", "--detach", *few(tmp_path), tiny_seconds=0), 3)
    assert f"{name} is not a regular file" in done.stderr
    assert queued(home) == []
    if name == "runner.log":
        assert "not a regular file" in plain(here(home, "logs"), 3).stderr


# ---------------------------------------------------------------------------- the lock under a run


@pytest.mark.parametrize("replace", [False, True])
def test_a_lock_removed_under_a_run_lets_no_second_one_begin(working, tmp_path, replace):
    home, _ = working
    lock = lock_path(home)
    before = lock.stat().st_ino
    if replace:
        lock.with_name("fresh").touch()
        lock.with_name("fresh").replace(lock)
    else:
        lock.unlink()
    done = plain(genearena(home, "run", *few(tmp_path), tiny_seconds=0), 3)
    assert "already going on" in done.stderr
    assert read_status(home).state == "running"
    until(lambda: lock.exists() and lock.stat().st_ino != before and runner_alive(home), what="the lock")
    until(lambda: any("taken it again" in line.text for line in read_status(home).log), what="a word of it")


def test_two_runners_are_two_for_no_longer_than_a_tick(working, tmp_path):
    home, parent = working
    for name in ("runner.lock", "status.json"):  # all that a second one could see the first by
        (home.mailbox / name).unlink()
    enqueue(home, a_selection(tmp_path, 4, ("other",)))
    with ended(tiny(home, 0.05)) as second:
        until(lambda: second.poll() is not None or parent.poll() is not None, what="one to leave")
        for process in (second, parent):
            if process.poll() not in (None, 0):
                assert process.returncode == 3
    assert max(Counter(journalled(home)).values()) == 1, "a unit was scored twice"


# ---------------------------------------------------------------------------- runners that do not answer


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("engine.mailbox.status.SILENT", 1.0)
    monkeypatch.setattr("engine.mailbox.kill.GRACE", 0.5)


def test_a_stopped_runner_is_called_silent_and_goes(working, impatient):
    home, parent = working
    pid = runner_of(home).pid
    children = psutil.Process(pid).children(recursive=True)
    os.kill(pid, signal.SIGSTOP)
    until(lambda: read_status(home).silent, what="silence")
    told = plain(here(home, "status"), 0).stdout
    assert "Silent for" in told
    assert "cancel --now" in told
    assert "the whole run" not in told, "a time left of a run that stands"
    done = plain(here(home, "cancel", "--now"), 0)
    assert f"PID {pid} on" in done.stderr
    assert parent.wait(60) == 128 + signal.SIGKILL
    assert not any(child.is_running() for child in children)
    assert read_status(home).state == "interrupted"
    assert queued(home) == []
    assert journalled(home, "failed") == []


def test_a_stopped_group_goes_too(working, impatient):
    home, parent = working
    os.killpg(parent.pid, signal.SIGSTOP)
    plain(here(home, "cancel", "--now"), 0)
    assert parent.wait(60) == 128 + signal.SIGKILL


def test_a_runner_that_answers_is_not_killed(working):
    home, parent = working
    done = plain(here(home, "cancel", "--now"), 0)
    assert "has ended" in done.stderr
    assert parent.wait(60) == 0
    assert read_status(home).state == "cancelled"


def test_a_runner_of_another_host_is_not_killed(home):
    status = mailbox.Status("r", 4711, "box", "running", "t", "t", 9, 0, born="boot/pid:[1]/5/99")
    mailbox.write_status(home, status)
    done = plain(here(home, "cancel", "--now"), 2)
    assert "on box, which cannot be reached" in done.stderr


# ---------------------------------------------------------------------------- parents


def test_a_runner_whose_parent_is_killed_goes_on(home, tmp_path):
    selection = a_selection(tmp_path, 40)
    enqueue(home, selection)
    with ended(tiny(home, 0.05, parent=True)) as parent:
        until(lambda: at_work(home), what="a unit scored")
        parent.kill()
        parent.wait()
        until(lambda: not runner_alive(home), what="the end")
    assert len(journalled(home)) == 40
    assert read_status(home).state == "finished"


def test_a_parent_that_was_stopped_holds_nothing_against_the_work_of_a_later_runner(home, tmp_path):
    selection = a_selection(tmp_path, LONG)
    enqueue(home, selection)
    with ended(tiny(home, 5.0, parent=True)) as parent:
        until(lambda: read_status(home) and read_status(home).running, what="a unit in flight")
        parent.send_signal(signal.SIGSTOP)
        os.kill(runner_of(home).pid, signal.SIGABRT)
        until(lambda: not runner_alive(home), what="the end")
        enqueue(home, selection)
        with ended(tiny(home, 5.0)) as later:
            until(lambda: read_status(home).pid == later.pid and read_status(home).running, what="a unit")
        parent.send_signal(signal.SIGCONT)
        assert parent.wait(60) == 128 + signal.SIGABRT
    assert set(read_strikes(home.mailbox).values()) <= {0}


# ---------------------------------------------------------------------------- other people's files


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_a_lock_of_another_user_is_told():
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are closed to others
        Path(folder).chmod(0o755)
        home = a_home(Path(folder))
        for place in (home.data, home.mailbox):
            place.chmod(0o777)
        lock_path(home).touch(mode=0o000)
        os.seteuid(65534)
        try:
            with pytest.raises(StoreError, match="cannot be taken: Permission denied"):
                RunnerLock(home)
            assert not runner_alive(home)
        finally:
            os.seteuid(0)
