"""Label files as labs write them: columns, missing values, titles of lists, numbers and gene sets."""

from __future__ import annotations

import csv
import gzip
import json
import lzma
import os
import zipfile
from pathlib import Path

import pytest

from engine.data.formats.choices import Choices
from engine.data.formats.detect import read_raw
from engine.data.formats.raw import RawTask
from engine.data.genes.columns import Undecided
from engine.data.importers import import_notes, import_task
from engine.data.tasks.shelf import SAMPLE
from store.errors import DataError, UsageError
from store.home import Home

with (SAMPLE / "genes.csv").open(newline="", encoding="utf-8") as stream:
    KNOWN = tuple(row["symbol"] for row in csv.DictReader(stream))[:40]


def symbols(text: str) -> tuple[str, ...]:
    """As if the known genes, and a gene called NAN, were all there are."""
    return (text.upper(),) if text.upper() in (*KNOWN, "NAN") else ()


def read(path: Path, text: str, **chosen: object) -> RawTask:
    path.write_text(text, encoding="utf-8")
    return read_raw(path, choices=Choices(symbols=symbols, **chosen))[1]  # type: ignore[arg-type]


def pairs(raw: RawTask) -> list[tuple[str, str]]:
    return [*zip(raw.identifiers, raw.labels, strict=True)]


def rows(*columns: tuple[object, ...], by: str = ",") -> str:
    return "".join(by.join(map(str, row)) + "\n" for row in zip(*columns, strict=True))


UP_DOWN = ("up", "down") * 10


@pytest.mark.parametrize(
    "title",
    [
        "SYMBOL", "hgnc_symbol", "Gene stable ID", "Gene name", "external_gene_name", "GeneID",
        "gene_symbol",
        "ensembl_gene_id", "Gene", "GENE", "Gene Symbol", "target", "anything", "",
    ],
)  # fmt: skip
def test_the_column_of_genes_is_found(title: str, tmp_path: Path) -> None:
    text = rows((title, *KNOWN[:20]), ("score", *range(20)), ("group", *UP_DOWN))
    raw = read(tmp_path / "x.csv", text)
    assert pairs(raw) == [*zip(KNOWN[:20], UP_DOWN, strict=True)]


def test_columns_that_name_the_same_genes_need_no_choice(tmp_path: Path) -> None:
    lower = tuple(gene.lower() for gene in KNOWN[:20])
    raw = read(
        tmp_path / "x.csv", rows(("symbol", *KNOWN[:20]), ("gene_name", *lower), ("label", *UP_DOWN))
    )
    assert raw.identifiers[0] == KNOWN[0]


def test_several_columns_of_genes_are_asked_for(tmp_path: Path) -> None:
    text = rows(("regulator", *KNOWN[:20]), ("target", *KNOWN[20:]), ("sign", *UP_DOWN))
    with pytest.raises(Undecided) as asked:
        read(tmp_path / "x.csv", text)
    assert (asked.value.option, asked.value.answers) == ("gene-column", ("regulator", "target"))
    assert "--gene-column" in asked.value.hint
    raw = read(tmp_path / "x.csv", text, gene_column="Target")
    assert pairs(raw) == [*zip(KNOWN[20:], UP_DOWN, strict=True)]
    with pytest.raises(UsageError, match="no column 'other'"):
        read(tmp_path / "x.csv", text, gene_column="other")


def test_classes_that_are_called_like_genes_are_no_column_of_genes(tmp_path: Path) -> None:
    classes = (KNOWN[30], KNOWN[31]) * 10
    raw = read(tmp_path / "x.csv", rows(("group", *classes), ("name", *KNOWN[:20])))
    assert pairs(raw) == [*zip(KNOWN[:20], classes, strict=True)]


def test_several_columns_of_classes_are_asked_for(tmp_path: Path) -> None:
    text = rows(("gene", *KNOWN[:20]), ("kidney", *UP_DOWN), ("liver", *UP_DOWN[::-1]), ("x", *range(20)))
    with pytest.raises(Undecided) as asked:
        read(tmp_path / "x.csv", text)
    assert (asked.value.option, asked.value.answers) == ("label-column", ("kidney", "liver"))
    assert read(tmp_path / "x.csv", text, label_column="liver").labels == list(UP_DOWN[::-1])


def test_a_list_in_place_of_a_table_is_called_one(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="looks like a list of genes") as refused:
        read(tmp_path / "x.csv", "\n".join(KNOWN))
    assert "folder" in refused.value.hint


