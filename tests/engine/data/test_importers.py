"""Label files in every format become the same task folder, with a report of every identifier."""

from __future__ import annotations

import csv
import json
import pickle
from pathlib import Path

import pytest

from engine.data.formats.choices import Choices
from engine.data.formats.classes import order_classes
from engine.data.formats.detect import KINDS, read_raw
from engine.data.genes.identifiers import COMPLETE, GENE_INFO
from engine.data.importers import import_task
from engine.data.importers.names import check_name, free_name, plain_name
from engine.data.load import load_task
from engine.data.tasks.folder import read_headings, read_label_list
from engine.data.tasks.shelf import SAMPLE, list_tasks
from store.errors import DataError, StoreError, UsageError
from store.home import Home

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
LISTS = {
    "central": [f"ENSG{place:011d}" for place in range(1, 13)] + ["ENSG00000000001"],
    "edge": [f"ENSG{place:011d}" for place in range(21, 35)],
}


def sample_lists(name: str) -> dict[str, list[str]]:
    heading = next(item for item in read_headings(SAMPLE) if item.name == name)
    rows = read_label_list(SAMPLE, heading).rows
    return {
        heading.classes[label]: [item for item, place in rows if place == label]
        for label in reversed(range(len(heading.classes)))
    }


def write(folder: Path, kind: str, lists: dict[str, list[str]]) -> Path:
    path = folder / f"{kind}.csv"
    if kind == "pickle":
        path = folder / "lists.pickle"
        path.write_bytes(pickle.dumps(lists))
    elif kind == "texts":
        path = folder / "lists"
        path.mkdir()
        for place, (name, members) in enumerate(lists.items()):
            end = "" if place else "\n"
            (path / f"{name}_gene_labels.txt").write_text("\n".join(members) + end)
    elif kind == "gene-benchmark":
        path = folder / "bench" / "a sub task"
        path.mkdir(parents=True)
        rows = [(member, name) for name, members in lists.items() for member in members]
        (path.parent / "entities.csv").write_text("symbol\n" + "".join(f"{member}\n" for member, _ in rows))
        (path / "outcomes.csv").write_text("Outcomes\n" + "".join(f"{name}\n" for _, name in rows))
    else:
        with path.open("w", newline="") as stream:
            writer = csv.writer(stream)
            if kind == "lists":
                writer.writerows(
                    [("gene_id", "label"), *((name, str(members)) for name, members in lists.items())]
                )
            elif kind == "table":
                writer.writerow(("gene", "label"))
                writer.writerows((member, name) for name, members in lists.items() for member in members)
            else:
                writer.writerow(("ensembl_id", "gene_name", *lists))
                for name in lists:
                    writer.writerows(
                        (m, "-", *("Yes" if n == name else "" for n in lists)) for m in lists[name]
                    )
    return path


@pytest.mark.parametrize("kind", ["pickle", "texts", "gene-benchmark", "lists", "table", "columns"])
def test_every_format_gives_the_published_task(kind: str, tmp_path: Path, home: Home) -> None:
    path = write(tmp_path, kind, sample_lists("bivalent-vs-no-methyl"))
    report = import_task(path, "again", home, choices=Choices(positive="bivalent"))
    assert report.kind == kind
    assert report.counts == (42, 107)
    assert report.used == (39, 95)
    assert report.unresolved == ("ENSG00000285708",)
    assert report.steps == {"Ensembl id (sample)": 133, "not mapped": 1}
    again, original = load_task("again", home), load_task("bivalent-vs-no-methyl", home)
    assert (again.genes, again.labels, again.texts) == (original.genes, original.labels, original.texts)
    assert again.classes == original.classes
    assert (
        load_task("again", home, labels="raw").genes
        == load_task("bivalent-vs-no-methyl", home, labels="raw").genes
    )


