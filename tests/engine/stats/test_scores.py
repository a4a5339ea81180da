"""Kept scores: what is refused, what is matched, and what is counted as missing."""

from __future__ import annotations

import numpy as np
import pytest
from score_boards import RATIO, cell

from engine.stats.scores import CellScores, FitScores, of_genes, shared_tests
from store.errors import DataError

ONE = [("A", 1, 0.9), ("B", 1, 0.4), ("C", 0, 0.5), ("D", 0, 0.1)]


def fit(genes, labels, scores):
    return FitScores("s" * 40, tuple(genes), np.array(labels), np.array(scores))


@pytest.mark.parametrize(
    ("genes", "labels", "scores", "said"),
    [
        ("AB", [0, 1], [0.1, float("nan")], "not a finite number"),
        ("AB", [0, 1], [0.1, float("inf")], "not a finite number"),
        ("AA", [1, 1], [0.1, 0.2], "stands twice in one class"),
        ("AB", [0, 2], [0.1, 0.2], "outside its 2 classes"),
        ("AB", [0, -1], [0.1, 0.2], "outside its 2 classes"),
        ("ABC", [0, 1], [0.1, 0.2], "do not fit"),
        ("AB", [0, 1], [0.1, 0.2, 0.3], "do not fit"),
        ("AB", [0, 1], 0.5, "do not fit"),
    ],
)
def test_scores_that_cannot_be_judged_are_refused(genes, labels, scores, said):
    with pytest.raises(DataError, match=said):
        fit(genes, labels, scores)


def test_a_symbol_may_stand_in_both_classes():
    assert fit("AAB", [1, 0, 0], [0.5, 0.5, 0.1]).entries == [("A", 1), ("A", 0), ("B", 0)]


def test_probabilities_of_two_classes_are_read_as_those_of_class_one():
    both = fit("AB", [0, 1], [[0.9, 0.1], [0.2, 0.8]])
    assert both.scores.tolist() == [0.1, 0.8]
    assert both.classes == 2
    assert fit("ABC", [0, 1, 2], np.eye(3)).classes == 3


def test_columns_of_rows_become_fits_by_split_and_seed():
    made = CellScores.from_rows(
        "m",
        "T",
        ratio=RATIO,
        control=False,
        splits=["x", "y", "x", "x"],
        genes=["A", "C", "B", "A"],
        labels=[1, 0, 0, 1],
        scores=[0.1, 0.2, 0.3, 0.4],
        seeds=[0, 0, 0, 1],
        failed=["z"],
    )
    assert [(fit.split, fit.genes, fit.scores.tolist()) for fit in made.fits] == [
        ("x", ("A", "B"), [0.1, 0.3]),
        ("y", ("C",), [0.2]),
        ("x", ("A",), [0.4]),
    ]
    assert {split: len(fits) for split, fits in made.by_split.items()} == {"x": 2, "y": 1}
    assert made.tried == {"x", "y", "z"}


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(DataError, match="m in T differ in length"):
        CellScores.from_rows(
            "m", "T", ratio=RATIO, control=False, splits=["x"], genes=["A", "B"], labels=[1], scores=[1.0]
        )


def test_only_splits_and_genes_that_all_have_are_shared():
    first = cell("a", {"x": ONE, "y": ONE, "z": ONE})
    second = cell("b", {"z": ONE[::-1], "q": ONE, "x": [*ONE[1:], ("E", 1, 0.2)]}, failed=["y"])
    tests = shared_tests([first, second])
    assert [(test.split, test.genes) for test in tests] == [
        ("x", ("B", "C", "D")),
        ("z", ("A", "B", "C", "D")),
    ]
    assert tests[1].scores[:, :, 0].tolist() == [[0.9, 0.4, 0.5, 0.1]] * 2


def test_a_cell_judged_by_some_genes_loses_the_splits_without_a_class():
    whole = cell("a", {"x": ONE, "y": [("A", 1, 0.3), ("E", 0, 0.4)], "z": [("F", 1, 0.3)]}, failed=["q"])
    some = of_genes(whole, {"A", "B", "D"})
    assert [fit.genes for fit in some.fits] == [("A", "B", "D"), ("A",), ()]
    assert [test.split for test in shared_tests([some])] == ["x"]
    assert some.tried == {"x", "y", "z", "q"}
    assert (some.model, some.task, some.ratio) == (whole.model, whole.task, whole.ratio)


def test_a_gene_with_another_label_is_another_gene():
    relabelled = [("A", 0, 0.9), *ONE[1:]]
    assert shared_tests([cell("a", {"x": ONE}), cell("b", {"x": relabelled})])[0].genes == ("B", "C", "D")


def test_a_split_that_loses_a_class_is_left_out():
    without = [row for row in ONE if row[1] == 0] + [("E", 1, 0.5)]
    assert shared_tests([cell("a", {"x": ONE}), cell("b", {"x": without})]) == []
    assert shared_tests([cell("a", {"x": ONE[:2]})]) == []


def test_a_failed_split_is_not_used_whatever_is_kept_of_it():
    half_failed = cell("a", {"x": ONE, "y": ONE}, failed=["x"])
    assert [test.split for test in shared_tests([half_failed])] == ["y"]


def test_cells_of_different_tasks_or_classes_share_nothing():
    three = CellScores("b", "T", RATIO, False, (fit("ABC", [0, 1, 2], np.eye(3)),))
    with pytest.raises(DataError, match="different tasks"):
        shared_tests([cell("a", {"x": ONE}), cell("b", {"x": ONE}, task="U")])
    with pytest.raises(DataError, match="different numbers of classes"):
        shared_tests([cell("a", {"x": ONE}), three])
