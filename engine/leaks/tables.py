"""What a table of vectors gives away: vectors that genes share, and a number that is the label."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from engine.embedding.embed import look_up
from engine.leaks.alone import part_of, sample
from engine.leaks.finding import Finding, auc, listed
from store.errors import GeneArenaError
from store.home import Home
from store.records import Model, Task

LABEL: Final = 0.95
"""AUC that one number of a vector must reach: in the bundled models and tasks the best reaches .86."""
_CHANCE: Final = 0.001
"""That the best number of any class of a table is so good by luck, at most."""


def look_at_table(task: Task, table: Model, home: Home) -> list[Finding]:
    """What the vectors of `table` give away."""
    try:
        vectors, missing = look_up(table, task.genes, home)
    except GeneArenaError as error:
        return [Finding("vectors", f"{table.name} could not be looked at: {error.message}")]
    shared = look_for_shared_vectors(task, table.name, vectors, missing)
    places = [place for place in sample(task) if task.genes[place] not in set(missing)]
    return [shared, look_for_label(part_of(task, places), table.name, vectors[places])]


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


def look_for_label(task: Task, table: str, vectors: NDArray[np.float32]) -> Finding:
    """Whether one number of the vectors tells a class from the others by itself.

    Args:
        task: Whose genes are looked at.
        table: Name of the table.
        vectors: Shape (n, d), in the order of `task.genes`, all of them known.
    """
    labels = np.asarray(task.labels)
    ranks = rankdata(vectors, axis=0)
    best, place, telling, chance = 0.5, 0, "", 1.0
    for label, name in enumerate(task.classes):
        inside = labels == label
        of, rest = int(inside.sum()), int((~inside).sum())
        if not of or not rest:
            continue
        aucs = (ranks[inside].sum(axis=0) - of * (of + 1) / 2) / (of * rest)
        aucs = np.maximum(aucs, 1 - aucs)
        if aucs.max() >= best:
            best, place, telling = float(aucs.max()), int(aucs.argmax()), name
            tail = norm.sf((best - 0.5) / np.sqrt((of + rest + 1) / (12 * of * rest)))
            chance = 2 * float(tail) * ranks.shape[1] * len(task.classes)
    numbers = {"table": table, "number": place + 1, "auc": best, "class": telling}
    if best < LABEL or chance > _CHANCE:
        said = f"In {table} no number of a vector tells a class from the others by itself: the best reaches"
        return Finding("label", f"{said} AUC {auc(best)}.", "", numbers)
    said = f"In {table} number {place + 1} of the vectors alone tells {telling} from the others"
    return Finding(
        "label",
        f"{said}: AUC {auc(best)}.",
        "It may be the label itself: make the table without it.",
        numbers,
    )
