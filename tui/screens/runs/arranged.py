"""A run's units by model and protocol, task and seed: what the grid of marks is drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.mailbox import Status, UnitStatus
from store.controls import row_of
from tui.questions.runs import Barred, RunRead

Place = tuple[int, int, int]
"""Line, block and mark."""


@dataclass(slots=True)
class Block:
    """The units of one line in one task, one mark a split."""

    marks: list[UnitStatus | None]
    done: int = 0
    failed: int = 0
    summed: float = 0.0
    """Of the AUCs of those that have one."""
    scored: int = 0
    """How many have one."""

    @property
    def total(self) -> int:
        """Units that it has."""
        return sum(mark is not None for mark in self.marks)

    @property
    def mean(self) -> float | None:
        """Of the AUCs so far."""
        return self.summed / self.scored if self.scored else None


@dataclass(slots=True)
class Line:
    """A model with a protocol."""

    model: str
    protocol: str
    control: bool
    blocks: list[Block] = field(default_factory=list)
    reason: str = ""
    """Why none of it can be run."""

    @property
    def row(self) -> str:
        """The row of the Board that it counts in."""
        return row_of(self.model) if self.control else self.model

    @property
    def mean(self) -> float | None:
        """The mean over the tasks that have a score, each the mean of its splits so far."""
        means = [mean for block in self.blocks if (mean := block.mean) is not None]
        return sum(means) / len(means) if means else None


class Arranged:
    """The units in their places, with what a snapshot says of some of them laid over the rest."""

    def __init__(self, read: RunRead | None, selection: Mapping[str, Any], latest: Status | None) -> None:
        """Arrange what was read; before that, what the snapshot names.

        Args:
            read: Every unit, as the store knows it.
            selection: What was launched: the order of models, tasks and protocols.
            latest: The run's snapshot.
        """
        now = (*latest.recent, *latest.running) if latest else ()
        units = [*(read.units if read else ()), *now]
        chosen = selection.get("models", ())
        self.tasks = _order(selection.get("tasks", ()), (unit.task for unit in units))
        self.seeds = sorted({unit.seed for unit in units})
        models = _order(chosen, (unit.model for unit in units))
        protocols = _order(selection.get("protocols", ()), (unit.protocol for unit in units))
        barred = {(part.model, part.protocol): part for part in (read.barred if read else ())}
        found = {(unit.model, unit.protocol) for unit in units}
        self.lines: list[Line] = []
        self._lines: dict[tuple[str, str], int] = {}
        for model in [*models, *(part.model for part in barred.values() if part.model not in models)]:
            for protocol in protocols:
                self._add_line(model, protocol, bool(chosen) and model not in chosen, found, barred)
        self._blocks = {task: number for number, task in enumerate(self.tasks)}
        self._marks = {seed: number for number, seed in enumerate(self.seeds)}
        self._over: dict[Place, UnitStatus] = {}
        self._under: dict[Place, UnitStatus | None] = {}
        """What the store says of those that are in work now."""
        for unit in read.units if read else ():
            self._set(self._place(unit), unit)

    def _add_line(
        self,
        model: str,
        protocol: str,
        control: bool,
        found: set[tuple[str, str]],
        barred: Mapping[tuple[str, str], Barred],
    ) -> None:
        at = (model, protocol)
        if at in self._lines or (at not in found and at not in barred):
            return
        blocks = [Block([None] * len(self.seeds)) for _ in self.tasks] if at in found else []
        reason = "" if at in found else barred[at].reason
        self._lines[at] = len(self.lines)
        self.lines.append(Line(model, protocol, control, blocks, reason))

    def _place(self, unit: UnitStatus) -> Place | None:
        """Where a unit stands; None if it has no place here."""
        line = self._lines.get((unit.model, unit.protocol))
        block, mark = self._blocks.get(unit.task), self._marks.get(unit.seed)
        if line is None or block is None or mark is None or not self.lines[line].blocks:
            return None
        return line, block, mark

    def _set(self, place: Place | None, unit: UnitStatus | None) -> None:
        if place is None:
            return
        block = self.lines[place[0]].blocks[place[1]]
        old = block.marks[place[2]]
        for one, sign in ((old, -1), (unit, 1)):
            if one is not None:
                block.done += sign * (one.state == "scored")
                block.failed += sign * (one.state == "failed")
                if one.auc is not None and one.auc == one.auc:
                    block.summed += sign * one.auc
                    block.scored += sign
        block.marks[place[2]] = unit

    def lay_over(self, status: Status) -> bool:
        """Take a snapshot's word on the units it names; False if one of them has no place here."""
        now: dict[Place, UnitStatus] = {}
        for unit in (*reversed(status.recent), *status.running):
            place = self._place(unit)
            if place is None:
                return False
            now[place] = unit
        for place, unit in list(self._over.items()):
            if place not in now and unit.state in ("running", "cancelled"):
                self._set(place, self._under.pop(place))
                del self._over[place]
        for place, unit in now.items():
            if self._over.get(place) != unit:
                self._under.setdefault(place, self.at(place))
                self._set(place, unit)
                self._over[place] = unit
        return True

    def at(self, place: Place) -> UnitStatus | None:
        """The unit in a place."""
        line, block, mark = place
        if not (line < len(self.lines) and block < len(self.lines[line].blocks)):
            return None
        return self.lines[line].blocks[block].marks[mark]

    def models(self) -> list[tuple[int, int]]:
        """First line, and the one after the last, of each model; the draws of one control are together."""
        found: list[tuple[int, int]] = []
        for number, line in enumerate(self.lines):
            if found and self.lines[found[-1][0]].row == line.row:
                found[-1] = (found[-1][0], number + 1)
            else:
                found.append((number, number + 1))
        return found

    def working(self) -> set[int]:
        """The lines with a unit in work."""
        return {place[0] for place, unit in self._over.items() if unit.state == "running"}


def folded(lines: Sequence[Line]) -> Line:
    """All lines of a model, or of a control's draws, as one: its blocks are sums without marks."""
    blocks = []
    for parts in zip(*(line.blocks for line in lines if line.blocks), strict=True):
        marks = [mark for part in parts for mark in part.marks]
        done, failed = sum(part.done for part in parts), sum(part.failed for part in parts)
        summed, scored = sum(part.summed for part in parts), sum(part.scored for part in parts)
        blocks.append(Block(marks, done, failed, summed, scored))
    reason = "" if blocks else lines[0].reason
    name, ways = lines[0].row, f"all {len(lines)}"
    return replace(lines[0], model=name, protocol=ways, blocks=blocks, reason=reason)


def _order(first: Iterable[str], others: Iterable[str]) -> list[str]:
    """Names without repetition; of those chosen, only what there is, in the order of the choice."""
    there = dict.fromkeys(others)
    return list(dict.fromkeys([*(name for name in first if name in there), *there]))
