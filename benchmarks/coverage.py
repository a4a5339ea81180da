"""Whether the errors of `engine.stats` are what they say: many made-up data sets with equal models.

A population has the class means and the shrunk covariance of the bundled model's vectors of the sample
genes, on their first 32 principal components. A data set is new genes from it, as many as each task has;
a model sees them through noise of its own, so that all models are equal in expectation. Each is a ridge
classifier, fitted anew in ten splits of the paper's sizes. The genes of the third and fourth task that
are bivalent are the same genes, as they are in the sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import sqrt
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from threadpoolctl import threadpool_limits

from benchmarks.classify import TASKS, sample
from engine.stats.influence import Influences, influences, mean_over_tasks
from engine.stats.intervals import estimates
from engine.stats.pairs import pair_of
from engine.stats.ranks import rank_influences
from engine.stats.scores import CellScores, FitScores
from engine.stats.simultaneous import draw

Floats = NDArray[np.float64]
Permuted = Literal["nothing", "training", "data set"]

DATA_SETS: Final = 2000
MODELS: Final = 11
SPLITS: Final = 10
DRAWS: Final = 2000
COMPONENTS: Final = 32
NOISE: Final = 0.4
"""SD of a model's own noise for each SD of a component: split differences then spread as real pairs do."""
SHRINKAGE: Final = 0.1
PENALTY: Final = 10.0
SHARED: Final = {"bivalent-vs-no-methyl": "bivalent-vs-lys4"}
"""Task -> the task whose positive genes are its own."""


@dataclass(frozen=True)
class Population:
    """Where the genes of one task are drawn from, and how many are."""

    task: str
    means: Floats
    """Of the components in each class, shape (2, components)."""
    root: Floats
    """A root of their covariance within a class."""
    sizes: tuple[int, int]
    tested: tuple[int, int]
    """Test genes of each class in a split."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """Class 0 first."""
        return np.repeat([0, 1], self.sizes)

    @property
    def ratio(self) -> float:
        """n_test / n_train."""
        return sum(self.tested) / (sum(self.sizes) - sum(self.tested))


@cache
def populations() -> tuple[Population, ...]:
    """Those of the sample's four tasks."""
    samples = {task: sample(task) for task in TASKS}
    vectors = np.concatenate([made.vectors for made in samples.values()]).astype(np.float64)
    middle = vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(vectors - middle, full_matrices=False)
    found = []
    for task, made in samples.items():
        components = (made.vectors - middle) @ axes[:COMPONENTS].T
        means = np.stack([components[made.labels == label].mean(axis=0) for label in (0, 1)])
        covariance = np.cov(components - means[made.labels], rowvar=False)
        diagonal = np.diag(np.diag(covariance))
        root = np.linalg.cholesky((1 - SHRINKAGE) * covariance + SHRINKAGE * diagonal)
        tests = made.labels[list(made.split.test)]
        sizes, tested = (tuple(np.bincount(labels).tolist()) for labels in (made.labels, tests))
        found.append(Population(task, means, root, sizes, tested))
    return tuple(found)


def data_set(
    rng: np.random.Generator, models: int, permuted: Permuted = "nothing"
) -> list[list[CellScores]]:
    """For each task the cells of `models` equal models.

    With `permuted` labels of the data set genes have no signal, and what is learned by chance lasts through
    its splits, as for the control of that name. Those of training are drawn anew in each split.
    """
    positives: dict[str, Floats] = {}
    tasks = []
    for of in populations():
        signal = of.means[of.labels] + rng.standard_normal((sum(of.sizes), COMPONENTS)) @ of.root.T
        shared = SHARED.get(of.task, of.task)
        signal[of.labels == 1] = positives.setdefault(shared, signal[of.labels == 1])
        names = np.array([f"{of.task}-{place}" for place in range(sum(of.sizes))], dtype=object)
        names[of.labels == 1] = [f"{shared}-positive-{place}" for place in range(of.sizes[1])]
        labels = rng.permutation(of.labels) if permuted == "data set" else of.labels
        spread = np.sqrt((of.root**2).sum(axis=1))
        seen = signal + NOISE * spread * rng.standard_normal((models, *signal.shape))
        tests = np.stack([draw_test(rng, labels, of.tested) for _ in range(SPLITS)])
        targets = training_targets(rng, labels, tests, permuted == "training")
        scores = ridge_scores(seen / spread, targets, tests)
        fits = [
            [
                FitScores(str(number), tuple(names[rows]), labels[rows], scores[model, number])
                for number, rows in enumerate(tests)
            ]
            for model in range(models)
        ]
        tasks.append(
            [
                CellScores(f"m{model}", of.task, of.ratio, False, tuple(own))
                for model, own in enumerate(fits)
            ]
        )
    return tasks


