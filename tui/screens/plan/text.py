"""What the Plan screen says: the rows of its lists, their titles, the sum. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from textual.content import Content

from engine.catalog.presets import WORDS
from engine.catalog.protocols import PROTOCOLS
from engine.catalog.schemes import SCHEMES
from engine.plan.selection import ranges
from tui.quantities import big, count, mebi, roughly
from tui.screens.plan import controls
from tui.widgets.rows import Cell, Column, Row
from tui.widgets.words import Tone, say

if TYPE_CHECKING:
    from engine.catalog.protocols import Protocol
    from engine.data.tasks.sets import Sets
    from engine.data.tasks.shelf import TaskInfo
    from engine.plan.plan import Plan
    from engine.plan.selection import Selection
    from store.queries import Measured
    from store.records import Unit
    from tui.questions.catalog import Catalog, ModelCard
    from tui.questions.saved import Past

CHOICES: Final = ("models", "tasks", "protocols", "preset", "axes", "scheme", "seeds")
"""The lists, in the order tab goes through them."""

ONE_OF: Final = ("preset", "scheme")
"""Those of which one row is chosen."""

COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "models": (
        Column("model", "model", least=18),
        Column("dim", "dim", right=True),
        Column("params", "params", right=True),
        Column("pool", "pool", shed=2),
        Column("tokens", "tokens", right=True, shed=3),
        Column("kind", "kind", shed=4),
        Column("here", "here"),
    ),
    "tasks": (
        Column("task", "task", least=14),
        Column("genes", "genes", right=True),
        Column("what", "what it tells apart", least=12),
    ),
    "protocols": (
        Column("protocol", "protocol"),
        Column("what", "what it is", least=12),
        Column("table", "paper", shed=1),
    ),
    "preset": (Column("preset", "preset"), Column("what", "what it does", least=20)),
    "axes": (
        Column("axis", "axis"),
        Column("value", "value", least=8),
        Column("values", "it can be", least=8),
    ),
    "scheme": (Column("scheme", "splits"), Column("what", "how they are drawn", least=20)),
    "seeds": (Column("seed", "seed"), Column("what", "split", least=10)),
}


# ---------------------------------------------------------------------------- rows and titles


def rows(catalog: Catalog, selection: Selection) -> dict[str, list[Row]]:
    """The rows of each list; what is chosen without being in the catalog is listed too."""
    scheme = catalog.schemes[selection.scheme]
    every_seed = sorted({*scheme.seeds, *selection.seeds})
    models = {card.model.name for card in catalog.models}
    tasks = {task.name for task in catalog.tasks}
    return {
        "models": [_model_row(card) for card in catalog.models]
        + [Row(name, (name, *("-",) * 4, "own", "")) for name in selection.models if name not in models],
        "tasks": [_task_row(task) for task in catalog.tasks]
        + [Row(name, (name, "", "your own")) for name in selection.tasks if name not in tasks],
        "axes": axis_rows(catalog, selection),
        "protocols": [_protocol_row(protocol) for protocol in catalog.protocols],
        "preset": [Row(name, (name, WORDS.get(name, ""))) for name in catalog.presets],
        "scheme": [Row(one.name, (one.name, one.words)) for one in catalog.schemes.values()],
        "seeds": [Row(str(seed), (str(seed), scheme.split_name(seed))) for seed in every_seed],
    }


TEXT: Final = "text"
"""The row of the text recipe among the axes."""


def axis_rows(catalog: Catalog, selection: Selection) -> list[Row]:
    """Rows for the text recipe, each axis and the controls; what differs from the preset stands out."""
    preset = catalog.presets[selection.preset]
    text = selection.descriptions or selection.text
    set_apart: Tone = "accent" if text != "facts" else ""
    found = [Row(TEXT, (TEXT, Cell(text, set_apart), Cell(", ".join(catalog.texts), "dim")))]
    for name, values in catalog.axes.items():
        value = selection.axes.get(name, getattr(preset, name))
        tone: Tone = "accent" if name in selection.axes else ""
        found.append(Row(name, (name, Cell(str(value), tone), Cell(", ".join(map(str, values)), "dim"))))
    return [*found, controls.row(selection)]


def stepped(catalog: Catalog, selection: Selection, name: str) -> Selection:
    """`selection` with the axis, the controls or the text at the next value; the preset's own unsets it."""
    if name == controls.ROW:
        return controls.stepped(selection)
    if name == TEXT:
        return replace(selection, text=_next(catalog.texts, selection.text), descriptions="")
    preset = getattr(catalog.presets[selection.preset], name)
    value = _next(catalog.axes[name], selection.axes.get(name, preset))
    others = {axis: setting for axis, setting in selection.axes.items() if axis != name}
    return replace(selection, axes=others if value == preset else {**others, name: value})


