"""Reading Parquet files, whatever type their texts have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from engine.files.outside import MAX_BYTES, check_file, first_bytes, outside_file, too_large
from engine.files.packed import PARQUET_START, starts_with
from engine.files.tables.table import MAX_COLUMNS, Table, check_cells, checked_header, first_rows
from store.errors import DataError

PARQUET: Final = (".parquet", ".pq")
"""How the names of Parquet files end."""
_BATCH: Final = 512
"""Rows of a Parquet file unpacked at once; of 20,000 numbers each they take 80 MB."""


@contextmanager
def open_parquet(path: Path) -> Iterator[Any]:
    """A `pyarrow.parquet.ParquetFile` of at most `MAX_COLUMNS` columns; damage becomes one sentence.

    Texts are read as dictionaries, so that one that stands in many rows is unpacked once.

    Raises:
        DataError: missing, damaged, too wide, too large.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    check_file(path)
    with outside_file(path):
        named_so = not starts_with(path, PARQUET_START)
    if named_so:
        first_bytes(path, 1)  # says what else it is
    try:
        with pq.ParquetFile(path) as file:
            columns, footer = list(file.schema_arrow), file.metadata
        if len(columns) > MAX_COLUMNS:
            raise DataError(f"{path} has {len(columns):,} columns; at most {MAX_COLUMNS:,} are read.")
        if (
            sum(footer.row_group(place).total_byte_size for place in range(footer.num_row_groups))
            > MAX_BYTES
        ):
            raise too_large(path, MAX_BYTES)
        with pq.ParquetFile(path, read_dictionary=[c.name for c in columns if is_text(c.type)]) as file:
            yield file
    except MemoryError as error:
        raise DataError(
            f"{path} asks for more memory than there is.", "Free some, or write it in smaller row groups."
        ) from error
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise DataError(f"{path} is not a readable Parquet file: {reason}.", "Write it again.") from error


def parquet_batches(path: Path, file: Any) -> Iterator[list[list[Any]]]:
    """The columns of some hundred rows at a time, as Python lists; texts of every type are str.

    Raises:
        DataError: the texts of all rows together are too large, however often one is repeated.
    """
    size = 0
    for batch in file.iter_batches(batch_size=_BATCH):
        batch.validate(full=True)  # a damaged file may point beyond its dictionary
        columns = [_values(path, column) for column in batch.columns]
        size += sum(len(cell) for column in columns for cell in column if isinstance(cell, str))
        if size > MAX_BYTES:
            raise too_large(path, MAX_BYTES)
        yield columns


def is_text(kind: Any) -> bool:
    """Whether an Arrow type is that of texts: plain, large, a view, bytes, or a dictionary of these."""
    import pyarrow.types as types

    if types.is_dictionary(kind):
        kind = kind.value_type
    known = (
        types.is_string, types.is_large_string, types.is_string_view,
        types.is_binary, types.is_large_binary, types.is_binary_view, types.is_fixed_size_binary,
    )  # fmt: skip
    return any(test(kind) for test in known)


def index_columns(file: Any) -> frozenset[str]:
    """The columns that pandas wrote a table's index into, by the file's own metadata."""
    described = file.schema_arrow.pandas_metadata
    listed = described.get("index_columns") if isinstance(described, dict) else None
    return frozenset(name for name in listed or () if isinstance(name, str))


def _values(path: Path, column: Any) -> list[Any]:
    if not hasattr(column, "dictionary"):
        return _decoded(path, column.to_pylist())
    values = _decoded(path, column.dictionary.to_pylist())
    return [None if place is None else values[place] for place in column.indices.to_pylist()]


def _decoded(path: Path, values: list[Any]) -> list[Any]:
    if not any(isinstance(value, bytes) for value in values):
        return values
    try:
        return [value.decode() if isinstance(value, bytes) else value for value in values]
    except UnicodeDecodeError as error:
        raise DataError(f"{path} has a column of bytes that are not text.", "Write it as text.") from error


def parquet_table(path: Path, first: bool = False) -> Table:
    """A Parquet file as a table of text; null and NaN are empty cells, and nested values, which is noted.

    Raises:
        DataError: as `open_parquet`; also no rows, or too many.
    """
    with open_parquet(path) as file:
        index = index_columns(file)
        unnamed = {name for name in index if name.startswith("__index_level_")}
        titles = ["" if name in unnamed else name for name in file.schema_arrow.names]
        names = checked_header(path, titles)
        nested = [place for place, column in enumerate(file.schema_arrow) if _is_nested(column.type)]
        most = first_rows(len(names)) if first else file.metadata.num_rows
        whole = most >= file.metadata.num_rows
        check_cells(path, min(most, file.metadata.num_rows) * len(names))
        found = chain.from_iterable(zip(*some, strict=True) for some in parquet_batches(path, file))
        rows = tuple(tuple(map(_text, row)) for row in islice(found, most))
    if not rows:
        raise DataError(f"{path} has no rows.", "Add one row per gene.")
    columns = tuple(
        ("",) * len(rows) if place in nested else column
        for place, column in enumerate(zip(*rows, strict=True))
    )
    notes = tuple(f"Under {names[place]!r}, nested values were left out." for place in nested)
    return Table(path, names, columns, range(1, len(rows) + 1), notes, whole=whole, unit="row")


def _is_nested(kind: Any) -> bool:
    """Whether the values of an Arrow type are neither a text or number each, nor a list of these."""
    import pyarrow.types as types

    lists = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return bool(types.is_nested(kind.value_type if lists else kind))


def _text(value: object) -> str:
    if value is None or value != value:  # NaN is the only value that is not itself
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