def test_what_is_missing_is_left_out_and_reported(tmp_path: Path) -> None:
    text = 'gene,label\nTP53,up\nMYC,NA\n,down\nNA,down\n"NA",up\nNAN,down\nRET,-\nWT1,n/a\nKIT,mid\n'
    raw = read(tmp_path / "x.csv", text)
    assert pairs(raw) == [("TP53", "up"), ("NA", "up"), ("NAN", "down"), ("KIT", "mid")]
    assert raw.notes == (
        "In the column 'gene', NA, NAN was read as a gene, not as a missing value.",
        "3 rows without a label were left out.",
        "2 rows without a gene were left out: lines 4, 5.",
    )


def test_a_missing_description_is_none(tmp_path: Path) -> None:
    text = 'gene,label,description\nTP53,up,NA\nMYC,down,a text\nRET,up,"NA"\n'
    assert list(read(tmp_path / "x.csv", text).texts) == ["", "a text", "NA"]


@pytest.mark.parametrize(
    "above",
    [
        "GENE\n", "gene\n", "symbol\n", "Gene name\n", "x\n", '"x"\n', "HALLMARK_APOPTOSIS\n",
        "# from us\n", "> HALLMARK_APOPTOSIS\n", "HALLMARK_APOPTOSIS\n> Genes of apoptosis.\n",
        "\ufeffgene\r\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["txt", "grp"])
def test_titles_and_comments_of_lists_are_no_genes(above: str, ending: str, tmp_path: Path) -> None:
    for name, genes in (("in", KNOWN[:20]), ("out", KNOWN[20:])):
        quoted = [f'"{gene}"' if '"' in above else gene for gene in genes]
        (tmp_path / f"{name}.{ending}").write_text(above + "\n".join(quoted), encoding="utf-8")
    (tmp_path / f"._in.{ending}").write_bytes(b"\0\1\2")
    _, raw = read_raw(tmp_path, choices=Choices(symbols=symbols))
    assert list(raw.identifiers) == list(KNOWN)
    assert sorted(raw.classes) == ["in", "out"]


def test_lists_may_have_more_columns(tmp_path: Path) -> None:
    for name, genes in (("in", KNOWN[:20]), ("out", KNOWN[20:])):
        (tmp_path / f"{name}.txt").write_text(rows(("GENE", *genes), ("ID", *range(20)), by="\t"))
    _, raw = read_raw(tmp_path, choices=Choices(symbols=symbols))
    assert list(raw.identifiers) == list(KNOWN)


@pytest.mark.parametrize("content", ["", "\n", "# nothing\n"])
def test_a_list_without_a_gene_is_refused_and_not_a_class_less(content: str, tmp_path: Path) -> None:
    for name, text in (("a", "\n".join(KNOWN[:20])), ("b", "\n".join(KNOWN[20:])), ("c", content)):
        (tmp_path / f"{name}.txt").write_text(text)
    with pytest.raises(DataError, match=r"no gene in its list 'c'|is empty"):
        read_raw(tmp_path, choices=Choices(symbols=symbols))


@pytest.mark.parametrize(("kind", "said"), [("pipe", "is not a file"), ("link", "is a link that leads")])
def test_a_list_that_cannot_be_read_is_refused_and_not_a_class_less(
    kind: str, said: str, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text("\n".join(KNOWN[:20]))
    if kind == "pipe":
        os.mkfifo(tmp_path / "c.txt")
    else:
        (tmp_path / "c.txt").symlink_to("moved.txt")
    with pytest.raises(DataError, match=rf"c\.txt {said}"):
        read_raw(tmp_path, choices=Choices(symbols=symbols))


def test_a_file_of_a_folder_that_is_not_read_is_named(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.csv", "d.txt.gz", "README.txt", ".hidden.txt"):
        (tmp_path / name).write_text("\n".join(KNOWN[:20]))
    _, raw = read_raw(tmp_path, choices=Choices(symbols=symbols))
    assert raw.notes == ("Left out, as they do not end as the other lists do: c.csv, d.txt.gz.",)


SETS = "".join(
    f"{name}\thttps://example.org\t{chr(9).join(genes)}\n"
    for name, genes in (("A", KNOWN[:15]), ("B", KNOWN[15:30]), ("C", KNOWN[10:40]))
)


def test_a_gene_set_is_set_against_another_or_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "x.gmt"
    with pytest.raises(Undecided) as asked:
        read(path, SETS)
    assert (asked.value.option, asked.value.answers) == ("set", ("A", "B", "C"))
    raw = read(path, SETS, sets=("A",))
    assert raw.classes == ("rest", "A")
    assert (raw.labels.count("A"), raw.labels.count("rest")) == (15, 25)
    raw = read(path, SETS, sets=("B", "A"))
    assert raw.classes == ("A", "B")
    assert list(raw.identifiers) == [*KNOWN[15:30], *KNOWN[:15]]
    with pytest.raises(UsageError, match="no gene set 'D'"):
        read(path, SETS, sets=("D",))
    with pytest.raises(UsageError, match="not a file of gene sets"):
        read(tmp_path / "x.csv", "gene,label\n", sets=("A",))


@pytest.mark.parametrize("ending", [".gz", ".XZ", ".zip"])
def test_gene_sets_may_be_packed(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.gmt{ending}"
    if ending == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.gmt", SETS)
    else:
        path.write_bytes({".gz": gzip, ".XZ": lzma}[ending].compress(SETS.encode()))
    kind, raw = read_raw(path, choices=Choices(sets=("A",)))
    assert (kind, raw.classes) == ("gmt", ("rest", "A"))


DESEQ = rows(
    ('""', *(f'"{gene}"' for gene in KNOWN)),
    ('"log2FoldChange"', *(place - 20 for place in range(40))),
    ('"padj"', *("NA" if place % 10 == 0 else place / 40 for place in range(40))),
)


def test_results_of_deseq_become_classes(tmp_path: Path) -> None:
    raw = read(
        tmp_path / "x.csv", DESEQ, classes=("down: padj < 0.3 and log2FoldChange < 0", "rest: padj > 0.5")
    )
    expected = [(KNOWN[place], "down") for place in range(1, 12) if place != 10]
    expected += [(KNOWN[place], "rest") for place in range(21, 40) if place != 30]
    assert pairs(raw) == expected
    assert raw.classes == ("rest", "down")
    assert raw.notes == (
        "The genes were read from the column without a name.",
        "4 of 40 rows lack a number that decides and were left out.",
        "8 of 40 rows meet no condition and were left out.",
    )


def test_one_condition_leaves_the_rest(tmp_path: Path) -> None:
    raw = read(tmp_path / "x.csv", DESEQ, classes=("low: padj < 0.3",))
    assert raw.classes == ("rest", "low")
    assert len(raw.labels) == 36


def test_overlapping_classes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="overlap: line 3 of"):
        read(tmp_path / "x.csv", DESEQ, classes=("a: padj < 0.5", "b: log2FoldChange < 0"))


def test_a_threshold_cuts_a_quantity_in_two(tmp_path: Path) -> None:
    raw = read(tmp_path / "x.csv", DESEQ, label_from="padj", threshold="<0.05")
    assert raw.classes == ("padj >= 0.05", "padj < 0.05")
    assert pairs(raw)[0] == (KNOWN[1], "padj < 0.05")
    assert len(raw.labels) == 36


def test_the_lowest_is_set_against_the_highest(tmp_path: Path) -> None:
    raw = read(tmp_path / "x.csv", DESEQ, label_from="log2FoldChange", quantiles=0.25)
    assert raw.classes == ("lowest 0.25 of log2FoldChange", "highest 0.25 of log2FoldChange")
    assert list(raw.identifiers) == [*KNOWN[:10], *KNOWN[30:]]


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"label_from": "padj"}, "needs either"),
        ({"label_from": "padj", "threshold": "<0.1", "quantiles": 0.1}, "needs either"),
        ({"label_from": "padj", "threshold": "0.1"}, "not a sign and a number"),
        ({"label_from": "padj", "threshold": "<1.2.3"}, "not a sign and a number"),
        ({"label_from": "padj", "quantiles": 0.7}, "at most a half"),
        ({"label_from": "other", "threshold": "<0.1"}, "no column 'other'"),
        ({"label_from": "padj", "threshold": "<0.1", "classes": ("a: padj < 1",)}, "exclude each other"),
        ({"threshold": "<0.1"}, "need --label-from"),
        ({"quantiles": 0.1}, "need --label-from"),
        ({"classes": ("a: padj < 1",), "label_column": "padj"}, "does not go with"),
        ({"classes": ("padj < 1",)}, "no name and condition"),
        ({"classes": ("a: padj < 1", "a: padj > 1")}, "given twice"),
    ],
)
def test_choices_that_say_too_little_or_too_much(chosen, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=sentence):
        read(tmp_path / "x.csv", DESEQ, **chosen)


