"""Names with accents in Latin-1: of vectors and lists refused in a sentence, and nowhere mangled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.files.h5ad import read_annotations
from engine.files.lists import read_list
from engine.files.vectors import read_vectors
from store.errors import DataError

NAMES = ("TP53", "Größe", "café")
LATIN = [name.encode("latin-1") for name in NAMES]
NUMBERS = np.random.default_rng(0).normal(size=(len(NAMES), 4)).round(3)

TEXTS = {
    "x.csv": ",",
    "x.tsv": "\t",
    "x.txt": " ",
}


@pytest.mark.parametrize("titled", [True, False])
@pytest.mark.parametrize("name", TEXTS)
def test_vectors_in_latin_1_are_refused_with_the_line(name: str, titled: bool, tmp_path: Path) -> None:
    by = TEXTS[name]
    rows = [("gene", "d0", "d1", "d2", "d3")] if titled else []
    rows += [(gene, *map(str, row)) for gene, row in zip(NAMES, NUMBERS.tolist(), strict=True)]
    path = tmp_path / name
    path.write_bytes("".join(f"{by.join(row)}\n" for row in rows).encode("latin-1"))
    with pytest.raises(DataError, match=rf"is not UTF-8 at byte \d+, line {2 + titled}\.") as refused:
        read_vectors(path)
    assert "UTF-8" in refused.value.hint


def test_a_list_in_latin_1_is_refused_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"\n".join(LATIN))
    with pytest.raises(DataError, match="is not UTF-8 at byte 7, line 2"):
        read_list(tmp_path / "x.txt")


def parquet(path: Path) -> object:
    columns = {f"d{place}": NUMBERS[:, place] for place in range(4)}
    pq.write_table(pa.table({"gene": pa.array(LATIN, pa.binary()), **columns}), path)
    return read_vectors(path)


def archive(path: Path) -> object:
    np.savez(path, genes=np.array(LATIN), vectors=NUMBERS)
    return read_vectors(path)


def annotated(path: Path) -> object:
    with h5py.File(path, "w") as file:
        frame = file.create_group("var")
        frame.attrs["_index"], frame.attrs["column-order"] = "_index", []
        frame["_index"] = LATIN
    return read_annotations(path)


@pytest.mark.parametrize(
    ("name", "read"), [("x.parquet", parquet), ("x.npz", archive), ("x.h5ad", annotated)]
)
def test_bytes_that_are_not_utf_8_are_shown(
    name: str, read: Callable[[Path], object], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"has b'Gr\\xf6\\xdfe', which is not UTF-8"):
        read(tmp_path / name)
