"""Reading and checking tables of vectors in the formats that are about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.files.endings import without_packing
from engine.files.lists import read_list
from engine.files.outside import check_characters, check_file, outside_file, read_lines, refuse_packed
from engine.files.safe_pickle import PICKLES, read_matrix
from engine.files.tables import PARQUET, read_table
from engine.files.tables.titles import is_gene_title, plain, prefixed
from engine.files.tables.workbook import is_workbook
from engine.files.vectors.cells import name_in
from engine.files.vectors.content import Content, check_rows, without_unlike
from engine.files.vectors.dimensions import LeftOut
from engine.files.vectors.formats.annotated import ANNOTATED, read_annotated
from engine.files.vectors.formats.arrays import read_npy, read_npy_names, read_npz
from engine.files.vectors.formats.columnar import read_parquet
from engine.files.vectors.formats.delimited import read_text, read_workbook
from engine.files.vectors.formats.genept import NotStreamable, stream_vectors
from engine.files.vectors.formats.records import JSON, read_json
from engine.files.vectors.titles import BLANK, NAME_TITLES
from store.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDEST: Final = 16_384
"""Dimensions of a vector."""
MOST_CLASSES: Final = 10
"""Different numbers in a table of one column up to which it is taken for labels."""
_TORCH: Final = "Save it in Python with np.savez(path, genes=..., vectors=tensor.numpy())."
_FOREIGN: Final = {
    **dict.fromkeys(("pt", "pth", "ckpt"), ("a file of PyTorch", _TORCH)),
    "safetensors": ("a file of tensors without gene names", _TORCH),
    "loom": ("a loom file", "Save it in Python with scanpy: adata.write_h5ad(path)."),
}
"""Ending -> what it is, and the way out, of what could be taken for something else by its first bytes."""

Wanted = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Vectors:
    """Genes as the file names them, each with its vector; every number finite, no gene twice."""

    genes: tuple[str, ...]
    matrix: NDArray[np.float32]
    """float32[n, d]."""
    repeated: int = 0
    """Rows left out because they repeat an earlier one exactly."""
    zero: tuple[str, ...] = ()
    """Genes left out because their vector is all zero, which stands for a missing one."""
    shared: int = 0
    """Genes whose vector equals that of an earlier gene."""
    total: int = 0
    """Rows or names in the file."""
    titles: tuple[str, ...] = ()
    """What the file calls the d dimensions; empty where they have no names."""
    left_out: tuple[LeftOut, ...] = ()
    """Columns that did not become dimensions."""
    nameless: tuple[int, ...] = ()
    """Lines of rows left out because they name no gene."""
    unit: str = "line"
    """What `nameless` counts."""
    notes: tuple[str, ...] = ()
    """How the file was read, where that is not plain from it."""
    named_by: str = ""
    """The title of the column that names the genes; empty where it has none."""
    whole: bool = True
    """Whether these are all rows of the file."""
    keys: tuple[str, ...] = ()
    """The matrices or sheets that could be taken, where the file has several."""


def read_vectors(
    path: Path,
    genes: Path | None = None,
    wanted: Wanted | None = None,
    key: str = "",
    *,
    first: bool = False,
) -> Vectors:
    """The vectors in a file, told by its name and content.

    Args:
        path: `.npz` with `genes` and `vectors`; `.npy`; Parquet, a table of text, JSON or JSON Lines with
            a column of genes and columns of numbers, or one of lists, as a sheet of
            a workbook too; a JSON object of lists; a pickled dictionary; word2vec's text; `.h5ad`; or a
            matrix without header.
        genes: A list of one gene a line, or a `.npy` of names: the rows of a `.npy` or of a
            matrix without header. For the other formats, the genes to keep.
        wanted: Which genes to keep; None keeps all, or those of `genes`.
        key: The matrix, the column of lists or the sheet to take, where a file has several.
        first: Whether to read only the first rows of a table of text or Parquet; of other formats, all are.

    Raises:
        DataError: unreadable, damaged or unsafe; not finite; of different widths; a gene with two
            different vectors; no gene left; what is a dimension cannot be decided.
    """
    named = _listed(genes) if genes else None
    content = without_unlike(_read(path, named, wanted, key, first))
    if named is not None and wanted is None and content.genes is not None:
        wanted = set(named).__contains__
    rows = content.genes if content.genes is not None else _named_rows(named or [], len(content.matrix))
    rows = tuple(prefixed(content.named_by, rows))
    if not content.whole and content.genes is None:
        rows = rows[: len(content.matrix)]
    _check_shape(path, rows, content.matrix, genes)
    return _validated(path, rows, content, wanted or (lambda _: True))


def _listed(path: Path) -> list[str]:
    """The names in a list of one a line, in an array of numpy, or in the column of genes of a table.

    Empty where there is none, as on a blank line or at a word for nothing.
    """
    check_file(path)
    if suffix_of(path) == "npy":
        return list(map(name_in, read_npy_names(path)))
    column = _gene_column(path)
    return list(map(name_in, read_list(path) if column is None else column))


def _gene_column(path: Path) -> list[str] | None:
    """The cells of a text table under a title of genes; None if it has none, or is a plain list."""
    first = next(iter(read_lines(path)), "")
    if not any(mark in first for mark in ",;\t"):
        return None
    table = read_table(path)
    place = next((place for place, title in enumerate(table.header) if is_gene_title(title)), None)
    return (
        None if place is None else prefixed(table.header[place], list(map(str.strip, table.columns[place])))
    )


def read_whole(path: Path, wanted: Wanted | None = None) -> Vectors:
    """The same of a file of nothing but genes and dimensions, since nobody would be told of anything else.

    Raises:
        DataError: as `read_vectors`; also columns that are not dimensions.
    """
    vectors = read_vectors(path, wanted=wanted)
    if vectors.left_out:
        first, more = vectors.left_out[0], len(vectors.left_out) - 1
        others = f", and {more} more columns are not dimensions" if more else ""
        raise DataError(
            f"{path} has more than genes and dimensions: {first.column!r} is {first.reason}{others}.",
            "Import it with `genearena import vectors`, which leaves them out and reports them.",
        )
    return vectors


def suffix_of(path: Path) -> str:
    """The ending that tells the format, in small letters: `csv` of `x.CSV.gz`."""
    return without_packing(path.name).rstrip(".").rpartition(".")[2]


def _named_rows(named: list[str], rows: int) -> tuple[str, ...]:
    """The names of a list; without its title or its blank lines, if there are as many rows as others."""
    for names in (named, list(filter(None, named))):
        titled = len(names) == rows + 1 and plain(names[0]) in {*BLANK, *NAME_TITLES}
        if len(names) - titled == rows:
            return tuple(names[titled:])
    return tuple(filter(None, named))


def _read(path: Path, named: list[str] | None, wanted: Wanted | None, key: str, first: bool) -> Content:
    suffix = suffix_of(path)
    check_file(path)
    if suffix in _FOREIGN:
        what, hint = _FOREIGN[suffix]
        raise DataError(f"{path} is {what}, which is not read.", hint)
    if suffix in ("npz", "npy", *ANNOTATED) or f".{suffix}" in PICKLES:
        refuse_packed(path, "ZIP" if suffix == "npz" else "")
    if suffix == "npz":
        return read_npz(path, key, first)
    if suffix == "npy":
        return read_npy(path, first)
    if suffix in ANNOTATED:
        return read_annotated(path, key, first)
    if suffix in JSON:
        return read_json(path, suffix, named is not None, key)
    if f".{suffix}" in PICKLES:
        return _read_pickle(path, set(named).__contains__ if named else wanted)
    if f".{suffix}" in PARQUET:
        return read_parquet(path, named is not None, key, first)
    with outside_file(path):
        workbook = is_workbook(path)
    if workbook:
        return read_workbook(path, named is not None, key, first)
    return read_text(path, named is not None, key, first)


def _read_pickle(path: Path, wanted: Wanted | None) -> Content:
    try:
        streamed = stream_vectors(path, wanted or (lambda _: True))
        return Content(streamed.names, streamed.matrix, streamed.total)
    except NotStreamable:
        names, matrix = read_matrix(path)
        return Content(tuple(names), matrix, len(names))


def _check_shape(
    path: Path, genes: tuple[str, ...], matrix: NDArray[np.float32], listed: Path | None
) -> None:
    if not genes and listed is None:
        raise DataError(f"{path} names no genes.", "Give them too, one a line, with --genes FILE.")
    check_rows(path, len(genes), len(matrix))
    if not 1 <= matrix.shape[1] <= WIDEST:
        raise DataError(f"{path} has vectors of {matrix.shape[1]:,} numbers; 1 to {WIDEST:,} are read.")
    if matrix.shape[1] == 1 and len(values := np.unique(matrix)) <= min(MOST_CLASSES, len(matrix) - 1):
        raise DataError(
            f"{path} has one of {len(values)} numbers for each gene: classes, not vectors.",
            "Labels are imported as a task.",
        )


def _validated(path: Path, genes: tuple[str, ...], content: Content, wanted: Wanted) -> Vectors:
    check_characters(path, genes)
    matrix, lines = content.matrix, content.lines
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if bad.size:
        place = int(bad[0])
        raise DataError(
            f"{path} has a number that is missing or not finite in the vector of {genes[place]!r}"
            f"{_where(content, place)}.",
            "Remove such genes, or write their true numbers.",
        )
    zero = set(np.flatnonzero(~matrix.any(axis=1)).tolist())
    places: dict[str, int] = {}
    nameless: list[int] = []
    repeated = 0
    for place, gene in enumerate(genes):
        if not gene:
            nameless.append(lines[place] if len(lines) else place + 1)
        if not gene or not wanted(gene) or place in zero:
            continue
        before = places.setdefault(gene, place)
        if before != place:
            if not np.array_equal(matrix[before], matrix[place]):
                raise DataError(
                    f"{path} has two different vectors for {gene!r}{_where(content, place)}.",
                    "Keep one row per gene.",
                )
            repeated += 1
    if not places:
        if len(zero) == len(genes):
            raise DataError(f"{path} has only vectors of zeros.", "Check how it was written.")
        raise DataError(f"{path} has no vector for a wanted gene.", "Check how the file names its genes.")
    kept = matrix[list(places.values())]
    # By their hashes, since a set of a million rows would take as much room again as these.
    hashes = np.fromiter((hash(row.tobytes()) for row in kept), np.int64, len(kept))
    shared = len(kept) - len(np.unique(hashes))
    empty = tuple(gene for place, gene in enumerate(genes) if place in zero and wanted(gene))
    return Vectors(
        tuple(places),
        kept,
        repeated,
        empty,
        shared,
        content.total,
        content.titles,
        content.left_out,
        tuple(nameless),
        content.unit,
        content.notes,
        content.named_by,
        content.whole,
        content.keys if len(content.keys) > 1 else (),
    )


def _where(content: Content, place: int) -> str:
    return f", {content.unit} {content.lines[place]}" if len(content.lines) else ""
