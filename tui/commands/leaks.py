"""What the leak auditor says of a task, for `genearena tasks NAME --audit`."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from engine.data.outline import Reading
from store.home import Home
from tui.commands.common import put, say

if TYPE_CHECKING:
    from engine.leaks.finding import Finding

_PATIENCE: Final = 3.0
"""Seconds between two words on how far it is."""


def leaks_json(name: str, home: Home, reading: Reading) -> dict[str, Any]:
    """The findings as JSON tells them, with their numbers."""
    return {"leaks": [finding.to_json() for finding in _found(name, home, reading)]}


def put_leaks(name: str, home: Home, reading: Reading) -> None:
    """One sentence for each finding, and what to do where it is alarming."""
    findings = _found(name, home, reading)
    put("")
    put("what may give the labels away" if any(one.alarming for one in findings) else "nothing alarming")
    for finding in findings:
        put(f"! {finding.sentence} {finding.advice}" if finding.alarming else f"  {finding.sentence}")


def _found(name: str, home: Home, reading: Reading) -> Sequence[Finding]:
    """Looked for, or as it was found before.

    Raises:
        DataError: the task cannot be split, or a file is damaged.
    """
    from engine.leaks.kept import leaks_of

    said = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal said
        if time.monotonic() - said > _PATIENCE:
            said = time.monotonic()
            say(f"looking for leaks: {done}/{total}")

    return leaks_of(name, home, reading, threading.Event(), progress)
