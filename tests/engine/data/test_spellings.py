"""Identifiers as spreadsheets, pandas and GENCODE write them, and rows that name a gene again."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.genes.facts import Gene
from engine.data.genes.identifiers import GeneTable, Resolver, make_resolver
from engine.data.importers import import_task
from engine.data.importers.names import first_names
from engine.data.tasks.shelf import SAMPLE
from store.home import Home

DATE = "not mapped: a date, as spreadsheets make of symbols"


@pytest.mark.parametrize(
    ("identifier", "symbols", "step"),
    [
        ("ENSG00000141510.18_PAR_Y", ("TP53",), "Ensembl id (gene_info)"),
        ("ensg00000141510", ("TP53",), "Ensembl id (gene_info)"),
        ("ensg00000141510.3", ("TP53",), "Ensembl id (gene_info)"),
        ("ensg00000999999", (), "not mapped"),
        ("7157.0", ("TP53",), "NCBI id"),
        ("\u200b7157\ufeff", ("TP53",), "NCBI id"),
        ("ENSG00000141510\u2060", ("TP53",), "Ensembl id (gene_info)"),
        ("7157.5", (), "not mapped"),
        ("01-MAR", (), DATE),
        ("2023-03-01", (), DATE),
        ("2-Mrz", (), DATE),
        ("2. Sept", (), DATE),
        ("02/Mär/2023", (), DATE),
        ("9/2/2023", (), DATE),
        ("02.09.23", (), DATE),
        ("Sept-2", (), DATE),
        ("1-mar", (), DATE),
        ("Déc-01", (), DATE),
        ("9/2.2023", (), "not mapped"),
        ("mars", (), "not mapped"),
        ("2023-03-01 00:00:00", (), DATE),
    ],
)
def test_other_spellings_are_known_and_none_is_taken_for_a_symbol(
    identifier: str, symbols: tuple[str, ...], step: str
) -> None:
    small = Resolver([GeneTable("gene_info", (Gene("TP53", "7157", "", ("ENSG00000141510",)),))])
    meaning = small.resolve(identifier)
    assert (meaning.identifier, meaning.symbols, meaning.step) == (identifier, symbols, step)


def test_a_retired_ensembl_id_is_known_with_its_version(home: Home) -> None:
    resolver = make_resolver(home, SAMPLE)
    assert (
        resolver.resolve("ENSG00000267841.2").symbols == resolver.resolve("ENSG00000267841").symbols != ()
    )


def test_rows_that_name_a_gene_again_are_told(tmp_path: Path, home: Home) -> None:
    symbols = sorted(make_resolver(home, SAMPLE).genes)[:24]
    rows = [(symbol, "ab"[place % 2]) for place, symbol in enumerate(symbols)]
    rows += [(symbols[0], "a"), (symbols[2].lower(), "a"), (symbols[1], "a")]
    path = tmp_path / "mine.csv"
    path.write_text("gene,label\n" + "".join(f"{gene},{label}\n" for gene, label in rows))
    report = import_task(path, "mine", home)
    assert report.counts == (15, 12)
    assert report.used == (13, 12)
    assert report.notes[1:] == (
        "2 rows name a gene that its class has; `genearena tasks mine --audit` names them.",
        "1 gene stands in more than one class; `genearena tasks mine --audit` names it.",
    )


def test_a_name_with_a_comma_in_it_stands_in_quotation_marks_among_others() -> None:
    assert first_names(["TP53", "EGFR, MYC", "NF1"], 2) == "TP53, 'EGFR, MYC' and 1 more"
