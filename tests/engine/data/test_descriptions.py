"""Description files in their formats, kept ones, and what they do to a task."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from engine.data.genes.descriptions import read_descriptions
from engine.data.genes.facts import Gene
from engine.data.importers import import_descriptions
from engine.data.load import load_task
from store.errors import DataError, UsageError
from store.home import Home

NCBI = (
    "#tax_id\tGeneID\tSource\tSummary\n"
    '9606\t5080\tAlliance\t"quoted" by another. [provided by X, Jul 2008]\n'
    "10090\t5080\tRefSeq\tThat of the mouse.\n"
    "9606\t5080\tRefSeq\tMakes eyes. [provided by RefSeq, Jul 2008]\n"
    "9606\t5080\tAlliance\tThird.\n"
    "9606\t93986\tOther\tOnly source.\n"
    "9606\t1\tRefSeq\t-\n"
)
PAX6 = Gene("PAX6", ncbi_id="5080", ensembl_ids=("ENSG00000007372",))
FOXP2 = Gene("FOXP2", ncbi_id="93986")


@pytest.mark.parametrize("packed", [False, True])
def test_ncbi_summaries_are_human_and_refseq_where_there_is_a_choice(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / ("gene_summary.gz" if packed else "gene_summary")
    path.write_bytes(gzip.compress(NCBI.encode()) if packed else NCBI.encode())
    found = read_descriptions(path)
    assert found.of(PAX6) == "Makes eyes. [provided by RefSeq, Jul 2008]"
    assert found.of(FOXP2) == "Only source."
    assert found.of(Gene("A1BG", ncbi_id="1")) == ""


@pytest.mark.parametrize("key", ["PAX6", "5080", "ENSG00000007372"])
@pytest.mark.parametrize("form", ["csv", "tsv", "json", "json.gz", "parquet"])
def test_formats_and_keys(tmp_path: Path, form: str, key: str) -> None:
    path = tmp_path / f"texts.{form}"
    text = 'Makes, "eyes"\tand more.' if form != "tsv" else "Makes eyes."
    if form == "csv":
        path.write_text('gene,description\n{},"{}"\n'.format(key, text.replace('"', '""')))
    elif form == "tsv":
        path.write_text(f"symbol\tsummary\n{key}\t{text}\n")
    elif form == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"gene": [key], "text": [text]}), path)
    else:
        raw = json.dumps({key: text, "OTHER": ""}).encode()
        path.write_bytes(gzip.compress(raw) if form.endswith("gz") else raw)
    assert read_descriptions(path).of(PAX6) == text


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("gene,description\nPAX6,one\n")
    assert read_descriptions(path).of(PAX6) == "one"
    path.write_text("gene,description\nPAX6,two\n")
    os.utime(path, ns=(1, 1))
    assert read_descriptions(path).of(PAX6) == "two"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.json", b"[1, 2]", "not one JSON object of texts"),
        ("a.json", b'{"A": 1}', "not one JSON object of texts"),
        ("a.json", b'{"A": ', "is not JSON"),
        ("a.json", b"[" * 100_000, "is not JSON"),
        ("a.csv", b"gene,label\nA,1\n", "no column 'description'"),
        ("a.csv", b"name,description\nA,1\n", "no column 'gene'"),
        ("a.csv", b"gene^description\nA^1\n", "one column, 'gene^description'"),
        ("a.csv", b"gene,description\nA,1\nA,2\n", "different description of 'A' on line 3"),
        ("a.tsv", b"#tax_id\tGeneID\tSource\tSummary\n10090\t1\tRefSeq\tmouse\n", "no usable rows"),
        ("a.parquet", b"PAR1 no", "not a readable Parquet file"),
        ("a.gz", gzip.compress(NCBI.encode())[:-20], "damaged gzip"),
    ],
)
def test_bad_files(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as refused:
        read_descriptions(tmp_path / name)
    assert sentence in refused.value.message
    assert "\n" not in str(refused.value)


def test_a_list_without_texts_is_told_to_add_them(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("gene\nTP53\nMYC\n")
    with pytest.raises(DataError) as refused:
        read_descriptions(tmp_path / "a.csv")
    assert refused.value.hint == "Add a column 'description' with the text of each."


def test_missing_file() -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_descriptions(Path("/nowhere/at/all.csv"))


def test_a_gzip_bomb_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.files.outside.read_lines.__defaults__", (1 << 20, ""))
    (tmp_path / "a.csv").write_bytes(gzip.compress(b"gene,description\nA,1\n" + b" " * (8 << 20)))
    with pytest.raises(DataError, match="holds more than 1 MB"):
        read_descriptions(tmp_path / "a.csv")


def test_task_with_descriptions_counts_the_names_that_stand_in(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "gene_summary"
    path.write_text(NCBI)
    task = load_task("bivalent-vs-no-methyl", home, descriptions=str(path), provenance="strip")
    texts = dict(zip(task.genes, task.texts, strict=True))
    assert texts["PAX6"] == "Makes eyes."
    assert texts["FOXP2"] == "Only source."
    assert texts["OTX2"] == "orthodenticle homeobox 2"
    bivalent = task.audit.classes[1]
    assert (bivalent.with_text, bivalent.used) == (2, 95)
    kept = load_task("bivalent-vs-no-methyl", home, descriptions=str(path))
    assert "[provided by RefSeq, Jul 2008]" in kept.texts[kept.genes.index("PAX6")]
    both = load_task("bivalent-vs-no-methyl", home, text="facts-summary", descriptions=str(path))
    assert both.texts[both.genes.index("PAX6")].startswith("PAX6: paired box 6.")


def test_kept_descriptions_go_by_name(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "gene_summary"
    path.write_text(NCBI)
    report = import_descriptions(path, "ncbi", home)
    assert (report.genes, report.empty) == (2, 0)
    by_path = load_task("bivalent-vs-no-methyl", home, descriptions=str(path))
    assert load_task("bivalent-vs-no-methyl", home, descriptions="ncbi").hash == by_path.hash
    with pytest.raises(UsageError, match="name 'NCBI' is taken"):
        import_descriptions(path, "NCBI", home)


def test_an_unmapped_identifier_becomes_usable_by_its_description(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("gene,description\nENSG00000285708,a read-through\n")
    task = load_task("bivalent-vs-lys4", home, descriptions=str(path))
    assert task.genes.count("ENSG00000285708") == 2
    assert task.texts[task.genes.index("ENSG00000285708")] == "a read-through"


def test_descriptions_of_other_genes_are_refused_rather_than_replaced_by_names(tmp_path, home):
    path = tmp_path / "other.csv"
    path.write_text("gene,description\nNOT_A_GENE,text\n")
    with pytest.raises(DataError, match="none of the genes of bivalent-vs-lys4"):
        load_task("bivalent-vs-lys4", home, descriptions=str(path))


def test_columns_are_found_by_content_and_rows_without_a_gene_are_named(tmp_path, home):
    path = tmp_path / "x.csv"
    path.write_text("who,Gene description\nTP53,guards\nNA,nobody\nKRAS,signals\nMYC,drives\nEGFR,binds\n")
    report = import_descriptions(path, "mine", home)
    assert (report.genes, report.nameless) == (4, (3,))
    assert "Rows left out for naming no gene: 1, line 3." in report.notes