def _next(values: Sequence[Any], value: Any) -> Any:
    return values[(values.index(value) + 1) % len(values)] if value in values else values[0]


def _model_row(card: ModelCard) -> Row:
    model = card.model
    here = Cell("yes", "good") if card.place or model.kind == "endpoint" else Cell("no", "dim")
    return Row(
        model.name,
        (
            model.name,
            str(model.dimension or "-"),
            big(model.parameters),
            model.pooling or "-",
            str(model.max_tokens or "-"),
            model.kind,
            here,
        ),
    )


def _task_row(task: TaskInfo) -> Row:
    what = Cell(task.problem, "bad") if task.problem else task.title
    return Row(task.name, (task.name, "/".join(map(str, task.counts)) or "-", what))


def _protocol_row(protocol: Protocol) -> Row:
    table = f"table {protocol.paper_table}" if protocol.paper_table else ""
    return Row(protocol.name, (protocol.name, protocol.title, Cell(table, "dim")))


def chosen_set(sets: Sets, tasks: Collection[str]) -> str:
    """The first set that has exactly these tasks; empty if there is none."""
    return next((name for name, found in sets.items() if found and set(found) == set(tasks)), "")


def next_set(sets: Sets, tasks: Collection[str]) -> tuple[str, ...]:
    """The tasks of the set after the one that has exactly these; of the first, if none has."""
    filled = [name for name in sets if sets[name]]
    here = chosen_set(sets, tasks)
    return sets[filled[(filled.index(here) + 1) % len(filled) if here else 0]]


def title(name: str, chosen: Sequence[Row], total: int, sets: Sets) -> tuple[object, ...]:
    """What stands after a list's name: how many are chosen, and which if they are few."""
    names = ", ".join(row.key for row in chosen)
    if name in ONE_OF:
        return (names,)
    if name == "axes":
        return ("space steps through values",) if not chosen else (f"{len(chosen)} set: {names}",)
    if name == "tasks" and (known := chosen_set(sets, [row.key for row in chosen])):
        names = f"set {known}: {names}"
    if name == "seeds":
        names = ", ".join(ranges(int(row.key) for row in chosen))
    return (f"{len(chosen)}/{total}", (f"  {names}" if chosen else "  none", "dim"))


# ---------------------------------------------------------------------------- the sum


@dataclass(frozen=True, slots=True)
class Cost:
    """What units to run will take; None: nothing tells."""

    seconds: float | None = None
    disk: int | None = None
    """Bytes of results and embeddings."""
    memory: int | None = None
    """Bytes of the largest model, at the least, on the device that runs it."""


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
    parts = (_unit_seconds(todo, past), _embedding_seconds(plan, past, to_embed))
    known = [part for part in parts if part is not None]
    seconds = LOADING + sum(known) if todo and len(known) == len(parts) else None
    return Cost(seconds, disk, weights or None)


def _unit_seconds(todo: Sequence[Unit], past: Past) -> float | None:
    """Of classifying on every core, and fine-tuning on one device; None if a protocol never ran here."""
    slowest: dict[str, float] = {}
    for (_, protocol), seconds in past.seconds.items():
        slowest[protocol] = max(seconds, slowest.get(protocol, 0.0))
    total = 0.0
    kinds = Counter((unit.model, unit.protocol, unit.family) for unit in todo)
    for (model, protocol, family), units in kinds.items():
        seconds_each = past.seconds.get((model, protocol), slowest.get(protocol))
        if seconds_each is None:
            return None
        total += units * seconds_each / (past.cores if family == "vectors" else 1)
    return total


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


