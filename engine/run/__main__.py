"""The parent of a detached runner: a few lines that outlive it and see how it died.

Started by `engine.mailbox.start_runner` as `python -m engine.run DATA CACHE CONFIG LOG`. Only a death
that can be the work's own doing is held against the work in flight. When this process is gone too
(a killed group, a machine that went down), nothing is.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Final

from engine.mailbox import runner_lock
from engine.run.crashes import strike
from store.errors import StoreError
from store.home import Home
from store.umask import private_files

OWN_DOING: Final = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE}
"""How a process dies of what it does itself; Python's own fatal errors abort."""
RUNNER: Final = ("-P", "-X", "faulthandler", "-m", "engine.run.detached")


def main(arguments: list[str], runner: tuple[str, ...] = RUNNER) -> int:
    """Start the runner with these arguments, wait for its end; its exit code, or 128 and its signal."""
    came: list[int] = []
    children: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        came.append(number)
        for child in children:
            child.send_signal(number)

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    killed_before = killed_for_memory()
    child = subprocess.Popen([sys.executable, *runner, *arguments])
    children.append(child)
    if came:  # before there was anybody to pass it on to
        child.send_signal(came[-1])
    code = child.wait()
    if -code in OWN_DOING or (code == -signal.SIGKILL and killed_for_memory() > killed_before):
        _hold_against_the_work(Home(*map(Path, arguments[:4])))
    return code if code >= 0 else 128 - code


def _hold_against_the_work(home: Home) -> None:
    """A strike, unless another runner has begun: the work in flight is then its own."""
    with contextlib.suppress(StoreError), runner_lock(home):
        strike(home.mailbox)


def killed_for_memory() -> int:
    """How many processes of this control group the kernel has killed for want of memory; 0 if unknown."""
    try:
        group = Path("/proc/self/cgroup").read_text().rpartition("0::/")[2].strip()
        events = Path("/sys/fs/cgroup", group, "memory.events").read_text().split()
        return int(events[events.index("oom_kill") + 1])
    except (OSError, ValueError):
        return 0


if __name__ == "__main__":
    with private_files():
        sys.exit(main(sys.argv[1:]))
