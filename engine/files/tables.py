"""Reading tables from outside: delimited text, gzip and Parquet, each refused with one sentence.

Every value comes back as text; nothing is taken for a missing value, since "NA" and "NAN" look
like genes.
"""

from __future__ import annotations

import csv
import os
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal

from engine.files.outside import MAX_BYTES, check_file, read_lines, too_large
from store.errors import DataError

MAX_COLUMNS: Final = 20_000
"""Widest table; text-embedding models go up to about 8,000 dimensions."""
MAX_CELLS: Final = 6_000_000
"""Cells kept in memory, some 100 bytes each; HGNC's complete set has 2.4 million."""
MAX_STREAMED: Final = 1 << 32
"""Bytes of a table that is read row by row; GenePT's 93,800 vectors are 2.8 GB as text."""
MAX_FIELD: Final = 1 << 22
"""Longest field in characters; the longest label list seen (7,213 Ensembl ids) has 145,000."""

PARQUET: Final = (".parquet", ".pq")
"""How the names of Parquet files end."""
_BATCH: Final = 512
"""Rows of a Parquet file unpacked at once; of 20,000 numbers each they take 80 MB."""

# The limit is the process's; 131,072 by default, too short for the list literals above.
csv.field_size_limit(MAX_FIELD)


@dataclass(frozen=True, slots=True)
class Table:
    """A table in memory: header and rows of text, with the line each row ends on."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: Sequence[int]
    """Line number of each row, from 1; the row number for Parquet."""

    def column(self, *names: str) -> int:
        """The index of the first column named (whatever its case) as one of `names`.

        Raises:
            DataError: there is none.
        """
        found = self.find(*names)
        if found is None:
            shown = ", ".join(self.header[:12]) + (", ..." if len(self.header) > 12 else "")
            raise DataError(
                f"{self.path} has no column {' or '.join(repr(name) for name in names[:3])}.",
                f"Its columns are: {shown}.",
            )
        return found

    def find(self, *names: str) -> int | None:
        """Like `column`, None if there is none."""
        places = {
            title.strip().casefold(): index for index, title in reversed(list(enumerate(self.header)))
        }
        return next((places[name.casefold()] for name in names if name.casefold() in places), None)


def read_table(
    path: Path,
    *,
    header: bool = True,
    delimiter: str | None = None,
    quoted: bool = True,
    keep: Callable[[list[str]], bool] | None = None,
) -> Table:
    """A delimited (comma, tab, semicolon; plain or gzip) or Parquet table.

    Args:
        path: Ends in `.parquet` or `.pq` for Parquet; anything else is text.
        header: Whether the first line names the columns; otherwise they are named `0`, `1`, ...
        delimiter: None takes the one that stands most often in the first line.
        quoted: Whether quotation marks hold a field together; NCBI's tables never mean that.
        keep: Which rows of a text table to keep in memory; None keeps all.

    Raises:
        DataError: unreadable, empty, no rows, ragged, duplicate column names, too wide or too large.
    """
    if path.suffix.casefold() in PARQUET:
        return _read_parquet(path)
    numbered = _records(path, read_lines(path), delimiter, quoted)
    first = next(numbered, None)
    if first is None:
        raise DataError(f"{path} is empty.", "It should start with a header line.")
    width = len(first[1])
    if width > MAX_COLUMNS:
        raise DataError(
            f"{path} has {width:,} columns on line {first[0]}; at most {MAX_COLUMNS:,} are read.",
            "Give one row per gene.",
        )
    titles = _header(path, first[1]) if header else tuple(map(str, range(width)))
    rows: list[tuple[str, ...]] = [] if header else [tuple(first[1])]
    lines = array("q", [] if header else [first[0]])
    for line, record in numbered:
        if len(record) != width:
            raise DataError(
                f"{path} has {len(record)} columns on line {line}, but {width} in its first line.",
                "Quote fields that hold the delimiter.",
            )
        if keep is None or keep(record):
            rows.append(tuple(record))
            lines.append(line)
            if len(rows) * width > MAX_CELLS:
                raise _too_many(path)
    if not rows:
        raise DataError(f"{path} has a header but no usable rows.", "Add one row per gene.")
    return Table(path, titles, tuple(rows), lines)


def _records(
    path: Path, lines: Iterator[str], delimiter: str | None, quoted: bool
) -> Iterator[tuple[int, list[str]]]:
    blank = 0
    for first in lines:
        if first.strip():
            break
        blank += 1
    else:
        return
    delimiter = delimiter or max(",\t;", key=first.count)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True, quoting=quoting)
    while True:
        try:
            record = next(reader, None)
        except csv.Error as error:
            line = blank + reader.line_num
            hint = "Close every quotation mark, and keep one row per gene."
            raise DataError(f"{path} cannot be read at line {line}: {error}.", hint) from error
        if record is None:
            return
        # A lone quoted nothing is an empty cell; a blank line, or one of delimiters alone, is no row.
        if record == [""] or any(field.strip() for field in record):
            yield blank + reader.line_num, record


def _too_many(path: Path) -> DataError:
    return DataError(f"{path} holds more than {MAX_CELLS:,} cells.", "Give a smaller table.")


def _header(path: Path, titles: list[str]) -> tuple[str, ...]:
    names = tuple(title.strip() for title in titles)
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise DataError(
                f"{path} has two columns named {name!r} in its header.", "Give each column its own name."
            )
        seen.add(name.casefold())
    return names


def iterate_rows(path: Path, delimiter: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of each row of a text table, one at a time, all as wide as the first.

    Raises:
        DataError: as `read_table`, when it comes to that.
    """
    rows = _records(path, read_lines(path, MAX_STREAMED), delimiter, quoted=True)
    width = None
    for line, row in rows:
        width = width or len(row)
        if len(row) != width:
            raise DataError(f"{path} has {len(row)} columns on line {line}, but {width} in its first line.")
        if width > MAX_COLUMNS:
            raise DataError(f"{path} has {width:,} columns; at most {MAX_COLUMNS:,} are read.")
        yield line, row
    if width is None:
        raise DataError(f"{path} is empty.", "One row per gene is needed.")