def draw_test(
    rng: np.random.Generator, labels: NDArray[np.int64], tested: tuple[int, int]
) -> NDArray[np.int64]:
    """The test genes of one split, a fixed number of each class."""
    first, second = (
        rng.choice(np.flatnonzero(labels == label), size, replace=False)
        for label, size in enumerate(tested)
    )
    return np.concatenate([first, second])


def ridge_scores(seen: Floats, targets: Floats, tests: NDArray[np.int64]) -> Floats:
    """Scores (models, splits, test genes) of what is fitted in each split; no weight is on its test genes.

    `targets` is of shape (splits, genes), 1 and -1, and 0 for test genes.
    """
    inputs = np.concatenate([seen, np.ones((*seen.shape[:2], 1))], axis=2)
    held = inputs[:, tests]
    products = (inputs.transpose(0, 2, 1) @ inputs)[:, None] - held.transpose(0, 1, 3, 2) @ held
    penalty = PENALTY * np.diag([1.0] * (inputs.shape[2] - 1) + [0.0])
    solved = np.linalg.solve(products + penalty, (targets @ inputs)[..., None])
    scores: Floats = (held @ solved)[..., 0]
    return scores


def training_targets(
    rng: np.random.Generator, labels: NDArray[np.int64], tests: NDArray[np.int64], permuted: bool
) -> Floats:
    """1 and -1 for the classes of the genes trained on in each split, 0 for its test genes."""
    targets = np.tile(2.0 * labels - 1, (len(tests), 1))
    for row, held in zip(targets, tests, strict=True):
        row[held] = 0
        if permuted:
            row[row != 0] = rng.permutation(row[row != 0])
    return targets


def naive_p(of: Influences) -> float:
    """The paired t test over splits, which takes them for independent."""
    task = of.tasks[0]
    return float(stats.ttest_rel(task.auc[0], task.auc[1]).pvalue)


@dataclass(frozen=True)
class Found:
    """What came out of many data sets, one row each."""

    p: Floats
    """Of the first two models by the default, shape (data sets, tasks and their mean)."""
    naive: Floats
    """The same by the naive paired t test, shape (data sets, tasks)."""
    aucs: Floats
    """Of the first model, shape (data sets, tasks)."""
    intervals: Floats
    """Of that, shape (data sets, tasks, 2)."""
    differences: Floats
    """SD of the split differences of the first two, shape (data sets, tasks)."""
    ordered: NDArray[np.bool_]
    """Whether any two of the equal models were told apart, shape (data sets,)."""
    leading: Floats
    """Share of the equal models in the leading group, shape (data sets,)."""


def study(data_sets: int, models: int = MODELS, *, seed: int = 0, permuted: Permuted = "nothing") -> Found:
    """Judge so many data sets, on one core."""
    p, naive, aucs, intervals, spreads, ordered, leading = ([] for _ in range(7))
    populations()  # embeds with all cores, once
    with threadpool_limits(1):
        for number in range(data_sets):
            cells = data_set(np.random.default_rng([seed, number]), models, permuted)
            tasks = [made for made in map(influences, cells) if made is not None]
            mean = mean_over_tasks(tasks)
            pairs = [pair_of(of, 0, 1) for of in (*tasks, mean)]
            own = [estimates(of)[0] for of in tasks]
            ranking = rank_influences(mean, draws=draw(mean, DRAWS, seed=number))
            p.append([1.0 if pair.p is None else pair.p for pair in pairs])
            naive.append([naive_p(of) for of in tasks])
            aucs.append([made.auc for made in own])
            intervals.append([made.interval or (0.0, 1.0) for made in own])
            spreads.append([pair.spreads[0].sd for pair in pairs[:-1]])
            ordered.append(ranking.better is not None and bool(ranking.better.any()))
            leading.append(np.mean([place.leading for place in ranking.places]))
    columns = [np.array(column) for column in (p, naive, aucs, intervals, spreads, ordered, leading)]
    return Found(*columns)