def summary(selection: Selection, tally: Tally | None, readonly: bool, live: bool = False) -> Content:
    """What the choice comes to, and the one key that starts it.

    Args:
        selection: the choice.
        tally: what it comes to; None while it is being counted.
        readonly: whether nothing can be started here.
        live: whether a run goes on, which another one waits for.
    """
    sizes = (len(selection.models), len(selection.tasks), len(selection.protocols), len(selection.seeds))
    product = sizes[0] * sizes[1] * sizes[2] * sizes[3]
    head = say(
        ("Sum  ", "strong"),
        f"{count(sizes[0], 'model')} x {count(sizes[1], 'task')} x {count(sizes[2], 'protocol')} x "
        f"{_seeds(selection)} = {count(product, 'unit')}",
        (f"{controls.in_the_sum(selection)}\n", "dim"),
    )
    if tally is None:
        return say(head, ("Counting what is already done.", "dim"))
    plan = tally.plan
    if plan is None:
        return say(head, (tally.trouble, "warn"))
    blocked = sum(item.units for item in plan.blocked)
    failed = len(plan.failed) if not selection.retry_failed else 0
    counts = say(
        f"     {count(len(plan.done))} done   ",
        (f"{count(len(plan.todo))} to run", "strong"),
        f"   {count(failed)} failed before   " if failed else "   ",
        (f"{count(blocked)} blocked", "warn" if blocked else "dim"),
        f"   {roughly(tally.cost.seconds)}" if tally.cost.seconds and plan.todo else "",
        "\n",
    )
    cost = _cost(tally) if plan.todo else ""
    invitation = _invitation(tally, plan, readonly, live)
    if tally.questions:
        # What is blocked may be so only until the question, which has to be in sight, is answered.
        return say(head, counts, invitation, cost, "\n", *_why_blocked(plan))
    return say(head, counts, *_why_blocked(plan), invitation, cost)


def _seeds(selection: Selection) -> str:
    """`10 seeds`; `10 of 100 seeds` where the scheme has so many."""
    scheme, chosen = SCHEMES[selection.scheme], len(selection.seeds)
    if scheme.part(chosen):
        return f"{chosen} of {len(scheme.seeds)} seeds"
    return count(chosen, "seed")


def _cost(tally: Tally) -> Content:
    if tally.trouble:
        return say((f"\nWhat it takes is not known: {tally.trouble}", "warn"))
    cost = tally.cost
    parts = [f"  disk {mebi(cost.disk)}"] if cost.disk else []
    if cost.memory:
        parts.append(f"  {tally.device} {mebi(cost.memory)} or more of {mebi(tally.room)}")
    return say(("".join(parts), "dim"))


def _why_blocked(plan: Plan) -> list[object]:
    reasons = Counter[str]()
    for item in plan.blocked:
        state = ", unknown until fetched" if item.unfetched else ""
        reasons[f"{state}: {item.reason}"] += item.units
    parts: list[object] = [(f"╌ {units} units{why}\n", "warn") for why, units in reasons.most_common(2)]
    if len(reasons) > 2:
        parts.append((f"╌ and {len(reasons) - 2} more reasons: i on the model or task tells\n", "warn"))
    return parts


def _invitation(tally: Tally, plan: Plan, readonly: bool, live: bool) -> Content:
    if readonly:
        return say(("Opened with --readonly: nothing can be started here.", "dim"))
    if tally.questions:
        return say(
            (f"Press Enter to be asked about {' and '.join(tally.questions)} and then run.", "accent")
        )
    if plan.todo and live:
        return say(
            (
                f"A run goes on. Press Enter to queue what it leaves of {count(len(plan.todo), 'unit')}.",
                "accent",
            )
        )
    if plan.todo:
        return say((f"Press Enter to run {count(len(plan.todo), 'unit')}.", "accent"))
    if plan.failed:
        return say(("What is left failed before. Press 2, then R, to try it again.", "warn"))
    if plan.units:
        return say(("All of it is done. Press 3 for the ranks.", "good"))
    return say(("Nothing here can be run; the reasons are above.", "warn"))