def stream_table(path: Path) -> tuple[Table, Iterator[tuple[int, list[str]]]]:
    """The header of a comma-separated table, as a table without rows, and (line, fields) of each row.

    Raises:
        DataError: as `read_table`, but for its size; of the rows, when it comes to them.
    """
    numbered = iterate_rows(path, ",")
    _, titles = next(numbered)

    def rows() -> Iterator[tuple[int, list[str]]]:
        line = 0
        for line, row in numbered:
            yield line, row
        if not line:
            raise DataError(f"{path} has a header but no usable rows.", "Add one row per gene.")

    return Table(path, _header(path, titles), (), ()), rows()


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
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise DataError(f"{path} is not a readable Parquet file: {reason}.", "Write it again.") from error


def parquet_batches(path: Path, file: Any) -> Iterator[list[list[Any]]]:
    """The columns of some hundred rows at a time, as Python lists.

    Raises:
        DataError: the texts of all rows together are too large, however often one is repeated.
    """
    size = 0
    for batch in file.iter_batches(batch_size=_BATCH):
        batch.validate(full=True)  # a damaged file may point beyond its dictionary
        columns = [_values(column) for column in batch.columns]
        size += sum(len(cell) for column in columns for cell in column if isinstance(cell, str))
        if size > MAX_BYTES:
            raise too_large(path, MAX_BYTES)
        yield columns


def is_text(kind: Any) -> bool:
    """Whether an Arrow type is that of texts, plain or as a dictionary."""
    import pyarrow.types as types

    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _values(column: Any) -> list[Any]:
    if not hasattr(column, "dictionary"):
        return list(column.to_pylist())
    texts = column.dictionary.to_pylist()
    return [None if place is None else texts[place] for place in column.indices.to_pylist()]


def _read_parquet(path: Path) -> Table:
    with open_parquet(path) as file:
        names = _header(path, list(file.schema_arrow.names))
        if file.metadata.num_rows * len(names) > MAX_CELLS:
            raise _too_many(path)
        rows = tuple(
            tuple(map(_text, row))
            for columns in parquet_batches(path, file)
            for row in zip(*columns, strict=True)
        )
    if not rows:
        raise DataError(f"{path} has no rows.", "Add one row per gene.")
    return Table(path, names, rows, tuple(range(1, len(rows) + 1)))


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a comma-separated UTF-8 table with Unix line ends, synced to the disk."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
        stream.flush()
        os.fsync(stream.fileno())
