"""What long work is given: when to give up, looked at before every step, and whom to report progress to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Progress = Callable[[int, int], None]
"""Called with what is done and what there is in all."""


class Stopped(Exception):
    """Raised inside work that has to give up; never shown to a user."""


class Cancel(Protocol):
    """What tells work to give up: a `threading.Event`, or anything that answers like one."""

    def is_set(self) -> bool:
        """Whether to give up now."""

    def wait(self, timeout: float | None = None) -> bool:
        """Pause until then, for at most `timeout` seconds; whether to give up."""


def check(cancel: Cancel) -> None:
    """Raise `Stopped` if `cancel` is set."""
    if cancel.is_set():
        raise Stopped
