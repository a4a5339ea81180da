"""The parent of a detached runner: a few lines that outlive it and see how it died.

Started by `engine.mailbox.start_runner` as `python -m engine.run DATA CACHE CONFIG LOG`. Only a death
that can be the work's own doing is held against the work in flight. When this process is gone too
(a killed group, a machine that went down), nothing is.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Final

from engine.mailbox import read_status, runner_lock, write_status
from engine.mailbox.claim import birth
from engine.run import oom
from engine.run.crashes import strike
from store.errors import StoreError
from store.home import Home
from store.umask import private_files

OWN_DOING: Final = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE}
"""How a process dies of what it does itself; Python's own fatal errors abort."""
RUNNER: Final = ("-P", "-X", "faulthandler", "-m", "engine.run.detached")
_LOOK: Final = 0.5
"""Seconds between two looks at how many processes were killed for want of memory."""


def give_way() -> None:
    """Have a session of its own give way as this process does: where Linux shares cores out by sessions,
    `nice` counts within one only.

    Source: autogroups in sched(7).
    """
    nice = os.nice(0)
    if nice > 0 and os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):  # no such system
            Path("/proc/self/autogroup").write_text(str(nice))


def main(arguments: list[str], runner: tuple[str, ...] = RUNNER) -> int:
    """Start the runner with these arguments, wait for its end; its exit code, or 128 and its signal."""
    came: list[int] = []
    children: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        came.append(number)
        for child in children:
            child.send_signal(number)

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    give_way()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    child = subprocess.Popen([sys.executable, *runner, *arguments])
    children.append(child)
    born = birth(child.pid)
    if came:  # before there was anybody to pass it on to
        child.send_signal(came[-1])
    code, for_memory = _outlive(child)
    if code < 0:
        by_itself = for_memory or -code in OWN_DOING
        verb = "crashed" if -code in OWN_DOING else "was killed"
        cause = "was killed for want of memory" if for_memory else f"{verb} ({_name(-code)})"
        _tell_the_end(Home(*map(Path, arguments[:4])), child.pid, born, cause, by_itself)
    return code if code >= 0 else 128 - code


def _outlive(child: subprocess.Popen[bytes]) -> tuple[int, bool]:
    """Wait for the child's end: its code, and whether the kernel killed it for want of memory.

    A classifier may have been killed so an hour before somebody killed the runner, so only the last
    second's kills count.
    """
    counts = deque([oom.kills()], maxlen=2)
    over = threading.Event()

    def look() -> None:
        while not over.wait(_LOOK):
            counts.append(oom.kills())

    threading.Thread(target=look, name="memory", daemon=True).start()
    code = child.wait()
    over.set()
    return code, code == -signal.SIGKILL and oom.kills() > counts[0]


def _tell_the_end(home: Home, pid: int, born: str, cause: str, by_itself: bool) -> None:
    """Say in the status how the runner died, and hold it against the work that it was alone with.

    Unless another runner has begun: both are then its own.
    """
    with contextlib.suppress(StoreError), runner_lock(home):
        if by_itself:
            strike(home.mailbox, born)
        status = read_status(home)
        if status and status.pid == pid and status.live:
            message = f"The runner (PID {pid}) {cause}."
            write_status(home, replace(status, state="interrupted", running=(), message=message))


def _name(number: int) -> str:
    with contextlib.suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


if __name__ == "__main__":
    with private_files():
        sys.exit(main(sys.argv[1:]))
