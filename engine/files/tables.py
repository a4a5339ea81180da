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
from itertools import chain, compress
from pathlib import Path
from typing import Any, Final, Literal

from engine.files.outside import MAX_BYTES, check_file, read_lines, too_large
from store.errors import DataError

MAX_COLUMNS: Final = 20_000
"""Widest table; text-embedding models go up to about 8,000 dimensions."""
MAX_CELLS: Final = 6_000_000
"""Cells kept in memory, some 60 bytes each; HGNC's complete set has 2.4 million."""
MAX_STREAMED: Final = 1 << 32
"""Bytes of a table that is read row by row; GenePT's 93,800 vectors are 2.8 GB as text."""
MAX_FIELD: Final = 1 << 22
"""Longest field in characters; the longest label list seen (7,213 Ensembl ids) has 145,000."""

PARQUET: Final = (".parquet", ".pq")
"""How the names of Parquet files end."""
_BATCH: Final = 512
"""Rows of a Parquet file unpacked at once; of 20,000 numbers each they take 80 MB."""
_CHARACTERS: Final = 1 << 14
"""Of a text table that are handed on at once, each cell counted as eight more."""

# The limit is the process's; 131,072 by default, too short for the list literals above.
csv.field_size_limit(MAX_FIELD)


Batch = tuple[list[int], list[list[str]]]
"""Some rows of a text table: the line each ends on, from 1, and its fields."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text in memory, column by column, with the line each row ends on."""

    path: Path
    header: tuple[str, ...]
    columns: tuple[Sequence[str], ...]
    """As many as the header has names, all of one length."""
    lines: Sequence[int]
    """Line number of each row, from 1; the row number for Parquet."""

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The same row by row, made anew each time."""
        return tuple(zip(*self.columns, strict=True))

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
    batches = _batches(path, read_lines(path), delimiter, quoted)
    numbers, records = next(batches, ([], []))
    if not records:
        raise DataError(f"{path} is empty.", "It should start with a header line.")
    width = len(records[0])
    if width > MAX_COLUMNS:
        raise DataError(
            f"{path} has {width:,} columns on line {numbers[0]}; at most {MAX_COLUMNS:,} are read.",
            "Give one row per gene.",
        )
    titles = _header(path, records[0]) if header else tuple(map(str, range(width)))
    first = (numbers[header:], records[header:])
    columns: tuple[list[str], ...] = tuple([] for _ in titles)
    same: tuple[dict[str, str], ...] = tuple({} for _ in titles)
    lines = array("q")
    for numbers, records in chain([first], batches):
        if wrong := _uneven(numbers, records, width):
            raise DataError(
                f"{path} has {wrong[1]} columns on line {wrong[0]}, but {width} in its first line.",
                "Quote fields that hold the delimiter.",
            )
        if keep is not None:
            kept = [keep(record) for record in records]
            numbers, records = list(compress(numbers, kept)), list(compress(records, kept))
        lines.extend(numbers)
        if len(lines) * width > MAX_CELLS:
            raise _too_many(path)
        for column, seen, cells in zip(columns, same, zip(*records, strict=True), strict=False):
            column.extend(_shared(cells, seen))
    if not lines:
        raise DataError(f"{path} has a header but no usable rows.", "Add one row per gene.")
    return Table(path, titles, columns, lines)


def _shared(cells: Sequence[str], seen: dict[str, str]) -> Iterable[str]:
    """`cells`, of which those of a column of few different texts are kept once, in `seen`."""
    return map(seen.setdefault, cells, cells) if 4 * len(set(cells)) < len(cells) else cells


def _batches(path: Path, lines: Iterator[str], delimiter: str | None, quoted: bool) -> Iterator[Batch]:
    """All rows but blank ones, some at a time: one at a time, a million would pass five generators."""
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
    more = True
    while more:
        numbers: list[int] = []
        records: list[list[str]] = []
        more, room = False, _CHARACTERS
        try:
            for record in reader:
                # A lone quoted nothing is an empty cell; a line that is blank or all delimiters is no row.
                if (record and record[0].strip()) or record == [""] or any(map(str.strip, record)):
                    numbers.append(blank + reader.line_num)
                    records.append(record)
                    room -= sum(map(len, record), 8 * len(record))
                    if more := room < 0:
                        break
        except csv.Error as error:
            line = blank + reader.line_num
            hint = "Close every quotation mark, and keep one row per gene."
            raise DataError(f"{path} cannot be read at line {line}: {error}.", hint) from error
        if records:
            yield numbers, records


def _uneven(numbers: list[int], records: list[list[str]], width: int) -> tuple[int, int] | None:
    """Line and width of the first of these rows that is not as wide as it should be."""
    if set(map(len, records)) <= {width}:
        return None
    found = zip(numbers, map(len, records), strict=True)
    return next((line, found_width) for line, found_width in found if found_width != width)


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


def _even_batches(path: Path, delimiter: str | None = None) -> Iterator[Batch]:
    width = 0
    for numbers, records in _batches(path, read_lines(path, MAX_STREAMED), delimiter, quoted=True):
        width = width or len(records[0])
        if width > MAX_COLUMNS:
            raise DataError(f"{path} has {width:,} columns; at most {MAX_COLUMNS:,} are read.")
        if wrong := _uneven(numbers, records, width):
            raise DataError(
                f"{path} has {wrong[1]} columns on line {wrong[0]}, but {width} in its first line."
            )
        yield numbers, records
    if not width:
        raise DataError(f"{path} is empty.", "One row per gene is needed.")


def iterate_rows(path: Path, delimiter: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of each row of a text table, one at a time, all as wide as the first.

    Raises:
        DataError: as `read_table`, when it comes to that.
    """
    for numbers, records in _even_batches(path, delimiter):
        yield from zip(numbers, records, strict=True)


def stream_table(path: Path) -> tuple[Table, Iterator[Batch]]:
    """The header of a comma-separated table, as a table without rows, and its rows, some at a time.

    Raises:
        DataError: as `read_table`, but for its size; of the rows, when it comes to them.
    """
    batches = _even_batches(path, ",")
    numbers, records = next(batches)
    header = _header(path, records[0])

    def rows() -> Iterator[Batch]:
        empty = True
        for some_numbers, some in chain([(numbers[1:], records[1:])], batches):
            if some:
                empty = False
                yield some_numbers, some
        if empty:
            raise DataError(f"{path} has a header but no usable rows.", "Add one row per gene.")

    return Table(path, header, tuple([] for _ in header), ()), rows()


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
    return Table(path, names, tuple(zip(*rows, strict=True)), range(1, len(rows) + 1))


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
