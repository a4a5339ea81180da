"""On tasks without any signal intervals of controls hold a half as often as they say, and no more often."""

from __future__ import annotations

from threading import Event

import numpy as np
import pytest
from scipy.stats import binom
from threadpoolctl import threadpool_limits

from engine.catalog.protocols import PROTOCOLS
from engine.classify import classify
from engine.controls.features import features, permuted
from engine.data.tasks.splits import make_split
from engine.stats.intervals import Estimate, estimate
from engine.stats.scores import CellScores, FitScores
from store.records import Audit, Task

SEEDS = range(41, 51)
DRAWS = [f"random-{draw}" for draw in range(1, 6)]


def null_task(number: int) -> Task:
    """Some 60 to 100 genes whose symbols, texts and labels know nothing of one another."""
    draw = np.random.default_rng(number)
    n = int(draw.integers(60, 101))
    genes = tuple(f"{''.join(draw.choice(list('ABCDEFGH'), 4))}{place}" for place in range(n))
    words = [f"word{word}" for word in range(40)]
    texts = tuple(" ".join(draw.choice(words, 12)) for _ in range(n))
    labels = tuple(draw.permutation(np.arange(n) % 5 < 2).astype(int).tolist())
    return Task(f"null-{number}", "none", ("no", "yes"), genes, labels, texts, Audit(()), "made up")


def cell(task: Task, parts: list[str]) -> CellScores:
    """A control's splits, computed as a run does, but for the process it is done in."""
    vectors = np.random.default_rng(len(task.genes)).normal(size=(len(task.genes), 32)).astype(np.float32)
    labels, splits = np.array(task.labels), [make_split(task, "paper", seed) for seed in SEEDS]
    # Neither looks at what a split trains on, so that one will do for all.
    inputs = [
        vectors[permuted(len(labels))] if part == "permuted" else features(part, task, splits[0])
        for part in parts
    ]
    fits = []
    for split in splits:
        rows = list(split.test)
        genes = tuple(task.genes[row] for row in rows)
        for of in inputs:
            found = classify(
                "lr", PROTOCOLS["lr"].params, of, labels, split,
                scaling="none", lr_solver="liblinear", cancel=Event(),
            )  # fmt: skip
            fits.append(FitScores(f"{task.name} {split.seed}", genes, labels[rows], found.scores))
    ratio = len(rows) / (len(task.genes) - len(rows))
    return CellScores(parts[0], task.name, ratio, control=True, fits=tuple(fits))


def estimates(parts: list[str], tasks: int) -> list[Estimate]:
    with threadpool_limits(1):
        return [estimate([cell(null_task(number), parts)]) for number in range(tasks)]


def test_the_error_of_permuted_labels_is_neither_too_small_nor_too_large():
    """Labels permuted anew in each split had 1.45 times the error they need."""
    found = estimates(["permuted"], 60)
    spread = np.std([of.auc for of in found])
    assert 0.75 < np.sqrt(np.mean([of.se**2 for of in found])) / spread < 1.25


@pytest.mark.slow
@pytest.mark.parametrize("parts", [DRAWS, ["permuted"]], ids=["random", "permuted"])
def test_95_percent_of_two_hundred_intervals_of_nothing_hold_a_half(parts):
    held = sum(of.interval[0] <= 0.5 <= of.interval[1] for of in estimates(parts, 200))
    assert binom.ppf(0.025, 200, 0.95) <= held <= binom.ppf(0.975, 200, 0.95)