def test_first_list_of_a_dictionary_is_the_positive_class(tmp_path: Path) -> None:
    for kind in ("pickle", "lists"):
        _, raw = read_raw(write(tmp_path, kind, {"zebra": ["A"], "ant": ["B"]}))
        assert raw.classes == ("ant", "zebra")
    _, raw = read_raw(write(tmp_path, "pickle", {"z": ["A"], "a": ["B"], "m": ["C"]}))
    assert raw.classes == ("z", "a", "m")


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (("1", "0"), ("0", "1")),
        (("Yes", "No"), ("No", "Yes")),
        (("control", "case"), ("control", "case")),
        (("aged", "negative"), ("negative", "aged")),
        (("beta", "alpha"), ("alpha", "beta")),
        (("10", "9", "-1"), ("-1", "9", "10")),
        (("b", "B", "a"), ("a", "B", "b")),
    ],
)
def test_classes_have_an_order_of_their_own(labels: tuple[str, ...], classes: tuple[str, ...]) -> None:
    assert order_classes(labels) == classes == order_classes(labels[::-1])


def test_supplementary_file_of_chen(tmp_path: Path) -> None:
    path = tmp_path / "41467_MOESM4.csv"
    rows = [f"TF{place},1.5,,{'long' if place % 2 else 'short'}-range TF" for place in range(30)]
    path.write_text("\n".join([",CCLE,GTEx,assignment", *rows]))
    kind, raw = read_raw(path)
    assert (kind, raw.classes, len(raw.labels)) == ("moesm4", ("short-range TF", "long-range TF"), 30)


@pytest.mark.parametrize(
    ("header", "row", "read_as"),
    [
        ("Gène,Étiquette", "{gene},{label}", ("Gène", "Étiquette")),
        ("ensembl_id,group", "{gene},{label}", ("ensembl_id", "group")),
        ("group,symbol", "{label},{gene}", ("symbol", "group")),
        ("label,Gen", "{label},{gene}", ("Gen", "label")),
    ],
)
def test_of_two_columns_the_other_is_known_and_told(tmp_path: Path, header, row, read_as) -> None:
    path = tmp_path / "two.csv"
    pairs = [("TP53", "up"), ("MYC", "down"), ("KRAS", "up")]
    lines = [row.format(gene=gene, label=label) for gene, label in pairs]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    kind, raw = read_raw(path)
    assert kind == "table"
    assert [*zip(raw.identifiers, raw.labels, strict=True)] == pairs
    assert raw.notes == (
        f"The column {read_as[0]!r} was read as the genes and {read_as[1]!r} as the labels.",
    )


def test_two_columns_without_a_header_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bare.csv"
    path.write_text("TP53,up\nMYC,down\nKRAS,up\n")
    with pytest.raises(DataError, match="look like its first gene") as refused:
        read_raw(path)
    assert "Put a line above" in refused.value.hint


