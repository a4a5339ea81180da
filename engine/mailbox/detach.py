"""Starting a detached runner: a session of its own with no terminal."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

from engine.mailbox.lock import runner_alive, runner_lock
from engine.mailbox.queue import Entry, enqueue, put_back, queued
from engine.plan.launch import Launch
from store.errors import StoreError
from store.files import regular
from store.home import Home

PATIENCE: Final = 120.0
"""Seconds until a runner that lives, but has not begun, is no longer waited for."""
NICE: Final = 19
"""How much a runner gives way to whatever else wants a core, such as the terminal that it is watched in."""
_LOOK: Final = 0.05
"""Seconds between two looks at a runner that is starting."""


def launch(home: Home, *wanted: Launch, first: bool = False) -> None:
    """Queue `wanted`, before all that wait if it is to be `first`, and see that a runner takes it.

    Raises:
        StoreError: there is no runner and none could be started; nothing of `wanted` waits.
    """
    home.create()
    mine = [enqueue(home, one, first=first) for one in wanted]
    try:
        start_runner(home)
    except StoreError:
        for path in mine:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        raise


def go_on(home: Home, entries: Sequence[Entry]) -> None:
    """Put launches that were begun back before all that wait, and see that a runner takes them.

    Raises:
        StoreBusy: a runner is at work.
        StoreError: one cannot be moved, or no runner can be started.
    """
    with runner_lock(home):
        put_back(home, entries)
    start_runner(home)


def start_runner(home: Home, *, wait: bool = True) -> None:
    """Start a detached runner for what is queued, unless one is alive.

    It is a session of its own with no terminal, so nothing a terminal does can hurt it, and gives way to
    what people do: its computing takes what the others leave, on an idle machine all there is.

    Args:
        home: Whose queue.
        wait: Until it has begun, which takes a second or two.

    Raises:
        StoreError: it cannot be started, or ended before it began.
    """
    if runner_alive(home):
        return
    places = [str(home.data), str(home.cache), str(home.config), str(home.log)]
    output = home.log / "runner.out"
    try:
        with contextlib.suppress(FileNotFoundError):
            regular(output).close()  # a pipe would be waited for
        with output.open("ab") as stream:
            child = subprocess.Popen(
                # -P: a folder named `engine` where the user happens to stand is not ours.
                [*_giving_way(), sys.executable, "-P", "-m", "engine.run", *places],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                cwd="/",
            )
    except OSError as error:
        raise StoreError(f"The runner of {home.data} cannot be started: {error.strerror}.") from error
    if wait:
        _see_it_begin(home, child)


def _giving_way() -> list[str]:
    """What a command begins with to give way: by `NICE`, or by what GENEARENA_NICE says; 0: not at all."""
    steps, nice = os.environ.get("GENEARENA_NICE", str(NICE)), shutil.which("nice")
    return [nice, "-n", steps] if nice and steps.isdecimal() and int(steps) else []


def _see_it_begin(home: Home, child: subprocess.Popen[bytes]) -> None:
    """Wait until the queue is in a runner's hands, this one's or another that was faster."""
    end = time.monotonic() + PATIENCE
    while not runner_alive(home) and queued(home):
        if child.poll() is not None and queued(home) and not runner_alive(home):
            raise runner_error(home)
        if time.monotonic() > end:
            raise StoreError(
                f"The runner (PID {child.pid}) was started, but has not begun after {PATIENCE:.0f} s.",
                "Look at `genearena status` and `genearena logs`.",
            )
        time.sleep(_LOOK)


def runner_error(home: Home) -> StoreError:
    """Why the runner did not start, from the last thing it wrote."""
    path = home.log / "runner.out"
    try:
        with regular(path) as stream:
            stream.seek(max(path.stat().st_size - 4096, 0))
            last = stream.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
    except (OSError, StoreError):
        last = ""
    said = f" It said last: {last}" if last else ""
    return StoreError(f"The runner did not start.{said}", f"All it wrote is in {path}.")
