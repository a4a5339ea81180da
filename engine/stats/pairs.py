"""Two models on the same tests: the difference of their AUCs, its interval, and the word for it.

Nothing here depends on any third model. The verdict is read from the posterior t_nu(difference, SE) with
a region of practical equivalence (Corani & Benavoli 2015), SE the larger of that of genes and that of
splits (Nadeau & Bengio 2003), nu the smaller class's number of distinct tested genes less one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Final

from scipy.special import stdtr, stdtrit

from engine.stats.influence import Influences, TaskSplits, influences, mean_over_tasks, pair_errors
from engine.stats.intervals import NOTHING, SplitCount, is_preliminary
from engine.stats.scores import CellScores, one_of_each
from store.errors import DataError

ROPE: Final = 0.01
"""Differences within this many units of AUC are practically none."""

SURE: Final = 0.95
"""The posterior probability that a verdict needs."""


class Verdict(StrEnum):
    """What is said of two models."""

    FIRST = "first better"
    SECOND = "second better"
    SAME = "practically the same"
    UNDECIDED = "cannot be told apart with these splits"
    IDENTICAL = "identical scores"
    NO_SPREAD = "no spread to judge by"
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True)
class Probabilities:
    """Posterior probabilities, which sum to 1."""

    first: float
    """That the first is better by more than .01."""
    same: float
    second: float


@dataclass(frozen=True)
class Spread:
    """How far the difference goes up and down between the splits of one task."""

    task: str
    sd: float | None
    """SD of the split differences; None with one split."""
    splits: int
    ratio: float
    """n_test / n_train, the larger one of the two models."""


@dataclass(frozen=True)
class Pair:
    """One model against another on the tests that both have, in the mean over the tasks that both have."""

    first: str
    second: str
    verdict: Verdict
    splits: tuple[SplitCount, ...] = ()
    """For each task compared."""
    missing: tuple[str, ...] = ()
    """Tasks in which the two have no test in common, or that only one of them has."""
    aucs: tuple[float, float] | None = None
    """Of the two on what they have in common."""
    difference: float | None = None
    """The first's AUC less the second's; None if nothing can be compared."""
    gene_se: float | None = None
    """SE_g of the difference."""
    split_se: float | None = None
    """SE_s of the difference; None if no task has two splits in common."""
    nu: int | None = None
    """Degrees of freedom."""
    interval: tuple[float, float] | None = None
    """Of the difference, 95 %, symmetric; None where there is no spread to judge by."""
    p: float | None = None
    """Two-sided, of no difference; None where there is no interval."""
    probabilities: Probabilities | None = None
    """None where there is no interval."""
    spreads: tuple[Spread, ...] = ()
    """For each task compared."""
    ratios_differ: bool = False
    """Whether the two were trained on different shares of the genes; then the larger ratio was used."""

    @property
    def se(self) -> float | None:
        """The larger of the two standard errors, in units of AUC."""
        return None if self.gene_se is None else max(self.gene_se, self.split_se or 0.0)

    @property
    def word(self) -> str:
        """The verdict with the better model's name in it."""
        match self.verdict:
            case Verdict.FIRST:
                return f"{self.first} better"
            case Verdict.SECOND:
                return f"{self.second} better"
            case verdict:
                return str(verdict)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks compared."""
        return tuple(count.task for count in self.splits)

    @property
    def preliminary(self) -> bool:
        """Whether a task has fewer than five splits in common."""
        return is_preliminary(self.splits)

    @property
    def sameness_in_reach(self) -> bool:
        """Whether "practically the same" could be said at all with this standard error."""
        return self.interval is not None and _posterior(0.0, self.se or 0.0, self.nu or 0).same >= SURE


def compare(first: Sequence[CellScores], second: Sequence[CellScores]) -> Pair:
    """Compare two models, each given by its cells: one, or one for each of several tasks.

    Splits are matched by their hash and genes by symbol and class; a split that failed for one of the two
    is left out and counted. Over several tasks the mean of those that both have is compared.

    Raises:
        DataError: a side has cells of several models, two of one task or none, or the classes differ.
    """
    (name, by_task), (other_name, other) = _side(first), _side(second)
    parts: list[Influences] = []
    missing: list[str] = []
    for task in dict.fromkeys([*by_task, *other]):
        both = task in by_task and task in other
        part = influences([by_task[task], other[task]]) if both else None
        if part is None:
            missing.append(task)
        else:
            parts.append(part)
    if not parts:
        return Pair(name, other_name, Verdict.NOT_COMPARABLE, missing=tuple(missing))
    return pair_of(mean_over_tasks(parts), 0, 1, tuple(missing))


def split_differences(first: CellScores, second: CellScores) -> tuple[float, ...]:
    """The first's AUC less the second's in each split that both have, on the test genes that both have.

    Raises:
        DataError: the cells are of different tasks, or their classes differ.
    """
    return tuple(one - two for _, one, two in split_aucs(first, second))


def split_aucs(first: CellScores, second: CellScores) -> tuple[tuple[str, float, float], ...]:
    """The name of each split that both have, and the AUCs of both on the test genes that both have.

    Raises:
        DataError: the cells are of different tasks, or their classes differ.
    """
    both = influences([first, second])
    if both is None:
        return ()
    task = both.tasks[0]
    return tuple(zip(task.splits, task.auc[0].tolist(), task.auc[1].tolist(), strict=True))


def compare_all(cells: Sequence[CellScores]) -> list[Pair]:
    """Every two of the models in `cells`, in the order they stand there; `compare` of each.

    Models with the same tests are computed together, which changes no number.

    Raises:
        DataError: a model has two cells in one task, or cells of one task differ in their classes.
    """
    by_model: dict[str, list[CellScores]] = {}
    for cell in one_of_each(cells):
        by_model.setdefault(cell.model, []).append(cell)
    alike: dict[object, list[str]] = {}
    for model, own in by_model.items():
        alike.setdefault(tuple(cell.tests for cell in own), []).append(model)
    known: dict[str, tuple[Influences, int]] = {}
    for models in alike.values():
        by_task = zip(*(by_model[model] for model in models), strict=True)
        parts = [influences(group) for group in by_task]
        if len(models) > 1 and all(parts):
            of = mean_over_tasks([part for part in parts if part is not None])
            known |= {model: (of, row) for row, model in enumerate(models)}
    pairs = []
    for one, two in combinations(by_model, 2):
        if one in known and two in known and known[one][0] is known[two][0]:
            pairs.append(pair_of(known[one][0], known[one][1], known[two][1]))
        else:
            pairs.append(compare(by_model[one], by_model[two]))
    return pairs


def pair_of(of: Influences, first: int, second: int, missing: tuple[str, ...] = ()) -> Pair:
    """Compare two rows of `of`, which were tested on the same genes."""
    gene_se, split_se = pair_errors(of, first, second)
    se = max(gene_se, split_se)
    difference = float(of.auc[first] - of.auc[second])
    judged = se >= NOTHING and of.nu >= 1
    probabilities = _posterior(difference, se, of.nu) if judged else None
    half = float(stdtrit(of.nu, 0.975)) * se if judged else 0.0
    ratios = [tuple(task.ratios[[first, second]]) for task in of.tasks]
    return Pair(
        first=of.models[first],
        second=of.models[second],
        verdict=_verdict(difference, se, probabilities),
        splits=tuple(map(SplitCount.of, of.tasks)),
        missing=missing,
        aucs=(float(of.auc[first]), float(of.auc[second])),
        difference=difference,
        gene_se=gene_se,
        split_se=split_se if any(len(task.splits) > 1 for task in of.tasks) else None,
        nu=of.nu,
        interval=(difference - half, difference + half) if judged else None,
        p=float(2 * stdtr(of.nu, -abs(difference) / se)) if judged else None,
        probabilities=probabilities,
        spreads=tuple(_spread(task, first, second) for task in of.tasks),
        ratios_differ=any(one != two for one, two in ratios),
    )


def _side(cells: Sequence[CellScores]) -> tuple[str, dict[str, CellScores]]:
    by_task = {cell.task: cell for cell in cells}
    models = {cell.model for cell in cells}
    if len(models) != 1 or len(by_task) != len(cells):
        raise DataError("Each side of a comparison is one model with at most one cell in each task.")
    return models.pop(), by_task


def _spread(task: TaskSplits, first: int, second: int) -> Spread:
    differences = task.auc[first] - task.auc[second]
    sd = float(differences.std(ddof=1)) if len(differences) > 1 else None
    return Spread(task.task, sd, len(differences), float(max(task.ratios[first], task.ratios[second])))


def _posterior(difference: float, se: float, nu: int) -> Probabilities:
    first = float(stdtr(nu, (difference - ROPE) / se))
    second = float(stdtr(nu, (-ROPE - difference) / se))
    return Probabilities(first, 1 - first - second, second)


def _verdict(difference: float, se: float, probabilities: Probabilities | None) -> Verdict:
    match probabilities:
        case None:
            return Verdict.IDENTICAL if max(abs(difference), se) < NOTHING else Verdict.NO_SPREAD
        case Probabilities(first=first) if first >= SURE:
            return Verdict.FIRST
        case Probabilities(second=second) if second >= SURE:
            return Verdict.SECOND
        case Probabilities(same=same) if same >= SURE:
            return Verdict.SAME
    return Verdict.UNDECIDED
