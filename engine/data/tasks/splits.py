"""Splits: a pure function of a task's genes and labels, a scheme and a seed; the same for every model.

A scheme (`engine/catalog/schemes.py`) draws from the whole list, and what is not to be analysed
(`labels="clean"`: the genes in more than one class) is left out of it afterwards. Left out before, one
gene would move others from training to test: at seed 44 of bivalent-vs-no-methyl a random forest gets
.975 so, and .833 on the genes that all other rules test. A key tells such numbers apart: a task's hash
covers the rows its splits are drawn from.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from engine.catalog.schemes import find_scheme
from engine.data.genes.families import STEMS, Families, families_named
from engine.data.tasks.audit import Labels
from store.errors import DataError
from store.home import Home
from store.records import Split, Task, Unit


def make_split(
    task: Task, scheme: str, seed: int, rule: Labels = "unique", families: Families = STEMS
) -> Split:
    """The split of `task` by `scheme` and `seed`, with `clean` less the genes in more than one class.

    `families` matter to a scheme that keeps them together, and to no other.

    Raises:
        UsageError: no such scheme, or a seed that it does not have.
        DataError: a class is too small for it.
    """
    found = find_scheme(scheme)
    found.check([seed])
    labels = np.asarray(task.labels)
    try:
        drawn = found.draw(task, seed, families.of)
    except ValueError as error:
        raise DataError(f"Task {task.name} cannot be split: {error}") from error
    left_out = in_two_classes(task) if rule == "clean" else ()
    train, evaluation, test = (part[~np.isin(part, left_out)] for part in drawn)
    missing = set(range(len(task.classes))) - set(labels[test].tolist())
    if missing:
        name = task.classes[min(missing)]
        raise DataError(
            f"Task {task.name} has too few genes of class {name!r} for a test set of {len(test)}.",
            "Merge or drop its smallest classes.",
        )
    return Split(scheme, seed, tuple(train.tolist()), tuple(evaluation.tolist()), tuple(test.tolist()))


def split_of(unit: Unit, task: Task, home: Home) -> Split:
    """The split of `task` that a unit is scored on.

    Raises:
        DataError: a class is too small, or the gene families that it goes by are not those of this home.
    """
    drawn = unit.spec["split"]
    families = families_named(drawn["families"], home) if "families" in drawn else STEMS
    return make_split(task, drawn["scheme"], unit.seed, unit.spec["axes"]["labels"], families)


def in_two_classes(task: Task) -> tuple[int, ...]:
    """The places of the genes that stand in more than one class of `task`."""
    classes: dict[str, set[int]] = defaultdict(set)
    for gene, label in zip(task.genes, task.labels, strict=True):
        classes[gene].add(label)
    return tuple(place for place, gene in enumerate(task.genes) if len(classes[gene]) > 1)