def monte_carlo(share: float, data_sets: int) -> float:
    """Two standard errors of a share seen in so many data sets."""
    return 2 * sqrt(share * (1 - share) / data_sets)


def null_error() -> list[dict[str, Any]]:
    found = study(DATA_SETS)
    wrong, naive = (found.p <= 0.05).mean(axis=0), (found.naive <= 0.05).mean(axis=0)
    truth = found.aucs.mean(axis=0)
    low, high = found.intervals[..., 0], found.intervals[..., 1]
    covered = ((low <= truth) & (truth <= high)).mean(axis=0)
    rows: list[dict[str, Any]] = []
    most = 0.05 + monte_carlo(0.05, DATA_SETS)
    for place, task in enumerate((*TASKS, "mean of the four")):
        beside = f"naive t {naive[place]:.3f}" if place < len(TASKS) else ""
        rows.append(row(f"equal pair called different, {task}", beside, wrong[place], f"<= {most:.4f}"))
    rows.append(row("the same by the naive t, mean of tasks", "", naive.mean(), "> 0.12"))
    for place, task in enumerate(TASKS):
        shown = f"AUC {truth[place]:.3f}, s_d {found.differences[:, place].mean():.3f}"
        rows.append(row(f"95 % interval of a cell covers, {task}", shown, covered[place], ""))
    least = 0.95 - monte_carlo(0.95, DATA_SETS)
    rows.append(
        row(
            f"all rank intervals of {MODELS} equal models hold",
            "",
            1 - found.ordered.mean(),
            f">= {least:.4f}",
        )
    )
    rows.append(row("an equal model is in the leading group", "", found.leading.mean(), f">= {least:.4f}"))
    return rows


def permuted_labels() -> list[dict[str, Any]]:
    """Splits are independent here: the naive p is uniform, that of the default no more often small."""
    found = study(DATA_SETS, models=2, seed=1, permuted="training")
    p, naive = found.p[:, : len(TASKS)], found.naive
    rows = []
    for level in (0.01, 0.05, 0.1, 0.25, 0.5):
        most = level + monte_carlo(level, DATA_SETS)
        beside = f"naive t {(naive <= level).mean():.4f}"
        rows.append(
            row(f"labels of training permuted, p <= {level}", beside, (p <= level).mean(), f"<= {most:.4f}")
        )
    furthest = 1.36 / sqrt(DATA_SETS)  # in 95 % of samples
    uniform = stats.kstest(naive.ravel(), "uniform").statistic
    rows.append(
        row("the same, naive p from uniform (Kolmogorov-Smirnov)", "", uniform, f"<= {furthest:.4f}")
    )
    return rows


def no_signal() -> list[dict[str, Any]]:
    """The hardest case, which no error from one data set covers: what was learned by chance lasts."""
    found = study(DATA_SETS, models=2, seed=2, permuted="data set")
    wrong = (found.p[:, : len(TASKS)] <= 0.05).mean()
    naive = f"naive t {(found.naive <= 0.05).mean():.3f}"
    return [row("genes without any signal, equal pair called different", naive, wrong, "")]


def row(work: str, reference: str, share: float, limit: str) -> dict[str, Any]:
    return {
        "work": work,
        "reference": reference,
        "ours": f"{share:.4f}",
        "ratio": float(share),
        "equal": "",
        "limit": limit,
    }


BENCHMARKS = {"null-error": null_error, "permuted-labels": permuted_labels, "no-signal": no_signal}
