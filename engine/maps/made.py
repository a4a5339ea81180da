"""The map of a task's genes by one model's vectors, made once and kept.

A file of the cache is called by the SHA-256 of all that it follows from: the vectors, and with them the
model, its revision, how it was used and the texts; and labels and method. It begins with the SHA-256 of the
rest of it, so that a damaged one is seen, and made anew.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.cancel import Cancel
from engine.maps.flat import Method, components, flatten
from engine.maps.near import Floats, Ints, Near, nearest, same_class, share_by_chance
from store.errors import DataError
from store.files import replacing

LEAST: Final = 3
"""Fewer genes make no map."""
_VERSION: Final = b"1"
"""To be raised when a map of the same vectors comes out different."""
_DIGEST: Final = 32


@dataclass(frozen=True, eq=False)
class GeneMap:
    """Where each gene lies, and which are near it."""

    points: Floats
    """[n, 2]."""
    shares: tuple[float, float]
    """Of the variance, that each axis of a map by principal components has; 0 of others."""
    near: Near
    agree: NDArray[np.bool_]
    """[n, k]: whether each of the nearest is of the gene's own class."""
    chance: float
    """The share of the nearest that would be, if classes were dealt at random."""
    dimensions: int
    """Of the vectors."""

    @property
    def same(self) -> float:
        """The share of the nearest that are of the gene's own class."""
        return float(self.agree.mean()) if self.agree.size else 0.0


def gene_map(
    vectors: ArrayLike, labels: Sequence[int], cache: Path, cancel: Cancel, method: Method = "pca"
) -> GeneMap:
    """The map of genes, from the cache if it was made before.

    Args:
        vectors: A row for each gene.
        labels: Its class, from 0.
        cache: The folder of kept maps, which may be deleted at any time and need not be writable.
        cancel: Looked at between steps.
        method: How many dimensions become two.

    Raises:
        DataError: fewer than three genes, or labels that do not fit.
        Stopped: `cancel` was set.
    """
    rows = np.ascontiguousarray(vectors, np.float32)
    classes = np.asarray(labels, np.int64)
    if rows.ndim != 2 or len(rows) < LEAST or classes.shape != (len(rows),):
        raise DataError(f"A map needs {LEAST} genes with vectors at least; there are {len(rows)}.")
    path = cache / f"{_name(rows, classes, method)}.map"
    found = _read(path)
    if found is None:
        found = _make(rows.astype(np.float64), method, cancel)
        _write(path, found)
    points, shares, places, cosines = found
    near = Near(places.astype(np.int64), cosines)
    return GeneMap(
        points,
        (float(shares[0]), float(shares[1])),
        near,
        same_class(near, classes),
        share_by_chance(classes),
        rows.shape[1],
    )


_Arrays = tuple[Floats, Floats, Ints, Floats]


def _make(vectors: Floats, method: Method, cancel: Cancel) -> _Arrays:
    near = nearest(vectors, cancel)
    if method == "pca":
        points, shares = components(vectors)
    else:
        points, shares = flatten(vectors, method, cancel), (0.0, 0.0)
    return points, np.asarray(shares), near.places, near.cosines


def _name(vectors: NDArray[np.float32], labels: Ints, method: str) -> str:
    digest = hashlib.sha256(b"\0".join((_VERSION, method.encode(), repr(vectors.shape).encode())))
    digest.update(vectors.data)
    digest.update(labels.data)
    return digest.hexdigest()


def _read(path: Path) -> _Arrays | None:
    """What is kept in `path`; None if that is nothing, or not what was written."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, rest = content[:_DIGEST], content[_DIGEST:]
    if hashlib.sha256(rest).digest() != digest:
        return None
    with np.load(io.BytesIO(rest), allow_pickle=False) as kept:
        return kept["points"], kept["shares"], kept["places"], kept["cosines"]


def _write(path: Path, arrays: _Arrays) -> None:
    """Keep them; who cannot write there has them made anew each time."""
    file = io.BytesIO()
    points, shares, places, cosines = arrays
    np.savez(file, points=points, shares=shares, places=places, cosines=cosines)
    rest = file.getbuffer()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replacing(path) as fresh:
            fresh.write_bytes(hashlib.sha256(rest).digest() + rest)
    except OSError:
        return
