"""Which columns of a table of vectors are left out, with which reason, and what is refused instead."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.catalog.models import find_model
from engine.data.importers.vectors import import_vectors
from engine.embedding.embed import look_up
from engine.files.h5ad import read_annotations
from engine.files.vectors import LeftOut, read_vectors
from store.errors import DataError, ModelError
from store.home import Home

GENES = ("TP53", "GATA1", "FOXP2", "PAX6", "MYC", "SOX2", "BRCA1", "EGFR", "KRAS", "PTEN")
NOISE = np.random.default_rng(1).normal(size=(10, 3)).astype(np.float32)


def table(folder: Path, *columns: tuple[str, list[object]], titles: str = "dim_0,dim_1,dim_2") -> Path:
    """A table of noise with more `columns` behind it."""
    lines = [",".join(["gene", titles, *(title for title, _ in columns)])]
    for place, gene in enumerate(GENES):
        cells = (*NOISE[place].tolist(), *(values[place] for _, values in columns))
        lines.append(",".join([gene, *map(str, cells)]))
    path = folder / "v.csv"
    path.write_text("\n".join(lines))
    return path


WHOLE: list[object] = [7, 3, 9, 1, 1, 4, 8, 2, 2, 5]


@pytest.mark.parametrize(
    ("title", "values", "reason"),
    [
        ("ncbi_id", WHOLE, "an identifier"),
        ("Entrez Gene ID", WHOLE, "an identifier"),
        ("chromosome", ["1"] * 9 + ["X"], "a position"),
        ("tx_start", WHOLE, "a position"),
        ("n_tokens", WHOLE, "a count"),
        ("length", WHOLE, "a count"),
        ("row_nr", WHOLE, "a row number"),
        ("Unnamed: 0", WHOLE, "a row number"),
        ("label", [0, 1] * 5, "a label"),
        ("essential", [True, False] * 5, "true or false"),
        ("species", ["human"] * 10, "the same text everywhere"),
        ("name", [f"gene number {n}" for n in range(10)], "text"),
    ],
)
@pytest.mark.parametrize("titles", ["dim_0,dim_1,dim_2", "age,weight,height"])
def test_a_column_that_is_not_a_dimension_is_left_out(
    title: str, values: list[object], reason: str, titles: str, tmp_path: Path
) -> None:
    found = read_vectors(table(tmp_path, (title, values), titles=titles))
    assert found.left_out == (LeftOut(title, reason),)
    assert found.titles == tuple(titles.split(","))
    assert np.array_equal(found.matrix, NOISE)


def test_numbers_named_unlike_the_dimensions_are_left_out(tmp_path: Path) -> None:
    scores: list[object] = [place / 7 for place in range(10)]
    found = read_vectors(table(tmp_path, ("score", scores)))
    assert found.left_out == (LeftOut("score", "not named like 'dim_0' to 'dim_2'"),)
    kept = read_vectors(table(tmp_path, ("score", scores), titles="age,weight,height"))
    assert (kept.titles, kept.left_out) == (("age", "weight", "height", "score"), ())


def test_row_numbers_are_left_out_whatever_they_are_called(tmp_path: Path) -> None:
    numbers: list[object] = [(3 * place) % 10 for place in range(10)]
    found = read_vectors(table(tmp_path, ("dim_3", numbers)))
    assert found.left_out == (LeftOut("dim_3", "a row number"),)


def test_vectors_of_whole_numbers_are_vectors(tmp_path: Path) -> None:
    matrix = np.random.default_rng(3).integers(-127, 127, (10, 4))
    for titles in (",".join(f"d{n}" for n in range(4)), "a,b,c,d", "0,1,2,3"):
        rows = [",".join([gene, *map(str, row)]) for gene, row in zip(GENES, matrix, strict=True)]
        (tmp_path / "v.csv").write_text("\n".join([f"gene,{titles}", *rows]))
        found = read_vectors(tmp_path / "v.csv")
        assert (found.genes, found.left_out) == (GENES, ())
        assert np.array_equal(found.matrix, matrix.astype(np.float32))


def test_measured_counts_are_a_vector_if_there_is_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "v.csv"
    path.write_text("ncbi_id,gene,length,exon_count\n1,A,1200,3\n2,B,310,4\n3,C,95,1\n")
    found = read_vectors(path)
    assert found.titles == ("length", "exon_count")
    assert [one.column for one in found.left_out] == ["ncbi_id"]


def test_the_index_of_pandas_is_known_by_the_files_own_metadata(tmp_path: Path) -> None:
    path = tmp_path / "v.parquet"
    told = {b"pandas": json.dumps({"index_columns": ["weight"]}).encode()}
    columns = {"gene": GENES, "weight": WHOLE, "a": NOISE[:, 0], "b": NOISE[:, 1]}
    pq.write_table(pa.table(columns).replace_schema_metadata(told), path)
    found = read_vectors(path)
    assert found.left_out == (LeftOut("weight", "the file's own index"),)
    assert np.array_equal(found.matrix, NOISE[:, :2])


def test_what_became_a_dimension_is_reported_and_kept(tmp_path: Path, home: Home) -> None:
    report = import_vectors(table(tmp_path, ("ncbi_id", WHOLE)), "mine", home)
    assert report.lines[:2] == (
        "Dimensions: 'dim_0' to 'dim_2', 3.",
        "Columns left out: 'ncbi_id' is an identifier.",
    )
    kept = json.loads(Path(report.path).with_name("report.json").read_text())
    assert (kept["first"], kept["last"], kept["dimension"]) == ("dim_0", "dim_2", 3)
    assert kept["left_out"] == [{"column": "ncbi_id", "reason": "an identifier"}]


def test_a_table_that_is_used_where_it_lies_has_dimensions_only(tmp_path: Path, home: Home) -> None:
    model = find_model(str(table(tmp_path)), home)
    assert look_up(model, GENES, home)[0].tobytes() == NOISE.tobytes()
    with pytest.raises(DataError, match="'n' is a count") as refused:
        find_model(str(table(tmp_path, ("n", WHOLE))), home)
    assert "import vectors" in refused.value.hint
    with pytest.raises(ModelError, match="another file"):
        look_up(model, GENES, home)


def test_a_row_without_a_gene_is_left_out_by_its_line(tmp_path: Path, home: Home) -> None:
    path = table(tmp_path)
    path.write_text(path.read_text().replace("FOXP2,", ","))
    report = import_vectors(path, "mine", home)
    assert (report.genes, report.nameless) == (9, (4,))
    assert "Rows left out for naming no gene: 1, line 4." in report.notes
    pq.write_table(
        pa.table({"gene": ["A", None], "a": [1.5, 2.5], "b": [0.5, 3.5]}), tmp_path / "v.parquet"
    )
    found = read_vectors(tmp_path / "v.parquet")
    assert (found.genes, found.nameless) == (("A",), (2,))


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("v.csv", "id,label\n7,0\n15,1\n99,1\n", "no column that can be a dimension: 'label' is a label"),
        ("v.csv", ",a,b\n0,0.5,1.5\n1,0.25,3.5\n", "row numbers where its genes should be"),
        ("v.csv", "a,b\n0.5,1.5\n0.25,3.5\n", "numbers where its genes should be"),
        ("v.csv", "gene,a,\nA,1.5,2.5\nB,3.5,4.5\n", "numbers in column 3, which has no name"),
        ("v.csv", "gene,a,b\nA,1.5,2.5\nB,NA,4.5\n", "where a number should be, in column 'a' for 'B'"),
        ("v.csv", "gene,a,b\nA,1.5,2.5\nB,nan,4.5\n", "in the vector of 'B', line 3"),
        ("v.csv", 'gene,v\nA,"[1.5, 2.5]"\nB,"[1.5 ... 2.5]"\n', "line 3 that was shortened to '...'"),
        ("v.csv", 'gene,v\nA,"[1.5, 2.5]"\nB,"[1.5, None]"\n', "'None' on line 3, where a number"),
        ("v.csv", 'gene,v,w\nA,1.5 2.5,1 2\nB,1 2,3 4\n', "several columns of vectors"),
        ("v.json", '{"A": [1.5, 2.5], "B": [1.5, null]}', "nothing in entry 2, where a number should be"),
        ("v.json", '{"A": [1.5, 2.5], "B": [1.5, true]}', "true or false in entry 2"),
        ("v.json", '{"A": [1.5, 2.5], "A": [1.5, 3]}', "two different vectors for 'A'"),
        ("v.json", '{"A": [1.5, 2.5], "B": "x"}', "no list of numbers for 'B'"),
        ("v.json", '{"A": [1.5', "is not JSON on line 1"),
        ("v.json", "[1, 2]", "does not hold vectors"),
        ("v.jsonl", '{"gene": "A", "v": [1, 2]}\n{"gene": "B"}\n', "other names on line 2"),
        ("v.jsonl", '{"gene": "A", "v": [1, 2]}\n{"gene"\n', "is not JSON on line 2"),
        ("v.pt", "x", "is a file of PyTorch"),
        ("v.h5ad", "x", "not a readable HDF5 file"),
    ],
)  # fmt: skip
def test_what_cannot_be_decided_is_refused(name: str, text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError) as refused:
        read_vectors(tmp_path / name)
    assert sentence in refused.value.message
    assert name in refused.value.message


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"a": [0.5, None]}, "nothing in row 2, where a number should be, in column 'a' for 'B'"),
        ({"a": [0.5, float("inf")]}, "not finite in the vector of 'B', row 2"),
        ({"v": [[0.5, 1.0], None]}, "no vector for 'B' in row 2"),
        ({"v": [[0.5, 1.0], [0.5, None]]}, "nothing in row 2, where a number should be, for 'B'"),
        ({"v": [[0.5, 1.0], [0.5]]}, "1 numbers for 'B'"),
    ],
)
def test_a_missing_number_in_parquet_is_named_by_its_gene(
    columns: dict[str, list[object]], sentence: str, tmp_path: Path
) -> None:
    pq.write_table(pa.table({"gene": ["A", "B"], "b": [1.5, 2.5], **columns}), tmp_path / "v.parquet")
    with pytest.raises(DataError) as refused:
        read_vectors(tmp_path / "v.parquet")
    assert sentence in refused.value.message


def annotated(path: Path) -> h5py.File:
    file = h5py.File(path, "w")
    for group, names in (("var", GENES), ("obs", ("cell",))):
        file.create_group(group).attrs["_index"] = "_index"
        file[group]["_index"] = list(names)
    return file


def test_of_several_matrices_one_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "v.h5ad"
    with annotated(path) as file:
        file["varm/one"], file["varm/two"] = NOISE, NOISE[:, :2]
    with pytest.raises(DataError, match="several matrices") as refused:
        read_vectors(path)
    assert refused.value.hint == "Choose one with --key: varm/one, varm/two."
    assert read_vectors(path, key="two").matrix.shape == (10, 2)
    assert read_vectors(path, key="varm/one").titles[-1] == "one[2]"
    with pytest.raises(DataError, match="no matrix named 'three'"):
        read_vectors(path, key="three")
    lists = tmp_path / "v.csv"
    lists.write_text("gene,v,w\nA,1.5 2.5,1 2\nB,1 2,3 4\n")
    assert read_vectors(lists, key="w").matrix.tolist() == [[1, 2], [3, 4]]


def test_commas_that_may_be_of_thousands_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.csv"
    path.write_text('gene,a,b,c\nTP53,"1,234",567,"-2,345"\nMYC,89,"3,456","7,890"\n')
    with pytest.raises(DataError, match="numbers such as 1,234, whose comma may be") as raised:
        read_vectors(path)
    assert raised.value.hint == "Write 1.234 or 1234."
    path.write_text('gene,a,b,c\nTP53,"1,234","0,567","-2,345"\nMYC,89,"3,456","7,890"\n')
    assert read_vectors(path).matrix[0].tolist() == pytest.approx([1.234, 0.567, -2.345])


def test_an_h5ad_leads_nowhere_else(tmp_path: Path) -> None:
    path = tmp_path / "v.h5ad"
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["secret"] = NOISE
    with annotated(path) as file:
        file.create_group("varm")["v"] = h5py.ExternalLink("other.h5", "secret")
    with pytest.raises(DataError, match="a link in place of 'v'"):
        read_vectors(path)
    with h5py.File(path, "w") as file:
        file["matrix"] = NOISE
    with pytest.raises(DataError, match="without AnnData's groups"):
        read_vectors(path)


def test_what_an_h5ad_knows_of_genes_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "v.h5ad"
    with annotated(path) as file:
        var = file["var"]
        var.attrs["column-order"] = ["label", "score", "kept"]
        var["score"] = np.arange(10) / 2
        var.create_group("label")["categories"] = ["no", "yes"]
        var["label"]["codes"] = [-1, *([0, 1] * 5)[1:]]
        var.create_group("kept")["values"] = np.arange(10)
        var["kept"]["mask"] = [True] + [False] * 9
    table = read_annotations(path)
    assert table.header == ("gene", "label", "score", "kept")
    assert table.rows[:3] == (
        ("TP53", "", "0", ""),
        ("GATA1", "yes", "0.5", "1"),
        ("FOXP2", "no", "1", "2"),
    )


@pytest.mark.parametrize("word", ["NA", "NaN", "<NA>", "null", "#N/A"])
def test_a_word_for_nothing_names_no_gene(word: str, tmp_path: Path) -> None:
    path = table(tmp_path)
    path.write_text(path.read_text().replace("FOXP2,", f"{word},"))
    assert read_vectors(path).nameless == (4,)


def test_flags_and_clusters_among_measured_columns_are_no_dimensions(tmp_path: Path) -> None:
    flags: list[object] = [0, 1] * 5
    found = read_vectors(table(tmp_path, ("kmeans", flags), titles="a,b,c"))
    assert found.left_out == (LeftOut("kmeans", "of whole numbers, unlike most others"),)
    assert read_vectors(table(tmp_path, ("silent", [0] * 10), titles="a,b,c")).left_out == ()
    assert read_vectors(table(tmp_path, ("d4", flags), titles="d1,d2,d3")).left_out == ()


def test_row_numbers_are_no_genes(tmp_path: Path) -> None:
    lines = [f"{place},{gene},{place * 1.5},{place % 3 + 0.5}" for place, gene in enumerate(GENES, 1)]
    path = tmp_path / "v.csv"
    path.write_text("\n".join(["gene_id,who,a,b", *lines]) + "\n")
    assert read_vectors(path).genes == GENES


def test_a_list_of_genes_may_have_a_title(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", NOISE)
    (tmp_path / "genes.txt").write_text("\n".join(['"x"', *GENES]))
    assert read_vectors(tmp_path / "v.npy", tmp_path / "genes.txt").genes == GENES


def test_a_header_of_bare_numbers_may_title_the_genes_too(tmp_path: Path) -> None:
    path = table(tmp_path)
    path.write_text(path.read_text().replace("gene,dim_0,dim_1,dim_2", "0,1,2,3"))
    assert np.array_equal(read_vectors(path).matrix, NOISE)


def test_a_table_of_cells_by_genes_is_to_be_turned(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "effect.csv"
    cells = [f"ACH-{place},{','.join(map(str, NOISE[:, place]))}" for place in range(3)]
    path.write_text("\n".join([",".join(["", *GENES]), *cells]) + "\n")
    with pytest.raises(DataError, match="no known gene") as refused:
        import_vectors(path, "mine", home)
    assert "turn the table" in refused.value.hint


def test_names_that_are_no_gene_are_reported(tmp_path: Path, home: Home) -> None:
    path = table(tmp_path)
    path.write_text(path.read_text().replace("FOXP2,", "NOTAGENE1,"))
    report = import_vectors(path, "mine", home)
    assert report.unknown == ("NOTAGENE1",)
    assert any("NOTAGENE1" in note for note in report.notes)
