"""How long a run still takes: what is left, at what such work took so far, by as many as do it at once.

A unit that is classified costs its own wall time. One that trains shares its device with the units of
its stack: it costs the time for which a device was busy with its protocol, shared out among those done.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Final

from engine.run.events import Capacity
from store.records import Unit

_LATEST: Final = 50
"""Units of a protocol whose time counts, the latest of them."""


class Outlook:
    """The time left of one run; fed with when its units begin and end, in seconds of one clock."""

    def __init__(self, todo: Sequence[Unit]) -> None:
        self.capacity = Capacity(1, 1, by_turns=True)
        """What goes on at once; the least there is until the executor says."""
        self._left: Counter[str] = Counter(unit.protocol for unit in todo)
        self._trains = {unit.protocol for unit in todo if unit.family == "finetune"}
        self._begun: dict[str, float] = {}
        self._took: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_LATEST))
        """Protocol that classifies -> seconds of its units."""
        self._stacks: dict[tuple[str, ...], _Stack] = {}
        """What is being trained now."""
        self._busy: defaultdict[str, float] = defaultdict(float)
        """Protocol that trains -> seconds for which a device was busy with it."""
        self._trained: Counter[str] = Counter()
        """Protocol that trains -> units that came of it."""

    def begin(self, unit: Unit, clock: float) -> None:
        """A worker has taken `unit`."""
        self._begun[unit.key] = clock
        if unit.protocol in self._trains:
            self._stacks.setdefault(_stack(unit), _Stack(clock)).running += 1

    def end(self, unit: Unit, clock: float, *, counts: bool, took: float = 0.0) -> None:
        """`unit` has an outcome.

        Args:
            unit: which.
            clock: when its outcome was heard of.
            counts: whether it says how long such units take.
            took: its own seconds, where it tells them: outcomes that are heard of together look instant.
        """
        self._left[unit.protocol] -= 1
        begun = self._begun.pop(unit.key, None)
        if begun is None:
            return
        if unit.protocol not in self._trains:
            if counts:
                self._took[unit.protocol].append(took or clock - begun)
            return
        stack = self._stacks[_stack(unit)]
        self._busy[unit.protocol] += clock - stack.since
        self._trained[unit.protocol] += counts
        stack.since = clock
        stack.running -= 1
        if not stack.running:
            del self._stacks[_stack(unit)]

    def seconds_left(self) -> float | None:
        """Until the run ends; None while that is not known of anything that is left."""
        training = self._shared(self._trains, self.capacity.devices)
        classifying = self.seconds_to_classify()
        if training is None or classifying is None:
            return None
        return training + classifying if self.capacity.by_turns else max(training, classifying)

    @property
    def untimed(self) -> tuple[str, ...]:
        """Protocols that are left and of which it is not known yet how long they take."""
        return tuple(name for name, left in self._left.items() if left > 0 and self._mean(name) is None)

    def seconds_to_classify(self) -> float | None:
        """Until the last unit is classified; None while that is not known."""
        return self._shared(set(self._left) - self._trains, self.capacity.classify)

    def _shared(self, protocols: Iterable[str], at_once: int) -> float | None:
        """Seconds until the units left of these protocols are done, `at_once` at a time.

        One of which nothing is known costs as the slowest; nothing takes less time than one unit.
        """
        left = {name: self._left[name] for name in protocols if self._left[name] > 0}
        if not left:
            return 0.0
        means = {name: mean for name in protocols if (mean := self._mean(name)) is not None}
        if not means:
            return None
        slowest = max(means.values())
        each = {name: means.get(name, slowest) for name in left}
        return max(sum(count * each[name] for name, count in left.items()) / at_once, *each.values())

    def _mean(self, protocol: str) -> float | None:
        if protocol in self._trains:
            done = self._trained[protocol]
            return self._busy[protocol] / done if done else None
        return fmean(self._took[protocol]) if self._took[protocol] else None


class _Stack:
    """Units that train together on one device."""

    def __init__(self, clock: float) -> None:
        self.since = clock
        """Until when its time is accounted for."""
        self.running = 0


def _stack(unit: Unit) -> tuple[str, ...]:
    return (unit.model, unit.task, unit.protocol, unit.preset)
