"""Vectors in numpy's files: `.npy`, and `.npz` of `genes` and `vectors`."""

from __future__ import annotations

import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from engine.files.outside import outside_file, text_of
from engine.files.safe_pickle import LARGEST, read_matrix, read_names
from engine.files.tables.table import first_rows
from engine.files.tables.titles import plain
from engine.files.vectors.content import Content, check_rows
from engine.files.vectors.dimensions import SeveralKeys
from engine.files.vectors.rows import MOST_NUMBERS
from engine.files.vectors.titles import NAME_TITLES
from store.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


_HINT: Final = "Save it again with np.save."


def read_npy(path: Path, first: bool = False) -> Content:
    """The matrix of a `.npy`, or its first rows, or the dictionary of vectors that `np.save` was given.

    Raises:
        DataError: unreadable, or something else.
    """
    with outside_file(path), path.open("rb") as stream:
        found = _read_array(path, stream, path.stat().st_size, first=first)
    if isinstance(found, bytes):
        names, matrix = read_matrix(path, found)
        return Content(tuple(names), matrix, len(names))
    whole = not first or len(found) < first_rows(found.shape[-1] if found.ndim == 2 else 1)
    return Content(None, _numbers(path, found), len(found), whole=whole)


def read_npy_names(path: Path) -> tuple[str, ...]:
    """The names in a `.npy` of texts.

    Raises:
        DataError: unreadable, or something else.
    """
    with outside_file(path), path.open("rb") as stream:
        return _names(path, _read_array(path, stream, path.stat().st_size))


def read_npz(path: Path, key: str = "", first: bool = False) -> Content:
    """The `vectors` of the `genes` in a `.npz`, whatever they are called, or the first of them.

    Args:
        path: Of one array of names; of several matrices, one is called `vectors` or chosen.
        key: The matrix to take.
        first: Whether the `first_rows` are enough.

    Raises:
        DataError: unreadable, it has not these two arrays, or several that could be meant.
    """
    try:
        with outside_file(path), zipfile.ZipFile(path) as archive, _damage():
            named, vectors, keys = _arrays(path, archive, key)
            genes = _names(path, _member(path, archive, named))
            matrix = _numbers(path, _member(path, archive, vectors, len(genes), first))
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError) as error:
        raise DataError(f"{path} is a damaged .npz file: {error}.", "Save it again.") from error
    whole = len(matrix) == len(genes)
    return Content(genes[: len(matrix)], matrix, len(genes), whole=whole, keys=tuple(keys))


@contextmanager
def _damage() -> Iterator[None]:
    """Call damage what bzip2 reports without a number: errors of the system have one."""
    try:
        yield
    except OSError as error:
        if error.errno:
            raise
        raise zipfile.BadZipFile(str(error)) from error


def _member(
    path: Path, archive: zipfile.ZipFile, name: str, rows: int | None = None, first: bool = False
) -> NDArray[Any] | bytes:
    with archive.open(f"{name}.npy") as stream:
        return _read_array(path, stream, archive.getinfo(f"{name}.npy").file_size, rows, first)


def _arrays(path: Path, archive: zipfile.ZipFile, key: str) -> tuple[str, str, list[str]]:
    """What the array of genes is called, that of vectors, and what could be taken in its place."""
    found = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    kinds = {name: _kind(path, archive, name) for name in found}
    texts = [name for name in found if kinds[name] == "texts"]
    usual = [name for name in texts if plain(name) in NAME_TITLES]
    genes = ["genes"] if "genes" in found else usual[:1] or texts
    matrices = [name for name in found if kinds[name] == "matrix"]
    wanted = key or "vectors"
    vectors = [wanted] if wanted in found else [] if key else matrices
    shown = ", ".join(found[:12]) or "none"
    if len(vectors) > 1:
        raise SeveralKeys(f"{path.name} has several matrices.", vectors)
    for what, there in (("genes", genes), (wanted, vectors)):
        if len(there) != 1:
            raise DataError(
                f"{path} has no array {what!r}.",
                f"Its arrays are: {shown}. Save it with np.savez(genes=, vectors=).",
            )
    return genes[0], vectors[0], matrices


def _kind(path: Path, archive: zipfile.ZipFile, name: str) -> str:
    """What an array holds, by its header: texts, a matrix, or something else."""
    with archive.open(f"{name}.npy") as stream:
        shape, _, dtype = _read_header(path, stream)
    if len(shape) == 1 and dtype.kind in "USO":
        return "texts"
    return "matrix" if len(shape) == 2 and dtype.kind in "fiu" else ""


def _read_header(path: Path, stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, order and type of an .npy.

    Raises:
        DataError: there is no such header.
    """
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            return np.lib.format.read_array_header_1_0(stream)
        if version == (2, 0):
            return np.lib.format.read_array_header_2_0(stream)
    except _UNREADABLE as error:
        reason = str(error) or type(error).__name__
        raise DataError(f"{path} is not a readable .npy array: {reason}.", _HINT) from error
    raise DataError(f"{path} is an .npy file of unknown version {version}.", _HINT)


def _names(path: Path, names: NDArray[Any] | bytes) -> tuple[str, ...]:
    if isinstance(names, bytes):
        return tuple(read_names(path, names))
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise DataError(
            f"{path} has genes that are not a row of texts.", "Save them as a numpy array of str."
        )
    return tuple(text_of(path, name) if isinstance(name, bytes) else str(name) for name in names)


def _read_array(
    path: Path, stream: IO[bytes], size: int, rows: int | None = None, first: bool = False
) -> NDArray[Any] | bytes:
    """One .npy of `size` bytes, whose header must not claim more than that, nor other `rows` than told.

    Of an array of Python objects, the pickle in it; with `first`, the `first_rows` of a matrix.
    """
    try:
        shape, fortran, dtype = _read_header(path, stream)
        if dtype.kind == "O":
            return stream.read(LARGEST + 1)
        if dtype.hasobject or dtype.kind not in "fiuUS":
            raise DataError(f"{path} holds an array of {dtype.name}, not of numbers.", _HINT)
        count = int(np.prod(shape, dtype=object))
        if count > MOST_NUMBERS or count * dtype.itemsize > min(size, 8 * MOST_NUMBERS):
            raise DataError(f"{path} claims to hold {count:,} values, which do not fit into it.", _HINT)
        if rows is not None:
            check_rows(path, rows, shape[0] if shape else 0)
        if first and len(shape) == 2 and not fortran:
            shape = (min(shape[0], first_rows(shape[1])), shape[1])
            count = shape[0] * shape[1]
        raw = stream.read(count * dtype.itemsize)
        return np.frombuffer(raw, dtype).reshape(shape, order="F" if fortran else "C")
    except _UNREADABLE as error:
        reason = str(error) or type(error).__name__
        raise DataError(f"{path} is not a readable .npy array: {reason}.", _HINT) from error


def _numbers(path: Path, matrix: NDArray[Any] | bytes) -> NDArray[np.float32]:
    if isinstance(matrix, bytes):
        raise DataError(
            f"{path} holds an array of objects, not of numbers.", "Save it as matrix.astype('float32')."
        )
    if matrix.ndim != 2 or matrix.dtype.kind not in "fiu":
        raise DataError(f"{path} does not hold a matrix of numbers.", "One row per gene is needed.")
    with np.errstate(over="ignore"):
        return matrix.astype(np.float32)