def test_columns_that_list_their_classes(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text("dosage_sensitive,dosage_insensitive\nENSG1,ENSG3\nENSG2,\n")
    kind, raw = read_raw(path)
    assert kind == "columns"
    assert raw.classes == ("dosage_insensitive", "dosage_sensitive")
    assert [*zip(raw.identifiers, raw.labels, strict=True)] == [
        ("ENSG1", "dosage_sensitive"),
        ("ENSG2", "dosage_sensitive"),
        ("ENSG3", "dosage_insensitive"),
    ]


def test_own_description_keeps_an_unknown_identifier(tmp_path: Path, home: Home) -> None:
    lines = ["gene,label,description", "ENSG00000128573,1,a known gene"]
    lines += [f"my weird id {place},{place % 2},does thing {place}" for place in range(24)]
    path = tmp_path / "own.csv"
    path.write_text("\n".join(lines))
    report = import_task(path, "odd", home)
    assert report.steps == {"kept as given, with its own description": 24, "Ensembl id (sample)": 1}
    task = load_task("odd", home)
    assert task.texts[task.genes.index("FOXP2")] == "a known gene"
    assert task.texts[task.genes.index("my weird id 3")] == "does thing 3"


def test_rows_without_a_label_are_told(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "some.csv"
    path.write_text("gene,label\n" + "".join(f"GEN{n},{('a', 'b', '')[n % 3]}\n" for n in range(36)))
    report = import_task(path, "some", home, keep_unmapped=True)
    assert report.used == (12, 12)
    assert report.notes[0] == "12 rows without a label were left out."
    assert report.lines[:2] == ("    12 genes from 12 rows: a", "    12 genes from 12 rows: b")
    saved = json.loads((home.tasks / "some" / "report.json").read_text())
    assert saved["used"] == [12, 12]


def test_parquet_is_a_table_too(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "t.parquet"
    labels = pa.array([1.0, 0.0, None, 1.0])
    pq.write_table(pa.table({"ensembl_id": ["E1", "E2", "E3", "E4"], "label": labels}), path)
    kind, raw = read_raw(path)
    assert kind == "table"
    assert [*zip(raw.identifiers, raw.labels, strict=True)] == [("E1", "1"), ("E2", "0"), ("E4", "1")]
    assert raw.classes == ("0", "1")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../up",
        "a/b",
        "/abs",
        "a\\b",
        "-dash",
        ".hidden",
        "x" * 65,
        "new\nline",
        "[red]",
        "a.",
        "ü",
    ],
)
def test_names_that_could_lead_elsewhere_are_refused(name: str, tmp_path: Path, home: Home) -> None:
    with pytest.raises(UsageError, match="cannot be a name"):
        import_task(write(tmp_path, "table", LISTS), name, home)
    assert not home.tasks.exists() or not list(home.tasks.iterdir())


def test_taken_names_are_refused_and_the_task_left_alone(tmp_path: Path, home: Home) -> None:
    path = write(
        tmp_path, "table", {"a": [f"GENA{n}" for n in range(12)], "b": [f"GENB{n}" for n in range(12)]}
    )
    import_task(path, "mine", home, keep_unmapped=True)
    before = load_task("mine", home).hash
    for name in ("mine", "MINE", "Dosage-Sensitivity"):
        with pytest.raises(UsageError, match="taken"):
            import_task(path, name, home)
    assert load_task("mine", home).hash == before


def test_a_task_that_cannot_be_split_leaves_nothing_behind(tmp_path: Path, home: Home) -> None:
    lists = sample_lists("bivalent-vs-no-methyl")
    path = write(tmp_path, "table", {**lists, "bivalent": lists["bivalent"][:3]})
    with pytest.raises(DataError, match="2 usable genes"):
        import_task(path, "lost", home)
    assert not home.tasks.exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path, home: Home) -> None:
    path = write(tmp_path, "table", sample_lists("bivalent-vs-no-methyl"))
    home.tasks.write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="cannot be written"):
        import_task(path, "x", home)


def test_positive_must_be_one_of_two(tmp_path: Path, home: Home) -> None:
    path = write(tmp_path, "table", sample_lists("bivalent-vs-no-methyl"))
    assert (
        import_task(path, "x", home, choices=Choices(positive="non-methylated")).classes[1]
        == "non-methylated"
    )
    with pytest.raises(UsageError, match="cannot be the positive one"):
        import_task(path, "y", home, choices=Choices(positive="nothing"))


