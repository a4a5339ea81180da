"""Which genes are relatives: by stem, by HGNC's gene groups, and which of the two a home goes by."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from engine.data.genes.families import (
    STEMS,
    ZINC_FINGERS,
    components,
    families_here,
    families_named,
    stems,
)
from engine.data.genes.identifiers import HGNC
from engine.data.load import load_task
from store.errors import DataError
from store.home import find_home


@pytest.mark.parametrize(
    ("name", "families", "largest"),
    [
        ("long-vs-short-tf", 98, {"FOX": 8, "SOX": 8}),
        ("dosage-sensitivity", 130, {ZINC_FINGERS: 276}),
        ("bivalent-vs-lys4", 107, {"HOX": 30}),
        ("bivalent-vs-no-methyl", 67, {"HOX": 30}),
    ],
)
def test_the_papers_tasks_have_so_many_families(name, families, largest) -> None:
    genes = load_task(name, find_home()).genes
    found = stems(genes)
    counted = Counter(found)
    assert len(counted) == families
    most = max(counted.values())
    assert {family: size for family, size in counted.items() if size == most} == largest
    mixed = random.Random(1).sample(range(len(genes)), len(genes))
    assert stems([genes[place] for place in mixed]) == [found[place] for place in mixed]


def test_a_stem_is_what_stands_before_the_first_digit() -> None:
    assert stems(["SOX2", "SOX17", "GATA4", "TP53"]) == ["SOX", "SOX", "GATA", "TP"]


def test_the_last_letter_goes_where_another_symbol_has_the_same_but_for_it() -> None:
    assert stems(["HOXA1", "HOXB2"]) == ["HOX", "HOX"]
    assert stems(["TBXT", "TBX5"]) == ["TBX", "TBX"]
    assert stems(["HOXA1", "GATA1"]) == ["HOXA", "GATA"]
    assert stems(["SP1", "SPA2"]) == ["SP", "SPA"]  # too short to have one


def test_zinc_fingers_are_one_family_whatever_they_are_called() -> None:
    assert set(stems(["ZNF41", "ZFP36", "ZSCAN4", "ZBTB7A", "ZFX", "ZFY"])) == {ZINC_FINGERS}


@pytest.mark.parametrize(
    "symbols",
    [
        ("ENSG00000139618", "ENSG00000139619"),
        ("LOC100", "LOC101"),
        ("LINC00001", "LINC00002"),
        ("C1orf112", "C2orf3"),
        ("7SK", "5S"),
    ],
)
def test_what_is_alike_in_form_only_is_not_related(symbols) -> None:
    assert stems(symbols) == list(symbols)


def test_genes_that_share_a_group_are_related_and_so_are_those_between() -> None:
    groups = {"A1": (7, 9), "B1": (9,), "C1": (12,), "D1": (12, 7)}
    assert components(["A1", "B1", "C1", "D1", "E1"], groups) == ["group 7"] * 4 + ["E"]
    # What would connect A1 and C1 is not in this task.
    assert components(["C1", "A1"], groups) == ["group 12", "group 7"]


def test_a_gene_in_no_group_goes_with_its_stem() -> None:
    groups = {"FOXA1": (508,), "FOXB1": (508,), "SOX1": (757,)}
    assert components(["FOXA1", "FOXC9", "SOX1"], groups) == ["group 508", "group 508", "group 757"]
    assert components(["XYZ1", "XYZ2", "SOX1"], groups) == ["XYZ", "XYZ", "group 757"]


HEADER = "symbol\tstatus\tgene_group_id\tprev_symbol\n"
ROWS = (
    "FOXA1\tApproved\t508\tHNF3A\nFOXP2\tApproved\t508|99\t\nSOX2\tApproved\t757\tHNF3A|ANOP3\n"
    "GONE1\tEntry Withdrawn\t757\t\nLONE1\tApproved\t\t\n"
)


@pytest.fixture
def home(tmp_path):
    home = find_home(tmp_path / "home").create()
    (home.downloads / "hgnc").mkdir(parents=True)
    (home.downloads / "hgnc" / HGNC).write_text(HEADER + ROWS)
    return home


def test_a_home_goes_by_hgnc_where_its_table_is(home, tmp_path) -> None:
    here = families_here(home)
    assert here.name.startswith("hgnc ")
    genes = ["FOXP2", "HNF3A", "ANOP3", "GONE1", "LONE1", "SOX2"]
    # A previous symbol that two genes had is the first one's; what is withdrawn has no group.
    assert here.of(genes) == ["group 99", "group 99", "group 757", "GONE", "LONE", "group 757"]
    assert families_named(here.name, home).of(genes) == here.of(genes)
    assert families_here(find_home(tmp_path / "other")) is STEMS
    assert families_named("stem", home) is STEMS


def test_families_of_another_table_are_refused(home) -> None:
    before = families_here(home).name
    (home.downloads / "hgnc" / HGNC).write_text(HEADER + ROWS.replace("757", "758"))
    assert families_here(home).name != before
    with pytest.raises(DataError, match=before):
        families_named(before, home)
    (home.downloads / "hgnc" / HGNC).unlink()
    with pytest.raises(DataError, match="are stem"):
        families_named(before, home)


def test_a_damaged_table_is_said(home) -> None:
    (home.downloads / "hgnc" / HGNC).write_text(HEADER + "FOXA1\tApproved\tmany\t\n")
    with pytest.raises(DataError, match="not a number"):
        families_here(home).of(["FOXA1"])
