"""Random splits, the same kind of genes, families apart: three numbers, each from the kept scores."""

from __future__ import annotations

from dataclasses import replace

import judged_home
import numpy as np
import pytest
from judged_home import TASKS
from sklearn.metrics import roc_auc_score

from engine.catalog.schemes import eligible
from engine.data.genes.families import stems
from engine.data.load import load_task
from engine.stats.pairs import Verdict
from engine.verdicts.families import GROUPED, grouped_table, kept_apart
from engine.verdicts.sides import Side, compared
from engine.verdicts.table import MEAN
from store import connect
from store.arm import Arm, Table
from store.home import find_home
from store.queries import drawn_from, rankings

PAPER = Table(Arm("lr"))
SKILLS = {"good": 2.5, "poor": 0.2}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = find_home(tmp_path_factory.mktemp("home"))
    judged_home.fill(home, {**SKILLS, "alone": 1.0})
    judged_home.fill(home, SKILLS, scheme=GROUPED)
    judged_home.fill(home, {"part": 1.0}, tasks=TASKS[:2], scheme=GROUPED)
    return home


@pytest.fixture
def con(home):
    with connect(home) as con:
        yield con


def test_the_three_numbers_are_those_of_the_kept_scores(con, home):
    apart = kept_apart(con, PAPER, home)
    assert (apart.models, apart.families, apart.trouble) == (("good", "poor"), ("stem",), "")
    shown = {
        scheme: {row.model: row for row in rankings(con, table, references=False).rows}
        for scheme, table in (("random", PAPER), ("grouped", grouped_table(PAPER)))
    }
    for model in SKILLS:
        for task in TASKS:
            found = apart.estimates(model, task)
            for scheme, rows in shown.items():
                assert found[scheme].auc == pytest.approx(rows[model].auc[task], abs=1e-9)
            kept = con.execute(
                """select seed, list(gene), list(label), list(score) from predictions join units using (key)
                where model = ? and task = ? and scheme = 'paper' group by seed""",
                [model, task],
            ).fetchall()
            of = load_task(task, home)
            tested = eligible(of.genes, of.labels, stems)
            aucs = []
            for _, genes, labels, scores in kept:
                mine = np.isin(genes, list(tested))
                aucs.append(roc_auc_score(np.array(labels)[mine], np.array(scores)[mine]))
            assert found["matched"].auc == pytest.approx(np.mean(aucs), abs=1e-9)
            assert found["matched"].splits[0].used == len(aucs) == 10
        mean = apart.estimates(model, MEAN)["matched"].auc
        assert mean == pytest.approx(np.mean([apart.estimates(model, t)["matched"].auc for t in TASKS]))


def test_what_was_not_run_both_ways_has_no_number(con, home):
    apart = kept_apart(con, PAPER, home)
    assert apart.estimates("alone", MEAN)["random"] is not None
    assert apart.estimates("alone", MEAN)["matched"] is None
    assert apart.estimates("part", TASKS[0])["random"] is None
    assert apart.estimates("part", MEAN)["grouped"] is None
    one = apart.of_tasks(TASKS[:1])
    assert one.estimates("good", MEAN)["matched"].auc == apart.estimates("good", TASKS[0])["matched"].auc


def test_there_are_none_without_a_run_of_each(con, home):
    assert kept_apart(con, grouped_table(PAPER), home) is None
    assert kept_apart(con, Table(Arm("rf")), home) is None


def test_families_of_a_table_that_is_gone_are_said(con, home, monkeypatch):
    def of_another_table(con, table):
        return [replace(of, families=of.families and "hgnc 0123456789ab") for of in drawn_from(con, table)]

    monkeypatch.setattr("store.queries.drawn_from", of_another_table)
    apart = kept_apart(con, PAPER, home)
    assert "go by the gene families hgnc 0123456789ab, but those of this home are stem" in apart.trouble
    found = apart.estimates("good", MEAN)
    assert (found["random"] is None, found["matched"] is None, found["grouped"] is None) == (0, 1, 0)


def test_splits_that_keep_families_apart_are_no_pair_with_those_that_do_not(con):
    found = compared(con, Side("good", PAPER), Side("good", grouped_table(PAPER)))
    assert found.unlike == ("splits",)
    assert {pair.word for pair in found.tasks.values()} == {Verdict.NOT_COMPARABLE}
    assert found.mean.word == Verdict.NOT_COMPARABLE
    both = compared(con, Side("good", grouped_table(PAPER)), Side("poor", grouped_table(PAPER)))
    assert both.mean.word != Verdict.NOT_COMPARABLE
