"""Genes that know each other: relatives in training and test, and genes in two classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from engine.data.genes.families import Families
from engine.data.tasks.splits import in_two_classes
from engine.leaks.finding import RELATED, SAME, Finding, listed, percent
from store.records import Split, Task


def look_for_relatives(task: Task, splits: Sequence[Split], families: Families) -> Finding:
    """How many test genes have a relative in training, and whether that says something of their class.

    Raises:
        DataError: the table of families is damaged.
    """
    of, labels = list(families.of(task.genes)), task.labels
    tested = 0
    same: list[float] = []
    by_chance: list[float] = []
    for split in splits:
        rows = [*split.train, *split.evaluation]
        trained = Counter((of[row], labels[row]) for row in rows)
        sizes, classes = Counter(of[row] for row in rows), Counter(labels[row] for row in rows)
        tested += len(split.test)
        for row in split.test:
            if sizes[of[row]]:
                same.append(trained[of[row], labels[row]] / sizes[of[row]])
                by_chance.append(classes[labels[row]] / len(rows))
    share = len(same) / tested
    if not same:
        said = "No test gene has a relative in training."
        return Finding("relatives", said, "", {"share": 0.0, "families": families.name})
    agree, chance = float(np.mean(same)), float(np.mean(by_chance))
    said = (
        f"{percent(share)} of the test genes have a relative in training (by {families.name}); of these "
        f"relatives {percent(agree)} are of the same class, where chance gives {percent(chance)}."
    )
    alarming = share >= RELATED and agree - chance >= SAME
    advice = "Names of families tell the class: run it with --scheme grouped, too." if alarming else ""
    numbers = {"share": share, "same_class": agree, "by_chance": chance, "families": families.name}
    return Finding("relatives", said, advice, numbers)


def look_for_both(task: Task) -> Finding:
    """The genes that stand in more than one class."""
    genes = list(dict.fromkeys(task.genes[place] for place in in_two_classes(task)))
    if not genes:
        return Finding("both", "No gene stands in more than one class.", "", {"genes": []})
    verb = "stands" if len(genes) == 1 else "stand"
    said = f"{listed(genes)} {verb} in more than one class."
    return Finding("both", said, "Leave such genes out: --axis labels=clean.", {"genes": genes})
