"""Units that a run leaves to the next one: what is said of them, wherever they were to be worked on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from engine.run.events import Event, Log, UnitFinished
from store.records import Cancelled, Unit

_COUNT: Final = re.compile(r"Units left out: \d+\. ")


def left_out(units: Sequence[Unit], reason: str) -> Iterator[Event]:
    """Leave `units` to the next run; without a `reason`: somebody has asked for it."""
    if reason and units:
        yield report(len(units), reason)
    for unit in units:
        yield UnitFinished(Cancelled(unit, reason))


def report(units: int, reason: str) -> Log:
    """That so many are left out at once."""
    return Log("error", f"{reason} Units left out: {units}; the next run tries again.")


def report_of_each(reason: str) -> str:
    """That units are left out one by one, for one reason that is worth saying once."""
    return f"Units are left out. {reason}"


def summed_up(units: int, reason: str) -> str:
    """How many of a run have been left out, and why the last of them was."""
    return f"Units left out: {units}. {reason}"


def reason_of(summary: str) -> str:
    """Why, of what `summed_up` says: whoever leaves out the same units counts them, too."""
    return _COUNT.sub("", summary)
