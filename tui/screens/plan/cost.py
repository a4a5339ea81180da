"""What units to run will take, judged by past ones of this store. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from engine.catalog.protocols import PROTOCOLS
from tui.quantities import count, mebi

if TYPE_CHECKING:
    from engine.plan.plan import Plan
    from engine.plan.selection import Selection
    from store.queries import Measured
    from store.records import Unit
    from tui.questions.saved import Past


@dataclass(frozen=True, slots=True)
class Cost:
    """What units to run will take; None: nothing tells."""

    seconds: float | None = None
    disk: int | None = None
    """Bytes of results and embeddings."""
    memory: int | None = None
    """Bytes of the largest model, at the least, on the device that runs it."""
    kinds: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """(model, protocol) -> seconds of what is to run of it, where past units tell."""
    each: Mapping[str, float] = field(default_factory=dict)
    """Protocol -> seconds of a unit of these models, where one ever ran here."""
    spent: Mapping[str, float] = field(default_factory=dict)
    """Protocol -> seconds of the units that are done, one after the other, where they were timed."""
    texts: int = 0
    """That have to be embedded first."""
    embedding: float | None = None
    """Seconds of embedding them."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a selection comes to."""

    selection: Selection
    plan: Plan | None
    trouble: str = ""
    """Why it comes to nothing, if `plan` is None; else why nothing tells what it will take."""
    cost: Cost = Cost()
    """What is to run will take."""
    device: str = "memory"
    """Whose memory it takes."""
    room: int = 0
    """Bytes of it in all."""
    questions: Mapping[str, str] = field(default_factory=dict)
    """What has to be agreed to before texts leave this machine: host -> the question."""
    passing: bool = False
    """Whether the trouble may go by itself, such as a database that somebody else holds."""


FP32: Final = 4
"""Bytes of a number."""


LOADING: Final = 12.0
"""Seconds until the libraries and a first model are loaded (8 to 14 on two cores)."""


def estimate(plan: Plan, past: Past, to_embed: Mapping[str, int]) -> Cost:
    """What the units to run will take, judged by past ones of this store.

    A model that never ran is judged by the slowest that did, with the same protocol.

    Args:
        plan: what is to run.
        past: what such work cost so far.
        to_embed: model -> texts that it has to embed first.
    """
    todo = plan.todo
    used = [plan.models[name] for name in {unit.model for unit in todo} if name in plan.models]
    copies = max((PROTOCOLS[unit.protocol].weights for unit in todo), default=1)
    weights = max((FP32 * copies * (model.parameters or 0) for model in used), default=0)
    genes = sum(len(task.genes) for task in plan.tasks.values())
    vectors = sum(FP32 * (model.dimension or 0) for model in used) * genes
    disk = round(len(todo) * past.unit_bytes) + vectors if past.unit_bytes is not None else None
    kinds, embedding = _kinds(todo, past), _embedding_seconds(plan, past, to_embed)
    whole = {(unit.model, unit.protocol) for unit in todo} == set(kinds)
    known = bool(todo) and whole and embedding is not None
    seconds = LOADING + sum(kinds.values()) + (embedding or 0.0) if known else None
    each = _each(plan, past)
    spent: dict[str, float] = {}
    for unit in plan.units:
        if unit.key in plan.done:
            took = past.seconds.get((unit.model, unit.protocol), 0.0)
            spent[unit.protocol] = spent.get(unit.protocol, 0.0) + took
    texts = sum(to_embed.values())
    return Cost(seconds, disk, weights or None, kinds, each, spent, texts, embedding)


def _each(plan: Plan, past: Past) -> dict[str, float]:
    """Protocol -> seconds of a unit, on average over the models that it is run for."""
    found: dict[str, list[float]] = {}
    for kind in {(unit.model, unit.protocol) for unit in plan.units}:
        if kind in past.seconds:
            found.setdefault(kind[1], []).append(past.seconds[kind])
    return {protocol: sum(known) / len(known) for protocol, known in found.items()}


def _kinds(todo: Sequence[Unit], past: Past) -> dict[tuple[str, str], float]:
    """Seconds of classifying on every core, and fine-tuning on one device; what never ran is left out."""
    slowest: dict[str, float] = {}
    for (_, protocol), seconds in past.seconds.items():
        slowest[protocol] = max(seconds, slowest.get(protocol, 0.0))
    found: Counter[tuple[str, str]] = Counter()
    seconds_of: dict[tuple[str, str], float] = {}
    for unit in todo:
        found[unit.model, unit.protocol] += 1
    for (model, protocol), units in found.items():
        each = past.seconds.get((model, protocol), slowest.get(protocol))
        if each is not None:
            at_once = 1 if PROTOCOLS[protocol].finetunes else past.cores
            seconds_of[model, protocol] = units * each / at_once
    return seconds_of


def _embedding_seconds(plan: Plan, past: Past, to_embed: Mapping[str, int]) -> float | None:
    """Of embedding; a model that never did is judged by others per parameter. None if none ever did."""
    sizes = {name: model.parameters for name, model in plan.models.items() if model.parameters}
    paces = [seconds / sizes[name] for name, seconds in past.text_seconds.items() if name in sizes]
    per_parameter = max(paces, default=None)
    total = 0.0
    for name, texts in to_embed.items():
        pace = past.text_seconds.get(name)
        if pace is None and per_parameter is not None and name in sizes:
            pace = per_parameter * sizes[name]
        if pace is None:
            pace = max(past.text_seconds.values(), default=None)
        if pace is None:
            return None
        total += texts * pace
    return total


def embedded(there: int, texts: int, measured: Sequence[Measured]) -> str:
    """How much of the choice a model has embedded, and what embedding cost, a line for each device."""
    lines = [f"{there:,} of {count(texts, 'text')} embedded before"]
    for one in measured:
        peak = f", peak {mebi(one.peak_memory)}" if one.peak_memory else ""
        pace = f"{one.ms_per_text:.3g} ms a text on {one.device}, {one.precision}"
        lines.append(f"measured here: {pace}{peak}")
    return "\n".join(lines)


def takes_room(tally: Tally) -> str:
    """Room on disk and in memory."""
    cost = tally.cost
    parts = [f"disk {mebi(cost.disk)}"] if cost.disk else []
    if cost.memory:
        parts.append(f"{tally.device} {mebi(cost.memory)} or more of {mebi(tally.room)}")
    return ", ".join(parts)
