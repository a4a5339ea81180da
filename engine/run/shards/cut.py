"""Cutting units into shards: about as long each, with no embedding repeated more than needed."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from engine.plan.launch import Options, Slurm
from engine.plan.plan import Plan
from engine.run.jobs import jobs_of
from engine.run.shards.costs import Costs, known_costs
from store.home import Home
from store.records import Model, Unit
from store.uncollected import uncollected

LEAST: Final = 0.05
"""Seconds that a unit takes at least: what it takes to begin it and to sync it."""

_OVER: Final = 0.1
"""Parts of a share that are no reason to make one piece more."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Units that one task of an array works off, in order."""

    units: tuple[Unit, ...]
    seconds: float
    """What they take, as far as that can be foreseen, on one core or card."""


@uncollected()
def cut(
    units: Sequence[Unit], most: int, models: Mapping[str, Model], texts: Callable[[str], int], costs: Costs
) -> list[Shard]:
    """Shards of `units`, at most so many, the longest pieces of work placed first.

    What shares an embedding stays together, as a whole or at least task by task, unless it is more than
    a shard's fair share; and then no piece embeds for longer than it classifies.

    Args:
        units: in the order of their plan.
        most: shards.
        models: by name.
        texts: how many texts a task of that name has.
        costs: what units and texts take.
    """
    place = {unit.key: number for number, unit in enumerate(units)}

    def piece(together: Sequence[Unit]) -> _Piece:
        work = [max(costs.unit(unit, models[unit.model]), LEAST) for unit in together]
        if together[0].family == "finetune":
            return _Piece(together, work, 0.0)
        tasks = {unit.task for unit in together}
        return _Piece(together, work, costs.embedding(models[together[0].model], sum(map(texts, tasks))))

    whole = [piece(job.units) for job in jobs_of(units, lambda _: False)]
    share = sum(one.seconds for one in whole) / most
    pieces: list[_Piece] = []
    for one in whole:
        parts = [one] if one.seconds <= share else map(piece, _by_task(one.units))
        pieces += (small for part in parts for small in part.split(share))
    pieces.sort(key=lambda one: (-one.seconds, place[one.units[0].key]))
    loads = [(0.0, number) for number in range(most)]
    shards: list[list[Unit]] = [[] for _ in range(most)]
    for one in pieces:
        seconds, number = loads[0]
        heapq.heapreplace(loads, (seconds + one.seconds, number))
        shards[number] += one.units
    made = [
        Shard(tuple(sorted(shards[number], key=lambda unit: place[unit.key])), round(seconds, 1))
        for seconds, number in loads
        if shards[number]
    ]
    return sorted(made, key=lambda shard: place[shard.units[0].key])


@dataclass(frozen=True, slots=True)
class _Piece:
    """Units that stay together."""

    units: Sequence[Unit]
    work: Sequence[float]
    """Seconds of each."""
    embedding: float
    """Seconds of what they share."""

    @property
    def seconds(self) -> float:
        return sum(self.work) + self.embedding

    def split(self, share: float) -> list[_Piece]:
        """As few pieces as need be for each to be a fair share, or not to embed longer than it works."""
        if self.seconds <= share:
            return [self]
        most = max(share - self.embedding, self.embedding, LEAST)
        each = sum(self.work) / max(ceil(sum(self.work) / most - _OVER), 1)
        pieces: list[_Piece] = []
        start, taken = 0, 0.0
        for place, seconds in enumerate(self.work):
            if place > start and taken + seconds / 2 > each:  # nearer to its share without this one
                pieces.append(_Piece(self.units[start:place], self.work[start:place], self.embedding))
                start, taken = place, 0.0
            taken += seconds
        return [*pieces, _Piece(self.units[start:], self.work[start:], self.embedding)]


def _by_task(units: Sequence[Unit]) -> list[list[Unit]]:
    tasks: dict[str, list[Unit]] = {}
    for unit in units:
        tasks.setdefault(unit.task, []).append(unit)
    return list(tasks.values())


def shards_of(home: Home, plan: Plan, units: Iterable[Unit], options: Options) -> list[Shard]:
    """The shards that these units of the plan would be cut into."""
    most = (options.slurm or Slurm()).array
    return cut(list(units), most, plan.models, lambda name: len(plan.tasks[name].texts), known_costs(home))
