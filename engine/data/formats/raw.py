"""What every importer hands over: identifiers with class names, before anything is resolved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, compress
from pathlib import Path
from typing import Final

from engine.data.formats.classes import (
    folded,
    number,
    one_spelling,
    order_classes,
    why_positive,
)
from engine.files.outside import check_characters
from store.errors import DataError, UsageError

MOST_CLASSES: Final = 50
"""More than this, and the label column is probably something else."""
MOST_NUMBERS: Final = 20
"""More distinct numbers than this are a quantity, not classes."""


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
    why: str = ""
    """Why the last of two classes is the positive one."""


def raw_task(
    path: Path,
    identifiers: Sequence[str],
    labels: Sequence[str],
    texts: Sequence[str] = (),
    classes: Sequence[str] = (),
    lines: Sequence[int] = (),
    unit: str = "line",
) -> RawTask:
    """A task of these entries; those without a gene or a label are left out and reported.

    Args:
        path: Where they come from.
        identifiers: In file order; empty where there is none.
        labels: Of each; empty where there is none.
        texts: Of each, or none.
        classes: In label order, if the format has one; otherwise `order_classes` decides.
        lines: Of each, in the file; by default they are counted.
        unit: What `lines` counts.

    Raises:
        DataError: no labels, labels that are not classes, no characters, or no gene at all.
    """
    check_characters(path, chain(identifiers, labels, texts))
    notes: list[str] = []
    if "" in set(labels):
        count = list(labels).count("")
        notes.append(f"{_rows(count)} without a label {_were(count)} left out.")
    kept = [bool(label and identifier) for label, identifier in zip(labels, identifiers, strict=True)]
    if not all(kept):
        rows = zip(lines or range(1, len(kept) + 1), identifiers, labels, strict=True)
        nameless = [line for line, identifier, label in rows if label and not identifier]
        if nameless:
            shown = ", ".join(map(str, nameless[:10])) + (", ..." if len(nameless) > 10 else "")
            where = f"{_many(unit if lines else 'entry', len(nameless))} {shown}"
            notes.append(f"{_rows(len(nameless))} without a gene {_were(len(nameless))} left out: {where}.")
        if any(labels) and not any(kept):
            raise DataError(f"{path} names no gene beside a label.", "Name a gene in every row.")
        identifiers, texts = list(compress(identifiers, kept)), list(compress(texts, kept))
        labels = list(compress(labels, kept))
    spelt, said = one_spelling(labels)
    if said:
        labels = list(map(spelt.__getitem__, labels))
    found = Counter(labels)
    _check_labels(path, tuple(found))
    if len(found) == 1 and not all(kept):
        raise DataError(
            f"{path} has one class alone, {labels[0]!r}; {_rows(len(kept) - len(labels))} without "
            f"a gene or a label {_were(len(kept) - len(labels))} left out.",
            "An empty label is not a class: write one there.",
        )
    ordered = tuple(dict.fromkeys(spelt.get(name, name) for name in classes)) or order_classes(found, found)
    why = "" if classes or len(ordered) != 2 else why_positive(ordered, found)
    return RawTask(path, ordered, identifiers, labels, texts, (*notes, *said), why)


def _many(unit: str, count: int) -> str:
    return unit if count == 1 else {"entry": "entries"}.get(unit, f"{unit}s")


def _rows(count: int) -> str:
    return f"{count} {'row' if count == 1 else 'rows'}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _check_labels(path: Path, labels: tuple[str, ...]) -> None:
    if not labels:
        raise DataError(f"{path} has no labels.", "Give every gene a class in a column 'label'.")
    numbers = [number(label) for label in labels]
    quantity = None not in numbers and (
        len(labels) > MOST_NUMBERS or any(value % 1 for value in numbers if value is not None)
    )
    if quantity:
        raise DataError(
            f"The labels of {path} are a quantity ({', '.join(labels[:3])}, ...).",
            "Make classes of it: --label-from COLUMN with --threshold '<0.05' or --quantiles 0.25.",
        )
    if len(labels) > MOST_CLASSES:
        raise DataError(
            f"{path} has {len(labels)} different labels; at most {MOST_CLASSES} classes are read.",
            "Name the column of genes 'gene' and the column of classes 'label'.",
        )


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
    same = [name for name in task.classes if folded(name) == folded(positive)]
    if not same:
        raise UsageError(
            f"Class {positive!r} cannot be the positive one.",
            f"The classes of {task.path.name} are: {', '.join(task.classes)}.",
        )
    other = next(name for name in task.classes if name != same[0])
    return replace(task, classes=(other, same[0]), why="it was chosen")
