"""What an import would make of a file is shown as it is then made, and nothing is written."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import pytest
from test_workbook import rows_of, write_xlsx

from engine.data.formats.choices import Choices
from engine.data.formats.condition import cuts
from engine.data.genes.columns import Undecided
from engine.data.genes.facts import read_genes
from engine.data.importers import import_task
from engine.data.preview import LabelFile, lines_of, look_at_descriptions, look_at_vectors, numbers
from engine.data.preview.numbers import BARS, first_threshold, histogram, step_of
from engine.data.tasks.shelf import SAMPLE
from engine.files.tables import read_table, table
from store.errors import DataError
from store.home import find_home

GENES = [gene.symbol for gene in read_genes(SAMPLE / "genes.csv")][:60]


@pytest.fixture
def home(tmp_path):
    return find_home(tmp_path / "home").create()


def deseq2(path, genes=GENES):
    """A table as `write.csv(as.data.frame(results(dds)))` writes it."""
    lines = ['"","baseMean","log2FoldChange","lfcSE","stat","pvalue","padj"']
    for n, gene in enumerate(genes):
        padj = "NA" if n % 10 == 9 else f"{n / 100:.3f}"
        lines.append(f'"{gene}",{n + 0.5},{(-1) ** n * n / 10:.2f},0.2,{n / 7:.4f},{n / 150:.5f},{padj}')
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_deseq2_table_shows_how_it_may_be_cut_and_is_cut_so(tmp_path, home):
    path = deseq2(tmp_path / "deseq2.csv")
    looked = LabelFile(path, home)
    open_ = looked.look(Choices())
    assert "no column 'label'" in open_.problem
    assert open_.suggested == {"label_from": "padj", "threshold": "<0.05"}
    assert [group.rows for group in open_.classes] == [50 - 1, 5]
    choices = Choices(label_from="padj", threshold="<0.2")
    shown = looked.look(choices)
    assert not shown.problem
    assert [(group.name, group.rows) for group in shown.classes] == [
        ("padj >= 0.2", 36),
        ("padj < 0.2", 18),
    ]
    assert shown.histograms[0].cuts == (0.2,)
    assert shown.histograms[0].missing == 6
    assert shown.why_positive == "it is the one that was asked for"
    assert "6 of 60 rows lack a number that decides and were left out." in shown.notes
    report = import_task(path, "mine", home, choices=choices)
    assert [group.genes for group in shown.classes] == list(report.used)
    assert [group.rows for group in shown.classes] == list(report.counts)


def test_its_conditions_make_two_classes_with_a_histogram_each(tmp_path, home):
    choices = Choices(classes=("down: padj < 0.5 and log2FoldChange < 0", "rest: log2FoldChange > 0"))
    shown = LabelFile(deseq2(tmp_path / "d.csv"), home).look(choices)
    assert [(one.column, one.cuts) for one in shown.histograms] == [
        ("padj", (0.5,)),
        ("log2FoldChange", (0.0,)),
    ]
    assert [one.name for one in shown.classes] == ["rest", "down"]
    assert [one.column for one in shown.taken if one.role == "numbers"] == ["padj", "log2FoldChange"]
    assert shlex.split(shown.command)[4:] == ["--class", choices.classes[0], "--class", choices.classes[1]]


def test_each_column_is_told_with_the_reason_and_what_else_it_could_be(tmp_path, home):
    path = tmp_path / "mine.csv"
    rows = (
        f"{gene},{'up' if n % 2 else 'down'},{'a' if n % 3 else 'b'},{gene},a longer text about it,{n / 7},"
        for n, gene in enumerate(GENES)
    )
    path.write_text("gene,label,batch,symbol,summary,score,nothing\n" + "\n".join(rows) + "\n")
    shown = LabelFile(path, home).look(Choices())
    genes, labels, texts = shown.taken
    assert (genes.column, genes.why, genes.others) == ("gene", "by its title", ("symbol",))
    assert (labels.column, labels.option, labels.others) == ("label", "--label-column", ("batch",))
    assert (texts.column, texts.option) == ("summary", "--text-column")
    reasons = {one.column: one.reason for one in shown.left_out}
    assert reasons["symbol"] == "naming the genes too"
    assert reasons["score"].startswith("holding numbers")
    assert reasons["nothing"] == "being empty"
    assert reasons["batch"].startswith("holding few different values")
    other = LabelFile(path, home).look(Choices(label_column="batch", gene_column="symbol"))
    assert [one.why for one in other.taken[:2]] == ["it was chosen"] * 2
    assert [group.name for group in other.classes] == ["a", "b"]


def test_another_column_of_texts_may_be_chosen(tmp_path, home):
    path = tmp_path / "mine.csv"
    rows = (f"{gene},{n % 2},about {gene}" for n, gene in enumerate(GENES))
    path.write_text("gene,label,words\n" + "\n".join(rows) + "\n")
    choices = Choices(text_column="words")
    assert [one.column for one in LabelFile(path, home).look(choices).taken if one.role == "texts"] == [
        "words"
    ]
    import_task(path, "mine", home, choices=choices)
    assert f"about {GENES[0]}" in (home.tasks / "mine" / "genes.csv").read_text()


def test_a_numeric_label_column_is_shown_as_a_quantity(tmp_path, home):
    path = tmp_path / "mine.csv"
    path.write_text("gene,label\n" + "".join(f"{gene},{n / 8}\n" for n, gene in enumerate(GENES)))
    shown = LabelFile(path, home).look(Choices())
    assert "are a quantity" in shown.problem
    assert shown.suggested == {"label_from": "label", "threshold": ">=3.75"}
    assert [group.rows for group in shown.classes] == [30, 30]
    assert sum(shown.histograms[0].counts) == 60


def test_what_only_looks_like_a_quantity_at_first_is_not_suggested(tmp_path, home, monkeypatch):
    monkeypatch.setattr(numbers, "_JUDGED", 10)
    path = tmp_path / "mine.csv"
    rows = (f"{gene},{n / 8 if n < 55 else 'x'}\n" for n, gene in enumerate(GENES))
    path.write_text("gene,label\n" + "".join(rows))
    shown = LabelFile(path, home).look(Choices())
    assert "different labels" in shown.problem
    assert not shown.suggested
    path.write_text(path.read_text().replace("label", "padj"))
    shown = LabelFile(path, home).look(Choices())
    assert shown.problem
    assert not shown.suggested


def test_unknown_names_and_repeats_are_told(tmp_path, home):
    path = tmp_path / "mine.csv"
    names = [*GENES[:50], "NOTAGENE1", "NOTAGENE2", GENES[0], GENES[1]]
    labels = ["up" if n % 2 else "down" for n in range(52)] + ["down", "down"]
    path.write_text("gene,label\n" + "".join(f"{n},{one}\n" for n, one in zip(names, labels, strict=True)))
    shown = LabelFile(path, home).look(Choices())
    assert shown.names is not None
    assert shown.names.unknown == ("NOTAGENE1", "NOTAGENE2")
    assert f"Genes in more than one class: 1, {GENES[1]}." in shown.notes
    assert "Rows that name a gene which their class has already, and add nothing: 1." in shown.notes
    assert any("not known: NOTAGENE1, NOTAGENE2" in line for line in lines_of(shown))


def test_what_an_import_would_refuse_is_its_problem(tmp_path, home):
    path = tmp_path / "mine.csv"
    path.write_text("gene,label\n" + "".join(f"X{n}Y,{n % 2}\n" for n in range(40)))
    shown = LabelFile(path, home).look(Choices())
    assert shown.problem.startswith("40 of 40 names are not known genes")
    with pytest.raises(DataError, match="are not known genes"):
        import_task(path, "mine", home)
    assert not LabelFile(path, home).look(Choices(), keep_unmapped=True).problem
    path.write_text("gene,label\n" + "".join(f"{gene},{n > 52}\n" for n, gene in enumerate(GENES)))
    assert "Class 'True' has 7 genes; 10 are needed." in LabelFile(path, home).look(Choices()).problem


def test_only_the_first_rows_of_a_large_file_are_counted(tmp_path, home, monkeypatch):
    monkeypatch.setattr(table, "FIRST_ROWS", 30)
    path = tmp_path / "mine.csv"
    path.write_text("gene,label\n" + "".join(f"{gene},{n % 2}\n" for n, gene in enumerate(GENES)))
    shown = LabelFile(path, home).look(Choices())
    assert (shown.counted, shown.whole) == (30, False)
    assert [group.rows for group in shown.classes] == [15, 15]
    assert "every count here is of its first 30 rows" in lines_of(shown)[1]
    assert read_table(path).whole


def test_parquet_and_vectors_stop_early_too(tmp_path, home, monkeypatch):
    import pyarrow as pa
    import pyarrow.parquet as pq

    monkeypatch.setattr(table, "FIRST_ROWS", 20)
    path = tmp_path / "mine.parquet"
    pq.write_table(pa.table({"gene": GENES, "label": [n % 2 for n in range(60)]}), path)
    assert (LabelFile(path, home).look(Choices()).counted, read_table(path, first=True).whole) == (
        20,
        False,
    )
    vectors = tmp_path / "v.csv"
    rows = (f"{n},{gene},{n / 7 + 1:.3f},{n * n / 9:.3f},3" for n, gene in enumerate(GENES))
    vectors.write_text("n,symbol,dim_0,dim_1,label\n" + "\n".join(rows) + "\n")
    shown = look_at_vectors(vectors, home)
    assert (shown.counted, shown.whole) == (49, False)  # the lines by which its columns are told
    assert [one.column for one in shown.taken] == ["symbol", "2 columns, dim_0 to dim_1"]
    assert [one.column for one in shown.left_out] == ["n", "label"]
    assert shown.rows[1][:2] == (GENES[1], "1.143")
    assert not (home.data / "vectors").exists()


def test_descriptions_are_shown(tmp_path, home):
    path = tmp_path / "t.csv"
    path.write_text(f"gene,description,n\n{GENES[0]},it guards,1\n{GENES[1]},,2\nNOTAGENE1,it is not,3\n")
    shown = look_at_descriptions(path, home)
    assert shown.facts == ("2 genes have a text, 1 have none and are left out.",)
    assert shown.names is not None
    assert shown.names.unknown == ("NOTAGENE1",)
    assert [one.column for one in shown.left_out] == ["n"]
    (tmp_path / "t.json").write_text(json.dumps({GENES[0]: "it guards"}))
    assert look_at_descriptions(tmp_path / "t.json", home).counted == 1


def test_a_file_of_gene_sets_asks_which(tmp_path, home):
    path = tmp_path / "sets.gmt"
    path.write_text("".join(f"SET_{n}\tna\t" + "\t".join(GENES[n::3]) + "\n" for n in range(3)))
    with pytest.raises(Undecided):
        LabelFile(path, home).look(Choices())
    shown = LabelFile(path, home).look(Choices(sets=("SET_1",)))
    assert [(group.name, group.rows) for group in shown.classes] == [("rest", 40), ("SET_1", 20)]


def test_the_cuts_of_a_condition():
    assert cuts("padj < 0.05 and abs(lfc) > 1") == [("padj", 0.05), ("lfc", 1.0)]
    assert cuts("0.5 > `p adj` or lfc between -1 and 2") == [("p adj", 0.5), ("lfc", -1.0), ("lfc", 2.0)]


def test_a_histogram_reaches_its_cuts_and_counts_everything():
    found = histogram("x", [0.0, 1.0, None, 2.0, 1e9, float("inf")], [5.0])
    assert sum(found.counts) == 4
    assert len(found.counts) == BARS
    assert found.low <= 5.0 <= found.high
    assert histogram("x", [None, None]).missing == 2
    assert sum(histogram("x", [3.0] * 9).counts) == 9


def test_a_step_is_round_and_about_a_bar_wide():
    some = histogram("x", [n / 100 for n in range(101)])
    assert step_of(some) == pytest.approx(0.02)
    assert step_of(replace(some, low=0.0, high=0.0)) == 1.0


def test_a_p_value_is_cut_at_a_twentieth_and_others_in_the_middle(tmp_path):
    path = deseq2(tmp_path / "d.csv")
    assert first_threshold(read_table(path), "pvalue") == "<0.05"
    assert first_threshold(read_table(path), "baseMean") == ">=30.5"


def test_descriptions_on_another_sheet_are_found_by_it(tmp_path, home):
    about = rows_of(("Our tables",), ("Written in May",))
    texts = rows_of(("gene", "description"), *((gene, f"About {gene}.") for gene in GENES[:12]))
    path = write_xlsx(tmp_path / "x.xlsx", about=about, texts=texts)
    first = look_at_descriptions(path, home)
    assert (first.sheets, first.header) == (("about", "texts"), ("Our tables",))
    assert "one column, 'Our tables'" in first.problem
    assert "--sheet" in first.hint
    other = look_at_descriptions(path, home, "texts")
    assert (other.problem, other.counted, other.sheets) == ("", 12, ("about", "texts"))
    alone = write_xlsx(tmp_path / "y.xlsx", about=about)
    with pytest.raises(DataError, match="one column, 'Our tables'"):
        look_at_descriptions(alone, home)


def test_a_first_sheet_without_rows_leaves_the_others_to_be_chosen(tmp_path, home):
    rows = ((gene, "ab"[n % 2], f"About {gene}.") for n, gene in enumerate(GENES[:24]))
    data = rows_of(("gene", "label", "description"), *rows)
    path = write_xlsx(tmp_path / "x.xlsx", about=rows_of(("Our tables",)), data=data)
    looked = LabelFile(path, home)
    for first in (looked.look(Choices()), look_at_descriptions(path, home)):
        assert (first.counted, first.sheets) == (0, ("about", "data"))
        assert "no rows in its sheet 'about'" in first.problem
    assert [group.rows for group in looked.look(Choices(sheet="data")).classes] == [12, 12]
    assert look_at_descriptions(path, home, "data").counted == 24
    alone = write_xlsx(tmp_path / "y.xlsx", about=rows_of(("Our tables",)))
    with pytest.raises(DataError, match="no rows in its sheet 'about'"):
        LabelFile(alone, home).look(Choices())
