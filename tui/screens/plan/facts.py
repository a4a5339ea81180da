"""What the Plan screen reads of tasks and the paper: true counts, shared genes, a text, printed means."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from store.records import Task

MANY: Final = 20_000
"""Rows of a task that is read only where it is chosen."""


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """A task as the choice would use it, in short."""

    counts: tuple[int, ...]
    """Genes of each class that are used."""
    genes: frozenset[str]
    gene: str = ""
    """One whose text is as long as most."""
    text: str = ""
    """That text."""
    usual: int = 0
    """Characters of the median text."""
    longest: int = 0


def facts_of(task: Task) -> TaskFacts:
    """What is shown of a task without its cursor on it."""
    found = Counter(task.labels)
    sizes = sorted((len(text), place) for place, text in enumerate(task.texts))
    if not sizes:
        return TaskFacts((0,) * len(task.classes), frozenset(task.genes))
    place = sizes[len(sizes) // 2][1]
    return TaskFacts(
        tuple(found[label] for label in range(len(task.classes))),
        frozenset(task.genes),
        task.genes[place],
        task.texts[place],
        round(median(size for size, _ in sizes)),
        sizes[-1][0],
    )


@dataclass(frozen=True, slots=True)
class Printed:
    """What the paper printed for one protocol."""

    protocol: str
    means: tuple[tuple[str, float], ...]
    """(model as the paper names it, mean AUC of its tasks), the best first."""


def printed_means(protocols: Sequence[str]) -> Printed | None:
    """The paper's means of the first of these protocols that it has a table of; None: of none."""
    from store.reference import reference_scores

    found: Mapping[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for score in reference_scores():
        if score.source == "paper" and score.task != "mean":
            found[score.protocol][score.model].append(score.auc)
    for protocol in (*protocols, "lr"):
        if protocol in found:
            means = [(model, fmean(aucs)) for model, aucs in found[protocol].items()]
            return Printed(protocol, tuple(sorted(means, key=lambda one: -one[1])))
    return None


def shared(genes: Mapping[str, frozenset[str]]) -> list[tuple[str, list[int]]]:
    """Each task but the first with how many genes it has in common with each one before it."""
    names = list(genes)
    return [
        (name, [len(genes[name] & genes[other]) for other in names[:place]])
        for place, name in enumerate(names)
        if place
    ]
