"""Giving up: work looks at its cancel event before every batch, fold and step, and stops there."""

from __future__ import annotations

import threading


class Stopped(Exception):
    """Raised inside a worker when its cancel event is set; never shown to a user."""


def check(cancel: threading.Event) -> None:
    """Raise `Stopped` if `cancel` is set."""
    if cancel.is_set():
        raise Stopped
