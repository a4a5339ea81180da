"""Starting a detached runner: a session of its own with no terminal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from engine.mailbox.lock import runner_alive, runner_lock
from engine.mailbox.queue import Entry, enqueue, put_back
from engine.plan.launch import Launch
from store.errors import StoreError
from store.home import Home


def launch(home: Home, *wanted: Launch, first: bool = False) -> None:
    """Queue `wanted`, before all that wait if it is to be `first`, and see that a runner takes it."""
    home.create()
    for one in wanted:
        enqueue(home, one, first=first)
    start_runner(home)


def go_on(home: Home, entries: Sequence[Entry]) -> None:
    """Put launches that were begun back before all that wait, and see that a runner takes them.

    Raises:
        StoreBusy: a runner is at work.
        StoreError: one cannot be moved.
    """
    with runner_lock(home):
        put_back(home, entries)
    start_runner(home)


def start_runner(home: Home) -> None:
    """Start a detached runner for what is queued, unless one is alive.

    It is a session of its own with no terminal, so nothing a terminal does can hurt it.
    """
    if runner_alive(home):
        return
    places = [str(home.data), str(home.cache), str(home.config), str(home.log)]
    try:
        with (home.log / "runner.out").open("ab") as output:
            subprocess.Popen(
                # -P: a folder named `engine` where the user happens to stand is not ours.
                [sys.executable, "-P", "-m", "engine.run", *places],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
            )
    except OSError as error:
        raise StoreError(f"The runner of {home.data} cannot be started: {error.strerror}.") from error
