"""What a viewer remembers of a run while it looks on: when units ended, and how busy the machine was."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from tui.screens.runs.side_text import rates

LOOKS: Final = 5
"""Looks at the machine that make one bar."""
BARS: Final = 60


class Ended:
    """When the units of a run ended, in seconds from its start."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.times: list[float] = []
        self._read = False

    def take(self, times: Sequence[float]) -> None:
        """What the store has; what was seen later than that stays."""
        self._read = True
        last = times[-1] if times else -1.0
        self.times = [*times, *(at for at in self.times if at > last)]

    def follow(self, ended: int, now: float) -> None:
        """So many have ended by now: once the store was read, those that are new did so since the last."""
        new = ended - len(self.times)
        if new > 0 and self._read:
            last = self.times[-1] if self.times else 0.0
            self.times += [last + (now - last) * number / new for number in range(1, new + 1)]
        elif new < 0:
            del self.times[ended:]

    def rates(self, until: float, columns: int, live: bool) -> Sequence[float]:
        """Units a second in at most so many buckets."""
        return rates(self.times, until, columns, live)[0]


class Trend:
    """A number that is looked at again and again, as bars of `LOOKS` looks; the last one is still open."""

    def __init__(self) -> None:
        """Nothing was looked at yet."""
        self._closed: deque[float] = deque(maxlen=BARS)
        self._open: list[float] = []

    def add(self, value: float) -> None:
        """Take one look in."""
        if len(self._open) == LOOKS:
            self._closed.append(sum(self._open) / LOOKS)
            self._open = []
        self._open.append(value)

    @property
    def values(self) -> list[float]:
        """The bars, oldest first."""
        now = [sum(self._open) / len(self._open)] if self._open else []
        return [*self._closed, *now]
