"""Vectors of many dimensions as two: by principal components, t-SNE or UMAP.

The first is exact, quick and the same everywhere. The others draw out neighbourhoods and mean nothing at
a distance; UMAP is there where umap-learn is installed.
"""

from __future__ import annotations

import importlib.util
from typing import Final, Literal, get_args

import numpy as np

from engine.cancel import Cancel, check
from engine.maps.near import Floats
from store.errors import UsageError, unknown

Method = Literal["pca", "tsne", "umap"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)
_SEED: Final = 0
_PERPLEXITY: Final = 30.0


def methods_here() -> tuple[Method, ...]:
    """Those that can be used as things are installed."""
    return tuple(name for name in METHODS if name != "umap" or _has_umap())


def check_method(name: str) -> Method:
    """`name`, if such a map can be drawn here.

    Raises:
        UsageError: it cannot.
    """
    for method in METHODS:
        if method == name and (method != "umap" or _has_umap()):
            return method
    if name == "umap":
        raise UsageError(
            "The map umap needs umap-learn, which is not installed.",
            "Install it with `pip install 'genearena[maps]'`, or choose pca or tsne.",
        )
    raise UsageError(*unknown("kind of map", name, METHODS))


def components(vectors: Floats) -> tuple[Floats, tuple[float, float]]:
    """The first two principal components of the rows: [n, 2], and the share of variance of each.

    Of a component, which may as well be read from its other end, the greatest weight is positive.
    """
    centred = vectors - vectors.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    first = np.zeros((2, vectors.shape[1]))
    first[: min(2, len(axes))] = axes[:2]
    signs = np.sign(first[np.arange(2), np.abs(np.round(first, 6)).argmax(axis=1)])
    variance = np.zeros(2)
    variance[: min(2, len(sizes))] = sizes[:2] ** 2
    whole = float((sizes**2).sum()) or 1.0
    points: Floats = centred @ (first * np.where(signs == 0, 1.0, signs)[:, None]).T
    return points, (float(variance[0]) / whole, float(variance[1]) / whole)


def flatten(vectors: Floats, method: Method, cancel: Cancel) -> Floats:
    """The rows as points, [n, 2], by a method other than `components`.

    Raises:
        Stopped: `cancel` was set before or while it was worked out; t-SNE itself cannot be broken off.
    """
    check(cancel)
    points = _tsne(vectors) if method == "tsne" else _umap(vectors)
    check(cancel)
    return points


def _tsne(vectors: Floats) -> Floats:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    # It must be less than the number of rows, and a third of it is the most that makes sense.
    perplexity = max(min(_PERPLEXITY, (len(vectors) - 1) / 3), 1.0)
    made = TSNE(2, perplexity=perplexity, metric="cosine", init="random", random_state=_SEED)
    with threadpool_limits(1):  # several threads wait for each other where cores are shared: 20 s, not 2
        return np.asarray(made.fit_transform(vectors), np.float64)


def _umap(vectors: Floats) -> Floats:
    from umap import UMAP

    made = UMAP(n_components=2, metric="cosine", random_state=_SEED)
    return np.asarray(made.fit_transform(vectors), np.float64)


def _has_umap() -> bool:
    return importlib.util.find_spec("umap") is not None
