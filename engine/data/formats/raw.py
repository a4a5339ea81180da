"""What every importer hands over: identifiers with class names, before anything is resolved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, compress
from pathlib import Path
from typing import Final

from engine.files.outside import check_characters
from store.errors import DataError, UsageError

MOST_CLASSES: Final = 50
"""More than this, and the label column is probably something else."""
MOST_NUMBERS: Final = 20
"""More distinct numbers than this are a quantity, not classes."""

_NEGATIVE: Final = frozenset(
    {"0", "0.0", "no", "n", "false", "f", "negative", "neg", "none", "control", "-", "-1"}
)


@dataclass(frozen=True, slots=True)
class RawTask:
    """One label file, read but not resolved: its entries, column by column."""

    path: Path
    classes: tuple[str, ...]
    """In label order; with two classes the last is the positive one."""
    identifiers: Sequence[str]
    labels: Sequence[str]
    """The class of each."""
    texts: Sequence[str] = ()
    """The file's own text for each, if it has any."""
    notes: tuple[str, ...] = ()
    """What was left out on reading."""


def raw_task(
    path: Path,
    identifiers: Sequence[str],
    labels: Sequence[str],
    texts: Sequence[str] = (),
    classes: Sequence[str] = (),
) -> RawTask:
    """A task of these entries; those without a label are left out and told.

    Args:
        path: Where they come from.
        identifiers: In file order.
        labels: Of each.
        texts: Of each, or none.
        classes: In label order, if the format has one; otherwise `order_classes` decides.

    Raises:
        DataError: an entry without identifier, no labels, labels that are not classes, or no characters.
    """
    check_characters(path, chain(identifiers, labels, texts))
    found = dict.fromkeys(labels)
    notes: tuple[str, ...] = ()
    if "" in found:
        del found[""]
        notes = (f"{list(labels).count('')} rows without a label were left out.",)
        identifiers, texts = list(compress(identifiers, labels)), list(compress(texts, labels))
        labels = list(filter(None, labels))
    if "" in identifiers:
        raise DataError(
            f"{path} has a label without a gene in entry {list(identifiers).index('') + 1}.",
            "Name a gene in every row.",
        )
    _check_labels(path, tuple(found))
    return RawTask(path, tuple(classes) or order_classes(found), identifiers, labels, texts, notes)


def _check_labels(path: Path, labels: tuple[str, ...]) -> None:
    if not labels:
        raise DataError(f"{path} has no labels.", "Give every gene a class in a column 'label'.")
    numbers = [_number(label) for label in labels]
    quantity = None not in numbers and (
        len(labels) > MOST_NUMBERS or any(number % 1 for number in numbers if number is not None)
    )
    if quantity:
        raise DataError(
            f"The labels of {path} are a quantity ({', '.join(labels[:3])}, ...).",
            "Only classes can be learned here; cut the quantity into two or more classes first.",
        )
    if len(labels) > MOST_CLASSES:
        raise DataError(
            f"{path} has {len(labels)} different labels; at most {MOST_CLASSES} classes are read.",
            "Name the column of genes 'gene' and the column of classes 'label'.",
        )


def _number(label: str) -> float | None:
    return float(label) if re.fullmatch(r"[+-]?\d{1,18}(\.\d{1,18})?", label) else None


def order_classes(labels: Iterable[str]) -> tuple[str, ...]:
    """The classes in label order, whatever the order of the rows.

    Numbers by value, other names by alphabet; of two classes, one that says "no" (`0`, `false`,
    `negative`, `control`, ...) comes first, so that the other is the positive one.
    """
    names = sorted(
        labels, key=lambda name: (_number(name) is None, _number(name) or 0.0, name.casefold(), name)
    )
    if len(names) == 2:
        names.sort(key=lambda name: name.casefold() not in _NEGATIVE)
    return tuple(names)


def with_positive(task: RawTask, positive: str) -> RawTask:
    """`task` with its class `positive` last, where the positive one of two classes stands.

    Raises:
        UsageError: there are not two classes, or none of that name.
    """
    if len(task.classes) != 2:
        raise UsageError(
            f"{task.path.name} has {len(task.classes)} classes, so none is the positive one.",
            "With more than two, each is scored against the rest; leave it out.",
        )
    if positive not in task.classes:
        raise UsageError(
            f"Class {positive!r} cannot be the positive one.",
            f"The classes of {task.path.name} are: {', '.join(task.classes)}.",
        )
    other = next(name for name in task.classes if name != positive)
    return replace(task, classes=(other, positive))
