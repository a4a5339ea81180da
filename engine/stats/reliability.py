"""Tests of one class in groups of equal number by score, each with the share of the class in it.

What a reliability diagram is drawn of: groups of equal number, so that each says as much (Niculescu-Mizil
& Caruana 2005), with the interval of Wilson (1927) for as many genes as a group has, however often each was
tested. Plain Python.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_Z: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Group:
    """Tests of like scores."""

    score: float
    """Their mean."""
    share: float
    """Of the class among them."""
    low: float
    high: float
    """The 95 % interval of the share."""
    tests: int
    genes: int


def groups(tests: Sequence[tuple[float, bool, str]], most: int = 8) -> tuple[Group, ...]:
    """At most so many groups of equal number.

    Args:
        tests: Score, whether it is of the class, gene.
        most: How many groups.
    """
    ordered = sorted(tests, key=lambda test: test[0])
    many = min(most, len(ordered))
    edges = [round(number * len(ordered) / many) for number in range(many + 1)] if many else []
    found = []
    for start, end in itertools.pairwise(edges):
        part = ordered[start:end]
        share = sum(truth for _, truth, _ in part) / len(part)
        genes = len({gene for *_, gene in part})
        low, high = wilson(share, genes)
        score = sum(score for score, *_ in part) / len(part)
        found.append(Group(score, share, low, high, len(part), genes))
    return tuple(found)


def wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of `count` (Wilson 1927)."""
    squared = _Z * _Z
    middle = (share + squared / (2 * count)) / (1 + squared / count)
    spread = (share * (1 - share) / count + squared / (4 * count * count)) ** 0.5
    half = _Z / (1 + squared / count) * spread
    return max(middle - half, 0.0), min(middle + half, 1.0)
