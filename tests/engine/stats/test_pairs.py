"""Two models: the difference, the word, and that no third model changes either."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from score_boards import board, boards, cell

from engine.stats.pairs import Verdict, compare, compare_all
from engine.stats.scores import CellScores, FitScores
from store.errors import DataError

ROWS = [("A", 1, 0.9), ("B", 1, 0.4), ("C", 0, 0.5), ("D", 0, 0.1), ("E", 0, 0.2)]


def renamed(own: CellScores, name: str) -> CellScores:
    return dataclasses.replace(own, model=name)


def test_interval_p_and_probabilities_are_of_one_distribution():
    first, second = board(7, models=2)
    pair = compare([first], [second])
    law = stats.t(pair.nu, pair.difference, max(pair.gene_se, pair.split_se))
    assert pair.interval == pytest.approx(law.interval(0.95))
    assert pair.p == pytest.approx(2 * min(law.cdf(0), law.sf(0)))
    assert pair.probabilities.first == pytest.approx(law.sf(0.01))
    assert pair.probabilities.second == pytest.approx(law.cdf(-0.01))
    assert pair.probabilities.same == pytest.approx(law.cdf(0.01) - law.cdf(-0.01))
    assert pair.aucs[0] - pair.aucs[1] == pytest.approx(pair.difference)


@settings(max_examples=60)
@given(boards)
def test_a_pair_turned_around_is_its_mirror(cells):
    there, back = compare(cells[:1], cells[1:2]), compare(cells[1:2], cells[:1])
    assert back.difference == -there.difference
    assert back.p == there.p
    assert {there.verdict, back.verdict} in (
        {Verdict.FIRST, Verdict.SECOND},
        *({verdict} for verdict in Verdict if verdict not in (Verdict.FIRST, Verdict.SECOND)),
    )
    assert there.word == back.word


@settings(max_examples=40)
@given(boards, st.randoms(use_true_random=False))
def test_no_other_model_changes_a_pair(cells, random):
    """Bit for bit: interval, word and probabilities, whoever joins with whatever splits and genes."""
    odd = random.choice(cells)
    fits = tuple(
        FitScores(fit.split, fit.genes[1:], fit.labels[1:], fit.scores[1:])
        for fit in odd.fits[: random.randint(1, len(odd.fits))]
    )
    joined = [*cells, CellScores("odd", "T", 0.3, True, fits, frozenset({"elsewhere"}))]
    random.shuffle(joined)
    among = {frozenset((pair.first, pair.second)): pair for pair in compare_all(joined)}
    assert len(among) == len(joined) * (len(joined) - 1) // 2
    by_model = {own.model: own for own in joined}
    for pair in among.values():
        assert pair == compare([by_model[pair.first]], [by_model[pair.second]])


def test_no_other_model_changes_a_mean_over_tasks():
    cells = [
        *board(1, models=4),
        *board(1, models=4, task="U", genes_from=10),
        *board(2, models=3, task="W"),
    ]
    all_pairs = {(pair.first, pair.second): pair for pair in compare_all(cells)}
    few = [own for own in cells if own.model in ("m0", "m2")]
    assert compare_all(few) == [all_pairs["m0", "m2"]]
    assert all_pairs["m0", "m2"].tasks == ("T", "U", "W")
    assert (all_pairs["m0", "m3"].tasks, all_pairs["m0", "m3"].missing) == (("T", "U"), ("W",))


def test_a_clear_difference_has_a_word_with_a_name_in_it():
    good, bad = board(3, models=2, sizes=(60, 80), tested=(20, 25), signal=[4.0, 0.0])
    pair = compare([good], [bad])
    assert (pair.verdict, pair.word) == (Verdict.FIRST, "m0 better")
    assert compare([bad], [good]).word == "m0 better"
    assert compare([bad], [good]).verdict is Verdict.SECOND


def test_a_small_difference_cannot_be_told_apart_and_sameness_is_out_of_reach():
    pair = compare(*([own] for own in board(2, models=2)))
    assert pair.word == "cannot be told apart with these splits"
    assert not pair.sameness_in_reach


def test_practically_the_same_needs_a_small_error():
    """Many genes, hardly any noise: only so many that .95 of the posterior is within .01."""
    twins = board(1, models=2, sizes=(900, 900), tested=(300, 300), signal=2.0, own=0.0)
    pair = compare(*([own] for own in twins))
    assert 0 < pair.se <= 0.0051
    assert pair.sameness_in_reach
    assert pair.verdict is Verdict.SAME
    probabilities = pair.probabilities
    assert probabilities.first + probabilities.same + probabilities.second == pytest.approx(1)


def test_equal_scores_are_identical_and_have_no_p():
    own = board(1, models=1)[0]
    pair = compare([own], [renamed(own, "twin")])
    assert (pair.word, pair.difference, pair.se) == ("identical scores", 0, 0)
    assert (pair.p, pair.interval, pair.probabilities) == (None, None, None)


def test_a_difference_without_spread_has_no_interval():
    """Every gene's placement differs by the same half."""
    perfect = [(gene, label, float(label)) for gene, label, _ in ROWS]
    tied = [(gene, label, 0.5) for gene, label, _ in ROWS]
    pair = compare([cell("a", {"x": perfect, "y": perfect})], [cell("b", {"x": tied, "y": tied})])
    assert (pair.difference, pair.se, pair.interval, pair.p) == (0.5, 0, None, None)
    assert pair.word == "no spread to judge by"