def test_a_cell_that_is_no_number_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'high' on line 3, where 'padj' should be a number"):
        read(tmp_path / "x.csv", "gene,padj\nA,0.1\nB,high\n", label_from="padj", threshold="<0.05")


def test_a_decimal_comma_is_read(tmp_path: Path) -> None:
    text = "gene;padj\nA;0,01\nB;0,5\n"
    raw = read(tmp_path / "x.csv", text, label_from="padj", threshold="<0.05")
    assert pairs(raw) == [("A", "padj < 0.05"), ("B", "padj >= 0.05")]
    assert "In 'padj', 0,01 was read as 0.01." in raw.notes


def test_a_quantity_says_how_to_cut_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="are a quantity") as refused:
        read(tmp_path / "x.csv", "gene,label\nA,0.1\nB,0.2\n")
    assert "--label-from" in refused.value.hint


def test_the_report_stays_with_the_task(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "x.csv"
    labels = ("Essential", "essential ", "non-essential", "NA") * 10
    path.write_text(rows(("gene", *KNOWN), ("label", *labels)))
    report = import_task(path, "mine", home)
    assert report.classes == ("non-essential", "Essential")
    assert report.notes == import_notes("mine", home)
    assert report.notes == (
        "10 rows without a label were left out.",
        "'Essential' was also spelt 'essential'; that is one class.",
        "The positive class is 'Essential': 'non-essential' reads as its negation; "
        "--positive chooses another.",
    )
    assert json.loads((home.tasks / "mine" / "report.json").read_text())["notes"] == list(report.notes)
    assert import_notes("dosage-sensitivity", home) == ()


def test_names_of_the_papers_tasks_and_of_sets_are_taken(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "x.csv"
    path.write_text(rows(("gene", *KNOWN), ("label", *UP_DOWN * 2)))
    for name in ("task1", "TASK4"):
        with pytest.raises(UsageError, match="is taken"):
            import_task(path, name, home)
    for name in ("own", "Paper", "all"):
        with pytest.raises(UsageError, match="is that of a set of tasks"):
            import_task(path, name, home)


@pytest.mark.parametrize(("genes", "cells"), [("var", "obs"), ("obs", "var")])
def test_classes_may_stand_beside_the_genes_of_an_h5ad(genes: str, cells: str, tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "x.h5ad"
    with h5py.File(path, "w") as file:
        var = file.create_group(genes)
        var.attrs.update({"encoding-type": "dataframe", "_index": "_index", "column-order": ["label"]})
        kind = h5py.string_dtype()
        var.create_dataset("_index", data=list(KNOWN[:20]), dtype=kind)
        var.create_dataset("label", data=list(UP_DOWN), dtype=kind)
        others = file.create_group(cells)
        others.attrs.update({"encoding-type": "dataframe", "_index": "_index", "column-order": []})
        others.create_dataset("_index", data=["cell1", "cell2"], dtype=kind)
    _, raw = read_raw(path, choices=Choices(symbols=symbols))
    assert pairs(raw) == [*zip(KNOWN[:20], UP_DOWN, strict=True)]


def test_row_numbers_are_no_genes(tmp_path: Path) -> None:
    numbers = range(1, 21)
    found = read(tmp_path / "x.csv", rows(("gene_id", *numbers), ("who", *KNOWN[:20]), ("label", *UP_DOWN)))
    assert tuple(found.identifiers) == KNOWN[:20]
    with pytest.raises(DataError, match="row numbers in its column 'gene_id'"):
        read(tmp_path / "y.csv", rows(("gene_id", *numbers), ("label", *UP_DOWN)))
    chosen = read(
        tmp_path / "y.csv", rows(("gene_id", *numbers), ("label", *UP_DOWN)), gene_column="gene_id"
    )
    assert tuple(chosen.identifiers) == tuple(map(str, numbers))


def test_a_thousand_is_told_from_a_decimal_comma(tmp_path: Path) -> None:
    text = rows(("gene", *KNOWN[:20]), ("n", *(f'"{place},250"' for place in range(1, 21))))
    raw = read(tmp_path / "x.csv", text, label_from="n", threshold=">10000")
    assert list(raw.labels).count("n > 10000") == 11
    assert "In 'n', 1,250 was read as 1250." in raw.notes
    text = text.replace('"1,250"', '"0,250"')
    assert len(read(tmp_path / "x.csv", text, label_from="n", threshold=">10").identifiers) == 20


def test_a_class_spelt_with_and_without_hyphen_is_one(tmp_path: Path) -> None:
    labels = ("non-essential", "Nonessential", "essential", "essential") * 5
    raw = read(tmp_path / "x.csv", rows(("gene", *KNOWN[:20]), ("label", *labels)))
    assert raw.classes == ("Nonessential", "essential")
    assert "that is one class" in raw.notes[0]


def test_one_class_beside_empty_labels_is_said_to_be_alone(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"one class alone, 'yes'; 10 rows .* were left out"):
        read(tmp_path / "x.csv", rows(("gene", *KNOWN[:20]), ("label", *("yes", "") * 10)))


def test_numbered_lists_of_r_are_read_and_a_readme_is_none(tmp_path: Path) -> None:
    for name, genes in (("up", KNOWN[:12]), ("down", KNOWN[12:24])):
        lines = "".join(f'"{place}","{gene}"\n' for place, gene in enumerate(genes, 1))
        (tmp_path / f"{name}.csv").write_text('"","x"\n' + lines)
    (tmp_path / "README.txt").write_text("Two lists of genes.\n")
    raw = read_raw(tmp_path, choices=Choices(symbols=symbols))[1]
    assert (raw.classes, sorted(raw.identifiers)) == (("down", "up"), sorted(KNOWN[:24]))


@pytest.mark.parametrize("text", ['["TP53", "EGFR"]', '[["TP53", "a"]]'])
def test_a_list_of_json_is_called_so(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a list of JSON, not a table"):
        read(tmp_path / "x.json", text)


UP, DOWN = KNOWN[:12], KNOWN[12:24]
BY_GENE = {**dict.fromkeys(UP, "up"), **dict.fromkeys(DOWN, "down")}
LISTED = {"gene": [*UP, *DOWN], "label": ["up"] * 12 + ["down"] * 12}


@pytest.mark.parametrize(
    "value",
    [
        BY_GENE,
        {"up": list(UP), "down": list(DOWN)},
        LISTED,
        {gene: {"label": label} for gene, label in BY_GENE.items()},
        {"label": BY_GENE},
        {title: dict(enumerate(cells)) for title, cells in LISTED.items()},
        {f"r{row}": {"gene": gene, "label": BY_GENE[gene]} for row, gene in enumerate(BY_GENE)},
    ],
)
def test_an_object_of_json_is_read_in_every_form(value: object, tmp_path: Path) -> None:
    raw = read(tmp_path / "x.json", json.dumps(value))
    assert dict(zip(raw.identifiers, raw.labels, strict=True)) == BY_GENE


def test_json_lines_are_read_whatever_the_file_is_called(tmp_path: Path) -> None:
    lines = (json.dumps({"gene": gene, "label": label}) for gene, label in BY_GENE.items())
    raw = read(tmp_path / "x.json", "\n".join(lines))
    assert dict(zip(raw.identifiers, raw.labels, strict=True)) == BY_GENE


def test_a_gene_that_an_object_of_json_names_twice_keeps_both_labels(tmp_path: Path) -> None:
    text = json.dumps(BY_GENE)[:-1] + f', "{UP[0]}": "down"}}'
    raw = read(tmp_path / "x.json", text)
    named = zip(raw.identifiers, raw.labels, strict=True)
    assert [label for gene, label in named if gene == UP[0]] == ["up", "down"]


def test_null_is_no_label(tmp_path: Path) -> None:
    raw = read(tmp_path / "x.json", json.dumps({**BY_GENE, UP[0]: None}))
    assert len(raw.identifiers) == 23
    assert "1 row without a label was left out." in raw.notes


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": [1]}',
        '{"a": {}, "b": 3}',
        '{"a": [{"x": 1}], "b": [2]}',
        '{"gene": ["TP53", "EGFR"], "label": ["a"]}',
        '{"columns": ["gene"], "index": [0], "data": [["TP53"]]}',
    ],
)
def test_an_object_of_json_of_another_form_is_refused_with_the_right_ones(
    text: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="neither labels nor lists of genes") as found:
        read(tmp_path / "x.json", text)
    assert '{"GENE": "label"}' in found.value.hint


@pytest.mark.parametrize("text", ['{"TP53": "a",\n"EGFR" "b"}', '{"TP53":\n' + "9" * 6000 + "}"])
def test_damaged_json_is_refused_with_its_line(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is not JSON on line \d"):
        read(tmp_path / "x.json", text)


def test_all_genes_in_one_line_are_no_list(tmp_path: Path) -> None:
    for name in ("up", "down"):
        (tmp_path / f"{name}.txt").write_text(", ".join(KNOWN[:12]))
    with pytest.raises(DataError, match=r"not a list of one gene a line \(line 1\)"):
        read_raw(tmp_path, choices=Choices(symbols=symbols))
