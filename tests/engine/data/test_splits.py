"""Splits cover, do not overlap, are stratified, and depend on labels and seed alone."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from engine.data.load import load_task
from engine.data.tasks.splits import SCHEMES, make_split
from store.errors import DataError, UsageError
from store.home import Home
from store.records import Audit, Task


def task_of(labels: list[int], texts: str = "x") -> Task:
    genes = tuple(f"G{place:04d}" for place in range(len(labels)))
    classes = tuple(f"c{label}" for label in range(max(labels) + 1))
    return Task("t", "T", classes, genes, tuple(labels), (texts,) * len(labels), Audit(()))


counts = st.lists(st.integers(10, 60), min_size=2, max_size=5)


@settings(max_examples=60, deadline=None)
@given(counts, st.integers(0, 2**32 - 1), st.randoms(use_true_random=False))
def test_a_split_covers_without_overlap_and_keeps_the_proportions(sizes, seed, random) -> None:  # type: ignore[no-untyped-def]
    labels = [label for label, size in enumerate(sizes) for _ in range(size)]
    random.shuffle(labels)
    split = make_split(task_of(labels), "paper", seed)
    assert sorted(split.train + split.evaluation + split.test) == list(range(len(labels)))
    assert len(split.test) == -(-len(labels) // 10)
    told = Counter(labels[place] for place in split.test)
    for label, size in enumerate(sizes):
        assert abs(told[label] - size * len(split.test) / len(labels)) <= 1
    assert split == make_split(task_of(labels, texts="other"), "paper", seed)


def test_seeds_differ_and_names_do_not_matter() -> None:
    labels = [0, 1] * 40
    splits = [make_split(task_of(labels), "paper", seed) for seed in range(41, 51)]
    assert len({split.hash for split in splits}) == 10


def test_the_papers_recipe_to_the_letter(home: Home) -> None:
    task = load_task("bivalent-vs-lys4", home)
    genes, labels = list(task.genes), list(task.labels)
    for seed in (41, 50):
        rest, test, rest_labels, _ = train_test_split(
            genes, labels, test_size=0.1, stratify=labels, random_state=seed
        )
        train, held = train_test_split(rest, test_size=0.1 / 0.9, stratify=rest_labels, random_state=seed)
        split = make_split(task, "paper", seed)
        assert [genes[place] for place in split.train] == train
        assert [genes[place] for place in split.evaluation] == held
        assert [genes[place] for place in split.test] == test


def test_test_sets_are_as_small_as_told(home: Home) -> None:
    names = ("long-vs-short-tf", "dosage-sensitivity", "bivalent-vs-lys4", "bivalent-vs-no-methyl")
    tasks = [load_task(name, home) for name in names]
    sizes = {
        task.name: np.bincount([task.labels[place] for place in make_split(task, "paper", 41).test])
        for task in tasks
    }
    assert {name: tuple(size) for name, size in sizes.items()} == {
        "long-vs-short-tf": (13, 5),
        "dosage-sensitivity": (37, 12),
        "bivalent-vs-lys4": (8, 10),
        "bivalent-vs-no-methyl": (4, 10),
    }


def test_bad_requests() -> None:
    task = task_of([0, 1] * 20)
    with pytest.raises(UsageError, match="Did you mean 'paper'"):
        make_split(task, "papr", 41)
    for seed in (-1, 2**32):
        with pytest.raises(UsageError, match="out of range"):
            make_split(task, "paper", seed)
    with pytest.raises(DataError, match="cannot be split"):
        make_split(task_of([0] * 20 + [1]), "paper", 41)
    with pytest.raises(DataError, match="too few genes of class 'c1'"):
        make_split(task_of([0] * 200 + [1] * 3), "paper", 41)
    assert list(SCHEMES) == ["paper"]
