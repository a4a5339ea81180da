"""The scores kept of a cell (one model in one task), and the tests that several cells have in common."""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from store.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FitScores:
    """What one fit says of its test genes; several fits of one split (seeds, draws) are averaged in it.

    Raises:
        DataError: a score is not finite, a gene stands twice in one class, or the shapes do not fit.
    """

    split: str
    """Hash of the split before any gene was dropped from it."""
    genes: tuple[str, ...]
    """Symbols of the test genes; one that is in two classes stands twice."""
    labels: Ints
    """Class indices, shape (n,)."""
    scores: Floats
    """Score of class 1, shape (n,); or of each class in class order, shape (n, classes)."""

    def __post_init__(self) -> None:
        labels, scores = np.asarray(self.labels, np.int64), np.asarray(self.scores, np.float64)
        if scores.ndim == 2 and scores.shape[1] == 2:
            scores = scores[:, 1]
        rows = len(self.genes)
        if labels.shape != (rows,) or scores.ndim not in (1, 2) or len(scores) != rows:
            shapes = f"{rows} genes, labels of shape {labels.shape} and scores of shape {scores.shape}"
            raise DataError(f"The scores of split {self.split[:12]} do not fit: {shapes}.")
        if not np.isfinite(scores).all():
            raise DataError(f"A score of split {self.split[:12]} is not a finite number.")
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "scores", scores)
        if rows and not (labels.min() >= 0 and labels.max() < self.classes):
            raise DataError(f"A label of split {self.split[:12]} lies outside its {self.classes} classes.")
        if len(set(self.entries)) < rows:
            raise DataError(f"A gene stands twice in one class of split {self.split[:12]}.")

    @property
    def classes(self) -> int:
        """How many classes the scores are of."""
        return 2 if self.scores.ndim == 1 else self.scores.shape[1]

    @property
    def entries(self) -> list[tuple[str, int]]:
        """(symbol, label) of each test gene: what is matched between fits."""
        return list(zip(self.genes, self.labels.tolist(), strict=True))

    @property
    def test(self) -> Hashable:
        """Equal for fits of one split that score the same genes in the same order."""
        return self.split, self.genes, self.labels.tobytes()


@dataclass(frozen=True, eq=False)
class CellScores:
    """The kept scores of one model in one task, all of one configuration."""

    model: str
    """A name that is the same in every task: the model, with its arm where arms are compared."""
    task: str
    ratio: float
    """Mean test genes for each gene trained on: n_test / n_train."""
    control: bool
    """A statistical control, which has cells and differences but is never ranked."""
    fits: tuple[FitScores, ...]
    failed: frozenset[str] = frozenset()
    """Splits in which a fit failed; what else is kept of them is not used."""

    @classmethod
    def from_rows(
        cls,
        model: str,
        task: str,
        *,
        ratio: float,
        control: bool,
        splits: Sequence[str],
        genes: Sequence[str],
        labels: ArrayLike,
        scores: ArrayLike,
        seeds: Sequence[int] | None = None,
        failed: Iterable[str] = (),
    ) -> CellScores:
        """The same from columns, one row a scored gene; rows of one split and seed are one fit.

        Raises:
            DataError: as for `FitScores`, or the columns differ in length.
        """
        of_label, of_score = np.asarray(labels), np.asarray(scores)
        of_seed = [0] * len(splits) if seeds is None else seeds
        if len({len(splits), len(genes), len(of_label), len(of_score), len(of_seed)}) > 1:
            raise DataError(f"The columns of {model} in {task} differ in length.")
        places: dict[tuple[str, int], list[int]] = {}
        for place, key in enumerate(zip(splits, of_seed, strict=True)):
            places.setdefault(key, []).append(place)
        fits = (
            FitScores(split, tuple(genes[place] for place in rows), of_label[rows], of_score[rows])
            for (split, _), rows in places.items()
        )
        return cls(model, task, ratio, control, tuple(fits), frozenset(failed))

    @cached_property
    def by_split(self) -> dict[str, list[FitScores]]:
        """The fits of each split that did not fail."""
        kept: dict[str, list[FitScores]] = {}
        for fit in self.fits:
            if fit.split not in self.failed:
                kept.setdefault(fit.split, []).append(fit)
        return kept

    @cached_property
    def tried(self) -> frozenset[str]:
        """Hashes of the splits that were run, failed ones included."""
        return self.failed.union(fit.split for fit in self.fits)

    @cached_property
    def tests(self) -> Hashable:
        """Equal for cells whose every test is the same: they can be judged as one array."""
        return self.task, self.failed, tuple(fit.test for fits in self.by_split.values() for fit in fits)


