"""Rank intervals, the leading group and who is ranked at all."""

from __future__ import annotations

import dataclasses
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from scipy import stats
from score_boards import board, boards

from engine.stats.influence import Influences, TaskSplits, influences, mean_over_tasks
from engine.stats.pairs import compare
from engine.stats.ranks import rank, rank_influences
from engine.stats.scores import CellScores
from engine.stats.simultaneous import draw, judge
from store.errors import DataError

SPREAD = [3.0, 2.9, 1.5, 1.4, 0.0]


def spread_board(models=5, **kind):
    sizes = {"sizes": (80, 120), "tested": (15, 25)}
    return board(1, models, signal=SPREAD[:models], **(sizes | kind))


def influences_of(means, influence, splits=None):
    """Influences from plain numbers: one split, unless the AUC of each is given."""
    means, influence = np.array(means, float), np.array(influence, float)
    auc = means[:, None] if splits is None else np.array(splits, float)
    task = TaskSplits(
        "T", tuple(map(str, range(auc.shape[1]))), auc.shape[1], 0, np.full(len(means), 0.1), auc
    )
    models = tuple(f"m{place}" for place in range(len(means)))
    genes = tuple(f"G{place}" for place in range(influence.shape[1]))
    return Influences(models, means, genes, influence, influence.shape[1] // 2, (task,))


def step_down(of, draws):
    """The definition, pair by pair: who is better, the critical values, the leading group."""
    k, se, sigma = len(of.models), {}, {}
    for i, j in permutations(range(k), 2):
        sigma[i, j] = np.sqrt(((of.influence[i] - of.influence[j]) ** 2).sum())
        differences = of.tasks[0].auc[i] - of.tasks[0].auc[j]
        factor = 1 / len(differences) + 0.1
        split = np.sqrt(factor * differences.var(ddof=1)) if len(differences) > 1 else 0
        se[i, j] = max(sigma[i, j], split)
    moved = {(i, j): (draws[:, i] - draws[:, j]) / sigma[i, j] for i, j in sigma}
    t = {(i, j): (of.auc[i] - of.auc[j]) / se[i, j] for i, j in sigma}
    active, critical = set(sigma), []
    while True:
        critical.append(np.quantile(np.max([moved[pair] for pair in active], axis=0), 0.95))
        rejected = {pair for pair in active if t[pair] > critical[-1]}
        if not rejected:
            break
        active -= rejected
    better = np.array([[i != j and (i, j) not in active for j in range(k)] for i in range(k)])
    leading = [
        max(t[i, j] for i in range(k) if i != j)
        <= np.quantile(np.max([moved[i, j] for i in range(k) if i != j], axis=0), 0.95)
        for j in range(k)
    ]
    return better, critical, leading


@pytest.mark.parametrize("seed", range(6))
def test_the_step_down_is_its_definition(seed):
    rng = np.random.default_rng(seed)
    means = rng.normal(0.8, 0.08, 6)
    splits = means[:, None] + rng.normal(0, 0.03, (6, 4))
    of = influences_of(means, rng.normal(0, 0.004, (6, 40)), splits)
    draws = draw(of, 500)
    judged = judge(of, draws)
    better, critical, leading = step_down(of, draws)
    assert np.array_equal(judged.better, better)
    assert judged.critical == pytest.approx(critical)
    assert judged.leading.tolist() == leading


def test_the_draws_are_those_of_one_generator_and_follow_student():
    of = influences(spread_board())
    generator = np.random.default_rng(0)
    normal = generator.standard_normal((10_000, len(of.genes))) @ of.influence.T
    expected = normal / np.sqrt(generator.chisquare(of.nu, (10_000, 1)) / of.nu)
    draws = draw(of)
    assert draws == pytest.approx(expected)
    scaled = draws[:, 0] / np.sqrt((of.influence[0] ** 2).sum())
    assert stats.kstest(scaled, stats.t(of.nu).cdf).pvalue > 0.01


def test_two_models_have_students_two_sided_critical_value():
    of = influences(spread_board(2, splits=1))
    critical = judge(of, draw(of)).critical[0]
    assert critical == pytest.approx(stats.t.ppf(0.975, of.nu), abs=0.06)


def test_blocks_change_nothing(monkeypatch):
    of = influences(spread_board())
    whole = draw(of, 300)
    judged = judge(of, whole)
    monkeypatch.setattr("engine.stats.simultaneous._BLOCK", 60)
    monkeypatch.setattr("engine.stats.simultaneous._DRAWN", 1000)
    assert draw(of, 300) == pytest.approx(whole)
    assert judge(of, whole).critical == judged.critical


def test_many_models_are_judged_in_single_precision_with_fewer_draws(monkeypatch):
    cells = board(4, models=30, splits=5, signal=np.linspace(0, 3, 30))
    exact = rank(cells)
    monkeypatch.setattr("engine.stats.simultaneous.MANY_MODELS", 29)
    of = influences(cells)
    assert draw(of).dtype == np.float32
    assert draw(of).shape == (2000, 30)
    fast = rank(cells)
    assert [place.model for place in fast.places] == [place.model for place in exact.places]
    assert fast.critical[0] == pytest.approx(exact.critical[0], rel=0.05)
    width = [np.mean([place.last - place.first for place in made.places]) for made in (fast, exact)]
    assert width[0] == pytest.approx(width[1], abs=1.5)


@settings(max_examples=30)
@given(boards)
def test_ranks_intervals_letters_and_differences_agree(cells):
    made = rank(cells)
    if not made.k:
        return
    assert made.k == len(cells)
    assert made.places[0].leading
    for i, one in enumerate(made.places):
        assert 1 <= one.first <= one.rank <= one.last <= made.k
        assert one.first == 1 + made.better[:, i].sum()
        assert one.last == made.k - made.better[i].sum()
        for j, other in enumerate(made.places):
            if i != j:
                shown = made.better[i, j] or made.better[j, i]
                assert bool(set(one.letters) & set(other.letters)) is not bool(shown)
            if made.better[i, j]:
                assert one.estimate.auc > other.estimate.auc
    assert 0 <= made.separable < made.k
    assert (made.optimism is None) == (made.places[0].estimate.nu == 1)
    assert made.optimism is None or made.optimism >= 0


def test_clear_groups_are_found():
    made = rank(spread_board())
    assert [(place.model, place.first, place.last) for place in made.places[-1:]] == [("m4", 5, 5)]
    assert {place.model for place in made.places if place.leading} == {"m0", "m1"}
    assert [place.letters for place in made.places] == ["a", "a", "b", "b", "c"]
    assert made.separable == 2
    assert not made.preliminary
    assert made.splits[0].used == 10


def test_equal_models_share_their_rank_and_are_never_told_apart():
    own = spread_board(2)
    twin = dataclasses.replace(own[0], model="twin")
    made = rank([*own, twin])
    ranks = [(place.model, place.rank) for place in made.places]
    assert ranks == [("m1", 1.0), ("m0", 2.5), ("twin", 2.5)]
    copies = rank([dataclasses.replace(own[0], model=str(number)) for number in range(4)])
    assert [(place.first, place.last, place.letters, place.leading) for place in copies.places] == [
        (1, 4, "a", True)
    ] * 4
    assert copies.optimism == 0


def test_models_that_no_gene_tells_apart_are_never_told_apart():
    """Their splits differ and their genes do not: there is nothing to draw from."""
    influence = np.tile(np.eye(1, 40) * 0.001, (3, 1))
    influence[2, 1] = 0.001
    of = influences_of([0.9, 0.6, 0.3], influence, [[0.9, 0.91], [0.6, 0.6], [0.3, 0.31]])
    made = rank_influences(of)
    assert [(place.first, place.last) for place in made.places] == [(1, 2), (1, 2), (3, 3)]


def test_means_that_differ_by_rounding_alone_share_a_rank():
    made = rank_influences(influences_of([0.8, 0.8 + 1e-12, 0.7], np.eye(3, 40) * 0.01))
    assert [place.rank for place in made.places] == [1.5, 1.5, 3]


def test_controls_are_never_ranked_and_change_nothing():
    cells = spread_board(4)
    plain = rank(cells)
    control = dataclasses.replace(spread_board(5)[4], control=True, model="control", fits=cells[0].fits[:2])
    among = rank([control, *cells])
    assert among.places == plain.places
    assert (among.critical, among.optimism, among.k) == (plain.critical, plain.optimism, 4)
    assert "control" not in {gone.model for gone in among.left_out}
    assert compare([control], cells[1:2]).difference is not None
    assert rank([control, dataclasses.replace(control, model="other")]).k == 0


def test_one_contestant_is_never_ranked_first():
    cells = spread_board(2)
    made = rank(cells[:1])
    assert (made.k, made.places) == (0, ())
    assert [(gone.model, gone.reason) for gone in made.left_out] == [("m0", "nothing to rank it among")]
    assert (made.separable, made.splits, made.better) == (0, (), None)
    assert rank([]).left_out == ()


def test_a_missing_cell_keeps_a_model_out_of_the_mean_but_not_out_of_its_task():
    cells = [*spread_board(3), *spread_board(3, task="U")[:2]]
    made = rank(cells)
    assert {place.model for place in made.places} == {"m0", "m1"}
    assert [(gone.model, gone.reason) for gone in made.left_out] == [("m2", "no score in U")]
    assert rank(cells, ["T"]).k == 3
    assert rank(cells, ["T", "U", "V"]).k == 0
    assert rank(cells, ["U"]).splits[0].task == "U"


def test_the_overall_ranks_are_of_the_mean_over_tasks():
    tasks = [spread_board(3), spread_board(3, task="U", genes_from=50)]
    made = rank([own for cells in tasks for own in cells])
    of = mean_over_tasks([influences(cells) for cells in tasks])
    assert {place.model: place.estimate.auc for place in made.places} == dict(
        zip(of.models, of.auc.tolist(), strict=True)
    )


def test_a_model_with_few_splits_stands_below_and_does_not_cost_the_others_theirs():
    cells = spread_board(4)
    cells[1] = dataclasses.replace(cells[1], fits=cells[1].fits[:3])
    cells[2] = dataclasses.replace(cells[2], failed=frozenset(fit.split for fit in cells[2].fits[:4]))
    made = rank(cells)
    assert {place.model for place in made.places} == {"m0", "m2", "m3"}
    assert [gone.model for gone in made.left_out] == ["m1"]
    assert "too few splits in common with the others in T" in made.left_out[0].reason
    assert (made.splits[0].used, made.splits[0].tried, made.splits[0].failed) == (6, 10, 4)


def test_all_splits_suffice_where_fewer_than_five_were_run():
    cells = spread_board(3, splits=3)
    made = rank(cells)
    assert (made.k, made.preliminary) == (3, True)
    cells[2] = dataclasses.replace(cells[2], failed=frozenset({cells[2].fits[0].split}))
    assert {place.model for place in rank(cells).places} == {"m0", "m1"}
    assert rank(spread_board(3, splits=1)).k == 3


def test_models_with_other_splits_leave_and_the_larger_group_stays():
    cells = spread_board(3)
    apart = [dataclasses.replace(own, model=f"x{own.model}") for own in spread_board(2)]
    apart = [
        CellScores(
            own.model,
            "T",
            own.ratio,
            False,
            tuple(dataclasses.replace(fit, split="x" + fit.split) for fit in own.fits),
        )
        for own in apart
    ]
    made = rank([*apart, *cells])
    assert {place.model for place in made.places} == {"m0", "m1", "m2"}
    assert {gone.model for gone in made.left_out} == {"xm0", "xm1"}


def test_a_class_with_one_tested_gene_ranks_nobody():
    cells = board(1, sizes=(10, 1), tested=(3, 1))
    made = rank(cells)
    assert made.k == 0
    assert {gone.reason for gone in made.left_out} == {"a class with a single tested gene"}


def test_two_cells_of_one_model_in_one_task_are_refused():
    cells = spread_board(2)
    with pytest.raises(DataError, match="m0 has two cells in T"):
        rank([*cells, cells[0]])


def test_optimism_is_what_a_picked_best_gains():
    """Equal independent models: the expected maximum of k normal draws, times the standard error."""
    k, se = 8, 0.02
    of = influences_of([0.8] * k, np.kron(np.eye(k), np.full((1, 50), se / np.sqrt(50))))
    expected = se * np.mean(np.max(np.random.default_rng(1).standard_normal((100_000, k)), axis=1))
    assert rank_influences(of).optimism == pytest.approx(expected, rel=0.03)
    far = influences_of([0.9, *[0.5] * (k - 1)], of.influence)
    assert rank_influences(far).optimism == 0


def test_the_detectable_difference_is_that_of_the_median_pair():
    influence = np.zeros((3, 40))
    influence[0, 0], influence[1, 1], influence[2, 2] = 0.03, 0.04, 0.12
    of = influences_of([0.8, 0.7, 0.6], influence)
    median = np.sqrt(0.03**2 + 0.12**2)
    assert rank_influences(of).detectable == pytest.approx(
        (stats.t.ppf(0.975, of.nu) + stats.t.ppf(0.8, of.nu)) * median
    )
