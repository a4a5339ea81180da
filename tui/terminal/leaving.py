"""What becomes of the application when its terminal goes away, or somebody asks the process to end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import termios
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
SIGNALS: Final = (signal.SIGHUP, signal.SIGTERM)
LOOK: Final = 1.0
"""Seconds between two looks whether the terminal is still there."""


def hung_up() -> bool:
    """Whether standard input was a terminal at whose other end nobody is left."""
    try:
        termios.tcgetattr(0)
    except termios.error as error:
        return bool(error.args and error.args[0] == errno.EIO)
    return False


def leave_with_parent() -> None:
    """Have the kernel send SIGTERM when the process that started this one is gone; nothing where it cannot.

    A tab of a server that was killed would otherwise be drawn for nobody, for ever.
    """
    import ctypes

    with contextlib.suppress(AttributeError, OSError):  # not Linux
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextlib.contextmanager
def leaving_in_order(leave: Callable[[int], None]) -> Iterator[None]:
    """Until the block ends, have SIGHUP and SIGTERM call `leave` with the exit code, in the running loop.

    Without a main thread (a browser) there is nothing to install. A terminal that goes away sends SIGHUP
    to the process that it was opened for alone: under `make run` that is make, which waits for its child.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle

    def look() -> None:
        nonlocal timer
        if hung_up():
            os._exit(128 + signal.SIGHUP)
        timer = loop.call_later(LOOK, look)

    def handle(number: int, _: FrameType | None) -> None:
        if hung_up():
            # Textual would wait for ever for its last words to be written; nothing is lost.
            os._exit(128 + number)
        loop.call_soon_threadsafe(leave, 128 + number)

    timer = loop.call_later(LOOK, look)
    before = {}
    with contextlib.suppress(ValueError):
        before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield
    finally:
        timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
