"""Texts that read alike: twins in training and test are a memory test, and twins of two classes a riddle.

Alike are bags of words (TF-IDF) with a cosine of .95 or more, each text less the symbol of its own gene.
For 60,000 genes this is exact and bounded: equal texts are one, and of two texts that are so much alike
one has a word in common with the other that is among its rarest (Bayardo, Ma & Srikant 2007), so that
only such pairs are computed, some millions at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from engine.cancel import Cancel, check
from engine.data.tasks.masking import without_names
from engine.leaks.finding import CONTRARY, REPEATED, SAME, Finding, listed, percent
from store.records import Split, Task

ALIKE: Final = 0.95
"""The cosine from which on two texts are near-identical."""
_SURE: Final = 2.0
"""Standard errors by which more twins than by chance must be of a gene's own class."""
_AT_ONCE: Final = 10_000_000
"""Products of one block: some 200 MB."""


@dataclass(frozen=True, eq=False)
class Twins:
    """Which rows of a task read alike."""

    group: NDArray[np.intp]
    """Of each row its text, as rows with equal texts share it; -1: no word is left to compare."""
    alike: Any
    """Sparse (texts, texts) of bools: which are near-identical, each to itself included."""

    def of_each_class(
        self, rows: NDArray[np.intp], among: NDArray[np.intp], labels: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """How many twins each of `rows` has among other rows, shape (len(rows), classes).

        Args:
            rows: Places in the task.
            among: Such of other genes.
            labels: Of all genes of the task, by index.
        """
        there = among[self.group[among] >= 0]
        counts = np.zeros((self.alike.shape[0], labels.max() + 1), dtype=np.int64)
        np.add.at(counts, (self.group[there], labels[there]), 1)
        found = np.zeros((len(rows), counts.shape[1]), dtype=np.int64)
        readable = self.group[rows] >= 0
        if readable.any():
            found[readable] = (self.alike @ counts)[self.group[rows][readable]]
        return found


def find_twins(task: Task, cancel: Cancel) -> Twins:
    """The texts of `task` that read alike.

    Raises:
        Stopped: `cancel` was set.
    """
    texts = []
    for gene, text in zip(task.genes, task.texts, strict=True):
        check(cancel)
        texts.append(" ".join(without_names(gene, (), text).split()))
    distinct = list(dict.fromkeys(texts))
    try:
        vectors = csr_matrix(TfidfVectorizer(sublinear_tf=True).fit_transform(distinct))
    except ValueError:  # not a word in any of them
        return Twins(np.full(len(texts), -1), csr_array((0, 0)))
    place = {text: row for row, text in enumerate(distinct)}
    group = np.array([place[text] for text in texts], dtype=np.intp)
    group[np.diff(vectors.indptr)[group] == 0] = -1
    pairs = list(_pairs(vectors, cancel))
    rows = np.concatenate(
        [np.arange(len(distinct)), *(one for one, _ in pairs), *(two for _, two in pairs)]
    )
    columns = np.concatenate(
        [np.arange(len(distinct)), *(two for _, two in pairs), *(one for one, _ in pairs)]
    )
    return Twins(group, coo_array((np.ones(len(rows), np.int32), (rows, columns))).tocsr())


def _pairs(vectors: Any, cancel: Cancel) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """The rows, of unit length, with a cosine of `ALIKE` or more, a block at a time; no pair twice."""
    df = np.bincount(vectors.indices, minlength=vectors.shape[1])
    rare = _rarest(vectors, df)
    work = np.cumsum(np.concatenate([[0], df[rare.indices]]))[rare.indptr]
    columns = vectors.T.tocsr()
    start = 0
    while start < rare.shape[0]:
        check(cancel)
        stop = max(start + 1, int(np.searchsorted(work, work[start] + _AT_ONCE, side="right")) - 1)
        near = (rare[start:stop] @ columns).tocoo()
        one, two = near.row + start, near.col
        later = one != two
        one, two = one[later].astype(np.intp), two[later].astype(np.intp)
        for part in np.array_split(np.arange(len(one)), 1 + len(one) // _COMPARED):
            close = _dots(vectors, one[part], two[part]) >= ALIKE
            yield one[part][close], two[part][close]
        start = stop


_COMPARED: Final = 200_000


def _dots(vectors: Any, one: NDArray[np.intp], two: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.asarray(vectors[one].multiply(vectors[two]).sum(axis=1)).ravel()


def _rarest(vectors: Any, df: NDArray[np.intp]) -> Any:
    """The same rows less their most frequent words, as long as these are shorter than `ALIKE` together."""
    rows = np.repeat(np.arange(vectors.shape[0]), np.diff(vectors.indptr))
    order = np.lexsort((vectors.indices, -df[vectors.indices], rows))
    squares = np.cumsum(vectors.data[order] ** 2)
    before = np.concatenate([[0.0], squares])[vectors.indptr[:-1]]
    kept = squares - before[rows] >= ALIKE**2 - 1e-9
    taken = order[kept]
    return csr_matrix((vectors.data[taken], (rows[kept], vectors.indices[taken])), shape=vectors.shape)


def look_for_twins(task: Task, splits: Sequence[Split], cancel: Cancel) -> list[Finding]:
    """How many test genes have a twin in training, and how many genes one of another class.

    Raises:
        Stopped: `cancel` was set.
    """
    twins = find_twins(task, cancel)
    labels = np.asarray(task.labels)
    # A gene with two labels is its own twin, which is said elsewhere.
    times = Counter(task.genes)
    once = np.array([times[gene] == 1 for gene in task.genes])
    twins = Twins(np.where(once, twins.group, -1), twins.alike)
    return [_repeated(twins, labels, splits), _contradictions(task, twins, labels)]


def _repeated(twins: Twins, labels: NDArray[np.int64], splits: Sequence[Split]) -> Finding:
    tested = 0
    same: list[float] = []
    by_chance: list[float] = []
    genes: set[int] = set()
    for split in splits:
        test, train = np.array(split.test), np.array([*split.train, *split.evaluation])
        counts = twins.of_each_class(test, train, labels)
        having = counts.any(axis=1)
        tested += len(test)
        shares = counts[having] / counts[having].sum(axis=1, keepdims=True)
        same += shares[np.arange(len(shares)), labels[test[having]]].tolist()
        by_chance += (np.bincount(labels[train])[labels[test[having]]] / len(train)).tolist()
        genes.update(test[having].tolist())
    share = len(same) / tested
    said = f"{percent(share)} of the test genes have a near-identical text in training"
    numbers: dict[str, Any] = {"share": share, "cosine": ALIKE}
    if not same:
        return Finding("twins", f"{said}.", "", numbers)
    agree, chance = float(np.mean(same)), float(np.mean(by_chance))
    numbers |= {"same_class": agree, "by_chance": chance}
    said += (
        f"; of these texts {percent(agree)} are of the same class, where chance gives {percent(chance)}."
    )
    # Two of a pair agree or do not together, so that so many genes are half as many trials.
    doubt = _SURE * np.sqrt(2 * chance * (1 - chance) / len(genes))
    alarming = share >= REPEATED and agree - chance >= max(SAME, doubt)
    advice = "Such genes are remembered: run it with --scheme grouped, or keep one gene of each such text."
    return Finding("twins", said, advice if alarming else "", numbers)


def _contradictions(task: Task, twins: Twins, labels: NDArray[np.int64]) -> Finding:
    places = np.arange(len(labels))
    counts = twins.of_each_class(places, places, labels)
    counts[places, labels] = 0
    genes = [task.genes[place] for place in np.flatnonzero(counts.any(axis=1))]
    share = len(genes) / len(task.genes)
    numbers = {"genes": genes, "share": share}
    if not genes:
        return Finding("contradictions", "No text reads like one of another class.", "", numbers)
    said = f"{len(genes):,} genes ({percent(share)}) read like a gene of another class: {listed(genes)}."
    advice = "No model of texts can tell these apart: use texts that say more of each gene."
    return Finding("contradictions", said, advice if share >= CONTRARY else "", numbers)
