"""AnnData's `.h5ad` as vectors: a matrix of `varm`, or where genes are the rows, of `obsm` or `X`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.files.h5ad import (
    ENDINGS,
    Axis,
    column_titles,
    matrices,
    open_h5ad,
    read_column,
    read_matrix,
    read_names,
)
from engine.files.tables.table import first_rows
from engine.files.tables.titles import plain
from engine.files.vectors.cells import Kind, kind_of
from engine.files.vectors.content import Content, check_rows
from engine.files.vectors.dimensions import SeveralKeys
from engine.files.vectors.titles import NAME_TITLES
from store.errors import DataError

ANNOTATED: Final = (*ENDINGS, "h5", "hdf5")
"""Endings of HDF5 files."""


def read_annotated(path: Path, key: str = "", first: bool = False) -> Content:
    """The vectors in an `.h5ad`.

    Args:
        path: The file.
        key: Which matrix: `name`, or `varm/name`, `obsm/name` or `X` where a name is not enough.
        first: Whether the `first_rows` of a matrix are enough.

    Raises:
        DataError: unreadable, no matrix, or several of which none was chosen.
    """
    with open_h5ad(path) as file:
        group, name = _chosen(path, file, key)
        keys = tuple(map(_key, _matrices(path, file)))
        axis: Axis = "var" if group == "varm" else "obs"
        genes = _genes(path, file, axis)
        matrix, titles = read_matrix(path, file, group, name, first)
        if group == "X" and matrix.shape[1:] == (len(names := read_names(path, file, "var")),):
            titles = tuple(names)
    whole = not first or len(matrix) < first_rows(matrix.shape[1])
    total = len(genes)
    genes = genes if whole else genes[: len(matrix)]
    check_rows(path, len(genes), len(matrix))
    with np.errstate(over="ignore"):
        numbers = np.ascontiguousarray(matrix, np.float32)
    titles = titles or tuple(f"{name}[{place}]" for place in range(numbers.shape[1]))
    return Content(tuple(genes), numbers, total, titles, whole=whole, keys=keys)


def _chosen(path: Path, file: Any, key: str) -> tuple[str, str]:
    """Group and name of the matrix; those along `var` first, where AnnData keeps genes."""
    there = _matrices(path, file)
    beside = [one for one in there if one[1]]
    usual = [one for one in there if one[0] == "varm"] or beside or there
    found = [one for one in there if key in (one[1] or one[0], _key(one))] if key else usual
    if len(found) == 1:
        return found[0]
    shown = ", ".join(map(_key, (found or there)[:12]))
    if not shown:
        raise DataError(f"{path} has no matrix in varm, obsm or X.", "Put the vectors into adata.varm.")
    if key and not found:
        raise DataError(f"{path} has no matrix named {key!r}.", f"Choose one with --key: {shown}.")
    raise SeveralKeys(f"{path.name} has several matrices.", list(map(_key, found)))


def _matrices(path: Path, file: Any) -> list[tuple[str, str]]:
    """Group and name of each matrix that could be taken."""
    there = [(group, name) for group in ("varm", "obsm") for name in matrices(path, file, group)]
    return [*there, ("X", "")] if "X" in file else there


def _key(matrix: tuple[str, str]) -> str:
    return "/".join(filter(None, matrix))


def _genes(path: Path, file: Any, axis: Axis) -> list[str]:
    """The names along an axis; where they are bare numbers, the column that names genes."""
    names = read_names(path, file, axis)
    kind = kind_of(names[:50])
    if not kind.numeric:
        return names
    title = next((title for title in column_titles(file[axis]) if plain(title) in NAME_TITLES), None)
    if title is None and kind is not Kind.ROWS:
        return names
    if title is None:
        raise DataError(
            f"{path} has row numbers for names in {axis}.", f"Set adata.{axis}_names to the genes."
        )
    return read_column(path, file[axis], title, len(names))
