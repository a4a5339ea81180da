"""Ending a runner that does not answer: it and the processes it started, and never any other."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from engine.mailbox.claim import Claim, birth
from engine.mailbox.lock import runner_of
from store.errors import StoreError, UsageError
from store.home import Home

if TYPE_CHECKING:
    import psutil

GRACE: Final = 5.0
"""Seconds in which a runner that was asked to end may still do so."""
_LOOK: Final = 0.1


def killable(home: Home) -> Claim:
    """The runner of `home`, whose process is known for certain and lives on this machine.

    Raises:
        UsageError: there is none, or it is somewhere else, or it cannot be told which process it is.
    """
    who = runner_of(home)
    if who is None:
        raise UsageError(
            f"Which process is the runner of {home.data} cannot be told, so none is killed.",
            "Find it with `fuser` or `lsof` on the lock, data/runner/runner.lock.",
        )
    if who.lives() is None:
        raise UsageError(
            f"The runner is {who}, which cannot be reached from this machine or container.",
            f"Call it there: genearena cancel --now, or kill -9 {who.pid}",
        )
    return who


def end_runner(home: Home, who: Claim, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Give the runner, which was asked to end, `GRACE` seconds; then kill it; whether it had to be.

    Raises:
        StoreError: it cannot be killed, or does not die.
    """
    if _gone(who, sleep):
        return False
    _kill(who)
    if not _gone(who, sleep):
        raise StoreError(
            f"The runner ({who}) was killed and has not ended yet: it waits for a disk or a network.",
            "It ends when that answers; nothing that is scored is lost.",
        )
    return True


def _gone(who: Claim, sleep: Callable[[float], None]) -> bool:
    """Whether the process ends within the grace."""
    end = time.monotonic() + GRACE
    while who.lives():
        if time.monotonic() > end:
            return False
        sleep(_LOOK)
    return True


def _kill(who: Claim) -> None:
    """SIGKILL for the process and what it started; its parent, if stopped, goes on and sees its end."""
    import psutil

    try:
        runner = psutil.Process(who.pid)
        children, parent = runner.children(recursive=True), runner.parent()
        if birth(who.pid) != who.born:  # it has ended, and another process may have its number
            return
        runner.kill()  # psutil sends nothing to a process that has only the number
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied as error:
        raise StoreError(f"The runner ({who}) belongs to another user.", "Ask its owner.") from error
    for child in children:
        with contextlib.suppress(psutil.Error):
            child.kill()
    if parent is not None:
        _wake(parent)


def _wake(parent: psutil.Process) -> None:
    """Let a stopped parent go on, or its dead child stays as it is."""
    import psutil

    with contextlib.suppress(psutil.Error):
        if parent.status() == psutil.STATUS_STOPPED:
            parent.resume()
