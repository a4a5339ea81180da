"""What a control has in place of a model's vectors, each fitted on the training genes of a split.

Definitions as in the field: a bag of words weighted by term and inverse document frequency, character
n-grams of the symbol, one number that the labels may have leaked into, noise, and labels without meaning.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from engine.catalog.controls import COVERAGE, DRAWS, RANDOM
from store.errors import DataError
from store.records import Split, Task

Rows = NDArray[np.intp]
Features = Any
"""Shape (n, d), a row for each gene of the task: float32, or a sparse matrix of float64."""

DIMENSION: Final = 384
"""Of random vectors: that of the smallest models."""


def features(control: str, task: Task, split: Split) -> Features:
    """The features of a control for every gene of `task`, fitted on what `split` trains on.

    Raises:
        DataError: it says nothing on this task, or its definition needs something the task does not have.
    """
    return _FEATURES[control](task, np.array([*split.train, *split.evaluation], dtype=np.intp))


def permuted(genes: int) -> Rows:
    """The gene whose vector each gene of a task has where labels are permuted: by place, shape (genes,).

    One permutation for all splits of a task. That vectors change places is the same as that labels do, but
    splits keep the class sizes they were drawn with, and a gene its label, beside that of other rows. Were
    training labels drawn anew in each split, a test would see ten unrelated classifiers, whose mean is off
    by less than the intervals of this arena, which allow for training sets that overlap, can know.

    Args:
        genes: How many the task has.
    """
    return np.random.default_rng(0).permutation(genes)


def _words(task: Task, rows: Rows) -> Features:
    return _weighted(TfidfVectorizer(sublinear_tf=True), task.texts, rows)


def _letters(task: Task, rows: Rows) -> Features:
    return _weighted(TfidfVectorizer(analyzer="char", ngram_range=(1, 4)), task.genes, rows)


def _weighted(vectorizer: TfidfVectorizer, documents: tuple[str, ...], rows: Rows) -> Features:
    """Documents weighted with what those of the training genes tell.

    Raises:
        DataError: these hold no word at all.
    """
    try:
        vectorizer.fit([documents[row] for row in rows])
    except ValueError as error:
        raise DataError(
            "The texts of the training genes hold no word.", "Use other descriptions, or leave TF-IDF out."
        ) from error
    return vectorizer.transform(documents)


def _length(task: Task, rows: Rows) -> Features:
    return _one(np.log1p([len(text) for text in task.texts]), rows)


def _coverage(task: Task, rows: Rows) -> Features:
    if len(task.described) != len(task.genes):
        raise DataError(f"Which genes of {task.name} have a text was not kept.", "Load the task again.")
    return _one(np.array(task.described, dtype=np.float64), rows)


def _one(values: NDArray[np.float64], rows: Rows) -> Features:
    """One number for each gene, standardised on the training genes."""
    spread = float(values[rows].std())
    return ((values - values[rows].mean()) / (spread or 1.0)).astype(np.float32)[:, None]


def _majority(task: Task, rows: Rows) -> Features:
    return np.zeros((len(task.genes), 1), dtype=np.float32)


def _random(draw: int) -> Callable[[Task, Rows], Features]:
    """One set of random vectors: a gene has the same one in every task, as it would from a model."""

    def vectors(task: Task, rows: Rows) -> Features:
        drawn = {gene: _vector(draw, gene) for gene in set(task.genes)}
        return np.stack([drawn[gene] for gene in task.genes])

    return vectors


def _vector(draw: int, gene: str) -> NDArray[np.float32]:
    digest = hashlib.sha256(f"{draw}\0{gene}".encode("utf-8", "surrogatepass")).digest()
    generator = np.random.default_rng(int.from_bytes(digest[:16], "big"))
    return generator.standard_normal(DIMENSION, dtype=np.float32)


_FEATURES: Final[Mapping[str, Callable[[Task, Rows], Features]]] = {
    "tfidf": _words,
    "symbol": _letters,
    "length": _length,
    COVERAGE: _coverage,
    "majority": _majority,
    **{f"{RANDOM}-{draw}": _random(draw) for draw in range(1, DRAWS + 1)},
}
