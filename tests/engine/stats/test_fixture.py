"""The verified numbers of the statistics reference, from its fixture of kept scores."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from engine.data.load import load_task
from engine.stats.baseline import Standing, against
from engine.stats.influence import all_pair_errors, influences, mean_over_tasks, own_errors, pair_errors
from engine.stats.intervals import estimate
from engine.stats.pairs import compare, compare_all
from engine.stats.ranks import rank
from engine.stats.scores import CellScores
from store.home import find_home

FIXTURE = Path(__file__).resolve().parents[4] / "shared" / "data" / "statistics"
pytestmark = pytest.mark.skipif(not FIXTURE.is_dir(), reason="../shared is not there")

MODELS = ("minilm", "wordllama", "tfidf", "symbol-char", "random384")
TASKS = {
    "T1": "long-vs-short-tf",
    "T2": "dosage-sensitivity",
    "T3": "bivalent-vs-lys4",
    "T4": "bivalent-vs-no-methyl",
}
RATIOS = {"T1": 18 / 158, "T2": 49 / 437, "T3": 18 / 153, "T4": 14 / 120}
EXACT = 5.5e-7
"""Half a digit of the sixth decimal."""

# AUC, SD, SE_s, SE_g, interval
CELLS = """
T1 minilm 0.573846 0.131756 0.060940 0.064792 0.439416 0.698182
T1 wordllama 0.673846 0.149124 0.068973 0.081731 0.491538 0.815344
T1 tfidf 0.593077 0.128126 0.059261 0.064115 0.458629 0.714892
T1 symbol-char 0.670769 0.202704 0.093754 0.066078 0.461238 0.829019
T1 random384 0.521538 0.113853 0.052659 0.060526 0.399115 0.641428
T2 minilm 0.910586 0.039471 0.018179 0.018414 0.866533 0.941087
T2 wordllama 0.913964 0.044590 0.020537 0.018592 0.863324 0.946993
T2 tfidf 0.920383 0.046535 0.021433 0.016275 0.865924 0.953899
T2 symbol-char 0.863514 0.041708 0.019210 0.023344 0.810081 0.903700
T2 random384 0.539189 0.087411 0.040259 0.038503 0.458734 0.617653
T3 minilm 0.901250 0.052853 0.024657 0.030877 0.819542 0.948296
T3 wordllama 0.907500 0.036420 0.016991 0.028368 0.832528 0.950889
T3 tfidf 0.903750 0.064563 0.030120 0.028299 0.823901 0.949607
T3 symbol-char 0.905000 0.061577 0.028727 0.031922 0.818633 0.952619
T3 random384 0.620000 0.124052 0.057874 0.057156 0.498844 0.727845
T4 minilm 0.930000 0.082327 0.038321 0.030808 0.797666 0.978153
T4 wordllama 0.912500 0.084369 0.039271 0.033898 0.790744 0.966421
T4 tfidf 0.887500 0.151955 0.070731 0.049504 0.646423 0.971462
T4 symbol-char 0.840000 0.120301 0.055997 0.053642 0.689615 0.925404
T4 random384 0.590000 0.152843 0.071145 0.073972 0.433603 0.730094
"""

# difference, s_d, SE_s, SE_g, nu, p, interval
PAIRS = """
T1 minilm tfidf -0.019231 0.114167 0.052805 0.049353 30 0.718273 -0.127072 0.088611
T1 wordllama tfidf 0.080769 0.130000 0.060128 0.088721 30 0.369884 -0.100424 0.261962
T1 minilm symbol-char -0.096923 0.142864 0.066078 0.058925 30 0.152834 -0.231871 0.038025
T2 minilm tfidf -0.009797 0.021850 0.010063 0.012898 79 0.449745 -0.035470 0.015875
T2 wordllama tfidf -0.006419 0.028321 0.013044 0.015113 79 0.672181 -0.036500 0.023662
T2 minilm symbol-char 0.047072 0.042021 0.019354 0.017134 79 0.017270 0.008549 0.085595
T3 minilm tfidf -0.002500 0.062026 0.028937 0.027237 47 0.931519 -0.060713 0.055713
T3 wordllama tfidf 0.003750 0.046789 0.021828 0.023962 47 0.876312 -0.044456 0.051956
T3 minilm symbol-char -0.003750 0.068478 0.031947 0.033164 47 0.910452 -0.070467 0.062967
T4 minilm tfidf 0.042500 0.136448 0.063513 0.047773 24 0.509784 -0.088585 0.173585
T4 wordllama tfidf 0.025000 0.108653 0.050575 0.040621 24 0.625580 -0.079382 0.129382
T4 minilm symbol-char 0.090000 0.080966 0.037688 0.040362 24 0.035375 0.006697 0.173303
"""


def rows(text):
    """The names at the start of each line, and the numbers after them."""
    lines = [re.match(r"((?:[a-zT][\w-]* )+)(.*)", line) for line in text.strip().splitlines()]
    return [(found[1].split(), [float(number) for number in found[2].split()]) for found in lines]


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """Cell by (task, model); TF-IDF and the others are contestants here."""
    home = find_home(tmp_path_factory.mktemp("home")).create()
    genes = {task: load_task(name, home).genes for task, name in TASKS.items()}
    scores = pd.read_parquet(FIXTURE / "fixture_scores.parquet")
    found = {}
    for (name, model), part in scores.groupby(["task", "model"], sort=False):
        task = next(short for short, long in TASKS.items() if long == name)
        found[task, model] = CellScores.from_rows(
            model,
            task,
            ratio=RATIOS[task],
            control=False,
            splits=[str(seed) for seed in part["seed"]],
            genes=[genes[task][place] for place in part["index"]],
            labels=part["label"].to_numpy(),
            scores=part["score"].to_numpy(),
        )
    return {(task, model): found[task, model] for task in TASKS for model in MODELS}


def of_model(cells, model):
    return [cells[task, model] for task in TASKS]


def test_the_aucs_are_those_of_the_fixture(cells):
    table = pd.read_csv(FIXTURE / "fixture.csv").set_index(["task", "model", "seed"])["auc"]
    for (task, model), own in cells.items():
        made = influences([own]).tasks[0]
        expected = [table[TASKS[task], model, int(seed)] for seed in made.splits]
        assert made.auc[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("names", "numbers"), rows(CELLS), ids=lambda value: "-".join(map(str, value))[:24]
)
def test_a_cell(cells, names, numbers):
    made = estimate([cells[tuple(names)]])
    found = [made.auc, made.sd, made.split_se, made.gene_se, *made.interval]
    assert found == pytest.approx(numbers, abs=EXACT)


@pytest.mark.parametrize(
    ("names", "numbers"), rows(PAIRS), ids=lambda value: "-".join(map(str, value))[:24]
)
def test_a_pair(cells, names, numbers):
    task, first, second = names
    made = compare([cells[task, first]], [cells[task, second]])
    found = [
        made.difference,
        made.spreads[0].sd,
        made.split_se,
        made.gene_se,
        made.nu,
        made.p,
        *made.interval,
    ]
    assert found == pytest.approx(numbers, abs=EXACT)


def test_nadeau_and_bengios_own_test(cells):
    """With the folds' degrees of freedom, as the table's column for t_9 has it."""
    expected = {"T1": 0.724127, "T2": 0.355713, "T3": 0.933044, "T4": 0.520192}
    for task, p in expected.items():
        made = compare([cells[task, "minilm"]], [cells[task, "tfidf"]])
        assert 2 * stats.t.sf(abs(made.difference) / made.split_se, 9) == pytest.approx(p, abs=EXACT)


@pytest.mark.parametrize(
    ("splits", "difference", "gene_se", "split_se", "nu"),
    [
        (1, -0.042793, 0.026960, None, 11),
        (2, -0.014640, 0.029234, 0.031150, 20),
        (3, -0.008258, 0.020392, 0.020186, 30),
    ],
)
def test_few_splits(cells, splits, difference, gene_se, split_se, nu):
    few = [
        CellScores(own.model, own.task, own.ratio, False, own.fits[:splits])
        for own in (cells["T2", "minilm"], cells["T2", "tfidf"])
    ]
    made = compare(few[:1], few[1:])
    assert (made.difference, made.gene_se) == pytest.approx((difference, gene_se), abs=EXACT)
    assert made.split_se == (None if split_se is None else pytest.approx(split_se, abs=EXACT))
    assert made.nu == nu


def test_one_split_is_delongs(cells):
    one = [
        CellScores(model, "T2", RATIOS["T2"], False, cells["T2", model].fits[:1])
        for model in ("minilm", "tfidf")
    ]
    assert one[0].fits[0].split == "41"
    of = influences(one)
    assert of.auc == pytest.approx([0.912162, 0.954955], abs=EXACT)
    assert pair_errors(of, 0, 1)[0] ** 2 == pytest.approx(0.000726822, abs=5.5e-10)
    se = own_errors(of)[0][0]
    assert (of.auc[0] - 1.959964 * se, of.auc[0] + 1.959964 * se) == pytest.approx(
        (0.833045, 0.991279), abs=EXACT
    )


def by_entry(own):
    """The same cell with a gene of two classes taken for two genes."""
    fits = (
        dataclasses.replace(fit, genes=tuple(f"{gene}/{label}" for gene, label in fit.entries))
        for fit in own.fits
    )
    return CellScores(own.model, own.task, own.ratio, False, tuple(fits))


def test_foxp2_is_one_gene_in_both_classes(cells):
    own = cells["T4", "minilm"]
    assert {("FOXP2", 0), ("FOXP2", 1)} <= {entry for fit in own.fits for entry in fit.entries}
    assert own_errors(influences([own]))[0] == pytest.approx(0.030808, abs=EXACT)
    assert own_errors(influences([by_entry(own)]))[0] == pytest.approx(0.031133, abs=EXACT)


def test_the_mean_of_four(cells):
    made = [estimate(of_model(cells, model)) for model in MODELS]
    assert [own.auc for own in made] == pytest.approx(
        [0.828920, 0.851953, 0.826177, 0.819821, 0.567682], abs=EXACT
    )
    assert [own.gene_se for own in made] == pytest.approx(
        [0.020795, 0.024268, 0.022439, 0.024130, 0.029395], abs=EXACT
    )
    assert [own.split_se for own in made] == pytest.approx(
        [0.019559, 0.020931, 0.024851, 0.028635, 0.028290], abs=EXACT
    )
    parts = [influences([by_entry(own)]) for own in of_model(cells, "minilm")]
    apart = np.sqrt(sum(own_errors(part)[0] ** 2 for part in parts)) / 4
    assert apart == pytest.approx(0.020093, abs=EXACT)


@pytest.mark.parametrize(
    ("first", "second", "numbers"),
    [
        ("minilm", "wordllama", (-0.023032, 0.023194, 0.017128, 0.330614)),
        ("minilm", "tfidf", (0.002743, 0.019214, 0.022024, 0.901921)),
        ("minilm", "symbol-char", (0.009100, 0.020785, 0.021186, 0.671384)),
        ("wordllama", "tfidf", (0.025775, 0.025739, 0.020646, 0.326629)),
    ],
)
def test_a_pair_in_the_mean_of_four(cells, first, second, numbers):
    made = compare(of_model(cells, first), of_model(cells, second))
    assert (made.difference, made.gene_se, made.split_se, made.p) == pytest.approx(numbers, abs=EXACT)
    assert made.nu == 24


def test_no_model_changes_another_pair(cells):
    every = {(pair.first, pair.second): pair for pair in compare_all(list(cells.values()))}
    assert len(every) == 10
    for gone in MODELS:
        left = compare_all([own for own in cells.values() if own.model != gone])
        assert left == [pair for names, pair in every.items() if gone not in names]


def test_the_posterior_with_the_rule_of_ten(cells):
    """baycomp's correlation of .1: the ratio 1 / 9, and the folds' nine degrees of freedom."""
    expected = {
        "T1": (0.295475, 0.136631, 0.567894),
        "T2": (0.040042, 0.467792, 0.492166),
        "T3": (0.335641, 0.265185, 0.399174),
        "T4": (0.691657, 0.096322, 0.212021),
    }
    for task, probabilities in expected.items():
        pair = compare([cells[task, "minilm"]], [cells[task, "tfidf"]])
        law = stats.t(9, pair.difference, pair.spreads[0].sd * np.sqrt(1 / 10 + 1 / 9))
        found = law.sf(0.01), law.cdf(0.01) - law.cdf(-0.01), law.cdf(-0.01)
        assert found == pytest.approx(probabilities, abs=EXACT)


RANKS = {
    None: ("1-4 1-4 1-4 1-4 5-5", 4, (2.933342, 2.841899)),
    "T1": ("1-5 1-5 1-5 1-5 1-5", 5, None),
    "T2": ("1-4 1-3 1-3 3-4 5-5", 3, (2.733216, 2.629134)),
    "T3": ("1-4 1-4 1-4 1-4 5-5", 4, (2.766508,)),
    "T4": ("1-4 1-4 1-4 1-5 4-5", 4, (2.846663,)),
}


@pytest.mark.parametrize("task", RANKS, ids=str)
def test_rank_intervals_and_the_leading_group(cells, task):
    made = rank(list(cells.values()), None if task is None else [task])
    intervals, leading, critical = RANKS[task]
    by_model = {place.model: place for place in made.places}
    assert " ".join(f"{by_model[m].first}-{by_model[m].last}" for m in MODELS) == intervals
    assert [by_model[model].leading for model in MODELS] == [place < leading for place in range(5)]
    if critical:
        assert made.critical[: len(critical)] == pytest.approx(critical, abs=0.03)


BELOW = {
    None: (2.643798, {"random384"}),
    "T1": (2.638252, set()),
    "T2": (2.513262, {"symbol-char", "random384"}),
    "T3": (2.512996, {"random384"}),
    "T4": (2.564821, {"random384"}),
}


@pytest.mark.parametrize("task", BELOW, ids=str)
def test_no_model_beats_tfidf(cells, task):
    made = against(list(cells.values()), "tfidf", None if task is None else [task])
    critical, below = BELOW[task]
    assert made.critical == pytest.approx(critical, abs=0.03)
    standing = {row.model: row.standing for row in made.rows}
    assert {model for model, word in standing.items() if word is Standing.BELOW} == below
    assert {word for model, word in standing.items() if model not in below} <= {Standing.NOT_SHOWN}
    if task == "T2":
        adjusted = next(row.p for row in made.rows if row.model == "symbol-char")
        assert adjusted == pytest.approx(0.011099, abs=0.003)


def test_an_exponential_bootstrap_of_genes_agrees(cells):
    """SDs of 2,000 draws of Exp(1) weights by symbol, of the reference."""
    of = mean_over_tasks([influences([cells[task, model] for model in MODELS]) for task in TASKS])
    task = influences([cells["T2", model] for model in MODELS])
    expected = [0.020900, 0.023190, 0.022097, 0.024121, 0.029841]
    assert own_errors(of)[0] == pytest.approx(expected, rel=0.06)
    expected = [0.019059, 0.019116, 0.016728, 0.023395, 0.038598]
    assert own_errors(task)[0] == pytest.approx(expected, rel=0.06)
    assert all_pair_errors(of)[0][0, 1] == pytest.approx(0.023194, abs=EXACT)