def test_a_single_gene_of_a_class_leaves_nothing_to_judge_by():
    rows = ROWS[1:]
    pair = compare([cell("a", {"x": rows})], [cell("b", {"x": [*rows[:-1], ("E", 0, 0.6)]})])
    assert (pair.nu, pair.word, pair.interval) == (0, "no spread to judge by", None)


def test_only_common_splits_are_compared_and_counted():
    first, second = board(2, models=2)
    first = CellScores("m0", "T", first.ratio, False, first.fits[:8])
    second = CellScores("m1", "T", first.ratio, False, second.fits[2:], frozenset({second.fits[5].split}))
    pair = compare([first], [second])
    count = pair.splits[0]
    assert (count.used, count.tried, count.failed) == (5, 10, 1)
    common = [2, 3, 4, 6, 7]
    whole = board(2, models=2)
    kept = [dataclasses.replace(own, fits=tuple(own.fits[place] for place in common)) for own in whole]
    assert compare(kept[:1], kept[1:]).interval == pair.interval


def test_without_a_common_split_or_task_two_models_are_not_comparable():
    first, second = board(2, models=2)
    apart = CellScores("m1", "T", 0.1, False, second.fits[5:])
    pair = compare([CellScores("m0", "T", 0.1, False, first.fits[:5])], [apart])
    assert pair.word == "not comparable"
    assert (pair.difference, pair.interval, pair.p, pair.se, pair.missing) == (
        None,
        None,
        None,
        None,
        ("T",),
    )
    assert not pair.sameness_in_reach
    assert compare([first], [dataclasses.replace(second, task="U")]).missing == ("T", "U")


def test_genes_that_one_of_two_dropped_are_not_compared():
    first, second = board(2, models=2)
    dropped = first.fits[0].genes[0]
    fits = []
    for fit in second.fits:
        kept = np.array([gene != dropped for gene in fit.genes])
        genes = tuple(gene for gene in fit.genes if gene != dropped)
        fits.append(FitScores(fit.split, genes, fit.labels[kept], fit.scores[kept]))
    fewer = CellScores("m1", "T", second.ratio, False, tuple(fits))
    pair = compare([first], [fewer])
    assert pair.splits[0].used == 10
    own_auc = compare([fewer], [renamed(fewer, "twin")]).aucs[0]
    assert pair.aucs[1] == own_auc


def test_different_training_sizes_are_named_and_the_larger_ratio_is_used():
    first, second = board(2, models=2)
    larger = dataclasses.replace(second, ratio=18 / 140)
    plain, mixed = compare([first], [second]), compare([first], [larger])
    assert (plain.ratios_differ, mixed.ratios_differ) == (False, True)
    assert mixed.spreads[0].ratio == 18 / 140
    assert mixed.split_se == pytest.approx(np.sqrt(0.1 + 18 / 140) * mixed.spreads[0].sd)


@pytest.mark.parametrize("splits", [1, 2, 3])
def test_few_splits_are_preliminary(splits):
    pair = compare(*([own] for own in board(2, models=2, splits=splits)))
    assert pair.preliminary
    assert (pair.split_se is None) == (splits == 1)
    assert pair.se == max(pair.gene_se, pair.split_se or 0)
    assert pair.interval is not None


def test_a_side_is_one_model_with_one_cell_a_task():
    first, second = board(2, models=2)
    for side in ([], [first, first], [first, second]):
        with pytest.raises(DataError, match="one model"):
            compare(side, [second])
    with pytest.raises(DataError, match="m0 has two cells in T"):
        compare_all([first, first, second])
