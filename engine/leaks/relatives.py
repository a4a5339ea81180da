"""Genes that know each other: relatives in training and test, genes in two classes, shared vectors."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.data.genes.families import Families
from engine.data.tasks.splits import in_two_classes
from engine.leaks.finding import ALIKE, RELATED, Finding, listed, percent
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
    alarming = share >= RELATED and agree - chance >= ALIKE
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


def look_for_shared_vectors(
    task: Task, table: str, vectors: NDArray[np.float32], missing: Iterable[str]
) -> Finding:
    """The genes that have one vector in a table: names of one gene, or one vector for many.

    Args:
        task: Whose genes are looked at.
        table: Name of the table.
        vectors: Shape (n, d), in the order of `task.genes`.
        missing: Genes that the table does not have.
    """
    without = set(missing)
    rows: dict[bytes, list[int]] = defaultdict(list)
    for place, (gene, vector) in enumerate(zip(task.genes, vectors, strict=True)):
        if gene not in without:
            rows[vector.tobytes()].append(place)
    shared = [places for places in rows.values() if len({task.genes[place] for place in places}) > 1]
    across = [places for places in shared if len({task.labels[place] for place in places}) > 1]
    names = ["=".join(dict.fromkeys(task.genes[place] for place in places)) for places in shared]
    numbers = {"table": table, "groups": names, "across_classes": len(across)}
    if not names:
        return Finding("vectors", f"In {table} no two genes share a vector.", "", numbers)
    stand = "stands" if len(across) == 1 else "stand"
    some = f"; {len(across)} of these groups {stand} in several classes" if across else ""
    said = f"In {table} genes share a vector, bit for bit: {listed(names)}{some}."
    advice = "They are one gene to it, met in training and tested: keep one of each, or use another table."
    return Finding("vectors", said, advice, numbers)
