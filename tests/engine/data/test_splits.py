"""Splits cover, do not overlap, are stratified, and depend on labels and seed alone."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold, train_test_split

from engine.catalog.presets import PRESETS
from engine.catalog.schemes import SCHEMES
from engine.classify import classify
from engine.data.load import load_task
from engine.data.tasks.splits import in_two_classes, make_split
from store.errors import DataError, UsageError
from store.home import Home, find_home
from store.records import Audit, Task


def task_of(labels: list[int], texts: str = "x") -> Task:
    genes = tuple(f"G{place:04d}" for place in range(len(labels)))
    classes = tuple(f"c{label}" for label in range(max(labels) + 1))
    return Task("t", "T", classes, genes, tuple(labels), (texts,) * len(labels), Audit(()))


counts = st.lists(st.integers(10, 60), min_size=2, max_size=5)


@settings(max_examples=60)
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


SAMPLE = ("long-vs-short-tf", "dosage-sensitivity", "bivalent-vs-lys4", "bivalent-vs-no-methyl")
DROPPED = {"bivalent-vs-no-methyl": {"FOXP2"}}


@pytest.mark.parametrize("name", SAMPLE)
def test_corrected_splits_are_the_papers_less_the_genes_in_two_classes(name: str) -> None:
    paper, corrected = (
        load_task(name, find_home(), labels=axes.labels, provenance=axes.provenance)
        for axes in (PRESETS["paper"], PRESETS["corrected"])
    )
    dropped = DROPPED.get(name, set())
    assert {corrected.genes[place] for place in in_two_classes(corrected)} == dropped
    for seed in range(41, 51):
        whole, less = make_split(paper, "paper", seed), make_split(corrected, "paper", seed, "clean")
        for part in ("train", "evaluation", "test"):
            drawn = [paper.genes[place] for place in getattr(whole, part)]
            kept = [corrected.genes[place] for place in getattr(less, part)]
            assert kept == [gene for gene in drawn if gene not in dropped]
            assert set(getattr(less, part)) <= set(getattr(whole, part))
        assert dropped or less == whole


def test_a_split_that_loses_no_gene_gives_the_papers_number() -> None:
    task = load_task("bivalent-vs-lys4", find_home(), labels="clean")
    vectors = np.random.default_rng(0).normal(size=(len(task.genes), 8)).astype(np.float32)
    paper, clean = (
        classify(
            "rf",
            {"trees": 10, "seed": 42},
            vectors,
            np.asarray(task.labels),
            make_split(task, "paper", 41, rule),
            scaling="none",
            lr_solver="liblinear",
            cancel=threading.Event(),
        ).scores
        for rule in ("unique", "clean")
    )
    np.testing.assert_array_equal(paper, clean)


def test_splits_drawn_from_a_list_without_those_genes_have_other_keys() -> None:
    whole = load_task("bivalent-vs-no-methyl", find_home(), labels="clean")
    kept = [place for place in range(len(whole.genes)) if place not in in_two_classes(whole)]
    parts = {
        name: tuple(getattr(whole, name)[place] for place in kept) for name in ("genes", "labels", "texts")
    }
    assert len(kept) == len(whole.genes) - 2
    assert replace(whole, **parts).hash != whole.hash


@settings(max_examples=40)
@given(
    st.sampled_from(["paper", "cv-10x10"]),
    counts,
    st.lists(st.integers(0, 10**6), max_size=4),
    st.integers(0, 99),
)
def test_a_gene_in_two_classes_is_in_no_clean_split_and_moves_no_other(scheme, sizes, twice, seed) -> None:  # type: ignore[no-untyped-def]
    labels = [label for label, size in enumerate(sizes) for _ in range(size)]
    task = task_of(labels)
    genes = list(task.genes)
    for place in twice:  # the gene of another class stands here too
        genes[place % sizes[0]] = genes[-1 - place % sizes[-1]]
    task = replace(task, genes=tuple(genes))
    out = set(in_two_classes(task))
    assert out == {n for n, gene in enumerate(genes) if genes.count(gene) > 1 and twice}
    whole = make_split(task, scheme, seed)
    try:
        clean = make_split(task, scheme, seed, "clean")
    except DataError:  # a test set lost a class
        return
    for part in ("train", "evaluation", "test"):
        assert getattr(clean, part) == tuple(n for n in getattr(whole, part) if n not in out)


def test_test_sets_are_as_small_as_told(home: Home) -> None:
    tasks = [load_task(name, home) for name in SAMPLE]
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


@settings(max_examples=40)
@given(counts, st.integers(0, 9), st.randoms(use_true_random=False))
def test_in_each_repeat_of_cross_validation_every_gene_is_tested_once(sizes, repeat, random) -> None:  # type: ignore[no-untyped-def]
    labels = [label for label, size in enumerate(sizes) for _ in range(size)]
    random.shuffle(labels)
    task, everything = task_of(labels), list(range(len(labels)))
    splits = [make_split(task, "cv-10x10", 10 * repeat + fold) for fold in range(10)]
    assert sorted(place for split in splits for place in split.test) == everything
    for split in splits:
        assert sorted(split.train + split.evaluation + split.test) == everything
        assert abs(len(split.evaluation) - len(split.train) / 8) <= 1.2
        for part, share in ((split.test, 10), (split.evaluation, 10)):
            tested = Counter(labels[place] for place in part)
            assert all(abs(tested[label] - size / share) < 2 for label, size in enumerate(sizes))
    assert splits == [
        make_split(task_of(labels, texts="other"), "cv-10x10", 10 * repeat + fold) for fold in range(10)
    ]


def test_cross_validation_is_scikit_learns_to_the_letter() -> None:
    task = load_task("bivalent-vs-no-methyl", find_home())
    labels = np.array(task.labels)
    for repeat in (0, 9):
        folds = StratifiedKFold(10, shuffle=True, random_state=repeat).split(labels, labels)
        for fold, (rest, test) in enumerate(folds):
            seed = 10 * repeat + fold
            train, held = train_test_split(
                rest, test_size=0.1 / 0.9, stratify=labels[rest], random_state=seed
            )
            split = make_split(task, "cv-10x10", seed)
            assert (split.scheme, split.seed) == ("cv-10x10", seed)
            assert split.train == tuple(train.tolist())
            assert split.evaluation == tuple(held.tolist())
            assert split.test == tuple(test.tolist())


def test_the_hundred_splits_are_a_hundred() -> None:
    task = task_of([0] * 30 + [1] * 20)
    assert len({make_split(task, "cv-10x10", seed).hash for seed in range(100)}) == 100


def test_ten_folds_need_ten_genes_of_each_class() -> None:
    make_split(task_of([0] * 30 + [1] * 10), "cv-10x10", 0)
    with pytest.raises(DataError) as refused:
        make_split(task_of([0] * 30 + [1] * 9), "cv-10x10", 0)
    assert refused.value.message == "Task t has 9 genes of class 'c1', too few for 10 folds."


def test_a_seed_of_no_fold_is_refused() -> None:
    task = task_of([0, 1] * 20)
    for seed in (-1, 100):
        with pytest.raises(UsageError, match="cv-10x10 go from 0 to 99"):
            make_split(task, "cv-10x10", seed)


def test_a_scheme_says_which_part_of_it_is_meant() -> None:
    paper, folds = SCHEMES["paper"], SCHEMES["cv-10x10"]
    assert (folds.part(10), folds.part(100), folds.part(0)) == ("10 of the 100 splits of cv-10x10", "", "")
    assert [paper.part(n) for n in (3, 10, 20)] == ["", "", ""]
    assert [folds.split_name(seed) for seed in (0, 37, 99)] == [
        "repeat 0, fold 0",
        "repeat 3, fold 7",
        "repeat 9, fold 9",
    ]


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
