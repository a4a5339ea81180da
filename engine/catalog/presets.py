"""The axes on which the paper's way and a better way differ, and the presets that name them.

`paper` does what the authors' code did; `corrected` mends known slips of it, and nothing else, on the same
splits (`MENDED`, `NOT_MENDED`). Every axis can be set by itself. Which axes can touch a protocol's number
is told by `RELEVANT`; only those are part of a unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Literal, get_args, get_type_hints

from store.errors import UsageError, unknown
from store.models import Precision


@dataclass(frozen=True, slots=True)
class Axes:
    """One value on each axis; the defaults are the paper's."""

    labels: Literal["raw", "unique", "clean"] = "unique"
    """Repeats in a label list: kept, collapsed within a class (what the authors' `set()` did), or
    collapsed with the genes in more than one class dropped (D1, D2)."""
    provenance: Literal["keep", "strip"] = "keep"
    """"[provided by RefSeq, Jul 2008]": left in as the code did, or removed as the text says (D5)."""
    prefix: Literal["none", "card"] = "none"
    """What the model card wants before a text ("query: " for e5): left out, or put (D12)."""
    pooling: Literal["card", "mean", "cls"] = "card"
    """As the model's card and files say, or forced."""
    precision: Precision = "fp32"
    scaling: Literal["none", "l2", "standard"] = "none"
    """Vectors before the classifier: as they come, at unit length, or standardised on the training
    genes (D13)."""
    lr_solver: Literal["liblinear", "lbfgs"] = "liblinear"
    """Tuned LR: liblinear over l1 and l2 as published, or the default LR's own lbfgs over l2 (D20)."""
    finetune_tokens: int = 128
    """Longest text in tokens when fine-tuning; the paper's 128 cuts 40% of the sample's texts (D25)."""
    finetune_head: Literal["pooler", "native"] = "pooler"
    """Of full fine-tuning: head on BERT's next-sentence pooler, or on the model's own pooling (D26)."""
    finetune_schedule: Literal["linear", "plateau"] = "linear"
    """Linear decay, which is what really ran, or warm-up and then ReduceLROnPlateau (D24)."""


PRESETS: Final[Mapping[str, Axes]] = {
    "paper": Axes(),
    "corrected": Axes(
        labels="clean",
        provenance="strip",
        prefix="card",
        scaling="l2",
        lr_solver="lbfgs",
        finetune_tokens=512,
        finetune_head="native",
        finetune_schedule="plateau",
    ),
}

WORDS: Final[Mapping[str, str]] = {
    "paper": "as the authors' code did it",
    "corrected": "mends known slips on the same splits, nothing else",
}
"""What each preset does."""

MENDED: Final[Mapping[str, str]] = {
    "labels": "genes in both classes",
    "provenance": "database stamps in texts",
    "prefix": "prefixes that a model wants and did not get",
    "scaling": "vectors of unequal length under one C",
    "lr_solver": "tuned LR by another solver than the default one (l1 goes with it)",
    "finetune_tokens": "fine-tuning on texts cut at 128 tokens",
    "finetune_head": "fine-tuning a head on BERT's pooler",
    "finetune_schedule": "a learning rate that never reacted to a plateau",
}
"""What `corrected` mends, by the axis that it sets for it."""

NOT_MENDED: Final = (
    "splits not grouped by family",
    "one seed a split for forests",
    "overlapping test sets",
    "C fixed at 1 though vectors are scaled",
    "two genes behind one identifier",
)
"""What it leaves as it was."""

_DATA: Final = ("labels", "provenance")
_VECTORS: Final = (*_DATA, "prefix", "pooling", "precision", "scaling")
_FINETUNE: Final = (*_DATA, "prefix", "precision", "finetune_tokens", "finetune_schedule")
RELEVANT: Final[Mapping[str, tuple[str, ...]]] = {
    "vectors": _VECTORS,
    "tuned-lr": (*_VECTORS, "lr_solver"),
    "finetune": (*_FINETUNE, "finetune_head"),
    "frozen": (*_FINETUNE, "pooling"),
}
"""What `Protocol.axes` says -> the axes that can touch its number."""


def axes_for(preset: str, overrides: Mapping[str, Any] | None = None) -> Axes:
    """The axes of `preset` with `overrides` put on top.

    Raises:
        UsageError: no such preset, axis or value.
    """
    if preset not in PRESETS:
        raise UsageError(*unknown("preset", preset, PRESETS))
    overrides = dict(overrides or {})
    names = [item.name for item in fields(Axes)]
    hints = get_type_hints(Axes)
    for name, value in overrides.items():
        if name not in names:
            raise UsageError(*unknown("axis", name, names))
        choices = get_args(hints[name])
        if choices and value not in choices:
            raise UsageError(
                f"Axis {name} cannot be {value!r}.", f"It takes one of: {', '.join(map(str, choices))}."
            )
        if not choices:
            try:
                overrides[name] = int(value)
            except (TypeError, ValueError) as error:
                raise UsageError(f"Axis {name} takes a whole number, not {value!r}.") from error
            if not 2 <= overrides[name] <= 100_000:
                raise UsageError(f"Axis {name} takes a number from 2 to 100000, not {value!r}.")
    return replace(PRESETS[preset], **overrides)


def relevant_axes(axes: Axes, which: str) -> dict[str, Any]:
    """The axes that can touch the number of a protocol whose `axes` this is."""
    values = asdict(axes)
    return {name: values[name] for name in RELEVANT[which]}


def preset_label(axes: Axes, which: str) -> str:
    """`paper`, `corrected`, or the nearest of them with what differs: `paper scaling=l2`."""
    mine = relevant_axes(axes, which)
    labels = []
    for name, preset in PRESETS.items():
        theirs = relevant_axes(preset, which)
        differing = [f"{axis}={mine[axis]}" for axis in mine if mine[axis] != theirs[axis]]
        labels.append((len(differing), " ".join([name, *differing])))
    return min(labels, key=lambda item: item[0])[1]
