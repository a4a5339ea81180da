"""ctrl+z puts the application aside and `fg` brings it back whole, or a sentence says why it cannot be."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest
from fake_arena import FakeArena, at_rest, drive, make_app, screen_text, told, until
from pressing import presses
from test_real_terminal import PROGRAM, ROOT, Terminal

SHELL = ("/bin/bash", "--noprofile", "--norc", "-i")
needs_bash = pytest.mark.skipif(not shutil.which(SHELL[0]), reason="there is no bash")
OFF = (b"1049l", b"1000l", b"1003l", b"1004l", b"25h")


@pytest.fixture
def shell(tmp_path):
    terminal = Terminal(tmp_path / "home", command=SHELL, PS1="PROM" + "PT> ", HISTFILE="")
    terminal.child.sendline(f"{sys.executable} -c '{PROGRAM}' --home {tmp_path / 'home'}")
    terminal.until("enter runs the 1,160")
    yield terminal
    for process in psutil.Process(terminal.child.pid).children(recursive=True):
        process.kill()
    terminal.child.close(force=True)


def program_of(shell: Terminal) -> int:
    """The process id of what the shell has started."""
    [child] = psutil.Process(shell.child.pid).children()
    return child.pid


def does(shell: Terminal, keys: str, then: str) -> str:
    """Press keys and wait for what is painted after that, on a screen wiped clean before."""
    shell.screen.reset()
    shell.child.send(keys)
    return shell.until(then)


def comes_back(shell: Terminal, shown: str) -> str:
    """`fg` at the prompt, and wait for what is painted once the terminal is the application's again."""
    shell.until("PROMPT>")
    since = len(shell.raw)
    shell.child.send("\x15fg\r")
    end = time.monotonic() + 60
    while b"\x1b[?1049h" not in shell.raw[since:]:
        assert time.monotonic() < end, "it never came back"
        shell.screen.reset()
        shell.read()
    return shell.until(shown)


def is_as_before(shell: Terminal) -> bool:
    """Whether every mode that was switched on since the start has been switched off again."""
    for mode in OFF:
        switched = [piece for piece in shell.raw.split(b"\x1b[?") if piece.startswith(mode[:-1])]
        if switched[-1][: len(mode)] != mode:
            return False
    return True


@needs_bash
def test_ctrl_z_gives_the_terminal_back_and_fg_restores_the_screen(shell):
    does(shell, "2", "No run yet")
    does(shell, "\x1a", "PROMPT>")
    assert is_as_before(shell)
    does(shell, "stty -a | grep -o ' icanon'\r", "\n icanon")
    comes_back(shell, "No run yet")
    shell.until("2Runs")
    does(shell, "3", "Board")
    does(shell, "q", "PROMPT>")
    assert is_as_before(shell)


@needs_bash
def test_in_the_background_it_waits_for_fg(shell):
    does(shell, "\x1a", "PROMPT>")
    does(shell, "bg\r", "&")
    does(shell, "\r", "Stopped")
    comes_back(shell, "enter runs the 1,160")
    does(shell, "2", "No run yet")


@needs_bash
@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGTSTP])
def test_a_stop_by_somebody_else_is_mended_by_fg(shell, number):
    shell.screen.reset()
    os.kill(program_of(shell), number)
    shell.until("Stopped")
    comes_back(shell, "enter runs the 1,160")
    does(shell, "2", "No run yet")
    does(shell, "q", "PROMPT>")
    assert is_as_before(shell)
    does(shell, "stty -a | grep -o ' icanon'\r", "\n icanon")


@needs_bash
def test_what_is_typed_after_ctrl_z_is_not_answered_when_it_comes_back(shell):
    does(shell, "\x1a2", "PROMPT>")
    comes_back(shell, "enter runs the 1,160")
    does(shell, "?", "Keys on Plan")


def test_without_a_shell_it_says_that_nothing_could_bring_it_back(tmp_path):
    terminal = Terminal(tmp_path / "home")
    try:
        terminal.until("enter runs the 1,160")
        os.kill(terminal.child.pid, signal.SIGTSTP)
        terminal.child.send("\x1a")
        terminal.until("No shell with job control")
        assert psutil.Process(terminal.child.pid).status() != psutil.STATUS_STOPPED
        terminal.child.send("q")
        assert terminal.leave() == 0
    finally:
        terminal.child.close(force=True)


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_session_without_a_shell_is_told_from_one_with_it(wrapped):
    code = "from tui.terminal.suspending import has_job_control; print(has_job_control())"
    command = [sys.executable, "-c", code]
    if wrapped:
        command = ["/bin/sh", "-c", f"{sys.executable} -c '{code}'; true"]
    done = subprocess.run(
        command, start_new_session=True, capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout == "False\n"


@presses("suspend")
async def test_where_there_is_no_terminal_the_key_says_so():
    app = make_app(FakeArena())
    async with drive(app) as pilot:
        await at_rest(pilot)
        await pilot.press("ctrl+z")
        await until(pilot, lambda: "not a terminal with a shell" in told(app))


async def test_where_text_is_edited_the_key_takes_back_what_was_typed():
    app = make_app(FakeArena())
    async with drive(app) as pilot:
        await pilot.press("6", "i")
        await until(pilot, lambda: "EDITOR" in screen_text(app) or app.focused is not None)
        await at_rest(pilot)
        before = app.focused.text
        await pilot.press("z")
        assert app.focused.text != before
        await pilot.press("ctrl+z")
        await at_rest(pilot)
        assert app.focused.text == before
        assert told(app) == ""
