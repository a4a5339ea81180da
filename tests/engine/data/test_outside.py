"""Files from outside are read within limits of size, line, cells and rows, whatever they claim."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.files.outside import MAX_LINE, read_lines, read_text
from engine.files.tables import read_table, stream_table
from engine.files.vectors import read_vectors
from store.errors import DataError

MIB = 1 << 20


@pytest.mark.parametrize("packed", [False, True])
def test_one_endless_line_is_refused_in_the_memory_of_a_line(packed: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with gzip.open(path, "wb", compresslevel=1) if packed else path.open("wb") as stream:
        for _ in range(8):
            stream.write(b"a" * (MAX_LINE // 2))
    tracemalloc.start()
    with pytest.raises(DataError, match=r"a line of more than 16 MB, line 1\."):
        read_table(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * MAX_LINE


def test_rows_that_are_not_kept_take_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"gene,x\nB,2\n" + (b"A," + b"1" * 29 + b"\n") * (4 * MIB // 32))
    read_table(path, keep=lambda row: row[0] == "B")  # loads what reading needs
    tracemalloc.start()
    table = read_table(path, keep=lambda row: row[0] == "B")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert table.rows == (("B", "2"),)
    assert peak < path.stat().st_size / 4


@pytest.mark.parametrize(("name", "what"), [("MAX_CELLS", "cells"), ("MAX_COLUMNS", "columns")])
def test_a_table_that_is_too_large_is_refused(
    name: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("gene,a,b,c\n" + "A,1,2,3\n" * 9)
    assert len(read_table(path).rows) == 9
    monkeypatch.setattr(f"engine.files.tables.table.{name}", 3)
    with pytest.raises(DataError, match=what):
        read_table(path)


@pytest.mark.parametrize("text", ["A,1,2\n", "A 1 2\n"])
def test_vectors_of_endless_rows_are_refused(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text * 2500)
    assert read_vectors(path).repeated == 2499
    monkeypatch.setattr("engine.files.vectors.rows.MOST_ROWS", 1500)
    with pytest.raises(DataError, match="more than 1,500 rows"):
        read_vectors(path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_one(end: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(end.join(["\ufeffgene,text", 'A,"one\rtwo"', "B,x"]).encode())
    assert list(read_table(path).rows) == [("A", "one\rtwo"), ("B", "x")]
    assert "".join(read_lines(path)) == path.read_bytes().decode("utf-8-sig")


def test_blank_lines_before_a_table_count_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n\ngene,x\nA,1\nB,1,2\n")
    with pytest.raises(DataError, match="3 columns on line 5"):
        read_table(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"gene\nA\nB\xe9\n", "not UTF-8 at byte 8, line 3"),
        (b"gene\nA\nB\0\n", "NUL byte at byte 8, line 3"),
    ],
)
def test_bytes_that_are_no_text_are_told_with_their_place(
    content: bytes, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=sentence):
        list(read_lines(path))
    with pytest.raises(DataError, match=sentence):
        read_text(path, 1000)


def parquet(path: Path, gene: str, rows: int) -> Path:
    genes = pa.DictionaryArray.from_arrays(pa.array([0] * rows), pa.array([gene]))
    pq.write_table(pa.table({"gene": genes, "value": [0.5] * rows}), path)
    return path


def test_a_text_that_a_parquet_file_repeats_is_held_once(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", "x" * 100_000, 2000)
    tracemalloc.start()
    table = read_table(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert {row[0] for row in table.rows} == {"x" * 100_000}
    assert peak < 8 * MIB, "2,000 copies would be 190 MiB"


@pytest.mark.parametrize("read", [read_table, read_vectors])
def test_a_parquet_file_counts_by_what_it_unpacks_to(read, tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", "x" * 1_000_000, 600)
    assert path.stat().st_size < MIB
    with pytest.raises(DataError, match="holds more than 512 MB"):
        read(path)


def test_vectors_that_are_not_as_many_as_announced_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.vec"
    path.write_text("2 3\nA 1 2 3\nB 4 5 6\n")
    assert read_vectors(path).genes == ("A", "B")
    path.write_text("2 3\nA 1 2 3\n")
    with pytest.raises(DataError, match=r"holds 1 x 3 numbers, but its first line tells of 2 x 3\."):
        read_vectors(path)


def test_a_text_that_stands_in_many_rows_is_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("gene,label\n" + "".join(f"GENE{n},class number {n % 3}\n" for n in range(5000)))
    _, labels = read_table(path).columns
    assert len(set(map(id, labels))) == 3
    assert list(labels) == [f"class number {n % 3}" for n in range(5000)]


def test_a_batch_of_rows_is_small_however_long_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for line in ("a,b\n", "x" * 5000 + ",b\n", ",".join("1" * 5000) + "\n"):
        header = ",".join(map(str, range(line.count(",") + 1)))
        path.write_text(f"{header}\n" + line * (500_000 // len(line)))
        _, batches = stream_table(path)
        sizes = [sum(len(cell) + 8 for record in records for cell in record) for _, records in batches]
        assert sum(sizes) > 450_000
        assert max(sizes) < 2 * max(1 << 14, 9 * len(line))
