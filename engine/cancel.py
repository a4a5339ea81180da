"""Giving up: work looks at its `Cancel` before every batch, fold and step, and stops there."""

from __future__ import annotations

from typing import Protocol


class Stopped(Exception):
    """Raised inside work that is told to give up; never shown to a user."""


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
