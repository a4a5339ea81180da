"""What a device's thread takes at once, and in which order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from engine.catalog.schemes import SCHEMES
from engine.plan.selection import ranges
from store.records import Unit

TOGETHER: Final = 10
"""Splits that are fine-tuned as one: what a machine that goes down takes with it at most."""


@dataclass(slots=True)
class Job:
    """A model to embed with, or ten units to fine-tune that differ by their split alone."""

    key: str
    """A hash of what its units have in common."""
    finetune: bool
    units: list[Unit] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What its progress is told under when its units train together."""
        unit = self.units[0]
        seeds = ", ".join(ranges(unit.seed for unit in self.units))
        return f"{unit.model} {unit.task} {unit.protocol} {seeds}"


def jobs_of(units: Sequence[Unit], suspected: Callable[[str], bool]) -> list[Job]:
    """Jobs in plan order, embedding before fine-tuning; all that is `suspected` last and apart."""
    jobs: dict[tuple[object, ...], Job] = {}
    same: tuple[object, ...]
    for unit in units:
        finetune = unit.family == "finetune"
        suspect = suspected(unit.key)
        if finetune:
            apart = unit.key if suspect else str(_ten(unit))
            same = (finetune, unit.model, unit.task, unit.protocol, unit.preset, apart)
        else:
            how = repr(sorted(unit.spec["embedding"].items()))
            same = (finetune, unit.model, how, "", "", str(suspect))
        if same not in jobs:
            jobs[same] = Job(hashlib.sha256(repr(same).encode()).hexdigest(), finetune)
        jobs[same].units.append(unit)
    return sorted(
        jobs.values(),
        key=lambda job: (suspected(job.key) or suspected(job.units[0].key), job.finetune),
    )


def _ten(unit: Unit) -> int:
    """Which ten of a scheme's splits it is of, whatever else is run: the paper's, or one repeat."""
    return (unit.seed - SCHEMES[unit.spec["split"]["scheme"]].seeds[0]) // TOGETHER


def finetune_label(unit: Unit) -> str:
    """What the progress of fine-tuning `unit` is told under."""
    return f"{unit.model} {unit.task} {unit.protocol} {unit.seed}"