def test_unknown_kind(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean 'table'"):
        read_raw(tmp_path, "tabel")
    assert KINDS[0] == "auto"


def bench(folder: Path, entities: str | None, outcomes: str | None) -> Path:
    folder.mkdir(exist_ok=True)
    if entities is not None:
        (folder / "entities.csv").write_text(entities)
    if outcomes is not None:
        (folder / "outcomes.csv").write_text(outcomes)
    return folder


@pytest.mark.parametrize(
    ("entities", "outcomes", "sentence"),
    [
        ("symbol\nA\nB\n", "Outcomes\n1\n", "has 1 rows, but entities.csv 2"),
        ("symbol,symbol\nA,B\nC,D\n", "Outcomes\n1\n0\n", "pairs of genes"),
        ("symbol\nA\nB\n", "kidney,liver\n1,0\n0,0\n", "several labels for each gene"),
        ("symbol\nA\nB\n", "Outcomes\n1.25\n0.5\n", "are a quantity"),
        ("disease\nA\nB\n", "Outcomes\n1\n0\n", "lists 'disease', not genes"),
        ("symbol\nA\n\nB\n", "Outcomes\n1\n0\n\n", "blank lines at different places"),
        (None, "Outcomes\n1\n0\n", "has no entities.csv"),
        ("symbol\nA\n", None, "has no outcomes.csv"),
    ],
)
def test_benchmark_folders_that_are_no_task_of_classes(
    entities: str | None, outcomes: str | None, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as refused:
        read_raw(bench(tmp_path / "b", entities, outcomes))
    assert sentence in refused.value.message


@pytest.mark.parametrize(
    ("entities", "outcomes"),
    [
        ("symbol\nA\nB\nC\n", 'Outcomes\nx\n""\ny, z\n'.replace("y, z", '"y, z"')),
        ("\ufeffsymbol\r\nA\r\nB\r\nC", '\ufeffOutcomes\r\nx\r\n""\r\n"y, z"'),
        (",symbol\n0,A\n1,B\n2,C\n", ',Outcomes\n0,x\n1,\n2,"y, z"\n'),
        ("Unnamed: 0,Symbols\n0,A\n1,B\n2,C\n", 'outcomes\nx\n""\n"y, z"\n'),
        ("gene_name\n\nA\nB\nC\n", 'label\n\nx\n""\n"y, z"\n'),
    ],
)
def test_benchmark_folders_as_different_programs_write_them(
    entities: str, outcomes: str, tmp_path: Path
) -> None:
    _, raw = read_raw(bench(tmp_path / "b", entities, outcomes))
    assert [*zip(raw.identifiers, raw.labels, strict=True)] == [("A", "x"), ("C", "y, z")]
    assert raw.notes == ("1 row without a label was left out.",)


def test_benchmark_tables_may_be_tab_separated(tmp_path: Path) -> None:
    (tmp_path / "entities.tsv").write_text("\tsymbol\n0\tA\n1\tB\n")
    (tmp_path / "outcomes.tsv").write_text("Outcomes\n1\n0\n")
    kind, raw = read_raw(tmp_path)
    assert kind == "gene-benchmark"
    assert [*zip(raw.identifiers, raw.labels, strict=True)] == [("A", "1"), ("B", "0")]


def test_benchmark_tells_a_gene_called_na_from_none(tmp_path: Path) -> None:
    folder = bench(tmp_path / "b", "symbol\nNA\nNAN\nTP53\n", "Outcomes\nNone\nTrue\nTrue\n")
    _, raw = read_raw(folder, choices=Choices(symbols=lambda name: (name,) if name == "NA" else ()))
    assert [*zip(raw.identifiers, raw.labels, strict=True)] == [("NA", "None"), ("TP53", "True")]
    assert raw.notes == ("1 row without a gene was left out: line 3.",)


def test_benchmark_parent_names_its_sub_tasks(tmp_path: Path) -> None:
    bench(tmp_path / "b", "symbol\nA\n", None)
    bench(tmp_path / "b" / "binary", None, "Outcomes\n1\n")
    with pytest.raises(DataError) as refused:
        read_raw(tmp_path / "b")
    assert refused.value.hint == "Import one of: binary."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"gene_id,label\na,['x'\n", "no list of genes on line 2"),
        (b'gene_id,label\na,"[1, 2]"\n', "no list of genes on line 2"),
        (b"gene_id,label\na,[__import__('os').system('true')]\n", "no list of genes on line 2"),
        (b"gene_id,label\na," + b"[" * 100_000 + b"\n", "no list of genes on line 2"),
        (b"ensembl_id,gene_name,a,b\nE1,x,Yes,Yes\n", "marks two classes on line 2"),
    ],
)
def test_lists_and_marks_that_are_none(content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(DataError) as refused:
        read_raw(tmp_path / "x.csv")
    assert sentence in refused.value.message


def test_one_text_list_is_one_class(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("TP53\nMYC\n")
    with pytest.raises(DataError, match="holds 1 text file;"):
        read_raw(tmp_path)
    with pytest.raises(DataError, match="looks like a list of genes"):
        read_raw(tmp_path / "a.txt")


def test_hostile_names_stay_what_they_are(tmp_path: Path, home: Home) -> None:
    names = ["[red]", "[/]", "\x1b[31mX", "a\nb", "\u202egnp", "=cmd|'/C calc'!A0", "😀", "x" * 500]
    path = tmp_path / "h.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("gene", "label", "description"))
        writer.writerows((name, place % 2, f"text {name}") for place, name in enumerate(names * 1))
        writer.writerows((f"filler {place}", place % 2, f"text {place}") for place in range(24))
    import_task(path, "hostile", home)
    assert set(names) <= set(load_task("hostile", home).genes)
    assert [info.problem for info in list_tasks(home)] == [""] * 6


def test_every_character_of_a_title_and_a_label_comes_back(tmp_path: Path, home: Home) -> None:
    written = 'quotes " \' and """, \\ and \\u0041, ' + "".join(map(chr, range(1, 0x100))) + "\u2028😀"
    label = written.strip()  # a label is read without the blanks around it
    path = tmp_path / "odd.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = [(f"{name} {place}", name, "a text") for name in ("plain", label) for place in range(12)]
        csv.writer(stream).writerows([("gene", "label", "description"), *rows])
    import_task(path, "odd", home, title=written, choices=Choices(positive=label))
    kept = list_tasks(home)[-1]
    assert (kept.title, kept.classes, kept.problem) == (written, ("plain", label), "")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the original files are not here")
def test_original_files_load_in_their_original_form(home: Home) -> None:
    expected = {
        "bivalent_vs_lys4_only": (76, 95),
        "bivalent_vs_no_methyl": (39, 95),
        "dosage_sensitivity_TFs": (364, 122),
        "dosage_sens_tf_labels": (364, 122),
        "tf_regulatory_range": (130, 46),
        "41467_2020_16106_MOESM4_ESM": (11, 49),
    }
    files = sorted(SHARED.glob("geneformer/*")) + sorted(SHARED.glob("*.csv"))
    used = {path.name: import_task(path, path.name, home).used for path in files}
    assert used == {path.name: expected[path.stem] for path in files}
    assert len(used) == 10


def test_the_report_tells_why_an_identifier_is_left_out(tmp_path: Path, home: Home) -> None:
    folder = home.downloads / "ncbi"
    folder.mkdir(parents=True)
    header = (
        "#tax_id\tGeneID\tSymbol\tSynonyms\tdbXrefs\tmap_location\tdescription\ttype_of_gene\t"
        "Full_name_from_nomenclature_authority\n"
    )
    rows = (f"9606\t{n}\tFILL{n}\tTWICE{n // 2}\t-\t-\t-\tncRNA\t-\n" for n in range(1, COMPLETE + 1))
    (folder / GENE_INFO).write_text(header + "".join(rows))
    path = tmp_path / "task.csv"
    given = [*(f"FILL{n}" for n in range(1, 31)), "TWICE5", "TWICE6", "1-Mar", "NOSUCH"]
    path.write_text("gene,label\n" + "".join(f"{gene},{n % 2}\n" for n, gene in enumerate(given)))
    assert import_task(path, "x", home).steps == {
        "approved symbol": 30,
        "not mapped: alias of more than one gene": 2,
        "not mapped: a date, as spreadsheets make of symbols": 1,
        "not mapped": 1,
    }


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("my genes (1)", "my-genes-1"),
        ("_genes", "genes"),
        ("-.x_", "x"),
        ("гены", "mine"),
        ("", "mine"),
        ("a" * 63 + ".b", "a" * 63),
    ],
)
def test_whatever_a_file_is_called_its_plain_name_may_be_a_name(text: str, name: str) -> None:
    assert plain_name(text) == name
    check_name(name, ())


def test_a_number_behind_a_name_keeps_it_short_enough() -> None:
    long = "a" * 64
    assert free_name(long, [long]) == "a" * 62 + "-2"
    assert free_name("Mine", ["mine", "MINE-2"]) == "Mine-3"
