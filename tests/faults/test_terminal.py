"""Whatever a terminal does, a detached run goes on; whatever a signal says, a run here ends cleanly."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from dataclasses import replace

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
from workbench import write_task

from engine.mailbox import last_launch, read_status, runner_alive
from engine.plan.plan import build_plan
from store import connect
from store.store import Store

pytestmark = pytest.mark.faults


opened: list[Terminal] = []


@pytest.fixture(autouse=True)
def nothing_left():
    yield
    while opened:
        terminal = opened.pop()
        terminal.process.kill()
        terminal.process.wait()


class Terminal:
    """A program on a terminal of its own, as the first process of its session."""

    def __init__(self, *command: str, **environment: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**os.environ, "TERM": "xterm-256color", **environment},
        )
        opened.append(self)
        self.slave = slave
        self.shown = b""
        self._closing = threading.Event()
        self._reader = threading.Thread()

    def read(self) -> None:
        """Read all that is shown from now on, as a terminal does."""

        def pump():
            with contextlib.suppress(OSError):
                while not self._closing.is_set():
                    if select.select([self.master], [], [], 0.05)[0]:
                        self.shown += os.read(self.master, 65536)

        self._reader = threading.Thread(target=pump, daemon=True)
        self._reader.start()

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def written_to(self) -> bool:
        """Whether there is something to read."""
        return bool(select.select([self.master], [], [], 0)[0])

    def stall(self) -> None:
        """Fill the terminal's buffer, which nobody reads: a further write to it blocks."""
        end = os.open(os.ttyname(self.slave), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        full = 0
        while full < 3:  # the kernel passes some on to a second buffer a moment later
            full += 1
            with contextlib.suppress(BlockingIOError):
                while os.write(end, b"x"):
                    full = 0
            time.sleep(0.2)
        os.close(end)

    def hang_up(self) -> None:
        """Close the terminal; the kernel sends SIGHUP to the program."""
        self._closing.set()
        if self._reader.is_alive():
            self._reader.join()  # a terminal that is being read is not closed yet
        os.close(self.slave)
        os.close(self.master)


def arena(home, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "tui", "--home", str(home.data.parent), *arguments)


def tiny_arena(home, *arguments: str) -> tuple[str, ...]:
    program = str(FOLDER / "tiny_genearena.py")
    return (sys.executable, program, "--home", str(home.data.parent), *arguments)


def choice(selection) -> tuple[str, ...]:
    return (
        *("--tasks", ",".join(selection.tasks), "--protocols", ",".join(selection.protocols)),
        *("--seeds", f"{selection.seeds[0]}-{selection.seeds[-1]}", "--models", ",".join(selection.models)),
        *("--controls", selection.controls),
    )


# ------------------------------------------------------------------- a run with real numbers


@pytest.fixture
def real(tmp_path):
    """A choice of real LR and RF units on small tables of vectors, and a home for it."""
    import numpy as np

    rng = np.random.default_rng(3)
    tasks = [write_task(tmp_path, name, 40) for name in ("alpha", "beta")]
    rows = ["gene," + ",".join(f"v{n}" for n in range(6))]
    for name in ("alpha", "beta"):
        for label, centre in (("up", 0.3), ("down", -0.3)):
            for n in range(40):
                vector = rng.normal(centre, 1.0, 6)
                rows.append(f"{name}_{label}{n}," + ",".join(f"{value:.6f}" for value in vector))
    table = tmp_path / "vectors.csv"
    table.write_text("\n".join(rows) + "\n")
    arguments = (
        "--models",
        str(table),
        "--tasks",
        ",".join(tasks),
        "--seeds",
        "0-5",
        "--workers",
        "1",
        "--controls",
        "none",
    )
    return arguments


def numbers(home):
    """Everything that is a result, bit for bit."""
    with contextlib.closing(Store(home)) as store:
        store.flush()
    with connect(home) as con:
        scores = con.execute("select key, auc, auprc, predictions_hash from scores order by all").fetchall()
        predictions = con.execute("select * from predictions order by all").fetchall()
    return scores, predictions


def test_a_closed_terminal_ends_no_run_and_changes_no_number(tmp_path, real):
    undisturbed, home = a_home(tmp_path / "quiet"), a_home(tmp_path)
    plain(genearena(undisturbed, "run", "--protocols", "lr,rf", *real), 0)

    # A shell on a terminal starts the run and waits; closing the terminal hangs up on all of it.
    start = " ".join(arena(home, "run", "--detach", "--protocols", "lr,rf", *real))
    terminal = Terminal("/bin/sh", "-c", f"{start}; echo started; sleep 1000")
    terminal.read()
    until(lambda: b"started" in terminal.shown, what=terminal.shown)
    until(lambda: runner_alive(home) and read_status(home), what="the runner's first status")
    terminal.hang_up()
    terminal.process.wait(60)
    runner = read_status(home)
    assert os.getsid(runner.pid) == psutil.Process(runner.pid).ppid(), "its parent leads a session"
    # A second viewer sees it live.
    seen = json.loads(plain(here(home, "status", "--json"), 0).stdout)
    assert (seen["pid"], seen["total"]) == (runner.pid, 24)
    until(lambda: not runner_alive(home), 120, "the run to end by itself")
    status = read_status(home)
    assert (status.state, status.scored, status.failed) == ("finished", 24, 0)
    assert status.pid == runner.pid
    assert numbers(home) == numbers(undisturbed)
    plain(here(home, "run", "--protocols", "lr,rf", *real), 0)
    assert len(journalled(home)) == 24, "something was run twice"


# ------------------------------------------------------------------- a stalled link


UNREAD = int(os.environ.get("GENEARENA_UNREAD", "60"))
"""Units that are to be saved while nobody reads the terminal."""


def window(home) -> Terminal:
    """The arena on a terminal, on its screen of runs."""
    terminal = Terminal(*arena(home))
    terminal.read()
    until(lambda: b"\x1b[" in terminal.shown and len(terminal.shown) > 3000, what="the first screen")
    return terminal


def test_a_window_left_unread_holds_up_no_unit(tmp_path):
    home, selection = a_home(tmp_path), a_selection(tmp_path, LONG)
    enqueue(home, selection)
    with ended(tiny(home, 0.02)) as runner:
        until(lambda: len(journalled(home)) > 10)
        terminal = Terminal(*arena(home))
        until(terminal.written_to, what="the first screen")
        terminal.stall()
        before = len(journalled(home))
        until(lambda: len(journalled(home)) > before + UNREAD, what="more units")
        assert terminal.process.poll() is None
        terminal.process.kill()
        terminal.process.wait()
        runner.terminate()
        runner.wait(60)


def test_a_run_on_an_unread_terminal_goes_on(tmp_path):
    home, selection = a_home(tmp_path), a_selection(tmp_path, LONG)
    terminal = Terminal(*tiny_arena(home, "run", *choice(selection)), TINY_SECONDS="0.01")
    until(lambda: len(journalled(home)) > 10)
    terminal.stall()
    before = len(journalled(home))
    until(lambda: len(journalled(home)) > before + UNREAD, what="more units")
    terminal.read()
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.process.wait(60) == 130


# ------------------------------------------------------------------- windows that go


@pytest.mark.parametrize("end", ["hang up", "kill"])
def test_a_window_that_goes_leaves_the_run_alone(tmp_path, end):
    home, selection = a_home(tmp_path), a_selection(tmp_path, LONG)
    enqueue(home, selection)
    with ended(tiny(home, 0.02)) as runner:
        until(lambda: len(journalled(home)) > 5)
        terminal = window(home)
        if end == "kill":
            terminal.process.kill()
        else:
            terminal.hang_up()
        terminal.process.wait(60)
        before = len(journalled(home))
        until(lambda: len(journalled(home)) > before + 20)
        assert runner.poll() is None
        assert read_status(home).state == "running"
        runner.terminate()
        assert runner.wait(60) == 0


def test_a_window_goes_with_its_terminal_though_no_signal_comes(tmp_path):
    """As under `make run`: the signal goes to make, which waits for its child."""
    home = a_home(tmp_path)
    terminal = Terminal("/bin/sh", "-c", 'trap "" HUP; "$@"; exit 7', "sh", *arena(home))
    terminal.read()
    until(lambda: b"Models" in terminal.shown, what="the first screen")
    terminal.hang_up()
    assert terminal.process.wait(60) == 7


# ------------------------------------------------------------------- signals to a run here


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_run_cleanly(tmp_path, number):
    home, selection = a_home(tmp_path), a_selection(tmp_path, 200)
    terminal = Terminal(*tiny_arena(home, "run", *choice(selection)), TINY_SECONDS="0.05")
    terminal.read()
    until(lambda: len(journalled(home)) > 5)
    if number == signal.SIGINT:
        terminal.type("\x03")
    else:
        terminal.process.send_signal(number)
    assert terminal.process.wait(60) == 130
    until(lambda: b"cancelled in" in terminal.shown)
    assert b"Traceback" not in terminal.shown
    assert termios.tcgetattr(terminal.slave) == terminal.before
    assert read_status(home).state == "cancelled"
    assert not runner_alive(home)
    resume_and_check(home, selection)


def test_a_terminal_that_closes_ends_a_run_here_cleanly(tmp_path):
    home, selection = a_home(tmp_path), a_selection(tmp_path, 200)
    terminal = Terminal(*tiny_arena(home, "run", *choice(selection)), TINY_SECONDS="0.05")
    terminal.read()
    until(lambda: len(journalled(home)) > 5)
    terminal.hang_up()
    assert terminal.process.wait(60) == 130
    assert read_status(home).state == "cancelled"
    assert not list(home.log.glob("genearena.log")), "an unforeseen error"
    resume_and_check(home, selection)


def resume_and_check(home, selection):
    """The rest runs with `resume`, and no unit is there twice."""
    before = len(journalled(home))
    units = len(build_plan(selection, home, {}).units)
    assert 0 < before < units
    assert last_launch(home) is not None
    done = plain(genearena(home, "resume", tiny_seconds=0.0), 0)
    assert "run detached" in done.stderr
    until(lambda: len(set(journalled(home))) == units)
    until(lambda: not runner_alive(home))
    assert len(journalled(home)) == units


# ------------------------------------------------------------------- steering from the command line


def test_a_live_run_is_steered_from_the_command_line(tmp_path):
    home, selection = a_home(tmp_path), a_selection(tmp_path, LONG)
    plain(genearena(home, "run", "--detach", *choice(selection), tiny_seconds=0.02), 0)
    until(lambda: len(journalled(home)) > 5)
    status = plain(here(home, "status"), 0).stdout
    assert ": running" in status
    assert f"PID {read_status(home).pid}" in status
    refused = plain(genearena(home, "run", *choice(selection), tiny_seconds=0.02), 3)
    assert "already going on" in refused.stderr

    plain(here(home, "pause"), 0)
    until(lambda: read_status(home).state == "paused")
    until(lambda: not read_status(home).running)
    before = len(journalled(home))
    assert ": paused" in plain(here(home, "status"), 0).stdout
    victim = build_plan(selection, home, {}).units[-1].key
    plain(here(home, "cancel", "--key", victim), 0)
    heard = f"Asked to cancel unit {victim[:8]}."
    until(lambda: heard in [line.text for line in read_status(home).log], what=heard)
    assert len(journalled(home)) == before
    plain(here(home, "resume"), 0)
    until(lambda: len(journalled(home)) > before + 5)

    follower = subprocess.Popen(
        arena(home, "attach"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until(lambda: "classify" in follower.stderr.readline())
    follower.send_signal(signal.SIGINT)
    _, said = follower.communicate(timeout=60)
    assert follower.returncode == 0
    assert "the run goes on" in said
    assert runner_alive(home)

    assert "AUC" in plain(here(home, "logs", "-n", "5"), 0).stdout
    plain(here(home, "cancel"), 0)
    until(lambda: not runner_alive(home))
    status = read_status(home)
    assert status.state == "cancelled"
    assert status.scored + status.cancelled == status.total
    assert ": cancelled" in plain(here(home, "status"), 0).stdout
    assert "Nothing is running" in plain(genearena(home, "attach"), 2).stderr


def test_a_request_right_after_the_start_is_heard(tmp_path):
    home, selection = a_home(tmp_path), a_selection(tmp_path, LONG)
    plain(genearena(home, "run", "--detach", *choice(selection), tiny_seconds=0.02), 0)
    until(lambda: runner_alive(home))
    plain(here(home, "cancel"), 0)
    until(lambda: not runner_alive(home), what="the run to obey")
    assert read_status(home).state == "cancelled"


def test_a_selection_that_cannot_be_run_is_told_to_viewers(tmp_path):
    home, selection = a_home(tmp_path), a_selection(tmp_path, 40)
    run_tiny(home, selection)
    enqueue(home, selection)
    enqueue(home, replace(selection, models=("no-such-model",)))
    with ended(tiny(home)) as runner:
        assert runner.wait(60) == 1
    status = read_status(home)
    assert status.state == "failed"
    assert "no-such-model" in status.message
    assert "no-such-model" in plain(here(home, "status"), 1).stdout
    assert len(journalled(home)) == 40
    log = (home.log / "runner.log").read_text()
    assert "no-such-model" in log
    assert "Traceback" not in log
