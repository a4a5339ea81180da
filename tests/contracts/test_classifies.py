"""The contract of `Classifies`: vectors, labels and a split in, probabilities of the test genes out.

To add a way of running the classifiers, name it in `IMPLEMENTATIONS`. A protocol of the catalog that
works on vectors is found by itself, with every scaling and solver that can touch its number.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest
from classifies_checks import AXES_TOUCH, CHECKS, Check, Job

from engine.catalog.presets import RELEVANT, Axes
from engine.catalog.protocols import PROTOCOLS, Protocol
from engine.classify import Classified, Classifies, classify
from engine.run.apart import classify_apart

IMPLEMENTATIONS: Mapping[str, Classifies] = {
    "in this thread": classify,
    "in a process of its own": classify_apart,
}
_TREES = 10
"""The most of a forest: enough to differ, and 0.02 s."""


def small(protocol: Protocol) -> dict[str, Any]:
    """The protocol's parameters, of each tuned one only the first two values, and few trees."""
    cut = {name: v[:2] if isinstance(v, tuple) else v for name, v in protocol.params.items()}
    if "trees" in cut:
        cut["trees"] = (_TREES // 2, _TREES) if isinstance(cut["trees"], tuple) else _TREES
    return cut


def ways() -> Iterator[tuple[str, Mapping[str, Any], str, str]]:
    """Each protocol on vectors with each value of the axes that its classifier sees."""
    hints = get_type_hints(Axes)
    for protocol in PROTOCOLS.values():
        if not protocol.finetunes:
            scalings = get_args(hints["scaling"])
            solvers = get_args(hints["lr_solver"])
            if "lr_solver" not in RELEVANT[protocol.axes]:
                solvers = solvers[:1]
            for scaling, solver in product(scalings, solvers):
                yield protocol.name, small(protocol), scaling, solver


WAYS = tuple(ways())
FIRST_WAYS = tuple({way[0]: way for way in reversed(WAYS)}.values())
"""One for each protocol."""


def told(thing: Any) -> str:
    return thing.__name__ if callable(thing) else " ".join((thing[0], *thing[2:]))


@pytest.mark.parametrize("check", CHECKS, ids=told)
@pytest.mark.parametrize("way", FIRST_WAYS, ids=told)
def test_every_protocol_on_vectors_keeps_the_contract(way: tuple[Any, ...], check: Check) -> None:
    check(Job.of(classify, way))


@pytest.mark.parametrize("check", CHECKS, ids=told)
@pytest.mark.parametrize("name", [name for name, one in IMPLEMENTATIONS.items() if one is not classify])
def test_every_implementation_keeps_the_contract(name: str, check: Check) -> None:
    """By a protocol with a grid, which has steps; below, each protocol gives the same bits."""
    tuned = next(way for way in FIRST_WAYS if "folds" in way[1])
    check(Job.of(IMPLEMENTATIONS[name], tuned))


@pytest.mark.parametrize("check", AXES_TOUCH, ids=told)
@pytest.mark.parametrize("way", [way for way in WAYS if way not in FIRST_WAYS], ids=told)
def test_every_scaling_and_solver_keeps_the_contract(way: tuple[Any, ...], check: Check) -> None:
    check(Job.of(classify, way))


@pytest.mark.parametrize("way", FIRST_WAYS, ids=told)
def test_every_implementation_gives_the_same_bits(way: tuple[Any, ...]) -> None:
    first, *others = [Job.of(classifies, way, classes=3).run() for classifies in IMPLEMENTATIONS.values()]
    for other in others:
        assert np.array_equal(first.scores, other.scores)
        assert first.trials == other.trials


def peeks(*arguments: Any, **options: Any) -> Classified:
    """Scores the test genes with their own labels in sight."""
    result = classify(*arguments, **options)
    own = np.eye(result.scores.shape[1])[arguments[3][list(arguments[4].test)]]
    return replace(result, scores=(result.scores + own) / 2)


def scales_with_all_rows(
    protocol: str, params: Any, vectors: Any, labels: Any, split: Any, **options: Any
) -> Classified:
    scaled = (vectors - vectors.mean(axis=0)) / (vectors.std(axis=0) + 1e-9)
    return classify(protocol, params, scaled, labels, split, **options)


def is_random(*arguments: Any, **options: Any) -> Classified:
    result = classify(*arguments, **options)
    scores = np.random.default_rng().dirichlet(np.ones(result.scores.shape[1]), len(result.scores))
    return replace(result, scores=scores)


def ignores_cancel(*arguments: Any, **options: Any) -> Classified:
    return classify(*arguments, **{**options, "cancel": threading.Event()})


def sums_to_more_than_one(*arguments: Any, **options: Any) -> Classified:
    result = classify(*arguments, **options)
    return replace(result, scores=result.scores * 0.9 + 0.1)


def changes_its_input(*arguments: Any, **options: Any) -> Classified:
    arguments[2][:] *= 2
    return classify(*arguments, **options)


class Remembers:
    """Adds to each unit a little of the one before."""

    def __init__(self) -> None:
        self.last = 0.0

    def __call__(self, *arguments: Any, **options: Any) -> Classified:
        result = classify(*arguments, **options)
        share, self.last = self.last, float(abs(arguments[2]).mean()) / 1e4
        scores = result.scores * (1 - share) + share / result.scores.shape[1]
        return replace(result, scores=scores)


def forgets_the_order(*arguments: Any, **options: Any) -> Classified:
    result = classify(*arguments, **options)
    return replace(result, scores=result.scores[np.argsort(arguments[4].test)])


def lets_nan_through(*arguments: Any, **options: Any) -> Classified:
    return classify(*arguments[:2], np.nan_to_num(arguments[2]), *arguments[3:], **options)


def needs_one_layout(*arguments: Any, **options: Any) -> Classified:
    order = 1.0 if arguments[2].flags.c_contiguous else 2.0
    return classify(*arguments[:2], arguments[2] * order, *arguments[3:], **options)


@pytest.mark.parametrize(
    ("wrong", "caught_by"),
    [
        (peeks, "check_test_genes_tell_nothing"),
        (scales_with_all_rows, "check_test_genes_tell_nothing"),
        (scales_with_all_rows, "check_genes_of_no_part_are_not_looked_at"),
        (is_random, "check_the_same_seed_gives_the_same_bits"),
        (ignores_cancel, "check_cancel_is_heeded_at_the_first_look_that_tells_of_it"),
        (sums_to_more_than_one, "check_scores_are_probabilities_of_each_class"),
        (changes_its_input, "check_what_is_handed_in_is_left_as_it_was"),
        (Remembers(), "check_no_unit_depends_on_those_before_it_or_beside_it"),
        (forgets_the_order, "check_scores_stand_in_the_order_of_the_test_genes"),
        (lets_nan_through, "check_numbers_that_are_not_finite_are_refused"),
        (needs_one_layout, "check_vectors_may_lie_in_memory_as_they_like"),
    ],
)
def test_a_wrong_classifier_is_caught(wrong: Classifies, caught_by: str) -> None:
    check = next(check for check in CHECKS if check.__name__ == caught_by)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(Job.of(wrong, next(way for way in FIRST_WAYS if way[0] == "lr")))
