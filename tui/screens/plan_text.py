"""What the Plan screen says: rows of its lists, titles, the sum, the glance. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from textual.content import Content

from tui.screens.dialogs import Notice
from tui.widgets.rows import Cell, Column, Row
from tui.widgets.words import big, count, roughly, say

if TYPE_CHECKING:
    from engine.catalog.presets import Axes
    from engine.catalog.protocols import Protocol
    from engine.data.tasks import TaskInfo
    from engine.plan import Plan, Selection
    from store.records import Model, Task
    from tui.arena import Catalog, ModelCard

CHOICES: Final = ("models", "tasks", "protocols", "preset", "seeds")
"""The lists, in the order tab goes through them."""

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
    "seeds": (Column("seed", "seed"), Column("what", "split", least=10)),
}

_PRESET_WORDS: Final[Mapping[str, str]] = {
    "paper": "as the authors' code did it",
    "corrected": "as it should have been done",
}


# ---------------------------------------------------------------------------- rows and titles


def rows(catalog: Catalog, seeds: Sequence[int]) -> dict[str, list[Row]]:
    """The rows of each list; `seeds` are the chosen ones, listed beside the paper's."""
    every_seed = sorted({*catalog.seeds, *seeds})
    return {
        "models": [_model_row(card) for card in catalog.models],
        "tasks": [_task_row(task) for task in catalog.tasks],
        "protocols": [_protocol_row(protocol) for protocol in catalog.protocols],
        "preset": [Row(name, (name, _PRESET_WORDS.get(name, ""))) for name in catalog.presets],
        "seeds": [
            Row(str(seed), (str(seed), "the paper's" if seed in catalog.seeds else "your own"))
            for seed in every_seed
        ],
    }


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
    return Row(task.name, (task.name, "/".join(map(str, task.counts)), task.title))


def _protocol_row(protocol: Protocol) -> Row:
    table = f"table {protocol.paper_table}" if protocol.paper_table else ""
    return Row(protocol.name, (protocol.name, protocol.title, Cell(table, "dim")))


def title(name: str, chosen: Sequence[Row], total: int) -> tuple[object, ...]:
    """What stands after a list's name: how many are chosen, and which if they are few."""
    names = ", ".join(row.key for row in chosen)
    if name == "preset":
        return (names,)
    if name == "seeds":
        names = _ranges([int(row.key) for row in chosen])
    return (f"{len(chosen)}/{total}", (f"  {names}" if chosen else "  none", "dim"))


