"""Parquet as vectors: a column of genes, and columns of numbers or one of lists."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from engine.files.outside import MAX_BYTES, text_of, too_large
from engine.files.tables import index_columns, open_parquet
from engine.files.tables.table import at, first_rows
from engine.files.vectors.cells import Kind, kind_of, name_in
from engine.files.vectors.content import Content
from engine.files.vectors.dimensions import Columns, Layout
from engine.files.vectors.formats.delimited import SAMPLE
from engine.files.vectors.rows import MOST_NUMBERS, MOST_ROWS, Rows
from store.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BATCH: Final = 1024
"""Rows unpacked at once; of 20,000 numbers each they take 160 MB."""


def read_parquet(path: Path, listed: bool, key: str = "", first: bool = False) -> Content:
    """The vectors in a Parquet file.

    Args:
        path: The file.
        listed: Whether the genes may be in a file of their own.
        key: The column of lists to take, where there are several.
        first: Whether to stop after the `first_rows` of a table of that width.

    Raises:
        DataError: unreadable; a cell that is not a number; what is a dimension cannot be decided.
    """
    with open_parquet(path) as file:
        schema = file.schema_arrow
        rows = file.metadata.num_rows
        if not rows:
            raise DataError(f"{path} has no rows.", "One row per gene is needed.")
        head = next(file.iter_batches(batch_size=SAMPLE))
        head.validate(full=True)
        kinds = [_kind(column) for column in head.columns]
        columns = Columns(path, schema.names, kinds, index_columns(file))
        layout = columns.layout(listed, key)
        if rows > MOST_ROWS or (not layout.lists and rows * len(layout.dimensions) > MOST_NUMBERS):
            raise DataError(f"{path} holds more than {MOST_NUMBERS:,} numbers.", "Give a smaller table.")
        names = tuple(columns.title(place) for place in layout.dimensions)
        most = first_rows(_BATCH if layout.lists else len(names)) if first else rows
        genes, matrix = _taken(path, file, layout, names, most)
    titles = tuple(f"{names[0]}[{n}]" for n in range(matrix.shape[1])) if layout.lists else names
    found = None if layout.gene is None else tuple(genes)
    named_by = "" if layout.gene is None else schema.names[layout.gene]
    read = len(matrix)
    lines = array("q", range(1, read + 1))
    return Content(
        found, matrix, read, titles, layout.left_out, lines, "row", named_by=named_by, whole=read == rows
    )


def _kind(column: Any) -> Kind:
    import pyarrow.types as types

    kind = column.type
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return Kind.LIST
    if types.is_boolean(kind):
        return Kind.BOOLEAN
    if types.is_temporal(kind) or types.is_nested(kind):
        return Kind.TEXT
    cells = column.to_pylist()
    return kind_of([cell.decode("latin-1") if isinstance(cell, bytes) else cell for cell in cells])


def _names(path: Path, column: Any) -> list[str]:
    """The genes that the cells of a column name."""
    cells = column.to_pylist()
    return [name_in(text_of(path, cell) if isinstance(cell, bytes) else cell) for cell in cells]


def _taken(
    path: Path, file: Any, layout: Layout, names: tuple[str, ...], most: int
) -> tuple[list[str], NDArray[np.float32]]:
    genes: list[str] = []
    parts: list[NDArray[np.float32]] = []
    before = size = count = 0
    for batch in file.iter_batches(batch_size=_BATCH):
        batch.validate(full=True)  # a damaged file may point beyond its dictionary
        near: list[str] | None = None
        if layout.gene is not None:
            near = _names(path, batch.column(layout.gene))
            genes.extend(near)
            size += sum(map(len, near))
        if size > MAX_BYTES:
            raise too_large(path, MAX_BYTES)
        dimensions = [batch.column(place) for place in layout.dimensions]
        parts.append(_rows_of(path, dimensions, near, before, names, layout.lists))
        before += len(batch)
        count += parts[-1].size
        if count > MOST_NUMBERS:
            raise DataError(f"{path} holds more than {MOST_NUMBERS:,} numbers.", "Give a smaller table.")
        if before >= most:
            break
    widths = {part.shape[1] for part in parts}
    if len(widths) > 1:
        raise DataError(f"{path} has vectors of {min(widths)} and of {max(widths)} numbers.")
    return genes, np.concatenate(parts)


def _rows_of(
    path: Path,
    columns: list[Any],
    genes: list[str] | None,
    before: int,
    names: tuple[str, ...],
    lists: bool,
) -> NDArray[np.float32]:
    """float32[rows, d] of one batch: at once if it is all numbers, else row by row up to what is none."""
    fast = _lists(columns[0]) if lists else _stacked(columns)
    if fast is not None:
        return fast
    rows = Rows(path, () if lists else names, unit="row")
    cells = [column.to_pylist() for column in columns]
    for place, row in enumerate(zip(*cells, strict=True)):
        gene = genes[place] if genes is not None else None
        vector = row[0] if lists else row
        if lists and any(isinstance(cell, list | dict) for cell in vector or ()):
            where = at("row", before + place + 1)
            raise DataError(
                f"{path} has more than a list of numbers for {gene or 'a gene'!r} {where}.",
                "Write one flat list of numbers a gene.",
            )
        if vector is None:
            raise DataError(
                f"{path} has no vector for {gene or 'a gene'!r} in row {before + place + 1}.",
                "Remove such genes, or write their true numbers.",
            )
        rows.add(vector, before + place + 1, gene)
    return rows.matrix()


def _is_plain(column: Any) -> bool:
    import pyarrow.types as types

    kind = column.type
    return not column.null_count and bool(types.is_floating(kind) or types.is_integer(kind))


def _stacked(columns: list[Any]) -> NDArray[np.float32] | None:
    if not all(map(_is_plain, columns)):
        return None
    matrix = np.empty((len(columns[0]), len(columns)), np.float32)
    with np.errstate(over="ignore"):
        for place, column in enumerate(columns):
            matrix[:, place] = _rounded(column)
    return matrix


def _rounded(column: Any) -> NDArray[Any]:
    """The numbers as they are, whole ones as float64, by which every format rounds them."""
    found: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return found.astype(np.float64) if found.dtype.kind in "iu" else found


def _lists(column: Any) -> NDArray[np.float32] | None:
    """The lists of a column as a matrix; None if they are not all numbers, or not of one length."""
    import pyarrow.compute as compute

    if column.null_count or not len(column):
        return None
    values, lengths = column.flatten(), compute.list_value_length(column)
    width = lengths[0].as_py()
    if not width or not _is_plain(values) or len(values) != width * len(column):
        return None
    if compute.count_distinct(lengths).as_py() != 1:
        return None
    with np.errstate(over="ignore"):
        return _rounded(values).astype(np.float32).reshape(-1, width)
