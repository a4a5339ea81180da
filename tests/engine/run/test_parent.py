"""The parent of a detached runner: what it passes on, what it sees, and what it holds against work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.mailbox import runner_lock
from engine.run import oom
from engine.run.crashes import read_strikes
from store.home import find_home

PARENT = (
    "import sys; from engine.run.__main__ import main; sys.exit(main(sys.argv[2:], ('-c', sys.argv[1])))"
)
ABORT = "import os; os.abort()"
KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
WAITS = "import time; print('up', flush=True); time.sleep(60)"


@pytest.fixture
def home(tmp_path):
    home = find_home(tmp_path / "home").create()
    (home.mailbox / "in-flight").mkdir()
    return home


def parent(home, runner, **options):
    places = [str(place) for place in (home.data, home.cache, home.config, home.log)]
    return subprocess.Popen([sys.executable, "-c", PARENT, runner, *places], **options)


def at(home, runner, *in_flight):
    """A runner that has marked `in_flight` before it does what `runner` says."""
    marks = [str(home.mailbox / "in-flight" / key) for key in in_flight]
    return (
        "import os; from pathlib import Path; from engine.mailbox.claim import birth\n"
        f"for mark in {marks!r}: Path(mark).write_text(birth(os.getpid()))\n{runner}"
    )


def ended(home, runner, *in_flight):
    return parent(home, at(home, runner, *in_flight), stderr=subprocess.DEVNULL).wait(60)


@pytest.mark.parametrize("code", [0, 1, 3])
def test_the_runners_exit_code_is_its_own(home, code):
    assert ended(home, f"raise SystemExit({code})", "a") == code
    assert read_strikes(home.mailbox) == {}


def test_a_crash_is_held_against_the_one_piece_of_work_in_flight(home):
    for strikes in (1, 2):
        assert ended(home, ABORT, "a") == 128 + signal.SIGABRT
        assert read_strikes(home.mailbox) == {"a": strikes}


def test_a_crash_in_company_is_held_against_nobody(home):
    ended(home, ABORT, "a", "b")
    assert read_strikes(home.mailbox) == {}


def test_a_crash_with_nothing_in_flight_is_held_against_nobody(home):
    ended(home, ABORT)
    assert read_strikes(home.mailbox) == {}


def test_a_kill_from_outside_is_held_against_nobody(home):
    assert ended(home, KILLED, "a") == 128 + signal.SIGKILL
    assert read_strikes(home.mailbox) == {}


def memory(monkeypatch, folder, kills):
    """A control group in which the kernel has killed that many processes."""
    (folder / "self").mkdir()
    (folder / "self" / "cgroup").write_text("0::/\n")
    (folder / "memory.events").write_text(f"low 0\noom 9\noom_kill {kills}\n")
    monkeypatch.setattr(oom, "PROC", folder)
    monkeypatch.setattr(oom, "GROUPS", folder)


def test_a_kill_for_want_of_memory_is_held_against_the_work(home, monkeypatch, tmp_path):
    import engine.run.__main__ as module

    memory(monkeypatch, tmp_path, 4)
    killed = at(home, f"Path({str(tmp_path / 'memory.events')!r}).write_text('oom_kill 5')\n{KILLED}", "a")
    places = [str(place) for place in (home.data, home.cache, home.config, home.log)]
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)}
    try:
        assert module.main(places, ("-c", killed)) == 128 + signal.SIGKILL
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert read_strikes(home.mailbox) == {"a": 1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_reaches_the_runner(home, number):
    with parent(home, WAITS, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout.readline() == b"up\n"
        process.send_signal(number)
        assert process.wait(60) in (128 + number, 1)


def test_a_terminal_that_goes_away_is_no_matter(home):
    with parent(home, WAITS, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 128 + signal.SIGTERM


def test_nothing_is_held_against_work_once_another_runner_has_begun(home):
    (home.mailbox / "in-flight" / "a").touch()
    with runner_lock(home):
        assert parent(home, ABORT, stderr=subprocess.DEVNULL).wait(60) == 128 + signal.SIGABRT
    assert read_strikes(home.mailbox) == {}


@pytest.mark.parametrize("session", [True, False])
def test_a_session_of_its_own_gives_way_as_the_process_does(home, session):
    """As far as the system shares cores out by sessions."""
    group = Path("/proc/self/autogroup")
    said = group.read_text() if group.exists() else ""
    if "nice " not in said:  # none, or in a group that the system's own rules made
        pytest.skip("this system does not share cores out by sessions")
    before = int(said.rpartition("nice ")[2])
    runner = "print(open('/proc/self/autogroup').read())"
    child = parent(
        home, runner, start_new_session=session, stdout=subprocess.PIPE, preexec_fn=lambda: os.nice(7)
    )
    said = child.communicate(timeout=60)[0].decode()
    assert int(said.rpartition("nice ")[2]) == (7 if session else before)
