"""AUCs and standard errors are those of their definitions, written out gene by gene."""

from __future__ import annotations

from collections import defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_boards import RATIO, board, boards, cell
from sklearn.metrics import roc_auc_score

from engine.stats.influence import all_pair_errors, influences, mean_over_tasks, own_errors, pair_errors
from engine.stats.scores import CellScores, FitScores
from store.errors import DataError


def psi(one, other):
    return float(one > other) + 0.5 * (one == other)


def by_definition(cells, weights):
    """AUC, SE_g and nu of sum(weight * AUC) over `cells` with the same tests, one gene at a time."""
    classes = cells[0].fits[0].classes
    problems = [1] if classes == 2 else range(classes)
    auc, total, counts = 0.0, defaultdict(float), defaultdict(set)
    for positive in problems:
        placed = []  # (split, entry, side, placement of the weighted difference)
        per_split = []
        for split in cells[0].by_split:
            fits = [own.by_split[split][0] for own in cells]
            scores = [fit.scores if classes == 2 else fit.scores[:, positive] for fit in fits]
            inside = [place for place, label in enumerate(fits[0].labels) if label == positive]
            outside = [place for place, label in enumerate(fits[0].labels) if label != positive]
            for place, side, against in (
                *((place, 1, outside) for place in inside),
                *((place, 0, inside) for place in outside),
            ):
                value = sum(
                    weight
                    * np.mean([psi(x[place], x[q]) if side else psi(x[q], x[place]) for q in against])
                    for weight, x in zip(weights, scores, strict=True)
                )
                placed.append((fits[0].genes[place], side, value, len(inside) if side else len(outside)))
                counts[int(fits[0].labels[place])].add(fits[0].genes[place])
            pairs = list(product(inside, outside))
            per_split.append(
                sum(
                    weight * sum(psi(x[i], x[j]) for i, j in pairs) / len(pairs)
                    for weight, x in zip(weights, scores, strict=True)
                )
            )
        mean = np.mean(per_split)
        auc += mean / len(problems)
        for side in (0, 1):
            k = len({gene for gene, own, _, _ in placed if own == side})
            for gene, own, value, size in placed:
                if own == side:
                    part = (value - mean) / (len(per_split) * size) * np.sqrt(k / (k - 1))
                    total[gene] += part / len(problems)
    return auc, np.sqrt(sum(part**2 for part in total.values())), min(map(len, counts.values())) - 1


@settings(max_examples=60)
@given(boards)
def test_auc_errors_and_degrees_of_freedom_are_those_of_the_definition(cells):
    of = influences(cells)
    auc, gene_se, nu = by_definition(cells[:1], [1])
    assert of.auc[0] == pytest.approx(auc, abs=1e-12)
    assert own_errors(of)[0][0] == pytest.approx(gene_se, abs=1e-12)
    assert of.nu == nu
    _, gene_se, _ = by_definition(cells[:2], [1, -1])
    assert pair_errors(of, 0, 1)[0] == pytest.approx(gene_se, abs=1e-12)


@settings(max_examples=60)
@given(boards)
def test_the_auc_is_scikit_learns(cells):
    for row, own in enumerate(cells):
        aucs = [
            roc_auc_score(
                fit.labels == 1 if fit.classes == 2 else np.eye(fit.classes)[fit.labels],
                fit.scores,
                average="macro",
            )
            for fit in own.fits
        ]
        assert influences(cells).tasks[0].auc[row] == pytest.approx(aucs, abs=1e-12)


@settings(max_examples=60)
@given(boards)
def test_errors_of_all_pairs_are_those_of_each_pair(cells):
    of = influences(cells)
    together = all_pair_errors(of)
    for i, j in product(range(len(cells)), repeat=2):
        assert [errors[i, j] for errors in together] == pytest.approx(pair_errors(of, i, j), abs=1e-9)


@settings(max_examples=60)
@given(boards, st.integers(0, 3))
def test_scores_matter_by_their_order_alone(cells, of_model):
    own = cells[of_model % len(cells)]
    rescaled = CellScores(
        own.model,
        own.task,
        own.ratio,
        own.control,
        tuple(FitScores(fit.split, fit.genes, fit.labels, np.exp(2 * fit.scores)) for fit in own.fits),
    )
    before, after = influences([own]), influences([rescaled])
    assert np.array_equal(before.influence, after.influence)
    assert pair_errors(influences([own, rescaled]), 0, 1) == (0.0, 0.0)


def test_two_columns_of_probabilities_are_one_auc():
    """Of two classes one-versus-rest, each is the other turned around: the mean is the binary AUC."""
    own = board(3, models=1, twice=2)[0]
    two = influences([own])
    tests = [(fit, np.stack([-fit.scores, fit.scores], axis=1)) for fit in own.fits]
    sides = []
    for positive in (0, 1):
        flipped = tuple(
            FitScores(fit.split, fit.genes, (fit.labels == positive).astype(int), scores[:, positive])
            for fit, scores in tests
        )
        sides.append(influences([CellScores("m0", "T", RATIO, False, flipped)]))
    assert sides[0].auc == pytest.approx(two.auc)
    assert sides[0].influence == pytest.approx(sides[1].influence)


