"""Each identifier is found by the first step that knows it, and never by a guess."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engine.data.genes.facts import (
    Gene,
    Genes,
    read_gene2ensembl,
    read_gene_info,
    read_gene_map,
    read_genes,
    read_hgnc,
    write_genes,
)
from engine.data.genes.identifiers import (
    GENE2ENSEMBL,
    GENE_INFO,
    HGNC,
    GeneTable,
    Resolver,
    fetched,
    make_resolver,
)
from engine.data.importers import import_genes
from engine.data.tasks.shelf import SAMPLE
from store.errors import DataError
from store.home import find_home

GENE_INFO_TEXT = (
    "#tax_id\tGeneID\tSymbol\tLocusTag\tSynonyms\tdbXrefs\tchromosome\tmap_location\tdescription\ttype_of_gene\t"
    "Symbol_from_nomenclature_authority\tFull_name_from_nomenclature_authority\tNomenclature_status\t"
    "Other_designations\tModification_date\tFeature_type\n"
    "9606\t1\tA1BG\t-\tA1B|ABG\tMIM:138670|HGNC:HGNC:5|Ensembl:ENSG00000121410\t19\t19q13.43\tshort\t"
    'protein-coding\tA1BG\talpha-1-B "glycoprotein"\tO\t-\t20200101\t-\n'
    "741158\t9\tND6\t-\t-\t-\tMT\t-\tof another human\tprotein-coding\t-\t-\t-\t-\t20180406\t-\n"
    "9606\t3\tLOC3\t-\t-\t-\t-\t-\tan enhancer\tbiological-region\t-\t-\t-\t-\t20180406\t-\n"
    "9606\t2\tNA\t-\t-\t-\t-\t-\tcalled NA\tncRNA\t-\t-\t-\t-\t20180406\t-\n"
)
HGNC_TEXT = (
    "hgnc_id\tsymbol\tname\tlocus_group\tlocus_type\tstatus\tlocation\talias_symbol\tprev_symbol\tgene_group\t"
    "entrez_id\tensembl_gene_id\tomim_id\n"
    'HGNC:5\tA1BG\talpha\tprotein-coding gene\tx\tApproved\t19q13.43\t"X1|X2"\t"OLD1|OLD2"\t\t1\t'
    "ENSG00000121410\t138670\n"
    "HGNC:6\tGONE\tgone\tother\tx\tEntry Withdrawn\t\t\t\t\t\t\t\n"
)

GENES = (
    Gene("TP53", "7157", "HGNC:11998", ("ENSG00000141510",), aliases=("P53", "BOTH"), previous=("OLDP",)),
    Gene(
        "NRF1",
        "4899",
        "HGNC:7996",
        ("ENSG00000106459", "ENSG00000000009"),
        aliases=("BOTH",),
        previous=("OLDX",),
    ),
    Gene(
        "NFE2L1",
        "4779",
        "HGNC:7781",
        ("ENSG00000082641", "ENSG00000000009"),
        aliases=("NRF1",),
        previous=("OLDX",),
    ),
)
PSEUDO = Gene("TP53P1", "9", aliases=("P53", "OLD53"), gene_type="pseudo")


@pytest.fixture(scope="module")
def full() -> Resolver:
    return Resolver([GeneTable("gene_info", (*GENES, PSEUDO))])


@pytest.mark.parametrize(
    ("identifier", "symbols", "step"),
    [
        ("ENSG00000141510", ("TP53",), "Ensembl id (gene_info)"),
        ("ENSG00000141510.18", ("TP53",), "Ensembl id (gene_info)"),
        ("ENSG00000000009", ("NFE2L1", "NRF1"), "Ensembl id (gene_info)"),
        ("7157", ("TP53",), "NCBI id"),
        ("GeneID:7157", ("TP53",), "NCBI id"),
        ("HGNC:11998", ("TP53",), "HGNC id"),
        ("hgnc:11998", ("TP53",), "HGNC id"),
        ("HGNC:HGNC:11998", ("TP53",), "HGNC id"),
        ("NCBI:7157", ("TP53",), "NCBI id"),
        ("ENSG00000141510.16_2", ("TP53",), "Ensembl id (gene_info)"),
        (" TP53 ", ("TP53",), "approved symbol"),
        ("NRF1", ("NRF1",), "approved symbol"),
        ("OLDP", ("TP53",), "previous symbol"),
        ("P53", ("TP53",), "alias, shared with a pseudogene"),
        ("OLD53", ("TP53P1",), "alias"),
        ("both", (), "not mapped: alias in other case of NRF1 and TP53"),
        ("oldp", ("TP53",), "alias in other case"),
        ("tp53", ("TP53",), "approved symbol in other case"),
        ("OLDX", (), "not mapped: previous symbol of NFE2L1 and NRF1"),
        ("BOTH", (), "not mapped: alias of NRF1 and TP53"),
        ("1-Mar", (), "not mapped: a date, as spreadsheets make of symbols"),
        ("Sep-02", (), "not mapped: a date, as spreadsheets make of symbols"),
        ("NOSUCH", (), "not mapped"),
        ("ENSG00000999999", (), "not mapped"),
        ("99999999", (), "not mapped"),
        ("", (), "not mapped"),
    ],
)
def test_steps(full: Resolver, identifier: str, symbols: tuple[str, ...], step: str) -> None:
    meaning = full.resolve(identifier)
    assert (meaning.identifier, meaning.symbols, meaning.step) == (identifier, symbols, step)


@pytest.mark.parametrize(
    ("identifier", "symbols", "step"),
    [
        ("TP53 (7157)", ("TP53",), "compound id"),
        ("TP53|7157", ("TP53",), "compound id"),
        ("P53|7157|HGNC:11998", ("TP53",), "compound id"),
        ("ENSG00000141510|TP53", ("TP53",), "compound id"),
        ("TP53_ENSG00000141510.16", ("TP53",), "compound id"),
        ("ENSG00000141510.16_2_TP53", ("TP53",), "compound id"),
        ("?|7157", ("TP53",), "compound id"),
        ("TP53 (Unknown)", ("TP53",), "compound id"),
        ("BOTH|7157", ("TP53",), "compound id"),
        ("ENSG00000000009|NRF1", ("NRF1",), "compound id"),
        ("ENSG00000999999|TP53", ("TP53",), "compound id, of which one part is not known"),
        ("NEWNAME|7157", ("TP53",), "compound id, of which one part is not known"),
        ("OLDP|NOSUCH", (), "not mapped"),
        ("NOSUCH|99999999", (), "not mapped"),
        ("?|?", (), "not mapped"),
        ("TP53 (4899)", (), "not mapped: a compound id whose parts disagree, TP53 or NRF1"),
        ("NRF1|4779", (), "not mapped: a compound id whose parts disagree, NRF1 or NFE2L1"),
        ("OLDX|BOTH|4779", (), "not mapped: a compound id whose parts disagree, "
         "NFE2L1 and NRF1 or NRF1 and TP53 or NFE2L1"),
    ],
)  # fmt: skip
def test_compound_ids_mean_what_their_parts_agree_on(
    full: Resolver, identifier: str, symbols: tuple[str, ...], step: str
) -> None:
    test_steps(full, identifier, symbols, step)


def test_the_further_table_is_read_for_what_is_not_exactly_in_the_nearer_ones() -> None:
    read = []

    def further() -> GeneTable:
        read.append("further")
        return GeneTable("all", GENES)

    resolver = Resolver([GeneTable("sample", (GENES[2]._replace(name="near"),))], further=further)
    for identifier in ("NFE2L1", "4779", "HGNC:7781", "ENSG00000082641.3", "ENSG00000000009"):
        assert resolver.resolve(identifier).symbols == ("NFE2L1",)
    assert not read
    assert resolver.resolve("NRF1").symbols == ("NRF1",)  # approved there, an alias here
    assert resolver.resolve("TP53|7157").symbols == ("TP53",)
    assert resolver.resolve("ENSG00000000009").symbols == ("NFE2L1",)
    assert resolver.gene("NFE2L1") == GENES[2]._replace(name="near")
    assert resolver.genes["NFE2L1"].name == "near"
    assert read == ["further"]


def test_hgnc_is_asked_first_for_ensembl_ids_and_ncbi_gives_the_facts() -> None:
    ncbi = Gene("A", "1", "HGNC:1", ("ENSG00000000001",), name="from NCBI")
    other = Gene("B", "2", "HGNC:2", ("ENSG00000000001",))
    hgnc = Gene("A2", "1", "HGNC:1", ("ENSG00000000001",), name="from HGNC", previous=("A0",))
    resolver = Resolver([GeneTable("gene_info", (ncbi, other)), GeneTable("HGNC", (hgnc,))])
    assert resolver.resolve("ENSG00000000001").symbols == ("A",)
    assert resolver.resolve("A2").symbols == ("A",)
    assert resolver.genes["A"].name == "from NCBI"
    assert resolver.genes["A"].previous == ("A0",)


def test_two_records_of_one_symbol_stay_two_genes() -> None:
    unofficial, official = (
        Gene("TEC", "100124696", name="region"),
        Gene("TEC", "7006", "HGNC:11719", name="kinase"),
    )
    resolver = Resolver([GeneTable("gene_info", (unofficial, official))])
    assert resolver.genes[resolver.resolve("7006").symbols[0]].name == "kinase"
    assert resolver.genes[resolver.resolve("100124696").symbols[0]].name == "region"
    assert [resolver.genes[symbol].name for symbol in resolver.resolve("TEC").symbols] == ["kinase"]


def test_gene_tables_are_read_as_they_are(tmp_path: Path) -> None:
    (tmp_path / GENE_INFO).write_bytes(gzip.compress(GENE_INFO_TEXT.encode()))
    first, second = read_gene_info(tmp_path / GENE_INFO)
    assert first == Gene(
        "A1BG", "1", "HGNC:5", ("ENSG00000121410",), ("138670",), 'alpha-1-B "glycoprotein"',
        ("A1B", "ABG"), (), "19q13.43", "protein-coding",
    )  # fmt: skip
    assert (second.symbol, second.name, second.aliases) == ("NA", "called NA", ())
    (tmp_path / HGNC).write_text(HGNC_TEXT)
    (gene,) = read_hgnc(tmp_path / HGNC)
    assert (gene.symbol, gene.aliases, gene.previous) == ("A1BG", ("X1", "X2"), ("OLD1", "OLD2"))
    assert gene.gene_type == "protein-coding"


def test_genes_csv_comes_back_the_same(tmp_path: Path) -> None:
    genes = (
        *GENES,
        Gene("=cmd|'/C calc'!A0", name='a "quoted", name', description="[red]\u202etext\x1b[31m"),
    )
    by_symbol = Genes({gene.symbol: gene for gene in genes})
    write_genes(tmp_path / "genes.csv", by_symbol, by_symbol)
    assert read_gene_map(tmp_path / "genes.csv") == by_symbol
    assert set(read_genes(tmp_path / "genes.csv")) == set(genes)


def test_fetched_tables_are_used_and_damage_is_told(tmp_path: Path) -> None:
    home = find_home(tmp_path).create()
    before = make_resolver(home, SAMPLE).resolve("ENSG00000121410")
    assert (before.symbols, before.step) == (("A1BG",), "Ensembl id (shipped table)")
    (home.downloads / "ncbi").mkdir(parents=True)
    path = home.downloads / "ncbi" / GENE_INFO
    path.write_bytes(gzip.compress(GENE_INFO_TEXT.encode()))
    resolver = make_resolver(home, SAMPLE)
    assert resolver.resolve("ENSG00000121410").step == "Ensembl id (gene_info)"
    assert resolver.genes["A1BG"].name == 'alpha-1-B "glycoprotein"'
    assert make_resolver(home, SAMPLE).resolve("ENSG00000267841").symbols == ("GATA1",)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DataError, match="damaged gzip"):
        make_resolver(home, SAMPLE)


GENE2ENSEMBL_TEXT = (
    "#tax_id\tGeneID\tEnsembl_gene_identifier\tRNA_nucleotide_accession.version\tEnsembl_rna_identifier\t"
    "protein_accession.version\tEnsembl_protein_identifier\n"
    "7227\t7157\tENSG00000000001\t-\t-\t-\t-\n"
    "9606\t7157\tENSG00000000002\tNM_1.1\tENST1\tNP_1\tENSP1\n"
    "9606\t7157\tENSG00000000002\tNM_2.1\tENST2\tNP_2\tENSP2\n"
    "9606\t4899\tENSG00000141510\tNM_3.1\tENST3\tNP_3\tENSP3\n"
    "9606\t12\tENSG00000000003\tNM_4.1\tENST4\tNP_4\tENSP4\n"
)


def test_gene2ensembl_is_asked_last_and_only_for_what_the_tables_do_not_know(tmp_path: Path) -> None:
    path = tmp_path / GENE2ENSEMBL
    resolver = Resolver([GeneTable("gene_info", GENES)], gene2ensembl=path)
    assert resolver.resolve("ENSG00000141510").step == "Ensembl id (gene_info)"  # the file is not there
    path.write_bytes(gzip.compress(GENE2ENSEMBL_TEXT.encode()))
    found = resolver.resolve("ENSG00000000002.4")
    assert (found.symbols, found.step) == (("TP53",), "Ensembl id (gene2ensembl)")
    assert resolver.resolve("ENSG00000141510").symbols == ("TP53",)
    assert resolver.resolve("ENSG00000000001").symbols == ()
    assert resolver.resolve("ENSG00000000003").symbols == ()


@pytest.mark.parametrize(
    ("text", "name", "genes"),
    [(GENE_INFO_TEXT, GENE_INFO, 2), (HGNC_TEXT, HGNC, 1), (GENE2ENSEMBL_TEXT, GENE2ENSEMBL, 3)],
)
def test_a_gene_table_brought_along_serves_as_a_fetched_one(
    text: str, name: str, genes: int, tmp_path: Path
) -> None:
    home = find_home(tmp_path / "home").create()
    path = tmp_path / "as the user calls it.tsv"
    path.write_text(text)
    report = import_genes(path, home)
    assert (report.name, report.genes) == (name, genes)
    assert fetched(home, name) == Path(report.path)
    path.write_text("gene,label\nA,1\n")
    with pytest.raises(DataError, match="not a gene table that is known"):
        import_genes(path, home)


@pytest.mark.parametrize("row", ["9606\t1\n", "9606\t1\t\n", "9606\t"])
def test_a_cut_human_row_of_gene2ensembl_is_told_with_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / GENE2ENSEMBL
    path.write_bytes(gzip.compress((GENE2ENSEMBL_TEXT + row).encode()))
    with pytest.raises(DataError, match=r"gene2ensembl\.gz .* line 7"):
        read_gene2ensembl(path)


def test_a_gene2ensembl_without_a_human_row_is_refused(tmp_path: Path) -> None:
    path = tmp_path / GENE2ENSEMBL
    path.write_bytes(gzip.compress("".join(GENE2ENSEMBL_TEXT.splitlines(keepends=True)[:2]).encode()))
    with pytest.raises(DataError, match="no row of a human gene"):
        read_gene2ensembl(path)
