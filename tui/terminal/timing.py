"""A moment later, once, however busy the machine is."""

from __future__ import annotations

from collections.abc import Callable

from textual.message_pump import MessagePump
from textual.timer import Timer


def once(node: MessagePump, seconds: float, callback: Callable[[], object]) -> Timer:
    """Have `node` call back after so many seconds.

    Textual skips what could not be done in time, of intervals and of what is to be done once alike: a
    process that has no processor while it sets a timer would never be called back.
    """
    timer = node.set_timer(seconds, callback)
    timer._skip = False
    return timer
