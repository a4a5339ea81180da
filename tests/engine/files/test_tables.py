"""Tables of every form in which programs write them come out the same."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import h5py
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from test_workbook import rows_of, write_xlsx

from engine.files.h5ad import open_h5ad
from engine.files.outside import read_lines
from engine.files.safe_pickle import read_lists
from engine.files.tables import open_parquet, read_table
from engine.files.vectors import read_vectors
from store.errors import DataError, UsageError

Reader = Callable[[Path], object]
HEADER = ("gene", "label")
ROWS = (("TP53", "up"), ("MYC", "down, or so"), ("ACTB", "up"))


def zipped(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


PLAIN = 'gene,label\nTP53,up\nMYC,"down, or so"\nACTB,up\n'
HALVES = slice(20), slice(20, None)
FORMS = {
    "comma": PLAIN,
    "tab": "gene\tlabel\nTP53\tup\nMYC\tdown, or so\nACTB\tup\n",
    "semicolon": "gene;label\nTP53;up\nMYC;down, or so\nACTB;up\n",
    "bar": "gene|label\nTP53|up\nMYC|down, or so\nACTB|up\n",
    "Excel's first line": "sep=;\ngene;label\nTP53;up\nMYC;down, or so\nACTB;up\n",
    "write.table": '"gene" "label"\n"1" "TP53" "up"\n"2" "MYC" "down, or so"\n"3" "ACTB" "up"\n',
    "columns of blanks": 'gene    label\nTP53    up\nMYC     "down, or so"\nACTB    up\n',
    "write.table with tabs": 'gene\tlabel\n1\tTP53\tup\n2\tMYC\tdown, or so\n3\tACTB\tup\n',
    "write.csv": '"","gene","label"\n"1","TP53","up"\n"2","MYC","down, or so"\n"3","ACTB","up"\n',
    "pandas": ',gene,label\n0,TP53,up\n1,MYC,"down, or so"\n2,ACTB,up\n',
    "pandas, twice": 'Unnamed: 0,gene,label\n0,TP53,up\n1,MYC,"down, or so"\n2,ACTB,up\n',
    "empty columns at the end": 'gene,label,,\nTP53,up,,\nMYC,"down, or so",,\nACTB,up,,\n',
    "empty cells at the end": 'gene,label\nTP53,up,\nMYC,"down, or so",\nACTB,up,\n',
    "comments": "# Table S1, by us\n#\n\n" + PLAIN,
    "comments in quotes": '"# Table S1, by us"\n' + PLAIN,
    "a header as a comment": "# by us\n#gene\tlabel\nTP53\tup\nMYC\tdown, or so\nACTB\tup\n",
    "UTF-16": PLAIN.encode("utf-16"),
    "gzip": gzip.compress(PLAIN.encode()),
    "bzip2": bz2.compress(PLAIN.encode()),
    "xz": lzma.compress(PLAIN.encode()),
    "bzip2 in two streams": b"".join(bz2.compress(PLAIN.encode()[at]) for at in HALVES),
    "xz in two streams": bytes(8).join(lzma.compress(PLAIN.encode()[at]) for at in HALVES),
    "Zstandard": pa.compress(PLAIN.encode(), "zstd", asbytes=True),
    "ZIP": zipped(**{"x/labels.csv": PLAIN, "__MACOSX/x/._labels.csv": "Mac", ".DS_Store": "Mac"}),
    "UTF-16 in gzip": gzip.compress(PLAIN.encode("utf-16")),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_table_is_read_however_it_is_written(form: str, tmp_path: Path) -> None:
    path, content = tmp_path / "x.csv", FORMS[form]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    table = read_table(path)
    assert (table.header, table.rows) == (HEADER, ROWS)


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("# a\n\ngene,label\nTP53,up\n\nMYC,down\n")
    assert list(read_table(tmp_path / "x.csv").lines) == [4, 6]


def test_row_names_of_r_stay(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text('"padj" "logFC"\n"TP53" 0.1 2\n"MYC" NA 1\n')
    table = read_table(tmp_path / "x.txt")
    assert table.header == ("", "padj", "logFC")
    assert table.rows == (("TP53", "0.1", "2"), ("MYC", "NA", "1"))


def test_quotation_marks_may_be_escaped(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text('"gene" "text"\n"TP53" "the \\"guardian\\", a gene"\n')
    assert read_table(tmp_path / "x.txt").rows == (("TP53", 'the "guardian", a gene'),)
    (tmp_path / "x.csv").write_text('gene,text\nTP53,"the \\"guardian\\", a gene"\n')
    assert read_table(tmp_path / "x.csv").rows == (("TP53", 'the "guardian", a gene'),)


def test_words_for_nothing_are_told_apart_when_quoted(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text('gene,label\nNA,"NA"\n"NaN",na\n"a ""NA"" b","x,"\n')
    table = read_table(tmp_path / "x.csv")
    assert table.rows == (("NA", "NA"), ("NaN", "na"), ('a "NA" b', "x,"))
    assert table.quoted == {(1, 0), (0, 1)}


def test_western_europe_is_read_and_said(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("gene,label\nTP53,Größe\n".encode("cp1252"))
    table = read_table(tmp_path / "x.csv")
    assert table.rows == (("TP53", "Größe"),)
    assert table.notes == ("x.csv is not UTF-8; it was read as Windows-1252 (Latin-1).",)


TYPES = {
    "string_view": pa.string_view(),
    "large_string": pa.large_string(),
    "binary": pa.binary(),
    "large_binary": pa.large_binary(),
    "dictionary": pa.dictionary(pa.int8(), pa.string()),
}


@pytest.mark.parametrize("kind", TYPES)
def test_texts_of_parquet_have_many_types(kind: str, tmp_path: Path) -> None:
    texts = pa.array(["TP53", None, "MYC"], pa.string()).cast(TYPES[kind])
    pq.write_table(pa.table({"gene": texts, "x": [1.0, float("nan"), 2.5]}), tmp_path / "x.parquet")
    assert read_table(tmp_path / "x.parquet").rows == (("TP53", "1"), ("", ""), ("MYC", "2.5"))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"gene": pa.array([b"\xff\xfe"])}), tmp_path / "x.parquet")
    with pytest.raises(DataError, match="bytes that are not text"):
        read_table(tmp_path / "x.parquet")


FOREIGN = {
    "an rds file": gzip.compress(b"X\n\0\0\0\x03\0"),
    "an RData file": gzip.compress(b"RDX3\nX\n"),
    "an HDF5 file": b"\x89HDF\r\n\x1a\n" + bytes(9),
    "a PDF": b"%PDF-1.7\n%\xe2\xe3",
    "a pickle": b"\x80\x04\x95",
    "a web page": b"\n<!DOCTYPE html>\n<html>",
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\n",
    "packed twice": gzip.compress(lzma.compress(b"x")),
    "an SQLite database": b"SQLite format 3\0",
    "a tar archive": bytes(257) + b"ustar\0",
    "a Word file": zipped(**{"word/document.xml": "x"}),
}


@pytest.mark.parametrize("name", ["x.feather", "x.csv", "x.parquet"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.filterwarnings("ignore:Feather V1")
def test_feather_is_named_with_the_way_to_parquet(name: str, version: int, tmp_path: Path) -> None:
    path = tmp_path / name
    feather.write_feather(pa.table({"gene": ["TP53"], "x": [1.0]}), path, version=version)
    for read in (read_table, read_vectors):
        with pytest.raises(DataError, match="Feather file") as refused:
            read(path)
        assert "pandas.read_feather(path).to_parquet" in refused.value.hint


@pytest.mark.parametrize("what", FOREIGN)
def test_a_foreign_format_is_named_with_the_way_out(what: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(FOREIGN[what])
    with pytest.raises(DataError, match=f"x.csv is {what}") as refused:
        list(read_lines(path))
    assert refused.value.hint


@pytest.mark.parametrize("read", [read_table, read_vectors])
def test_two_columns_of_one_title_are_named_with_their_places(read: Reader, tmp_path: Path) -> None:
    for name in ("x.csv", "x.txt"):
        by = "," if name == "x.csv" else " "
        rows = ("gene", "d0", "d1", "d0"), ("TP53", "1.5", "2", "3"), ("MYC", "1", "2.5", "3")
        (tmp_path / name).write_text("".join(f"{by.join(row)}\n" for row in rows))
    columns = [["TP53", "MYC"], [1.5, 2.5], [1.5, 2.1], [2.5, 3.5]]
    pq.write_table(pa.table(columns, names=["gene", "d0", "d1", "d0"]), tmp_path / "x.parquet")
    write_xlsx(tmp_path / "x.xlsx", only=rows_of(*rows))
    for name in ("x.csv", "x.txt", "x.parquet", "x.xlsx"):
        with pytest.raises(DataError, match=r"two columns named 'd0' in its header, columns 2 and 4\."):
            read(tmp_path / name)


@pytest.mark.parametrize("read", [read_table, read_vectors])
def test_two_values_of_one_name_are_named_with_their_record(read: Reader, tmp_path: Path) -> None:
    twice = '{"gene": "TP53", "d0": 1.5, "d1": 2, "d0": 2.5}'
    for name, text, where in (
        ("a.jsonl", f'{{"gene": "MYC", "d0": 1, "d1": 2.5}}\n{twice}\n', "on line 2"),
        ("b.json", f"[{twice}]", "in entry 1"),
        ("c.json", '{"gene": {"1": "TP53"}, "d0": {"1": 1.5}, "d0": {"1": 2.5}}', "in entry 1"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(DataError, match=f"two values named 'd0' {where}"):
            read(tmp_path / name)


def flipped(content: bytes, place: int) -> bytes:
    spoilt = bytearray(content)
    spoilt[place] ^= 255
    return bytes(spoilt)


SPOILT = {
    "ends early": lambda pack: pack(PLAIN.encode())[:-9],
    "has more behind it": lambda pack: pack(PLAIN.encode()) + b"and more",
    "has a wrong byte": lambda pack: flipped(pack(PLAIN.encode()), -20),
    "a later stream is damaged": lambda pack: pack(PLAIN.encode()) + b"\1" + pack(b"MDM2,up\n")[1:],
}


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.parametrize(("name", "pack"), [("xz", lzma.compress), ("bzip2", bz2.compress)])
def test_a_packed_file_that_is_not_as_it_should_be_is_refused(
    how: str, name: str, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    (tmp_path / "x.csv.packed").write_bytes(SPOILT[how](pack))
    with pytest.raises(DataError, match=rf"x\.csv\.packed is a damaged {name} file: ") as raised:
        list(read_lines(tmp_path / "x.csv.packed"))
    assert raised.value.hint == "Fetch it again."


@pytest.mark.parametrize(("end", "said"), [(b"\0", "truncated data"), (b"\0\xd8\n\0", "illegal")])
def test_damaged_utf_16_is_called_so(end: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe" + PLAIN.encode("utf-16-le") + end)
    with pytest.raises(DataError, match=f"is damaged UTF-16 text: {said}"):
        read_table(tmp_path / "x.csv")


TWICE = {
    "bzip2": bz2.compress(PLAIN.encode()),
    "Zstandard": pa.compress(PLAIN.encode(), "zstd", asbytes=True),
    "ZIP": zipped(**{"x.csv": PLAIN}),
}


@pytest.mark.parametrize("inner", TWICE)
def test_what_is_packed_twice_is_called_so(inner: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(TWICE[inner]))
    with pytest.raises(DataError, match=r"x\.csv\.gz is (packed twice|a .* packed once more)") as raised:
        read_table(tmp_path / "x.csv.gz")
    assert raised.value.hint == "Unpack it first."


@pytest.mark.parametrize("name", ["x.npy.gz", "x.npz.gz", "x.h5ad.gz", "x.pkl.gz", "x.npy"])
def test_a_packed_file_of_a_format_that_is_read_as_it_lies_is_called_so(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(gzip.compress(b"whatever"))
    readers: list[Reader] = [read_vectors, *([read_lists] if "pkl" in name else [])]
    for read in readers:
        with pytest.raises(DataError, match="is packed with gzip") as raised:
            read(tmp_path / name)
        assert raised.value.hint == "Unpack it first."


GREEDY = {
    "xz": lzma.compress(PLAIN.encode(), filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 28}]),
    # The head of a frame, a window of 2 GiB, and one last block of the text as it is.
    "Zstandard": b"\x28\xb5\x2f\xfd\0\xa8" + (len(PLAIN) << 3 | 1).to_bytes(3, "little") + PLAIN.encode(),
}


@pytest.mark.parametrize("how", GREEDY)
def test_a_packed_file_that_asks_for_too_much_memory_is_not_called_damaged(
    how: str, tmp_path: Path
) -> None:
    (tmp_path / "x.csv.packed").write_bytes(GREEDY[how])
    with pytest.raises(DataError, match=r"x\.csv\.packed asks for more than 128 MiB of memory") as raised:
        list(read_lines(tmp_path / "x.csv.packed"))
    assert "`xz -9`" in raised.value.hint


@pytest.mark.parametrize("name", ["one", "nowhere"])
@pytest.mark.parametrize("read", [read_table, read_vectors])
def test_a_link_that_leads_to_no_file_is_called_so(read: Reader, name: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").symlink_to(name)
    (tmp_path / "one").symlink_to("x.csv")
    if name == "nowhere":
        (tmp_path / "one").unlink()
    with pytest.raises(DataError, match=r"x\.csv is a link that leads to no file"):
        read(tmp_path / "x.csv")


def test_an_xz_bomb_ends_at_the_limit_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.csv.xz").write_bytes(lzma.compress(bytes(1 << 20).replace(b"\0", b"gene\n")))
    with pytest.raises(DataError, match="holds more than 1 MB"):
        list(read_lines(tmp_path / "x.csv.xz", limit=1 << 20))


def test_a_zip_of_several_files_names_them(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zipped(a="1", b="2"))
    with pytest.raises(DataError, match="holds 2 files: a, b"):
        read_table(tmp_path / "x.zip")


def test_a_sheet_belongs_to_a_workbook(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(PLAIN)
    with pytest.raises(UsageError, match="has no sheets"):
        read_table(tmp_path / "x.csv", sheet="one")


@pytest.mark.parametrize("name", ["x.jsonl", "x.json"])
def test_records_of_json_are_rows(name: str, tmp_path: Path) -> None:
    records = ['{"gene": "TP53", "n": 2.0, "label": null}', '{"gene": "MYC", "label": "up", "more": ["a"]}']
    path = tmp_path / name
    path.write_text("\n".join(records) if name.endswith("l") else f"[{','.join(records)}]")
    table = read_table(path)
    assert table.header == ("gene", "n", "label", "more")
    assert table.rows == (("TP53", "2", "", ""), ("MYC", "", "up", '["a"]'))
    path.write_text("[1]" if name.endswith("l") else '[{"gene": "TP53"}, 1]')
    with pytest.raises(DataError, match=r"something else than a record (in entry 2|on line 1)"):
        read_table(path)


def test_a_zip_of_a_later_version_is_not_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.csv", "gene,label")
    found = path.read_bytes()
    needed = found.index(b"PK\1\2") + 6
    path.write_bytes(found[:needed] + b"\x6d" + found[needed + 1 :])
    with pytest.raises(DataError, match="is a ZIP file of a rare kind: zip file version") as raised:
        read_table(path)
    assert raised.value.hint == "Unpack it first."


@pytest.mark.parametrize(("name", "opened"), [("x.parquet", open_parquet), ("x.h5ad", open_h5ad)])
def test_want_of_memory_and_permission_are_not_called_damage(
    name: str, opened: Callable[[Path], AbstractContextManager[object]], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    path = tmp_path / name
    if opened is open_parquet:
        pq.write_table(pa.table({"gene": ["TP53"]}), path)
    else:
        with h5py.File(path, "w") as file:
            file.create_group("var").attrs["_index"] = "names"
    with pytest.raises(DataError, match="asks for more memory than there is"), opened(path):
        raise MemoryError

    def denied(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(DataError, match="cannot be read: Permission denied"), opened(path):
        pass


NESTED = {
    "struct": pa.array([{"x": "up"}, {"x": "down"}]),
    "map": pa.array([[("x", "up")], [("x", "down")]], pa.map_(pa.string(), pa.string())),
    "lists of lists": pa.array([[["up"]], [["down"]]]),
    "lists of structs": pa.array([[{"x": "up"}], []]),
}


@pytest.mark.parametrize("kind", NESTED)
def test_nested_columns_of_parquet_are_left_out_and_noted(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"gene": ["TP53", "MYC"], "of": [["a"], ["b"]], "label": NESTED[kind]}), path)
    table = read_table(path)
    assert table.rows == (("TP53", "['a']", ""), ("MYC", "['b']", ""))
    assert table.notes == ("Under 'label', nested values were left out.",)


def test_lists_of_lists_in_parquet_are_no_vectors(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"gene": ["TP53", "MYC"], "v": [[[0.1, 0.2]], [[0.3, 0.4]]]}), path)
    with pytest.raises(DataError, match="more than a list of numbers for 'TP53' in row 1") as raised:
        read_vectors(path)
    assert raised.value.hint == "Write one flat list of numbers a gene."
