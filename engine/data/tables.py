"""Reading tables from outside: delimited text, gzip and Parquet, each refused with one sentence.

Every value comes back as text; nothing is taken for a missing value, since "NA" and "NAN" look
like genes.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from store.errors import DataError

MAX_BYTES: Final = 1 << 30
"""Largest text read whole, after decompression; NCBI's full gene_summary is about 90 MB."""
MAX_COLUMNS: Final = 20_000
"""Widest table; text-embedding models go up to about 8,000 dimensions."""
MAX_FIELD: Final = 1 << 22
"""Longest field in characters; the longest label list seen (7,213 Ensembl ids) has 145,000."""

PARQUET: Final = (".parquet", ".pq")
"""How the names of Parquet files end."""

# The limit is the process's; 131,072 by default, too short for the list literals above.
csv.field_size_limit(MAX_FIELD)


@dataclass(frozen=True, slots=True)
class Table:
    """A table in memory: header and rows of text, with the line each row ends on."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
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


@contextmanager
def outside_file(path: Path) -> Iterator[None]:
    """Turn what the operating system says about `path` into one sentence."""
    try:
        yield
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DataError(
            f"{path} cannot be read: {reason}.", "Check the name and the permissions."
        ) from error


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The content of a plain or gzip file of at most `limit` bytes.

    Raises:
        DataError: missing, not a plain file, empty, damaged, or larger than `limit` when unpacked.
    """
    with outside_file(path):
        if not path.is_file():
            what = (
                "is a folder" if path.is_dir() else "is not a file" if path.exists() else "does not exist"
            )
            raise DataError(f"{path} {what}.", "Give the path of a file that can be read.")
        if path.stat().st_size > limit:
            raise _too_large(path, limit)
        content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = _unpack(path, content, limit)
    if not content.strip():
        raise DataError(f"{path} is empty.", "It should start with a header line.")
    return content


def _unpack(path: Path, packed: bytes, limit: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            content = stream.read(limit + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file: {error}.", "Fetch it again.") from error
    if len(content) > limit:
        raise _too_large(path, limit)
    return content


def _too_large(path: Path, limit: int) -> DataError:
    return DataError(f"{path} holds more than {limit >> 20} MB.", "Give a smaller table.")


def read_text(path: Path, limit: int = MAX_BYTES) -> str:
    """The text of a plain or gzip UTF-8 file, without byte-order mark.

    Raises:
        DataError: as `read_bytes`; also a NUL byte, or bytes that are not UTF-8.
    """
    return decode(path, read_bytes(path, limit))


def decode(path: Path, content: bytes) -> str:
    """`content` as UTF-8 text; `path` only names it in the sentence.

    Raises:
        DataError: a NUL byte, or bytes that are not UTF-8.
    """
    nul = content.find(b"\0")
    if nul >= 0:
        raise DataError(
            f"{path} has a NUL byte at byte {nul}, line {_line(content, nul)}.",
            "Save it as plain UTF-8 text.",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not UTF-8 at byte {error.start}, line {_line(content, error.start)}.",
            "Save it with the encoding UTF-8.",
        ) from error


def _line(content: bytes, offset: int) -> int:
    return content.count(b"\n", 0, offset) + 1


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
    return parse_table(path, read_bytes(path), header=header, delimiter=delimiter, quoted=quoted, keep=keep)


def parse_table(
    path: Path,
    content: bytes,
    *,
    header: bool = True,
    delimiter: str | None = None,
    quoted: bool = True,
    keep: Callable[[list[str]], bool] | None = None,
) -> Table:
    """The table in `content`; `path` only names it in sentences. See `read_table`."""
    numbered = _records(path, content, delimiter, quoted)
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
    lines = [] if header else [first[0]]
    for line, record in numbered:
        if len(record) != width:
            raise DataError(
                f"{path} has {len(record)} columns on line {line}, but {width} in its first line.",
                "Quote fields that hold the delimiter.",
            )
        if keep is None or keep(record):
            rows.append(tuple(record))
            lines.append(line)
    if not rows:
        raise DataError(f"{path} has a header but no usable rows.", "Add one row per gene.")
    return Table(path, titles, tuple(rows), tuple(lines))


def _records(
    path: Path, content: bytes, delimiter: str | None, quoted: bool
) -> Iterator[tuple[int, list[str]]]:
    first = decode(path, content).lstrip("\r\n").split("\n", 1)[0]
    delimiter = delimiter or max(",\t;", key=first.count)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    # Decoded as it is read: a StringIO would hold four bytes a character.
    stream = io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline="")
    reader = csv.reader(stream, delimiter=delimiter, strict=True, quoting=quoting)
    while True:
        try:
            record = next(reader, None)
        except csv.Error as error:
            hint = "Close every quotation mark, and keep one row per gene."
            raise DataError(f"{path} cannot be read at line {reader.line_num}: {error}.", hint) from error
        if record is None:
            return
        if any(field.strip() for field in record):
            yield reader.line_num, record


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
    rows = _records(path, read_bytes(path), delimiter, quoted=True)
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


@contextmanager
def open_parquet(path: Path) -> Iterator[Any]:
    """A `pyarrow.parquet.ParquetFile` of at most `MAX_COLUMNS` columns; damage becomes one sentence.

    Raises:
        DataError: missing, damaged, too wide.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with outside_file(path):
        if not path.is_file():
            raise DataError(f"{path} does not exist.", "Give the path of a file that can be read.")
    try:
        with pq.ParquetFile(path) as file:
            if (width := len(file.schema_arrow.names)) > MAX_COLUMNS:
                raise DataError(f"{path} has {width:,} columns; at most {MAX_COLUMNS:,} are read.")
            yield file
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} is not a readable Parquet file: {reason}", "Write it again.") from error


def _read_parquet(path: Path) -> Table:
    with open_parquet(path) as file:
        names = _header(path, list(file.schema_arrow.names))
        rows = tuple(_parquet_rows(path, file))
    if not rows:
        raise DataError(f"{path} has no rows.", "Add one row per gene.")
    return Table(path, names, rows, tuple(range(1, len(rows) + 1)))


def _parquet_rows(path: Path, file: Any) -> Iterator[tuple[str, ...]]:
    # Counted as it unpacks: a dictionary-encoded file of a few kB may hold gigabytes of text.
    size = 0
    for batch in file.iter_batches(batch_size=256):
        size += batch.nbytes
        if size > MAX_BYTES:
            raise _too_large(path, MAX_BYTES)
        columns = [[_text(value) for value in column.to_pylist()] for column in batch.columns]
        yield from zip(*columns, strict=True)


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def write_csv(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Write a comma-separated UTF-8 table with Unix line ends, synced to the disk."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
        stream.flush()
        os.fsync(stream.fileno())
