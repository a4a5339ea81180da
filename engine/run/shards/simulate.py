"""How long a plan would take on machines that one does not have yet, from what units took on this one.

A rehearsal and not a promise: other cards and cores are faster or slower than those that were measured.
Each card, or each machine without one, works shards off one after the other: each starts as a process of
its own, embeds and fine-tunes one by one, and classifies on as many cores as fall to it.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.run.jobs import jobs_of
from engine.run.shards.costs import Costs
from engine.run.shards.cut import LEAST, Shard
from store.errors import UsageError
from store.records import Model

STARTING: Final = 10.0
"""Seconds in which a process starts on an idle core: the learning libraries, the model, and helpers."""
_MOST: Final = 100_000
"""Of any one thing that a cluster may have."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Machines that are alike."""

    hosts: int = 1
    gpus: int = 0
    """Of each host."""
    cores: int = 1
    """Of each host."""

    @property
    def slots(self) -> int:
        """Shards that are worked on at once: one for each card, or for each host without one."""
        return self.hosts * max(self.gpus, 1)

    @property
    def cores_of_slot(self) -> int:
        """Cores that fall to each of them."""
        return max(self.cores // max(self.gpus, 1), 1)


def parse_cluster(text: str, cores: int) -> Cluster:
    """The machines that `hosts=8,gpus=4` tells; `cores` of each where it says nothing of them.

    Raises:
        UsageError: it tells something else.
    """
    found = {"cores": cores}
    for part in text.split(","):
        name, _, value = (one.strip() for one in part.partition("="))
        most = 0 if not re.fullmatch("[0-9]{1,6}", value) else int(value)
        if name not in ("hosts", "gpus", "cores") or not value.isdigit() or most > _MOST:
            raise UsageError(
                f"{part.strip()!r} is not a part of a cluster.",
                "Give e.g. hosts=8,gpus=4,cores=32 (of each host).",
            )
        if name != "gpus" and not most:
            raise UsageError(f"A cluster needs more than 0 {name}.", "Give e.g. hosts=8,gpus=4.")
        found[name] = most
    return Cluster(**found)


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a plan would take."""

    cluster: Cluster
    shards: int
    units: int
    seconds: float
    """Until the last shard is done, the start of each included."""
    longest: float
    """Seconds of the shard that takes longest."""
    gpu_hours: float
    """For which cards are held, as a batch system counts them; 0 without cards."""
    gpu_hours_busy: float
    """Of those, the hours of embedding and fine-tuning."""
    core_hours: float
    """For which cores classify, or do what no card does."""
    measured: float
    """Share of the units whose protocol this store has timed; the rest are guessed."""


def simulate(
    shards: Sequence[Shard],
    cluster: Cluster,
    models: Mapping[str, Model],
    texts: Callable[[str], int],
    costs: Costs,
) -> Simulated:
    """Work `shards` off on paper, in their order, each by the first card or host that is free.

    Args:
        shards: what `cut` gave.
        cluster: where.
        models: by name.
        texts: how many texts a task of that name has.
        costs: what units and texts take, in seconds.
    """
    cores = cluster.cores_of_slot
    free = [0.0] * cluster.slots
    held = busy = classifying = longest = 0.0
    known = units = 0
    for shard in shards:
        alone, work, most = 0.0, 0.0, 0.0
        for job in jobs_of(shard.units, lambda _: False):
            each = [max(costs.unit(unit, models[unit.model]), LEAST) for unit in job.units]
            known += sum((unit.protocol,) in costs.units for unit in job.units)
            if job.finetune:
                alone += sum(each)
                continue
            tasks = {unit.task for unit in job.units}
            alone += costs.embedding(models[job.units[0].model], sum(map(texts, tasks)))
            work, most = work + sum(each), max(most, *each)
        taken = STARTING + alone + max(work / cores, most)
        heapq.heapreplace(free, free[0] + taken)
        units += len(shard.units)
        longest = max(longest, taken)
        held, busy, classifying = held + taken, busy + alone, classifying + work
    cards = bool(cluster.gpus)
    return Simulated(
        cluster,
        len(shards),
        units,
        max(free),
        longest,
        held / 3600 if cards else 0.0,
        busy / 3600 if cards else 0.0,
        (classifying if cards else classifying + busy) / 3600,
        known / units if units else 1.0,
    )