def one_of_each(cells: Iterable[CellScores]) -> list[CellScores]:
    """The same cells; several runs of one cell are never mixed.

    Raises:
        DataError: a model has two cells in one task.
    """
    known: dict[tuple[str, str], CellScores] = {}
    for cell in cells:
        if (cell.model, cell.task) in known:
            raise DataError(f"{cell.model} has two cells in {cell.task}.")
        known[cell.model, cell.task] = cell
    return list(known.values())


def of_genes(cell: CellScores, genes: Container[str]) -> CellScores:
    """The same cell judged by these of its test genes only; no fit is another.

    A split that is left without a gene of some class has no AUC, so that it does not count as used.
    """
    fits = []
    for fit in cell.fits:
        kept = [place for place, gene in enumerate(fit.genes) if gene in genes]
        names = tuple(fit.genes[place] for place in kept)
        fits.append(FitScores(fit.split, names, fit.labels[kept], fit.scores[kept]))
    return replace(cell, fits=tuple(fits))


@dataclass(frozen=True, eq=False)
class SharedTest:
    """One split's test genes that every cell scored, and their scores."""

    split: str
    genes: tuple[str, ...]
    labels: Ints
    """Shape (n,)."""
    scores: Floats
    """Shape (fits, n, columns): one column for two classes, otherwise one for each class."""
    starts: Ints
    """Where the fits of each cell begin, shape (cells,)."""

    def mean_over_fits(self, values: Floats) -> Floats:
        """(fits, n) -> (cells, n): seeds and draws are averaged within their split."""
        if len(values) == len(self.starts):
            return values
        counts = np.diff([*self.starts, len(values)])
        averaged: Floats = np.add.reduceat(values, self.starts, axis=0) / counts[:, None]
        return averaged


def shared_tests(cells: Sequence[CellScores]) -> list[SharedTest]:
    """The splits that all `cells` have, in the first one's order, with the test genes that all have.

    A split in which a class is left without a gene has no AUC and is left out.

    Raises:
        DataError: the cells are of different tasks, or their scores of different numbers of classes.
    """
    if len({cell.task for cell in cells}) != 1:
        raise DataError("Cells of different tasks have no test genes in common.")
    if len({fit.classes for cell in cells for fit in cell.fits}) > 1:
        raise DataError(f"The scores of {cells[0].task} are of different numbers of classes.")
    tests = (
        _shared(split, [cell.by_split[split] for cell in cells])
        for split in cells[0].by_split
        if all(split in cell.by_split for cell in cells)
    )
    return [test for test in tests if test is not None]


def _shared(split: str, by_cell: list[list[FitScores]]) -> SharedTest | None:
    fits = [fit for fits in by_cell for fit in fits]
    first = fits[0]
    if all(_same_genes(fit, first) for fit in fits):
        genes, labels, scores = first.genes, first.labels, np.stack([fit.scores for fit in fits])
    else:
        kept = set.intersection(*(set(fit.entries) for fit in fits))
        order = [entry for entry in first.entries if entry in kept]
        genes, labels = tuple(gene for gene, _ in order), np.array([label for _, label in order], np.int64)
        scores = np.stack([fit.scores[_places(fit, order)] for fit in fits])
    if len(np.unique(labels)) < first.classes:
        return None
    starts = np.cumsum([0, *(len(fits) for fits in by_cell[:-1])])
    return SharedTest(split, genes, labels, scores.reshape(len(fits), len(genes), -1), starts)


def _same_genes(fit: FitScores, other: FitScores) -> bool:
    return fit is other or (fit.genes == other.genes and np.array_equal(fit.labels, other.labels))


def _places(fit: FitScores, order: list[tuple[str, int]]) -> list[int]:
    place: dict[Any, int] = {entry: index for index, entry in enumerate(fit.entries)}
    return [place[entry] for entry in order]
