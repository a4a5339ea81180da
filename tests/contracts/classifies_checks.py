"""What every `Classifies` keeps to, as plain functions that take a `Job`.

A check needs nothing but `Job.run`, so that a wrong classifier can be handed to it as well.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from classify_examples import draw_split, noisy_genes
from counted_cancel import Looks
from numpy.typing import NDArray

from engine.cancel import Stopped
from engine.classify import Classified, Classifies
from store.errors import DataError
from store.records import Split

Vectors = NDArray[Any]


@dataclass(frozen=True)
class Job:
    """One way to classify, and one task's vectors to do it with."""

    classifies: Classifies
    protocol: str
    params: Mapping[str, Any]
    scaling: str
    solver: str
    vectors: Vectors
    labels: Vectors
    split: Split

    @classmethod
    def of(cls, classifies: Classifies, way: tuple[Any, ...], classes: int = 2) -> Job:
        vectors, labels = noisy_genes(classes, rows=30 + 30 * classes)
        return cls(classifies, *way, vectors, labels, draw_split(labels))

    def run(self, **options: Any) -> Classified:
        options.setdefault("cancel", threading.Event())
        return self.classifies(
            self.protocol,
            self.params,
            self.vectors,
            self.labels,
            self.split,
            scaling=self.scaling,
            lr_solver=self.solver,
            **options,
        )

    def with_vectors(self, vectors: Vectors) -> Job:
        return replace(self, vectors=vectors)


Check = Callable[[Job], None]
CHECKS: list[Check] = []
BESIDE = ThreadPoolExecutor(2)
"""Kept, since a process that belongs to a thread takes 1 s to start."""


def checked(check: Check) -> Check:
    """List `check` among those that every classifier passes."""
    CHECKS.append(check)
    return check


def assert_probabilities(result: Classified, job: Job) -> None:
    scores = result.scores
    assert scores.shape == (len(job.split.test), int(job.labels.max()) + 1)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()
    assert (scores >= 0).all()
    assert (scores <= 1).all()
    # lbfgs on float32 vectors works in float32, whose last place is 6e-8 at 1.
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=0, atol=1e-6)


def assert_equal(first: Classified, second: Classified) -> None:
    """Bit for bit, in everything but the time it took."""
    assert np.array_equal(first.scores, second.scores)
    assert first.trials == second.trials
    assert first.best_params == second.best_params


@checked
def check_scores_are_probabilities_of_each_class(job: Job) -> None:
    for classes in (2, 3):
        vectors, labels = noisy_genes(classes, rows=30 + 30 * classes)
        this = replace(job, vectors=vectors, labels=labels, split=draw_split(labels))
        assert_probabilities(this.run(), this)


@checked
def check_the_same_seed_gives_the_same_bits(job: Job) -> None:
    np.random.seed(1)
    first = job.run()
    np.random.seed(2)
    assert_equal(first, job.run())


@checked
def check_no_unit_depends_on_those_before_it_or_beside_it(job: Job) -> None:
    alone = job.run()
    other = job.with_vectors(job.vectors[::-1] * 3)
    other.run()
    beside, again = BESIDE.submit(other.run), BESIDE.submit(job.run)
    assert_equal(alone, again.result())
    assert_equal(beside.result(), other.run())
    assert_equal(alone, job.run())


@checked
def check_test_genes_tell_nothing(job: Job) -> None:
    """Neither the labels of the test genes, nor the vectors of the others, change a gene's score."""
    first, test = job.run(), list(job.split.test)
    labels, vectors = job.labels.copy(), job.vectors.copy()
    labels[test] = (labels[test] + 1) % (int(labels.max()) + 1)
    assert_equal(first, replace(job, labels=labels).run())
    vectors[test[1:]] = vectors[test[1:]][::-1] * 1000
    changed = job.with_vectors(vectors).run()
    assert changed.trials == first.trials
    assert np.array_equal(changed.scores[0], first.scores[0])


