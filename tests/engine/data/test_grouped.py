"""Splits that keep gene families apart: whole families to test on, as many genes as the paper's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.schemes import SCHEMES, eligible
from engine.data.genes.families import Families, stems
from engine.data.load import load_task
from engine.data.tasks.splits import make_split, split_of
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from store.errors import DataError
from store.home import find_home
from store.records import Audit, Split, Task

SAMPLE = {
    "long-vs-short-tf": (13, 5),
    "dosage-sensitivity": (37, 12),
    "bivalent-vs-lys4": (8, 10),
    "bivalent-vs-no-methyl": (4, 10),
}
SHARED = Path(__file__).resolve().parents[4] / "shared"


def check(task: Task, split: Split, families) -> None:
    """All genes once, no family on both sides, class sizes as the paper's."""
    assert sorted(split.train + split.evaluation + split.test) == list(range(len(task.genes)))
    trained, tested = split.train + split.evaluation, split.test
    assert {families[place] for place in trained}.isdisjoint(families[place] for place in tested)
    paper = make_split(task, "paper", split.seed)
    labels = np.asarray(task.labels)
    for part in ("test", "evaluation", "train"):
        sizes = [np.bincount(labels[list(getattr(one, part))]).tolist() for one in (split, paper)]
        assert sizes[0] == sizes[1], part


@pytest.mark.parametrize("name", SAMPLE)
def test_no_family_is_on_both_sides_in_forty_seeds(name) -> None:
    task = load_task(name, find_home())
    families = stems(task.genes)
    splits = [make_split(task, "grouped", seed) for seed in range(41, 81)]
    for split in splits:
        check(task, split, families)
        assert tuple(np.bincount(np.asarray(task.labels)[list(split.test)])) == SAMPLE[name]
        assert {task.genes[place] for place in split.test} <= eligible(task.genes, task.labels, stems)
    assert len({split.hash for split in splits}) == 40


def test_a_family_larger_than_a_test_class_is_never_tested() -> None:
    task = load_task("dosage-sensitivity", find_home())
    tested = eligible(task.genes, task.labels, stems)
    assert 0 < len(tested) < len(task.genes) / 2
    assert not any(gene.startswith("ZNF") for gene in tested)


@st.composite
def tasks(draw) -> tuple[Task, list[str]]:
    """Two to four classes; families of one to six genes, some of several classes, some genes twice."""
    classes = draw(st.integers(2, 4))
    families: list[str] = []
    labels: list[int] = []
    for number in range(draw(st.integers(30, 80))):
        home = draw(st.integers(0, classes - 1))
        for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3, 6]))):
            families.append(f"f{number}")
            labels.append(home if draw(st.booleans()) else draw(st.integers(0, classes - 1)))
    for label in range(classes):  # enough of each for any test set
        families += [f"c{label}x{number}" for number in range(20)]
        labels += [label] * 20
    genes = tuple(f"{family}.{place}" for place, family in enumerate(families))
    names = tuple(f"c{label}" for label in range(classes))
    return Task("t", "T", names, genes, tuple(labels), genes, Audit(())), families


@settings(max_examples=25)
@given(tasks(), st.integers(0, 2**32 - 1))
def test_whatever_the_families_and_classes_are(made, seed) -> None:
    task, families = made
    of = Families("made up", lambda symbols: families)
    split = make_split(task, "grouped", seed, families=of)
    check(task, split, families)
    other = replace(task, texts=("other",) * len(families))
    assert make_split(other, "grouped", seed, families=of) == split


def test_sizes_that_no_families_make_up_are_refused_in_a_sentence() -> None:
    genes = tuple(f"{'ABCDEFGH'[place // 10]}X{place}" for place in range(80))
    task = Task("t", "T", ("no", "yes"), genes, (0, 1) * 40, genes, Audit(()))
    with pytest.raises(DataError, match="do not fill the test set of seed 41: 4 of 4 genes of class 'no'"):
        make_split(task, "grouped", 41)
    single = replace(task, labels=(1, *(0,) * 79))
    with pytest.raises(DataError, match="cannot be split"):
        make_split(single, "grouped", 41)


@pytest.fixture
def home(tmp_path):
    return find_home(tmp_path / "home").create()


def test_the_key_has_the_families_of_this_scheme_only(home) -> None:
    base = Selection(("all-MiniLM-L6-v2",), ("bivalent-vs-lys4",), ("lr",), (41,))
    drawn = {
        name: build_plan(replace(base, scheme=name), home, {}).units[0].spec["split"] for name in SCHEMES
    }
    assert drawn["grouped"] == {"scheme": "grouped", "families": "stem", "seed": 41}
    assert all(set(split) == {"scheme", "seed"} for name, split in drawn.items() if name != "grouped")


def test_hgncs_groups_make_another_split_with_another_key(home) -> None:
    selection = Selection(
        ("all-MiniLM-L6-v2",), ("bivalent-vs-lys4",), ("lr",), tuple(range(41, 51)), scheme="grouped"
    )
    before = build_plan(selection, home, {}).units
    task = load_task("bivalent-vs-lys4", home)
    first = [split_of(unit, task, home) for unit in before]
    home.downloads.mkdir(parents=True)
    rows = [
        f"{gene}\tApproved\t{gene.startswith('IRX') + 1 if 'X' in gene else ''}\t" for gene in task.genes
    ]
    table = "\n".join(["symbol\tstatus\tgene_group_id\tprev_symbol", *rows])
    (home.downloads / "hgnc_complete_set.txt").write_text(table + "\n")
    after = build_plan(selection, home, {}).units
    assert {unit.key for unit in before}.isdisjoint(unit.key for unit in after)
    assert {unit.config for unit in before} != {unit.config for unit in after}
    second = [split_of(unit, task, home) for unit in after]
    assert all(one.hash != other.hash for one, other in zip(first, second, strict=True))
    # What was planned by stems is still done by stems.
    assert [split_of(unit, task, home) for unit in before] == first
    (home.downloads / "hgnc_complete_set.txt").write_text(table.replace("Approved\t2", "Approved\t3"))
    with pytest.raises(DataError, match="go by the gene families hgnc"):
        split_of(after[0], task, home)


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is not there")
@pytest.mark.parametrize(
    ("column", "vectoriser", "expected"),
    [
        ("texts", {"sublinear_tf": True}, (0.492, 0.685, 0.771, 0.751)),
        ("genes", {"analyzer": "char", "ngram_range": (1, 4)}, (0.562, 0.491, 0.747, 0.526)),
    ],
)
def test_plain_scikit_learn_gets_what_the_reference_says(column, vectoriser, expected) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline

    for name, wanted in zip(SAMPLE, expected, strict=True):
        task = load_task(name, find_home())
        words, labels = np.array(getattr(task, column), object), np.array(task.labels)
        found = []
        for seed in range(41, 51):
            split = make_split(task, "grouped", seed)
            train, test = list(split.train + split.evaluation), list(split.test)
            model = make_pipeline(TfidfVectorizer(**vectoriser), LogisticRegression(max_iter=1000))
            model.fit(words[train], labels[train])
            found.append(roc_auc_score(labels[test], model.predict_proba(words[test])[:, 1]))
        assert np.mean(found) == pytest.approx(wanted, abs=0.001), name
