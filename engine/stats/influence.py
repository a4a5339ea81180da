"""How far each gene moves each AUC, and the two standard errors that follow: of genes and of splits.

The unit of uncertainty is the gene symbol, shared by models, splits, classes and tasks. The influence of
a gene is its mean placement (DeLong, DeLong & Clarke-Pearson 1988) less the AUC, collected over the
splits that test it: the infinitesimal jackknife of a bootstrap of genes, clustered by gene. The error of
splits is that of Nadeau & Bengio (2003). The larger of the two is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.stats.scores import CellScores, Floats, Ints, SharedTest, shared_tests
from store.errors import DataError

_BLOCK = 1 << 22
"""Pairs of genes compared at once: the comparison is 4 MiB."""

_ROUNDING = 1e-14
"""A squared distance below this share of the squared lengths is rounding, not distance."""


@dataclass(frozen=True, eq=False)
class TaskSplits:
    """The AUC of every split of one task, for models that were tested on the same genes."""

    task: str
    splits: tuple[str, ...]
    """Hashes of the splits used."""
    tried: int
    """How many splits at least one of the models ran."""
    failed: int
    """In how many of them at least one of the models failed."""
    ratios: Floats
    """n_test / n_train of each model, shape (models,)."""
    auc: Floats
    """Shape (models, splits)."""

    def error_factor(self, first: int, second: int) -> float:
        """What the variance of split AUCs is multiplied by for that of their mean; the larger ratio."""
        return float(1 / len(self.splits) + max(self.ratios[first], self.ratios[second]))


@dataclass(frozen=True, eq=False)
class Influences:
    """What models score on the same tests, in one task or in the mean of several."""

    models: tuple[str, ...]
    auc: Floats
    """Mean over splits, then over tasks, shape (models,)."""
    genes: tuple[str, ...]
    """Symbols of the tested genes, sorted."""
    influence: Floats
    """Shape (models, genes); the squares of a row, or of the difference of two, sum to SE_g squared."""
    tested: int
    """Distinct tested genes of the smallest class, in the task where they are fewest."""
    tasks: tuple[TaskSplits, ...]

    @property
    def nu(self) -> int:
        """Degrees of freedom."""
        return self.tested - 1


def influences(cells: Sequence[CellScores]) -> Influences | None:
    """Influences of cells of one task on the splits and test genes that all of them have; None if none.

    With more than two classes the AUC is the unweighted mean of the one-versus-rest AUCs, and an
    influence the mean of its influences on them.

    Raises:
        DataError: the cells are of different tasks or numbers of classes.
    """
    tests = shared_tests(cells)
    if not tests:
        return None
    genes = sorted({gene for test in tests for gene in test.genes})
    column = {gene: place for place, gene in enumerate(genes)}
    columns = [np.array([column[gene] for gene in test.genes]) for test in tests]
    width = tests[0].scores.shape[2]
    influence, auc = np.zeros((len(cells), len(genes))), np.zeros((len(cells), len(tests)))
    for score_column in range(width):
        positive = score_column if width > 1 else 1
        placed = [_placements(test, score_column, positive) for test in tests]
        part = np.stack(
            [
                values.compress(test.labels == positive, axis=1).mean(
                    axis=1
                )  # contiguous: row by row alike
                for values, test in zip(placed, tests, strict=True)
            ],
            axis=1,
        )
        centred = [values - part.mean(axis=1)[:, None] for values in placed]
        auc += part / width
        for inside in (True, False):
            strata = [(test.labels == positive) == inside for test in tests]
            influence += _clustered(centred, tests, strata, columns, len(genes)) / width
    task = TaskSplits(
        task=cells[0].task,
        splits=tuple(test.split for test in tests),
        tried=len(frozenset().union(*(cell.tried for cell in cells))),
        failed=len(frozenset().union(*(cell.failed for cell in cells))),
        ratios=np.array([cell.ratio for cell in cells], np.float64),
        auc=auc,
    )
    models = tuple(cell.model for cell in cells)
    return Influences(models, auc.mean(axis=1), tuple(genes), influence, _smallest(tests, columns), (task,))


def mean_over_tasks(parts: Sequence[Influences]) -> Influences:
    """The mean over tasks: the influences of a symbol are added before they are squared.

    Raises:
        DataError: the tasks are not of the same models in the same order.
    """
    if len({part.models for part in parts}) != 1:
        raise DataError("A mean over tasks needs the same models in each of them.")
    if len(parts) == 1:
        return parts[0]
    genes = sorted({gene for part in parts for gene in part.genes})
    column = {gene: place for place, gene in enumerate(genes)}
    total = np.zeros((len(parts[0].models), len(genes)))
    for part in parts:
        total[:, [column[gene] for gene in part.genes]] += part.influence / len(parts)
    return Influences(
        models=parts[0].models,
        auc=np.mean([part.auc for part in parts], axis=0),
        genes=tuple(genes),
        influence=total,
        tested=min(part.tested for part in parts),
        tasks=tuple(task for part in parts for task in part.tasks),
    )


def own_errors(of: Influences) -> tuple[Floats, Floats]:
    """SE_g and SE_s of each model's AUC, each of shape (models,); a task of one split adds none to SE_s."""
    variance = np.zeros(len(of.models))
    for task in _with_spread(of):
        variance += (1 / len(task.splits) + task.ratios) * task.auc.var(axis=1, ddof=1)
    return np.sqrt((of.influence**2).sum(axis=1)), np.sqrt(variance) / len(of.tasks)


