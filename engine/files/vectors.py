"""Reading and checking tables of vectors in the formats that are about."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from engine.files.genept import NotStreamable, stream_vectors
from engine.files.lists import read_list
from engine.files.outside import check_characters, check_file, outside_file, read_lines
from engine.files.safe_pickle import PICKLES, read_matrix
from engine.files.tables import MAX_STREAMED, PARQUET, is_text, iterate_rows, open_parquet, parquet_batches
from engine.files.vector_rows import MOST_NUMBERS, Rows, is_number
from store.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDEST: Final = 16_384
"""Dimensions of a vector."""
MOST_CLASSES: Final = 10
"""Different numbers in a table of one column up to which it is taken for labels."""
_UNREADABLE: Final = (
    ValueError,
    EOFError,
    TypeError,
    SyntaxError,
    RecursionError,
    MemoryError,
    tokenize.TokenError,
    zipfile.BadZipFile,
)
"""What numpy raises at a header, which it reads as Python."""

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


def read_vectors(path: Path, genes: Path | None = None, wanted: Wanted | None = None) -> Vectors:
    """The vectors in a file, told by its name and content.

    Args:
        path: `.npz` with `genes` and `vectors`; `.npy`; Parquet with a column of genes and columns
            of numbers, or one of lists; a pickled dictionary; word2vec's text; a table with a
            header whose first column is the gene; or a matrix without header.
        genes: A list of one gene a line: the rows of a `.npy` or of a matrix without header. For the
            other formats, the genes to keep.
        wanted: Which genes to keep; None keeps all, or those of `genes`.

    Raises:
        DataError: unreadable, damaged or unsafe; not finite; of different widths; a gene with two
            different vectors; no gene left.
    """
    named = read_list(genes) if genes else None
    content = _read(path, named, wanted)
    if named is not None and wanted is None and content.genes is not None:
        wanted = set(named).__contains__
    rows = content.genes if content.genes is not None else tuple(named or ())
    _check_shape(path, rows, content.matrix, genes)
    return _validated(path, rows, content.matrix, wanted or (lambda _: True), content.total)


@dataclass(frozen=True, slots=True)
class _Content:
    """A file's content as it is; `genes` is None where the format has no names."""

    genes: tuple[str, ...] | None
    matrix: NDArray[np.float32]
    total: int


def _read(path: Path, named: list[str] | None, wanted: Wanted | None) -> _Content:
    suffix = path.name.casefold().removesuffix(".gz").rstrip(".").rpartition(".")[2]
    check_file(path)
    if suffix == "npz":
        return _read_npz(path)
    if suffix == "npy":
        with outside_file(path), path.open("rb") as stream:
            matrix = _read_array(path, stream, path.stat().st_size)
        return _Content(None, _numbers(path, matrix), len(matrix))
    if f".{suffix}" in PICKLES:
        return _read_pickle(path, set(named).__contains__ if named else wanted)
    if f".{suffix}" in PARQUET:
        return _read_parquet(path)
    return _read_text(path, named is not None)


def _read_pickle(path: Path, wanted: Wanted | None) -> _Content:
    try:
        streamed = stream_vectors(path, wanted or (lambda _: True))
        return _Content(streamed.names, streamed.matrix, streamed.total)
    except NotStreamable:
        names, matrix = read_matrix(path)
        return _Content(tuple(names), matrix, len(names))


def _read_npz(path: Path) -> _Content:
    try:
        with outside_file(path), zipfile.ZipFile(path) as archive:
            members = {name.removesuffix(".npy"): name for name in archive.namelist()}
            found: dict[str, NDArray[Any]] = {}
            for name in ("genes", "vectors"):
                if name not in members:
                    raise DataError(
                        f"{path} has no array {name!r}.", "Save it with np.savez(genes=, vectors=)."
                    )
                size = archive.getinfo(members[name]).file_size
                with archive.open(members[name]) as stream:
                    found[name] = _read_array(path, stream, size, found.get("genes"))
    except (zipfile.BadZipFile, zlib.error, RuntimeError) as error:
        raise DataError(f"{path} is a damaged .npz file: {error}.", "Save it again.") from error
    names = found["genes"]
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise DataError(
            f"{path} has genes that are not a row of texts.", "Save them as a numpy array of str."
        )
    genes = [name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in names]
    return _Content(tuple(genes), _numbers(path, found["vectors"]), len(genes))


def _read_array(
    path: Path, stream: IO[bytes], size: int, genes: NDArray[Any] | None = None
) -> NDArray[Any]:
    """One .npy of `size` bytes, whose header must not claim more than that, nor other rows than `genes`."""
    hint = "Save it again with np.save."
    try:
        version = np.lib.format.read_magic(stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read_header is None:
            raise DataError(f"{path} is an .npy file of unknown version {version}.", hint)
        shape, fortran, dtype = read_header(stream)
        if dtype.hasobject or dtype.kind not in "fiuUS":
            raise DataError(f"{path} holds an array of {dtype.name}, not of numbers.", hint)
        count = int(np.prod(shape, dtype=object))
        if count > MOST_NUMBERS or count * dtype.itemsize > min(size, 8 * MOST_NUMBERS):
            raise DataError(f"{path} claims to hold {count:,} values, which do not fit into it.", hint)
        if genes is not None:
            _check_rows(path, genes.size, shape[0] if shape else 0)
        raw = stream.read(count * dtype.itemsize)
        return np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran else "C")
    except _UNREADABLE as error:
        reason = str(error) or type(error).__name__
        raise DataError(f"{path} is not a readable .npy array: {reason}.", hint) from error


