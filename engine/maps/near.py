"""Which genes are near which by cosine, and whether near genes share a class more often than by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.cancel import Cancel, check

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEAREST: Final = 10
"""How many of the nearest genes are asked for their class."""
_ROWS: Final = 512
"""Genes whose cosines to all others are held at once."""


@dataclass(frozen=True, eq=False)
class Near:
    """The nearest of each gene."""

    places: Ints
    """[n, k]: rows of the genes that are nearest, the nearest first."""
    cosines: Floats
    """[n, k]: of each of them."""


def nearest(vectors: Floats, cancel: Cancel, most: int = NEAREST) -> Near:
    """The `most` nearest rows of every row by cosine, itself left out; equal ones in their order.

    Args:
        vectors: [n, d]; a row of zeros has the cosine 0 to all.
        cancel: Looked at before each block of rows.
        most: Fewer where there are not so many others.

    Raises:
        Stopped: `cancel` was set.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)
    count = len(unit)
    most = max(min(most, count - 1), 0)
    places = np.zeros((count, most), np.int64)
    cosines = np.zeros((count, most))
    for start in range(0, count, _ROWS):
        check(cancel)
        rows = np.arange(start, min(start + _ROWS, count))
        block = unit[rows] @ unit.T
        block[np.arange(len(rows)), rows] = -np.inf
        # Rounded for the order alone: equal texts must not change places from one machine to the next.
        order = np.argsort(-np.round(block, 6), axis=1, kind="stable")[:, :most]
        places[rows], cosines[rows] = order, np.take_along_axis(block, order, axis=1)
    return Near(places, cosines)


def same_class(near: Near, labels: Ints) -> NDArray[np.bool_]:
    """[n, k]: whether each of the nearest is of the gene's own class."""
    found: NDArray[np.bool_] = labels[near.places] == labels[:, None]
    return found


def share_by_chance(labels: Ints) -> float:
    """The share of the nearest that would be of a gene's own class if classes were dealt at random."""
    sizes = np.bincount(labels).astype(np.float64)
    count = sizes.sum()
    return float((sizes * (sizes - 1)).sum() / (count * (count - 1))) if count > 1 else 0.0