def test_one_split_gives_delongs_error():
    """DeLong, DeLong & Clarke-Pearson 1988: S10 / m + S01 / n of the differences of placements."""
    first, second = board(11, models=2, splits=1, sizes=(40, 30), tested=(40, 30))
    labels = first.fits[0].labels

    def placements(scores):
        table = np.array([[psi(x, y) for y in scores[labels == 0]] for x in scores[labels == 1]])
        return table.mean(axis=1), table.mean(axis=0)

    (up, down), (other_up, other_down) = (placements(own.fits[0].scores) for own in (first, second))
    expected = np.sqrt(np.var(up - other_up, ddof=1) / 30 + np.var(down - other_down, ddof=1) / 40)
    gene_se, split_se = pair_errors(influences([first, second]), 0, 1)
    assert gene_se == pytest.approx(expected)
    assert split_se == 0


def test_the_error_of_splits_is_nadeau_and_bengios_with_the_larger_ratio():
    first, second = board(5, models=2)
    second = CellScores(second.model, second.task, 0.25, False, second.fits)
    of = influences([first, second])
    differences = of.tasks[0].auc[0] - of.tasks[0].auc[1]
    expected = np.sqrt((1 / 10 + 0.25) * np.var(differences, ddof=1))
    assert pair_errors(of, 0, 1)[1] == pytest.approx(expected)
    assert all_pair_errors(of)[1][0, 1] == pytest.approx(expected)
    assert own_errors(of)[1][0] == pytest.approx(
        np.sqrt((0.1 + RATIO) * np.var(of.tasks[0].auc[0], ddof=1))
    )


def test_a_bootstrap_of_genes_has_the_same_error():
    """Exp(1) weights by symbol, ratio over splits, kept scores: the slow way to the same quantity."""
    own = board(2, models=1, splits=10, sizes=(60, 90), tested=(12, 18), twice=5)[0]
    of = influences([own])
    place = {gene: column for column, gene in enumerate(of.genes)}
    weights = np.random.default_rng(0).exponential(size=(4000, len(of.genes)))
    above, below = np.zeros(4000), np.zeros(4000)
    for fit in own.fits:
        columns = np.array([place[gene] for gene in fit.genes])
        up, down = weights[:, columns[fit.labels == 1]], weights[:, columns[fit.labels == 0]]
        table = [[psi(x, y) for y in fit.scores[fit.labels == 0]] for x in fit.scores[fit.labels == 1]]
        above += np.einsum("bp,pq,bq->b", up, np.array(table), down)
        below += up.sum(axis=1) * down.sum(axis=1)
    assert own_errors(of)[0][0] == pytest.approx(np.std(above / below), rel=0.08)


def test_seeds_are_averaged_within_their_split():
    draws = board(9, models=3, splits=4)
    together = CellScores("r", "T", RATIO, False, tuple(fit for own in draws for fit in own.fits))
    of = influences([together])
    apart = influences(draws)
    assert of.tasks[0].splits == apart.tasks[0].splits
    assert of.tasks[0].auc[0] == pytest.approx(apart.tasks[0].auc.mean(axis=0))
    assert of.influence[0] == pytest.approx(apart.influence.mean(axis=0))


def test_a_cell_with_seeds_is_compared_with_one_without():
    one, *draws = board(9, models=4, splits=4)
    several = CellScores("r", "T", RATIO, False, tuple(fit for own in draws for fit in own.fits))
    of = influences([several, one])
    assert of.auc == pytest.approx([influences(draws).auc.mean(), influences([one]).auc[0]])


def test_a_symbol_of_two_tasks_is_added_before_it_is_squared():
    once = influences(board(1, models=2, task="T"))
    same = mean_over_tasks([once, once])
    assert same.auc == pytest.approx(once.auc)
    assert own_errors(same)[0] == pytest.approx(own_errors(once)[0])
    elsewhere = influences(board(1, models=2, task="T", genes_from=1000))
    assert own_errors(elsewhere)[0] == pytest.approx(own_errors(once)[0])
    apart = mean_over_tasks([once, elsewhere])
    assert own_errors(apart)[0] == pytest.approx(own_errors(once)[0] / np.sqrt(2))
    assert own_errors(same)[1] == pytest.approx(own_errors(once)[1] / np.sqrt(2))


def test_a_mean_has_the_fewest_genes_of_its_tasks():
    large, small = board(1), board(1, sizes=(4, 30), tested=(2, 8), task="U")
    parts = [influences(large), influences(small)]
    assert mean_over_tasks(parts).nu == min(part.nu for part in parts) == parts[1].nu
    with pytest.raises(DataError, match="same models"):
        mean_over_tasks([parts[0], influences(small[:2])])


def test_a_gene_is_counted_once_however_often_it_is_tested():
    rows = [("A", 1, 0.9), ("B", 1, 0.1), ("C", 0, 0.5), ("D", 0, 0.2), ("E", 0, 0.3)]
    assert influences([cell("a", {str(split): rows for split in range(7)})]).tested == 2


def test_large_tests_are_compared_in_blocks(monkeypatch):
    cells = board(4, models=4, splits=2)
    whole = influences(cells)
    monkeypatch.setattr("engine.stats.influence._BLOCK", 50)
    assert np.array_equal(influences(cells).influence, whole.influence)
