"""Splits: a pure function of a task's genes and labels, a scheme and a seed; the same for every model.

A split is drawn from the whole list, and what is not to be analysed (`labels="clean"`: the genes in more
than one class) is left out of it afterwards. Left out before, one gene would move others from training
to test: at seed 44 of bivalent-vs-no-methyl a random forest gets .975 so, and .833 on the genes that all
other rules test. A key tells such numbers apart: a task's hash covers the rows its splits are drawn from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from engine.data.tasks.audit import Labels
from store.errors import DataError, UsageError, unknown
from store.records import Split, Task

Indices = NDArray[np.int64]
Parts = tuple[Indices, Indices, Indices]


def _paper(labels: Indices, seed: int) -> Parts:
    """A stratified tenth to test on; of the rest a stratified ninth to evaluate on; as published.

    Args:
        labels: int[n], in the task's order.
        seed: The paper's are 41 to 50.

    Returns:
        Indices of the training, evaluation and test genes, in the order they were drawn, which is
        the order cross-validation inside the training set depends on.
    """
    everything = np.arange(len(labels))
    rest, test = train_test_split(everything, test_size=0.1, stratify=labels, random_state=seed)
    train, evaluation = train_test_split(
        rest, test_size=0.1 / 0.9, stratify=labels[rest], random_state=seed
    )
    return train, evaluation, test


SCHEMES: Final[Mapping[str, Callable[[Indices, int], Parts]]] = {"paper": _paper}
"""Name -> function of labels (int[n], in the task's order) and seed."""


def make_split(task: Task, scheme: str, seed: int, rule: Labels = "unique") -> Split:
    """The split of `task` by `scheme` and `seed`, with `clean` less the genes in more than one class.

    Raises:
        UsageError: no such scheme, or a seed that is not a whole number from 0 to 2**32 - 1.
        DataError: a class is too small for it.
    """
    if scheme not in SCHEMES:
        raise UsageError(*unknown("split scheme", scheme, SCHEMES))
    if not 0 <= seed < 2**32:
        raise UsageError(f"Seed {seed} is out of range.", "Seeds go from 0 to 4294967295.")
    labels = np.asarray(task.labels)
    try:
        drawn = SCHEMES[scheme](labels, seed)
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


def in_two_classes(task: Task) -> tuple[int, ...]:
    """The places of the genes that stand in more than one class of `task`."""
    classes: dict[str, set[int]] = defaultdict(set)
    for gene, label in zip(task.genes, task.labels, strict=True):
        classes[gene].add(label)
    return tuple(place for place, gene in enumerate(task.genes) if len(classes[gene]) > 1)
