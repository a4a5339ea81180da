"""What the Plan screen says about the row under the cursor, in a few lines and in full. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from textual.content import Content

from engine.catalog.presets import MENDED, NOT_MENDED, WORDS
from engine.plan.selection import ranges
from tui.quantities import big
from tui.screens.overlays.dialogs import Notice
from tui.screens.plan import controls, settings
from tui.widgets.words import say

if TYPE_CHECKING:
    from engine.catalog.presets import Axes
    from engine.catalog.protocols import Protocol
    from engine.catalog.schemes import Scheme
    from engine.data.tasks.shelf import TaskInfo
    from engine.plan.selection import Selection
    from store.records import Model, Task
    from tui.questions.catalog import Catalog, ModelCard


@dataclass(frozen=True, slots=True)
class Audited:
    """A task as the choice would use it."""

    task: Task
    shares: Mapping[str, float]
    """Other chosen task -> the part of this one's genes that it has too."""


AXIS_WORDS: Final[Mapping[str, str]] = {
    "text": "How a gene's facts become the text that is embedded; :descriptions FILE brings your own.",
    "labels": "Repeats in a label list: kept, collapsed in a class, or collapsed and conflicts dropped.",
    "provenance": 'Whether "[provided by RefSeq, ...]" and dates stay in summaries.',
    "prefix": "What the model card wants before a text: left out, or put.",
    "pooling": "As the model's card and files say, or forced.",
    "precision": "Of the encoder.",
    "scaling": "Vectors before the classifier: as they come, at unit length, or standardised.",
    "lr_solver": "Tuned LR: liblinear over l1 and l2 as published, or lbfgs over l2.",
    "finetune_tokens": "Longest text in tokens when fine-tuning; :axis finetune_tokens=N sets any other.",
    "finetune_head": "Full fine-tuning reads BERT's next-sentence pooler, or the model's own pooling.",
    "finetune_schedule": "Linear decay, or warm-up and then a step down on a plateau.",
}


def where(list_name: str, key: str, selection: Selection) -> tuple[str, str]:
    """Of what a row of a list says something, and its name."""
    if list_name != "settings":
        return list_name, key
    return {
        settings.PRESET: ("preset", selection.preset),
        settings.SPLITS: ("scheme", selection.scheme),
        settings.SEEDS: ("seeds", settings.dashed(selection.seeds)),
    }.get(key, ("axes", key))


def card(kind: str, key: str, catalog: Catalog, read: Audited | str | None) -> Content:
    """The same beside the lists: of a model its card, of the others all there is."""
    found = next((card for card in catalog.models if card.model.name == key), None)
    if kind != "models" or found is None:
        return in_full(kind, key, catalog, read)
    model = found.model
    there = found.place or model.kind == "endpoint"
    cached = read if isinstance(read, str) else ""
    parts: list[object] = [
        (model.name, "strong"),
        "  ",
        (("✓ " if there else "✗ ") + _where(found), "good" if there else "warn"),
        f"\n{cached}" if cached else "",
        "\n\n",
    ]
    for name, value in _card_facts(model, found.place).items():
        if name not in ELSEWHERE:
            parts += [(f"{name:<13} ", "soft"), f"{value}\n"]
    if version := (model.version or model.revision)[:12]:
        parts += [(f"{'version':<13} ", "soft"), f"{version}\n"]
    if not there:
        size = f"   {4 * model.parameters / 2**20:,.0f} MiB" if model.parameters else ""
        what = f"genearena fetch model {model.name}"
        parts += [("\nto get it\n", "soft"), ("F", "accent"), f"  {what}", (size, "soft"), "\n"]
        parts += [("I", "accent"), "  import a folder that holds it\n"]
    for line in (_printed(model), model.note):
        if line:
            parts.append((f"\n{line}", "soft"))
    return say(*parts)


ELSEWHERE: Final = ("version", "revision", "pinned to", "in the paper", "figures", "on this machine")
"""Facts of a model that its card has in other words, or leaves to the details."""


def glance(list_name: str, key: str, catalog: Catalog, read: Audited | str | None) -> Content:
    """The row under the cursor in a few lines."""
    if list_name == "models":
        card = next((card for card in catalog.models if card.model.name == key), None)
        return _model_glance(card, read if isinstance(read, str) else "") if card else say("")
    if list_name == "tasks":
        info = next((task for task in catalog.tasks if task.name == key), None)
        return _task_glance(info, read) if info else say("")
    if list_name == "protocols":
        protocol = next((item for item in catalog.protocols if item.name == key), None)
        return _protocol_glance(protocol) if protocol else say("")
    if list_name == "preset" and key in catalog.presets:
        return _preset_glance(key, catalog.presets[key])
    if list_name == "axes" and key == controls.ROW:
        return say(("Controls", "strong"), "\n", read if isinstance(read, str) else "")
    if list_name == "axes":
        return say(("Axis ", "strong"), (key, "accent"), "\n", AXIS_WORDS.get(key, ""))
    if list_name == "scheme" and key in catalog.schemes:
        return _scheme_glance(catalog.schemes[key])
    if list_name == "seeds":
        return say(
            ("Seeds ", "strong"),
            (key, "accent"),
            ("   space chooses fewer, :seeds 41-60 others", "dim"),
            "\nOne seed is one split of each task, the same genes for every model. "
            "LR and RF train on 90% and are tested on the other 10%.",
        )
    return say("")