@checked
def check_scores_stand_in_the_order_of_the_test_genes(job: Job) -> None:
    turned = replace(job, split=replace(job.split, test=job.split.test[::-1]))
    np.testing.assert_allclose(turned.run().scores, job.run().scores[::-1], rtol=0, atol=1e-6)


@checked
def check_genes_of_no_part_are_not_looked_at(job: Job) -> None:
    left_out = replace(job, split=replace(job.split, evaluation=job.split.evaluation[1:]))
    vectors = job.vectors.copy()
    vectors[job.split.evaluation[0]] = 1e6
    assert_equal(left_out.run(), left_out.with_vectors(vectors).run())


@checked
def check_vectors_may_lie_in_memory_as_they_like(job: Job) -> None:
    first = job.run()
    wide = np.repeat(job.vectors, 2, axis=1)
    for vectors in (np.asfortranarray(job.vectors), wide[:, ::2], job.vectors.astype(np.float64)):
        assert_equal(first, job.with_vectors(vectors).run())


@checked
def check_what_is_handed_in_is_left_as_it_was(job: Job) -> None:
    before = job.vectors.copy(), job.labels.copy(), dict(job.params)
    job.run()
    assert np.array_equal(job.vectors, before[0])
    assert np.array_equal(job.labels, before[1])
    assert dict(job.params) == before[2]
    frozen = job.vectors.copy(), job.labels.copy()
    for array in frozen:
        array.flags.writeable = False
    replace(job, vectors=frozen[0], labels=frozen[1]).run()


@checked
def check_awkward_vectors_give_probabilities(job: Job) -> None:
    rows = len(job.vectors)
    random = np.random.default_rng(3)
    constant = job.vectors.copy()
    constant[:, ::2] = 1.5
    for vectors in (
        constant,
        np.zeros_like(job.vectors),
        job.vectors[:, :1],
        random.normal(size=(rows, 2 * rows)).astype(np.float32),
        job.vectors * np.float32(1e-30),
    ):
        this = job.with_vectors(vectors)
        assert_probabilities(this.run(), this)


@checked
def check_numbers_that_are_not_finite_are_refused(job: Job) -> None:
    for number in (np.nan, np.inf, -np.inf):
        vectors = job.vectors.copy()
        vectors[job.split.train[2], 0] = number
        with pytest.raises(DataError, match="finite"):
            job.with_vectors(vectors).run()


@checked
def check_a_class_without_training_genes_is_refused(job: Job) -> None:
    labels = np.zeros_like(job.labels)
    labels[job.split.test[0]] = 1
    with pytest.raises(DataError, match="class 1"):
        replace(job, labels=labels).run()


@checked
def check_cancel_is_heeded_at_the_first_look_that_tells_of_it(job: Job) -> None:
    free = Looks()
    job.run(cancel=free)
    assert free.looks, "the cancel event is never looked at"
    for until in {0, min(1, free.looks - 1)}:
        cancel = Looks(until)
        with pytest.raises(Stopped):
            job.run(cancel=cancel)
        assert cancel.looks == until + 1


@checked
def check_cancel_is_heeded_between_steps(job: Job) -> None:
    told: list[tuple[int, int]] = []
    job.run(progress=lambda *step: told.append(step))
    total = told[-1][1]
    assert told == [(done, total) for done in range(1, total + 1)]
    for last in {1, total - 1} - {0, total}:
        cancel, steps = threading.Event(), []

        def tell(done: int, _: int, last: int = last, cancel: Any = cancel, steps: Any = steps) -> None:
            steps.append(done)
            if done == last:
                cancel.set()

        with pytest.raises(Stopped):
            job.run(cancel=cancel, progress=tell)
        assert steps == list(range(1, last + 1))


AXES_TOUCH: tuple[Check, ...] = (
    check_scores_are_probabilities_of_each_class,
    check_test_genes_tell_nothing,
    check_genes_of_no_part_are_not_looked_at,
    check_awkward_vectors_give_probabilities,
)
"""What another scaling or solver could break."""
