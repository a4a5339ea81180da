"""Human genes are known in a fresh home, in every role; a file about something else is not taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.data.genes.facts import Gene
from engine.data.genes.identifiers import Resolver, make_resolver
from engine.data.importers import import_descriptions, import_task
from engine.data.importers.vectors import import_vectors
from engine.data.load import load_task
from engine.data.tasks.shelf import SAMPLE
from store.errors import DataError
from store.home import Home

ONE = [
    "TP53",
    "EGFR",
    "BRCA1",
    "BRCA2",
    "MYC",
    "KRAS",
    "PTEN",
    "RB1",
    "VHL",
    "APC",
    "ATM",
    "JAK2",
    "ALK",
    "SOX2",
    "GATA1",
    "RUNX1",
    "PAX5",
    "FOXP3",
    "STAT3",
    "NOTCH1",
    "WT1",
    "MET",
    "RET",
    "CFTR",
    "HTT",
]
OTHER = [
    "APOE",
    "TNF",
    "IL6",
    "VEGFA",
    "TGFB1",
    "MTHFR",
    "ESR1",
    "AKT1",
    "HIF1A",
    "INS",
    "ACE",
    "BDNF",
    "CTNNB1",
    "ERBB2",
    "CD4",
    "CD8A",
    "PDCD1",
    "CD274",
    "MTOR",
    "PIK3CA",
    "BRAF",
    "NRAS",
    "DMD",
    "HBB",
    "F8",
]
CALLED = {"P53": "TP53", "HER2": "ERBB2", "OCT4": "POU5F1", "p53": "TP53", "MLL": "KMT2A", "c-Myc": "MYC"}


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Resolver:
    from store.home import find_home

    return make_resolver(find_home(tmp_path_factory.mktemp("home")), SAMPLE)


def lists(folder: Path, one: list[str], other: list[str], text: str = "") -> Path:
    path = folder / "lists.csv"
    rows = [(gene, "one") for gene in one] + [(gene, "other") for gene in other]
    header = "gene,label,description\n" if text else "gene,label\n"
    path.write_text(header + "".join(f"{gene},{label}{text}\n" for gene, label in rows))
    return path


SPELLINGS: dict[str, Callable[[Gene], str]] = {
    "symbol": lambda gene: gene.symbol,
    "lower case": lambda gene: gene.symbol.lower(),
    "Ensembl id": lambda gene: gene.ensembl_ids[0],
    "versioned": lambda gene: f"{gene.ensembl_ids[0]}.17",
    "mapped back": lambda gene: f"{gene.ensembl_ids[0]}.3_2",
    "HGNC id": lambda gene: gene.hgnc_id,
    "NCBI id": lambda gene: gene.ncbi_id,
    "DepMap": lambda gene: f"{gene.symbol} ({gene.ncbi_id})",
    "TCGA": lambda gene: f"{gene.symbol}|{gene.ncbi_id}",
    "Ensembl and symbol": lambda gene: f"{gene.ensembl_ids[0]}|{gene.symbol}",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_famous_genes_are_known_in_a_fresh_home_and_have_a_text(
    spelling: str, resolver: Resolver, tmp_path: Path, home: Home
) -> None:
    called = [[SPELLINGS[spelling](resolver.genes[symbol]) for symbol in part] for part in (ONE, OTHER)]
    report = import_task(lists(tmp_path, *called), "famous", home)
    assert (report.used, report.unresolved) == ((25, 25), ())
    task = load_task("famous", home)
    assert set(task.genes) == {*ONE, *OTHER}
    assert not task.audit.genes
    assert all(text.startswith(f"{gene}: ") for gene, text in zip(task.genes, task.texts, strict=True))


def test_aliases_are_known_and_those_of_several_genes_are_not_guessed(resolver: Resolver) -> None:
    assert {name: resolver.resolve(name).symbols for name in CALLED} == {
        name: (symbol,) for name, symbol in CALLED.items()
    }
    assert resolver.resolve("CD20").step == "not mapped: alias of KRT20 and MS4A1"


def test_what_the_sample_knows_is_what_the_table_of_all_genes_says(resolver: Resolver) -> None:
    from engine.data.genes.facts import read_genes
    from engine.data.genes.identifiers import BOX

    everything = {gene.ncbi_id: gene for gene in read_genes(SAMPLE / BOX)}
    sample = read_genes(SAMPLE / "genes.csv")
    assert [everything[gene.ncbi_id] for gene in sample] == list(sample)
    assert len(everything) == 57_541


def test_a_task_of_unknown_names_is_refused_with_a_way_on_and_taken_when_its_owner_says_so(
    tmp_path: Path, home: Home
) -> None:
    unknown = [f"NOTAGENE{place}" for place in range(11)]
    path = lists(tmp_path, [*ONE[:20], *unknown, "1-Mar"], OTHER[:20])
    with pytest.raises(
        DataError, match=r"12 of the 52 identifiers in lists\.csv .*: 1-Mar, NOTAGENE0"
    ) as refused:
        import_task(path, "mine", home)
    assert "fetch ncbi" in refused.value.hint
    assert "--keep-unmapped" in refused.value.hint
    assert not home.tasks.exists()
    report = import_task(path, "mine", home, keep_unmapped=True)
    assert (report.used, report.kept, report.unresolved) == ((20, 31), tuple(sorted(unknown)), ("1-Mar",))
    assert "NOTAGENE3" in load_task("mine", home).genes


def test_a_few_unknown_names_are_left_out_and_named(tmp_path: Path, home: Home) -> None:
    report = import_task(lists(tmp_path, [*ONE, "NOTAGENE1"], [*OTHER, "TP53 (1956)"]), "mine", home)
    assert report.unresolved == ("NOTAGENE1", "TP53 (1956)")
    assert report.steps["not mapped: a compound id whose parts disagree"] == 1
    assert any("NOTAGENE1, TP53 (1956)" in line for line in report.lines)


def test_a_task_of_which_most_genes_lack_a_description_is_refused(tmp_path: Path, home: Home) -> None:
    path = lists(tmp_path, ONE, OTHER, ",a text")
    path.write_text(path.read_text().replace(",a text", ",", 11))
    with pytest.raises(DataError, match=r"11 of the 50 genes in lists\.csv have no text: APC, ATM"):
        import_task(path, "mine", home)
    path.write_text(path.read_text().replace(",one,\n", ",one,a text\n", 1))
    assert import_task(path, "mine", home).used == (25, 25)


def test_names_with_a_description_of_their_own_need_no_gene_table(tmp_path: Path, home: Home) -> None:
    unknown = [f"x{place}" for place in range(24)]
    assert import_task(lists(tmp_path, unknown[:12], unknown[12:], ",text"), "mine", home).used == (12, 12)


def vectors(folder: Path, names: list[str]) -> Path:
    path = folder / "vectors.csv"
    path.write_text(
        "gene,a,b\n" + "".join(f"{name},{place + 0.5},2.5\n" for place, name in enumerate(names))
    )
    return path


def test_vectors_of_no_gene_are_refused_with_what_their_names_look_like(tmp_path: Path, home: Home) -> None:
    path = vectors(tmp_path, [f"chr1:{place}00" for place in range(30)])
    with pytest.raises(
        DataError, match="no known gene: its keys look like chr1:000, chr1:100, chr1:200 and"
    ):
        import_vectors(path, "mine", home)
    assert not (home.data / "vectors").exists()


def test_vectors_are_known_by_any_name_of_a_gene_that_no_row_has_for_itself(
    resolver: Resolver, tmp_path: Path, home: Home
) -> None:
    import numpy as np

    known = [resolver.genes[symbol] for symbol in ONE]
    named = [SPELLINGS["DepMap"](gene) for gene in known] + [
        "mll",
        "ERBB2",
        "HER2",
        "PDL1",
        "PD-L1",
        "CD20",
    ]
    report = import_vectors(vectors(tmp_path, named), "mine", home)
    genes = list(np.load(report.path)["genes"])
    assert genes == [*ONE, "KMT2A", "ERBB2", "HER2", "PDL1", "PD-L1", "CD20"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_descriptions_are_found_by_any_name_of_a_gene(
    spelling: str, resolver: Resolver, tmp_path: Path, home: Home
) -> None:
    path = tmp_path / "texts.csv"
    called = {symbol: SPELLINGS[spelling](resolver.genes[symbol]) for symbol in (*ONE, *OTHER)}
    path.write_text("gene,description\n" + "".join(f"{name},about {it}\n" for it, name in called.items()))
    import_descriptions(path, "texts", home)
    task = lists(tmp_path, ONE, OTHER)
    found = load_task(str(task), home, descriptions="texts")
    assert dict(zip(found.genes, found.texts, strict=True)) == {
        symbol: f"about {symbol}" for symbol in called
    }
    assert not found.audit.genes


def test_two_descriptions_of_a_gene_under_names_that_are_not_its_own_are_no_text(
    tmp_path: Path, home: Home
) -> None:
    path = tmp_path / "texts.csv"
    rows = {"p53": "one", "P53": "two", "HER2": "her", "erbb2": "her", "EGFR": "plain", "ERBB1": "other"}
    path.write_text("gene,description\n" + "".join(f"{name},{text}\n" for name, text in rows.items()))
    found = load_task(str(lists(tmp_path, ONE, OTHER)), home, descriptions=str(path))
    texts = dict(zip(found.genes, found.texts, strict=True))
    assert (texts["ERBB2"], texts["EGFR"]) == ("her", "plain")
    assert texts["TP53"] == "tumor protein p53"