def pair_errors(of: Influences, first: int, second: int) -> tuple[float, float]:
    """SE_g and SE_s of the difference of two models' AUCs."""
    variance = sum(
        task.error_factor(first, second) * (task.auc[first] - task.auc[second]).var(ddof=1)
        for task in _with_spread(of)
    )
    gene_variance = ((of.influence[first] - of.influence[second]) ** 2).sum()
    return float(np.sqrt(gene_variance)), float(np.sqrt(variance)) / len(of.tasks)


def all_pair_errors(of: Influences) -> tuple[Floats, Floats]:
    """The same of all pairs at once, each of shape (models, models)."""
    variance = np.zeros((len(of.models), len(of.models)))
    for task in _with_spread(of):
        factor = 1 / len(task.splits) + np.maximum.outer(task.ratios, task.ratios)
        deviation = task.auc - task.auc.mean(axis=1)[:, None]
        variance += factor * _squared_distances(deviation) / (len(task.splits) - 1)
    return np.sqrt(_squared_distances(of.influence)), np.sqrt(variance) / len(of.tasks)


def _with_spread(of: Influences) -> Iterator[TaskSplits]:
    return (task for task in of.tasks if len(task.splits) > 1)


def _squared_distances(rows: Floats) -> Floats:
    """Of each row from each; exactly 0 between equal rows."""
    products = rows @ rows.T
    lengths = np.add.outer(products.diagonal(), products.diagonal())
    distances: Floats = lengths - 2 * products
    return np.where(distances > _ROUNDING * lengths, distances, 0.0)


def _placements(test: SharedTest, column: int, positive: int) -> Floats:
    """Share of the other class's genes that each gene is on the right side of, shape (cells, n)."""
    inside = test.labels == positive
    above, below = test.scores[:, inside, column], test.scores[:, ~inside, column]
    placed = np.empty(test.scores.shape[:2])
    step = max(1, _BLOCK // (above.shape[1] * below.shape[1]))
    for start in range(0, len(placed), step):
        rows = slice(start, start + step)
        high, low = above[rows, :, None], below[rows, None, :]
        greater, equal = high > low, high == low
        placed[rows, inside] = _shares(greater, equal, 2)
        placed[rows, ~inside] = _shares(greater, equal, 1)
    return test.mean_over_fits(placed)


def _shares(greater: np.ndarray, equal: np.ndarray, axis: int) -> Floats:
    counts = np.count_nonzero(greater, axis=axis) + np.count_nonzero(equal, axis=axis) / 2
    shares: Floats = counts / greater.shape[axis]
    return shares


def _clustered(
    centred: list[Floats],
    tests: list[SharedTest],
    strata: list[np.ndarray],
    columns: list[Ints],
    genes: int,
) -> Floats:
    """Influences (cells, genes) of the genes of one side, with the jackknife's factor k / (k - 1)."""
    total = np.zeros((len(centred[0]), genes))
    tested: set[int] = set()
    for values, test, stratum, places in zip(centred, tests, strata, columns, strict=True):
        weight = 1 / (len(tests) * np.count_nonzero(stratum))
        for label in np.unique(test.labels[stratum]):  # within one class no symbol stands twice
            rows = test.labels == label
            total[:, places[rows]] += values[:, rows] * weight
        tested.update(places[stratum].tolist())
    total *= np.sqrt(len(tested) / max(1, len(tested) - 1))
    return total


def _smallest(tests: list[SharedTest], columns: list[Ints]) -> int:
    """Distinct tested genes of the class that has the fewest."""
    tested: dict[int, set[int]] = {}
    for test, places in zip(tests, columns, strict=True):
        for label in np.unique(test.labels).tolist():
            tested.setdefault(label, set()).update(places[test.labels == label].tolist())
    return min(map(len, tested.values()))