def _numbers(path: Path, matrix: NDArray[Any]) -> NDArray[np.float32]:
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu":
        raise DataError(f"{path} does not hold a matrix of numbers.", "One row per gene is needed.")
    with np.errstate(over="ignore"):
        return matrix.astype(np.float32)


def _read_parquet(path: Path) -> _Content:
    rows = Rows(path)
    with open_parquet(path) as file:
        name = next((i for i, column in enumerate(file.schema_arrow) if is_text(column.type)), None)
        if name is None:
            raise DataError(f"{path} has no column of genes.", "One column of text is needed.")
        for columns in parquet_batches(path, file):
            genes = columns.pop(name)
            for gene, *cells in zip(genes, *columns, strict=True):
                rows.add(_flat(cells), len(rows) + 1, str(gene))
    return _Content(tuple(rows.genes), rows.matrix(), len(rows))


def _flat(row: list[Any]) -> list[Any]:
    return [number for cell in row for number in (cell if isinstance(cell, list) else (cell,))]


def _read_text(path: Path, listed: bool) -> _Content:
    """A table whose first column is the gene, a bare matrix (`listed` genes), or word2vec's text."""
    lines = iterate_rows(path)
    line, first = next(lines)
    if len(first) <= 2 and len(first[-1].split()) > 1:
        return _read_word2vec(path)
    bare = all(map(is_number, first))
    if bare and not listed:
        raise DataError(
            f"{path} is a matrix without names.", "Give its genes too, one a line, with --genes FILE."
        )
    header = _counts(first) or _counts(first[1:]) or not all(map(is_number, first[1:]))
    rows = Rows(path)
    for number, row in lines if header else chain([(line, first)], lines):
        if bare:
            rows.add(row, number)
        else:
            rows.add(row[1:], number, row[0].strip())
    return _Content(None if bare else tuple(rows.genes), rows.matrix(), len(rows))


def _counts(titles: list[str]) -> bool:
    """Whether these are the column numbers that pandas writes for a header."""
    return len(titles) > 1 and titles == [str(place) for place in range(len(titles))]


def _read_word2vec(path: Path) -> _Content:
    """`GENE n n n`, split at blanks, with or without word2vec's first line of two counts."""
    told = ""
    rows = Rows(path)
    for line, text in enumerate(read_lines(path, MAX_STREAMED), start=1):
        if not text.strip():
            continue
        name, *numbers = text.split()
        if not rows and len(numbers) == 1 and name.isdecimal() and numbers[0].isdecimal():
            told = f"{name} x {numbers[0]}"
        else:
            rows.add(numbers, line, name)
    matrix = rows.matrix()
    if told not in ("", found := f"{len(rows)} x {matrix.shape[1]}"):
        raise DataError(
            f"{path} holds {found} numbers, but its first line tells of {told[:40]}.", "Is it whole?"
        )
    return _Content(tuple(rows.genes), matrix, len(rows))


def _check_rows(path: Path, genes: int, rows: int) -> None:
    if genes != rows:
        raise DataError(
            f"{path} has {rows:,} rows, but there are {genes:,} genes.",
            "Line i of the list must name row i.",
        )


def _check_shape(
    path: Path, genes: tuple[str, ...], matrix: NDArray[np.float32], listed: Path | None
) -> None:
    if not genes and listed is None:
        raise DataError(f"{path} names no genes.", "Give them too, one a line, with --genes FILE.")
    _check_rows(path, len(genes), len(matrix))
    if not 1 <= matrix.shape[1] <= WIDEST:
        raise DataError(f"{path} has vectors of {matrix.shape[1]:,} numbers; 1 to {WIDEST:,} are read.")
    if matrix.shape[1] == 1 and len(values := np.unique(matrix)) <= min(MOST_CLASSES, len(matrix) - 1):
        raise DataError(
            f"{path} has one of {len(values)} numbers for each gene: classes, not vectors.",
            "Labels are imported as a task.",
        )


def _validated(
    path: Path, genes: tuple[str, ...], matrix: NDArray[np.float32], wanted: Wanted, total: int
) -> Vectors:
    check_characters(path, genes)
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if bad.size:
        raise DataError(
            f"{path} has a number that is not finite in the vector of {genes[int(bad[0])]!r}.",
            "Remove such genes, or write their true numbers.",
        )
    zero = set(np.flatnonzero(~matrix.any(axis=1)).tolist())
    places: dict[str, int] = {}
    repeated = 0
    for place, gene in enumerate(genes):
        if not gene or not wanted(gene) or place in zero:
            continue
        before = places.setdefault(gene, place)
        if before != place:
            if not np.array_equal(matrix[before], matrix[place]):
                raise DataError(f"{path} has two different vectors for {gene!r}.", "Keep one row per gene.")
            repeated += 1
    if not places:
        if len(zero) == len(genes):
            raise DataError(f"{path} has only vectors of zeros.", "Check how it was written.")
        raise DataError(f"{path} has no vector for a wanted gene.", "Check how the file names its genes.")
    kept = matrix[list(places.values())]
    shared = len(kept) - len({row.tobytes() for row in kept})
    empty = tuple(gene for place, gene in enumerate(genes) if place in zero and wanted(gene))
    return Vectors(tuple(places), kept, repeated, empty, shared, total)