def _ranges(numbers: Sequence[int]) -> str:
    """`41-50` or `41, 43-45`."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(str(p[0]) if len(p) == 1 else f"{p[0]}-{p[-1]}" for p in parts)


# ---------------------------------------------------------------------------- the sum


@dataclass(frozen=True, slots=True)
class Tally:
    """What a selection comes to."""

    selection: Selection
    plan: Plan | None
    trouble: str = ""
    """Why it comes to nothing, if `plan` is None."""
    seconds: float | None = None
    """Estimated time of what is to run, from past units of this store."""


def estimate(plan: Plan, pace: Mapping[tuple[str, str], float]) -> float | None:
    """Seconds of work in what is to run, from past units; None if one of its kinds never ran.

    A model that never ran is judged by the slowest that did, with the same protocol.
    """
    slowest: dict[str, float] = {}
    for (_, protocol), seconds in pace.items():
        slowest[protocol] = max(seconds, slowest.get(protocol, 0.0))
    total = 0.0
    for (model, protocol), units in Counter((u.model, u.protocol) for u in plan.todo).items():
        seconds_each = pace.get((model, protocol), slowest.get(protocol))
        if seconds_each is None:
            return None
        total += units * seconds_each
    return total


def summary(selection: Selection, tally: Tally | None, readonly: bool) -> Content:
    """What the choice comes to, and the one key that starts it; `tally` None: still counting."""
    sizes = (len(selection.models), len(selection.tasks), len(selection.protocols), len(selection.seeds))
    product = sizes[0] * sizes[1] * sizes[2] * sizes[3]
    head = say(
        ("SUM  ", "strong"),
        f"{count(sizes[0], 'model')} x {count(sizes[1], 'task')} x {count(sizes[2], 'protocol')} x "
        f"{count(sizes[3], 'seed')} = {count(product, 'unit')}\n",
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
        f"   {roughly(tally.seconds)}" if tally.seconds and plan.todo else "",
        "\n",
    )
    return say(head, counts, *_why_blocked(plan), _invitation(plan, readonly))


def _why_blocked(plan: Plan) -> list[object]:
    reasons = Counter[str]()
    for item in plan.blocked:
        reasons[item.reason] += item.units
    parts: list[object] = [(f"! {units} units: {why}\n", "warn") for why, units in reasons.most_common(2)]
    if len(reasons) > 2:
        parts.append((f"! and {len(reasons) - 2} more reasons: i on the model or task tells\n", "warn"))
    return parts


def _invitation(plan: Plan, readonly: bool) -> Content:
    if readonly:
        return say(("Opened with --readonly: nothing can be started here.", "dim"))
    if plan.todo:
        return say((f"Press Enter to run {count(len(plan.todo), 'unit')}.", "accent"))
    if plan.failed:
        return say(("What is left failed before. Press 2, then R, to try it again.", "warn"))
    if plan.units:
        return say(("All of it is done. Press 3 for the ranks.", "good"))
    return say(("Nothing here can be run; the reasons are above.", "warn"))


# ---------------------------------------------------------------------------- the glance


def glance(list_name: str, key: str, catalog: Catalog, audit: Task | str | None) -> Content:
    """The row under the cursor in a few lines."""
    if list_name == "models":
        card = next((card for card in catalog.models if card.model.name == key), None)
        return _model_glance(card) if card else say("")
    if list_name == "tasks":
        info = next((task for task in catalog.tasks if task.name == key), None)
        return _task_glance(info, audit) if info else say("")
    if list_name == "protocols":
        protocol = next((item for item in catalog.protocols if item.name == key), None)
        return _protocol_glance(protocol) if protocol else say("")
    if list_name == "preset" and key in catalog.presets:
        return _preset_glance(key, catalog.presets[key])
    if list_name == "seeds":
        return say(
            ("SEED ", "strong"),
            (key, "accent"),
            "\nOne seed is one split of each task, the same genes for every model. "
            "LR and RF train on 90% and are tested on the other 10%.",
        )
    return say("")


def _model_glance(card: ModelCard) -> Content:
    model = card.model
    where = card.place or (
        "answers over the network" if model.kind == "endpoint" else "not on this machine"
    )
    parts: list[object] = [
        ("MODEL ", "strong"),
        (model.name, "accent"),
        f"\n{model.dimension or '?'} dim, {big(model.parameters)} params, "
        f"{model.pooling or 'own'} pooling, {model.max_tokens or '?'} tokens, "
        f"prefix {model.prefix.strip() or 'none'!r}",
        f"\n{model.source} {model.revision[:12]}  {model.licence}",
        "\n",
        (where, "good" if card.place else "warn"),
    ]
    if model.note:
        parts += ["\n", (model.note, "dim")]
    return say(*parts)


def _task_glance(info: TaskInfo, audit: Task | str | None) -> Content:
    head = say(("TASK ", "strong"), (info.name, "accent"), f"  {info.title}\n")
    if audit is None:
        return say(head, ("Reading its labels.", "dim"))
    if isinstance(audit, str):
        return say(head, (audit, "warn"))
    return say(head, _audit_table(audit), _exceptions(audit, 3))


def _audit_table(task: Task) -> Content:
    wide = max(len("label audit"), *(min(len(item.label), 24) for item in task.audit.classes))
    lines: list[object] = [
        (f"{'label audit':<{wide}} listed unique mapped text used\n", "dim"),
    ]
    for item in task.audit.classes:
        lines.append(
            f"{item.label[:24]:<{wide}} {item.raw:>6} {item.unique:>6} {item.mapped:>6} "
            f"{item.with_text:>4} {item.used:>4}\n"
        )
    return say(*lines)


def _exceptions(task: Task, limit: int) -> Content:
    parts: list[object] = []
    for reason, number in Counter(gene.reason for gene in task.audit.genes).most_common():
        genes = [gene.symbol or gene.identifier for gene in task.audit.genes if gene.reason == reason]
        more = f" and {len(genes) - limit} more" if len(genes) > limit else ""
        parts += [(f"{number} {reason}: ", "warn"), ", ".join(genes[:limit]) + more + "\n"]
    return say(*parts) if parts else say(("No gene was left out or stands twice.", "dim"))


def _protocol_glance(protocol: Protocol) -> Content:
    params = ", ".join(f"{name}={_brief(value)}" for name, value in protocol.params.items())
    return say(("PROTOCOL ", "strong"), (protocol.name, "accent"), f"  {protocol.title}\n{params}")


def _brief(value: object) -> str:
    return "|".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _preset_glance(name: str, axes: Axes) -> Content:
    parts: list[object] = [("PRESET ", "strong"), (name, "accent"), f"  {_PRESET_WORDS.get(name, '')}\n"]
    for axis in fields(axes):
        value = getattr(axes, axis.name)
        parts.append((f"{axis.name}={value} ", "accent" if value != axis.default else "dim"))
    return say(*parts)


def details(list_name: str, key: str, catalog: Catalog, audit: Task | str | None) -> Notice:
    """All about the row under the cursor, as an overlay."""
    if list_name == "tasks" and audit is not None and not isinstance(audit, str):
        genes = "\n".join(
            f"{gene.symbol or gene.identifier} ({gene.identifier}), {gene.label}: {gene.reason}"
            f"{'' if gene.used else ', left out'}"
            for gene in audit.audit.genes
        )
        return Notice(key, f"{audit.title}. {audit.source}", body=f"{_audit_table(audit).plain}\n{genes}")
    if list_name == "models":
        card = next(card for card in catalog.models if card.model.name == key)
        return Notice(key, card.model.note or "", body=_card(card.model, card.place))
    return Notice(key, "", body=glance(list_name, key, catalog, audit).plain)


def _card(model: Model, place: str) -> str:
    printed = ", ".join(f"{name} {value}" for name, value in model.printed.items())
    facts = {
        "kind": model.kind,
        "source": model.source,
        "revision": model.revision,
        "dimensions": model.dimension,
        "parameters": f"{model.parameters:,}" if model.parameters else None,
        "pooling": model.pooling or "as the model's files say",
        "unit length": {True: "yes", False: "no", None: "as the model's files say"}[model.normalize],
        "prefix": repr(model.prefix) if model.prefix else "none",
        "longest text": f"{model.max_tokens} tokens" if model.max_tokens else None,
        "licence": model.licence,
        "in the paper": model.paper_name,
        "the paper prints": printed,
        "on this machine": place or "no",
    }
    return "\n".join(f"{name:<16} {value}" for name, value in facts.items() if value)
