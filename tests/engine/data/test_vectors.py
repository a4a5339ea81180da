"""Tables of vectors in every format give one matrix; what is wrong with one is said in one sentence."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.catalog.models import list_models
from engine.data.importers.vector_report import VectorReport
from engine.data.importers.vectors import adopt_vectors, import_vectors
from engine.files.vectors import read_vectors
from engine.files.vectors.formats.genept import NotStreamable, stream_vectors
from store.errors import DataError, StoreError, UsageError
from store.home import Home, find_home

GENES = ("TP53", "GATA1", "ENSG00000128573", "PAX6", "XXX1")
MATRIX: NDArray[np.float32] = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
ROWS = [[repr(float(number)) for number in row] for row in MATRIX]


def write(folder: Path, form: str) -> Path:
    path = folder / form
    joined = [",".join(row) for row in ROWS]
    named = [f"{gene},{row}" for gene, row in zip(GENES, joined, strict=True)]
    spaced = [f"{gene} {' '.join(row)}" for gene, row in zip(GENES, ROWS, strict=True)]
    dictionary = dict(zip(GENES, MATRIX, strict=True))
    if form == "evaluator.csv":
        path.write_text("\n".join(["gene,Dim_0,Dim_1,Dim_2,Dim_3", *named]))
    elif form == "pandas.csv":
        path.write_text("\n".join([",0,1,2,3", *named]))
    elif form == "no_header.tsv":
        path.write_text("\n".join(named).replace(",", "\t"))
    elif form == "bare.csv":
        path.write_text("\n".join(joined))
    elif form == "bare_counted.csv":
        path.write_text("\n".join(["0,1,2,3", *joined]))
    elif form == "word2vec.txt":
        path.write_text("\n".join(["5 4", *spaced]))
    elif form == "gene2vec.txt":
        path.write_text("\n".join(line.replace(" ", "\t", 1) + " " for line in spaced))
    elif form == "plain.vec":
        path.write_text("\n".join(spaced))
    elif form == "a.npy":
        np.save(path, MATRIX.astype(np.float64))
    elif form == "column_major.npy":
        np.save(path, np.asfortranarray(MATRIX))
    elif form == "a.npz":
        np.savez_compressed(path, genes=np.array(GENES), vectors=MATRIX)
    elif form == "lists.pickle":
        path.write_bytes(pickle.dumps({gene: row.tolist() for gene, row in dictionary.items()}))
    elif form == "arrays.pkl":
        path.write_bytes(pickle.dumps(dictionary))
    elif form == "genept.pickle.":
        path.write_bytes(pickle.dumps({gene: row.tolist() for gene, row in dictionary.items()}, protocol=4))
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns: dict[str, object] = {"gene": list(GENES)}
        if form == "wide.parquet":
            columns |= {f"Dim_{place}": MATRIX[:, place] for place in range(4)}
        else:
            columns["vector"] = MATRIX.tolist()
        pq.write_table(pa.table(columns), path)
    return path


FORMS = (
    "evaluator.csv", "pandas.csv", "no_header.tsv", "word2vec.txt", "gene2vec.txt", "plain.vec", "a.npz",
    "lists.pickle", "arrays.pkl", "genept.pickle.", "wide.parquet", "lists.parquet",
)  # fmt: skip
BARE = ("bare.csv", "bare_counted.csv", "a.npy", "column_major.npy")


@pytest.mark.parametrize("form", FORMS)
def test_formats_with_names(form: str, tmp_path: Path) -> None:
    found = read_vectors(write(tmp_path, form))
    assert found.genes == GENES
    assert found.matrix.dtype == np.float32
    assert np.array_equal(found.matrix, MATRIX)
    assert found.total == 5


@pytest.mark.parametrize("form", BARE)
def test_formats_that_need_a_list(form: str, tmp_path: Path) -> None:
    path, names = write(tmp_path, form), tmp_path / "genes.txt"
    names.write_text("\n".join(GENES))
    found = read_vectors(path, names)
    assert found.genes == GENES
    assert np.array_equal(found.matrix, MATRIX)
    with pytest.raises(DataError) as refused:
        read_vectors(path)
    assert "--genes FILE" in refused.value.hint
    names.write_text("\n".join(GENES[:4]))
    with pytest.raises(DataError, match="5 rows, but there are 4 genes"):
        read_vectors(path, names)


@pytest.mark.parametrize("form", FORMS)
def test_a_list_chooses_from_the_other_formats(form: str, tmp_path: Path) -> None:
    names = tmp_path / "genes.txt"
    names.write_text("PAX6\nTP53\nNOSUCH\n")
    found = read_vectors(write(tmp_path, form), names)
    assert found.genes == ("TP53", "PAX6")
    assert np.array_equal(found.matrix, MATRIX[[0, 3]])


@pytest.mark.parametrize(
    "table",
    [
        ",gene\n0,{0}\n1,{1}\n",
        "gene\tlabel\n{0}\ta\n{1}\tb\n",
        '"","Gene name","label"\n"1","{0}","a"\n"2","{1}","b"\n',
    ],
)
def test_a_matrix_is_named_by_the_column_of_genes_of_a_table(table: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", MATRIX[:2])
    names = tmp_path / "genes.csv"
    names.write_text(table.format(*GENES))
    vectors = read_vectors(tmp_path / "x.npy", genes=names)
    assert vectors.genes == tuple(GENES[:2])
    np.testing.assert_array_equal(vectors.matrix, MATRIX[:2])


def test_import_names_genes_and_tells_coverage(tmp_path: Path, home: Home) -> None:
    report = import_vectors(write(tmp_path, "evaluator.csv"), "mine", home)
    assert (report.genes, report.dimension, report.total, report.renamed) == (5, 4, 5, 1)
    covered = {(item.task, item.label): (item.covered, item.genes) for item in report.coverage}
    assert covered["bivalent-vs-no-methyl", "bivalent"] == (2, 95)
    assert covered["bivalent-vs-no-methyl", "non-methylated"] == (1, 39)
    assert covered["dosage-sensitivity", "dosage-insensitive"] == (0, 364)
    kept = read_vectors(Path(report.path))
    assert kept.genes == ("TP53", "GATA1", "FOXP2", "PAX6", "XXX1")
    assert np.array_equal(kept.matrix, MATRIX)
    assert json.loads((Path(report.path).parent / "report.json").read_text())["dimension"] == 4


def test_of_a_pickle_only_known_genes_are_kept(tmp_path: Path, home: Home) -> None:
    for form in ("lists.pickle", "arrays.pkl"):
        report = import_vectors(write(tmp_path, form), form, home)
        assert read_vectors(Path(report.path)).genes == ("TP53", "GATA1", "FOXP2", "PAX6")
        assert report.total == 5 or form == "arrays.pkl"


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_npz_is_called_so_however_it_is_packed(tmp_path: Path, method: int) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(write(tmp_path, "a.npz")) as whole, zipfile.ZipFile(content, "w", method) as other:
        for name in whole.namelist():
            other.writestr(name, whole.read(name) + bytes(9_000))  # more than is read at once
    spoilt = bytearray(content.getvalue())
    start = spoilt.index(b"vectors.npy") + 20
    spoilt[start : start + 40] = bytes(byte ^ 255 for byte in spoilt[start : start + 40])
    (tmp_path / "b.npz").write_bytes(spoilt)
    with pytest.raises(DataError, match=r"b\.npz is a damaged \.npz file") as raised:
        read_vectors(tmp_path / "b.npz")
    assert raised.value.hint == "Save it again."


def test_names_and_places(tmp_path: Path, home: Home) -> None:
    path = write(tmp_path, "a.npz")
    import_vectors(path, "mine", home)
    with pytest.raises(UsageError, match="taken"):
        import_vectors(path, "Mine", home)
    with pytest.raises(UsageError, match="cannot be a name"):
        import_vectors(path, "../mine", home)
    (home.data / "vectors" / "mine" / "vectors.npz").write_bytes(b"PK\x03\x04 no longer")
    with pytest.raises(DataError, match=r"damaged \.npz"):
        read_vectors(home.data / "vectors" / "mine" / "vectors.npz")
    blocked = find_home(tmp_path / "blocked").create()
    (blocked.data / "vectors").write_text("a file")
    with pytest.raises(StoreError, match="cannot be written"):
        import_vectors(path, "mine", blocked)


def test_two_ids_of_one_gene(tmp_path: Path, home: Home) -> None:
    path = tmp_path / "v.csv"
    path.write_text("gene,a,b\nFOXP2,1,2\nENSG00000128573,1,2\nTP53,3,4\n")
    kept = read_vectors(Path(import_vectors(path, "same", home).path))
    assert kept.genes == ("FOXP2", "ENSG00000128573", "TP53")
    path.write_text("gene,a,b\nFOXP2,1,2\nENSG00000128573,1,3\n")
    with pytest.raises(DataError, match="FOXP2 and ENSG00000128573, which are one gene, FOXP2"):
        import_vectors(path, "differ", home)


def test_repeats_zeros_and_shared_vectors_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "v.csv"
    path.write_text("gene,a,b\nA,1,2\nA,1,2\nB,0,0\nC,1,2\nD,0.5,-0.0\n")
    found = read_vectors(path)
    assert found.genes == ("A", "C", "D")
    assert (found.repeated, found.zero, found.shared, found.total) == (1, ("B",), 1, 5)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("gene,a,b\nA,1,nan\n", "not finite in the vector of 'A'"),
        ("gene,a,b\nA,1,1e39\n", "not finite in the vector of 'A'"),
        ("gene,a,b\nB,1,2\nA,1,x\n", "'x' on line 3, where a number should be, in column 'b' for 'A'"),
        ("gene,a,b\nA,1,\n", "nothing on line 2, where a number should be"),
        ("gene,a,b\nA,1,2\nA,1,3\n", "two different vectors for 'A'"),
        ("gene,a,b\nA,1,2\nB,1\n", "2 columns on line 3, but 3"),
        ("gene,a,b\nA,0,0\n", "only vectors of zeros"),
        ("gene,a,b\n", "has no vectors"),
        ("A 1 2\nB 1\n", "1 numbers for 'B', but 2 for most genes"),
        ("0.5,1\n2,3\n", "is a matrix without names"),
        ("", "is empty"),
        ("gene,a\nA\0,1\n", "NUL byte"),
        ("gene,class\nA,1\nB,2\nC,1\n", "no column that can be a dimension: 'class' is a label"),
    ],
)
def test_bad_tables(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "v.csv"
    path.write_text(text)
    with pytest.raises(DataError) as refused:
        read_vectors(path)
    assert sentence in refused.value.message


def test_one_measured_number_for_each_gene_is_a_vector(tmp_path: Path) -> None:
    path = tmp_path / "lengths.csv"
    path.write_text("gene,length\nA,1200\nB,310\nC,95\n")
    assert read_vectors(path).matrix.shape == (3, 1)


def npy(shape: str, descr: str = "'<f4'", body: bytes = b"") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + body


def npz(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


NAMES = npy("(1,)", "'<U2'", "AB".encode("utf-32-le"))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.npy", npy("(1000000000000, 4)"), "which do not fit into it"),
        ("a.npy", npy("(-1, 4)"), "not a readable .npy"),
        ("a.npy", npy("(2, 2)", "'|O'", pickle.dumps([1])), "not a pickle of plain"),
        ("a.npy", npy("__import__('os').system('true')"), "not a readable .npy"),
        ("a.npy", npy("(4,)", body=bytes(16)), "does not hold a matrix"),
        ("a.npy", b"\x93NUMPY\x09\x00", "unknown version"),
        ("a.npy", b"no", "not a readable .npy"),
        ("a.npz", npz({"x.npy": NAMES}), "no array 'vectors'"),
        ("a.npz", npz({"genes.npy": NAMES, "vectors.npy": npy("(99999999, 9)") + bytes(10)}), "do not fit"),
        (
            "a.npz",
            npz({"genes.npy": npy("(1,)", "'|O'", pickle.dumps([1])), "vectors.npy": NAMES}),
            "does not hold one name for each row",
        ),
        (
            "a.npz",
            npz({"genes.npy": npy("(1,)", body=bytes(4)), "vectors.npy": NAMES}),
            "not a row of texts",
        ),
        (
            "a.npz",
            npz({"genes.npy": NAMES, "vectors.npy": npy("(2, 1)", body=bytes(8))}),
            "2 rows, but there are 1",
        ),
        ("a.npz", b"PK\x05\x06", "damaged .npz"),
        ("a.parquet", b"PAR1PAR1", "not a readable Parquet"),
        ("a.pickle", pickle.dumps({"A": "text"}), "does not map genes to vectors"),
        ("a.pickle", pickle.dumps({"A": [1.0], "B": [1.0, 2.0]}), "vectors of 1 and of 2 numbers"),
        ("a.pickle", pickle.dumps([1.0]), "does not map genes to vectors"),
        ("a.pickle", pickle.dumps({"A": [1.0] * 9})[:-30], "damaged pickle"),
        ("a.pickle", b"", "is empty"),
    ],
)
def test_bad_binaries(name: str, content: bytes, sentence: str, tmp_path: Path) -> None:
    names = tmp_path / "genes.txt"
    names.write_text("A\nB\n")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as refused:
        read_vectors(tmp_path / name, names if name.endswith("npy") else None)
    assert sentence in refused.value.message
    assert "\n" not in str(refused.value)


def test_missing_files(tmp_path: Path) -> None:
    for name in ("a.csv", "a.npz", "a.npy", "a.pickle", "a.parquet"):
        with pytest.raises(DataError, match="does not exist"):
            read_vectors(tmp_path / name)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_streaming_gives_what_pickle_gives(protocol: int, tmp_path: Path) -> None:
    random = np.random.default_rng(protocol)
    distinct = [random.normal(size=2503).tolist() for _ in range(30)]
    content = {f"gene {place}é": distinct[place % 30] for place in range(80)}
    path = tmp_path / "v.pickle"
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    wanted = {f"gene {place}é" for place in range(0, 80, 3)}
    found = stream_vectors(path, wanted.__contains__)
    assert set(found.names) == wanted
    assert found.total == 80
    assert found.shared == len(wanted) - len({id(content[name]) for name in wanted})
    expected = np.array([content[name] for name in found.names], dtype=np.float32)
    assert np.array_equal(found.matrix, expected)


def test_streaming_stops_at_anything_that_could_call(tmp_path: Path) -> None:
    path = tmp_path / "v.pickle"
    for content in (
        b"cos\nsystem\n(S'true'\ntR.",
        pickle.dumps({"A": np.ones(2)}),
        pickle.dumps({"A": [1]}),
        pickle.dumps({"A": [[1.0]]}),
        pickle.dumps({1: [1.0]}),
        pickle.dumps({"A" * 2000: [1.0]}),
        b"\x80\x04e.",
        b"\x80\x04u.",
        b"\x80\x04h\x05.",
        b"\x80\x04\x94.",
        b"\x80\x04.",
        b"\x80\x04}}.",
    ):
        path.write_bytes(content)
        with pytest.raises(NotStreamable):
            stream_vectors(path, lambda _: True)


def test_vectors_of_a_models_name_are_refused_before_anything_is_kept(tmp_path: Path, home: Home) -> None:
    path = write(tmp_path, "evaluator.csv")
    adopt_vectors(path, "mine", home)
    assert "mine" in [model.name for model in list_models(home)]
    with pytest.raises(UsageError, match="a model named 'GTE-tiny'"):
        adopt_vectors(path, "GTE-tiny", home)
    assert [folder.name for folder in (home.data / "vectors").iterdir()] == ["mine"]


def test_what_was_left_out_or_changed_is_told_in_sentences() -> None:
    report = VectorReport("mine", "", 9, 5, 3, 2, ("A", "B"), 0, 3, ())
    assert report.notes == (
        "Genes left out for repeating an earlier row: 2.",
        "Genes left out for a vector of zeros: 2.",
        "Genes known by an id, now by symbol: 3.",
    )
