"""Putting the application aside with ctrl+z, and what brings it back whole: `fg`, or any SIGCONT."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui.terminal.typeahead import TypeAhead


def why_not(app: TypeAhead) -> str:
    """Why the application cannot be put aside, in one sentence; empty if it can be."""
    if app._driver is None or not app._driver.can_suspend:
        return "This window is not a terminal with a shell to go back to; q leaves."
    if not has_job_control():
        return "No shell with job control started this, so nothing could bring it back; q leaves."
    return ""


def has_job_control() -> bool:
    """Whether somebody in this session is there to continue this process group when it is stopped.

    A program that a terminal runs by itself (`tmux new-window genearena`) has nobody; stopped, it would
    hang for ever.
    """
    # Takes a while to import, and only a key asks for it.
    import psutil

    group, session = os.getpgrp(), os.getsid(0)
    with contextlib.suppress(OSError, psutil.Error):
        for process in psutil.Process().parents():
            if os.getpgid(process.pid) != group:
                return os.getsid(process.pid) == session
    return False


def put_aside(app: TypeAhead) -> None:
    """Give the terminal back and stop the process group, as ctrl+z does; return when it goes on."""
    with app.suspend(), _by_default(signal.SIGTSTP, signal.SIGCONT):
        os.killpg(os.getpgrp(), signal.SIGTSTP)
        _wait_for_the_foreground()
    app.forget_typed()


@contextlib.contextmanager
def suspending_in_order(app: TypeAhead) -> Iterator[None]:
    """Until the block ends, SIGTSTP from others is as good as the key, and SIGCONT draws the screen again.

    Textual would start its threads a second time at a SIGCONT that no SIGTSTP came before.
    """
    loop = asyncio.get_running_loop()

    def later(what: Callable[[], None]) -> Callable[..., Any]:
        return lambda *_: loop.call_soon_threadsafe(what)

    handlers = {
        signal.SIGTSTP: later(lambda: None if why_not(app) else put_aside(app)),
        signal.SIGCONT: later(lambda: _come_back(app)),
    }
    before = {}
    if app._driver is not None and app._driver.can_suspend:
        with contextlib.suppress(ValueError):  # not in the main thread
            before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _come_back(app: TypeAhead) -> None:
    """After a stop that nobody announced, in which the shell drew over the screen."""
    with _by_default(signal.SIGTSTP, signal.SIGCONT):
        _wait_for_the_foreground()
    with app.suspend():
        pass


def _wait_for_the_foreground() -> None:
    """Stop again for as long as the terminal is another's (`bg`)."""
    while not _in_the_foreground():
        os.kill(os.getpid(), signal.SIGSTOP)


def _in_the_foreground() -> bool:
    try:
        return sys.__stdin__ is None or os.tcgetpgrp(sys.__stdin__.fileno()) == os.getpgrp()
    except (OSError, ValueError):  # the terminal has gone
        return True


@contextlib.contextmanager
def _by_default(*numbers: signal.Signals) -> Iterator[None]:
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