def _model_glance(card: ModelCard, cached: str) -> Content:
    model, prefix = card.model, card.model.prefix.strip()
    there = card.place or model.kind == "endpoint"
    parts: list[object] = [
        ("Model ", "strong"),
        (model.name, "accent"),
        f"\n{model.dimension or '?'} dim, {big(model.parameters)} params, "
        f"{model.pooling or 'own'} pooling, {model.max_tokens or '?'} tokens, ",
        f"prefix {prefix!r}\n" if prefix else "no prefix\n",
        (_where(card), "good" if there else "warn"),
        f"; {cached}" if cached else "",
        f"\n{model.source} {(model.version or model.revision)[:12]}  {model.licence}",
    ]
    if printed := _printed(model):
        parts += ["\n", (printed, "dim")]
    if model.note:
        parts += ["\n", (model.note, "dim")]
    return say(*parts)


def _printed(model: Model) -> str:
    """What the paper's Table 2 says of a model, and what its own card does."""
    shown = {
        "parameters_million": "{:g}M params",
        "memory_gb": "{:g} GB",
        "mteb_classification": "MTEB {:g}",
    }
    paper = [form.format(model.printed[name]) for name, form in shown.items() if name in model.printed]
    card = model.printed.get("card_mteb_classification")
    parts = [f"paper: {', '.join(paper)}" if paper else "", f"card: MTEB {card:g}" if card else ""]
    return "; ".join(filter(None, parts))


def _where(card: ModelCard) -> str:
    if card.model.kind == "endpoint":
        return "answers over the network"
    if card.place:
        return "on this machine"
    fetched = card.model.kind == "huggingface" or card.model.source.startswith("zenodo:")
    return "not on this machine" + (": F downloads it" if fetched else "")


def _task_glance(info: TaskInfo, read: Audited | str | None) -> Content:
    head = say(("Task ", "strong"), (info.name, "accent"), f"  {info.title}\n")
    if read is None:
        return say(head, ("Reading its labels.", "dim"))
    if isinstance(read, str):
        return say(head, (read, "warn"))
    return say(head, _audit_table(read.task), _exceptions(read.task, 3), *_shares(read))


def _shares(audit: Audited) -> list[object]:
    """How many of the task's genes other chosen tasks have too: what they learn is not independent."""
    shared = [(share, name) for name, share in audit.shares.items() if share > 0]
    if not shared:
        return []
    said = ", ".join(f"{share:.0%} in {name}" for share, name in sorted(shared, reverse=True)[:4])
    return [("genes in common: ", "dim"), said]


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
    return say(*parts) if parts else say(("No gene was left out or stands twice.\n", "dim"))


def _protocol_glance(protocol: Protocol) -> Content:
    params = ", ".join(f"{name}={_brief(value)}" for name, value in protocol.params.items())
    return say(("Protocol ", "strong"), (protocol.name, "accent"), f"  {protocol.title}\n{params}")


def _brief(value: object) -> str:
    return "|".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _preset_glance(name: str, axes: Axes) -> Content:
    parts: list[object] = [("Preset ", "strong"), (name, "accent"), f"  {WORDS.get(name, '')}\n"]
    if name == "corrected":
        parts += [f"Not mended: {'; '.join(NOT_MENDED)}.\n", f"Mended: {'; '.join(MENDED.values())}.\n"]
    for axis in fields(axes):
        value = getattr(axes, axis.name)
        parts.append((f"{axis.name}={value} ", "accent" if value != axis.default else "dim"))
    return say(*parts)


def _scheme_glance(scheme: Scheme) -> Content:
    seeds = ", ".join(ranges(scheme.seeds))
    more = "and no others" if scheme.closed else "and any others"
    return say(
        ("Splits ", "strong"),
        (scheme.name, "accent"),
        f"  {scheme.words}\nseeds {seeds}, {more}. ",
        "Its numbers rank apart from those of other schemes.",
    )


def in_full(list_name: str, key: str, catalog: Catalog, read: Audited | str | None) -> Content:
    """All about the row under the cursor, where there is room for it."""
    start = glance(list_name, key, catalog, read)
    if list_name == "tasks" and isinstance(read, Audited):
        genes = "\n".join(
            f"{gene.symbol or gene.identifier} ({gene.identifier}), {gene.label}: {gene.reason}"
            f"{'' if gene.used else ', left out'}"
            for gene in read.task.audit.genes
        )
        return say(start, f"\n\n{read.task.source}\n\n{genes}")
    card = next((card for card in catalog.models if card.model.name == key), None)
    return say(start, "\n\n", _card(card.model, card.place)) if list_name == "models" and card else start


def details(list_name: str, key: str, catalog: Catalog, read: Audited | str | None) -> Notice:
    """The same as an overlay."""
    return Notice(key, "", body=in_full(list_name, key, catalog, read))


def _card(model: Model, place: str) -> str:
    return "\n".join(f"{name:<16} {value}" for name, value in _card_facts(model, place).items())


def _card_facts(model: Model, place: str) -> dict[str, str]:
    printed = ", ".join(f"{name} {value}" for name, value in model.printed.items())
    facts = {
        "kind": model.kind,
        "source": model.source,
        "version": model.version,
        "revision": model.revision,
        "pinned to": model.digest,
        "dimensions": model.dimension,
        "parameters": f"{model.parameters:,}" if model.parameters else None,
        "weights": f"{4 * model.parameters / 2**20:,.0f} MiB in fp32" if model.parameters else None,
        "pooling": model.pooling or "as the model's files say",
        "unit length": {True: "yes", False: "no", None: "as the model's files say"}[model.normalize],
        "prefix": repr(model.prefix) if model.prefix else "none",
        "longest text": f"{model.max_tokens} tokens" if model.max_tokens else None,
        "licence": model.licence,
        "in the paper": model.paper_name,
        "figures": printed,
        "on this machine": place or "no",
    }
    return {name: str(value) for name, value in facts.items() if value}
