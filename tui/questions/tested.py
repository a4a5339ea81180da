"""The scores that the splits of one cell gave their test genes, and what is counted of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

HALF = 0.5
"""Whose score is above it is called the class, with two classes."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One gene in one split."""

    gene: str
    label: int
    score: float
    """Of class 1; with more classes, of what stands for it, against the rest."""
    called: int
    """What it is called: with more than two classes, the likeliest."""
    own: float
    """The score of the class it is of."""

    @property
    def error(self) -> float:
        """0 right, 1 wrong."""
        return 1 - self.own


@dataclass(frozen=True, slots=True)
class Kept:
    """Of every scored split of a cell."""

    classes: tuple[str, ...] = ()
    """What they are called; empty if that is not known."""
    splits: Mapping[str, Sequence[Scored]] = field(default_factory=dict)
    """Key -> its test genes."""

    @property
    def all(self) -> list[Scored]:
        """Of all splits together."""
        return [test for split in self.splits.values() for test in split]

    @property
    def positive(self) -> str:
        """What class 1 is called."""
        return self.classes[1] if len(self.classes) > 1 else "class 1"

    @property
    def rest(self) -> str:
        """What is not class 1: class 0, or the other classes."""
        if len(self.classes) > 2:
            return f"not {self.positive}"
        return self.classes[0] if self.classes else "class 0"


@dataclass(frozen=True, slots=True)
class Hard:
    """A gene, and how far its tests in a cell were off."""

    gene: str
    label: int
    error: float
    """Mean over its tests: 0 right, 1 wrong."""
    tests: int


@dataclass(frozen=True, slots=True)
class Called:
    """What the genes of one class were called, all splits together."""

    name: str
    counts: tuple[int, ...]
    """For each class, how many were called it."""
    right: float
    """Share that were called what they are."""


def tests_of(con: duckdb.DuckDBPyConnection, keys: Sequence[str]) -> Kept:
    """The test genes of these splits."""
    named = con.execute(
        """select classes from tasks where hash in (
            select task_hash from units where list_contains(?, key)) limit 1""",
        [list(keys)],
    ).fetchone()
    found: dict[str, list[Scored]] = {key: [] for key in keys}
    for key, gene, label, score, scores in con.execute(
        """select key, gene, label, score, scores from predictions
        where list_contains(?, key) order by key, "index\"""",
        [list(keys)],
    ).fetchall():
        if score is not None:
            own = score if label == 1 else 1 - score
            found[key].append(Scored(gene, label, score, int(score > HALF), own))
        elif scores and len(scores) > 1:
            likeliest = max(range(len(scores)), key=scores.__getitem__)
            found[key].append(Scored(gene, label, scores[1], likeliest, scores[label]))
    return Kept(
        tuple(named[0] or ()) if named else (), {key: split for key, split in found.items() if split}
    )


def hardest(tests: Kept) -> list[Hard]:
    """Every gene that was tested, the most wrongly scored first; one of two classes stands twice."""
    errors: dict[tuple[str, int], list[float]] = {}
    for test in tests.all:
        errors.setdefault((test.gene, test.label), []).append(test.error)
    found = [
        Hard(gene, label, sum(values) / len(values), len(values))
        for (gene, label), values in errors.items()
    ]
    return sorted(found, key=lambda hard: (-hard.error, hard.gene))


def called(tests: Kept) -> list[Called]:
    """For each class, what its test genes were called."""
    everything = tests.all
    many = max([len(tests.classes), *(max(test.label, test.called) + 1 for test in everything)], default=0)
    found = []
    for label in range(many):
        counts = [0] * many
        for test in everything:
            if test.label == label:
                counts[test.called] += 1
        name = tests.classes[label] if label < len(tests.classes) else f"class {label}"
        right = counts[label] / sum(counts) if sum(counts) else 0.0
        found.append(Called(name, tuple(counts), right))
    return found


def always(found: Sequence[Called]) -> str:
    """The class that every test gene was called; empty if they were called differently."""
    totals = [sum(row.counts[number] for row in found) for number in range(len(found))]
    return next(
        (row.name for row, total in zip(found, totals, strict=True) if total == sum(totals) > 0), ""
    )


def balanced(found: Sequence[Called]) -> float:
    """Balanced accuracy: the mean over the classes of the share that was called right."""
    there = [row.right for row in found if sum(row.counts)]
    return sum(there) / len(there) if there else 0.0
