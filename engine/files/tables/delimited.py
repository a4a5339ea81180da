"""Reading delimited text: row by row, or as a table, each fault in one sentence that names its line."""

from __future__ import annotations

import csv
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, compress, islice
from pathlib import Path
from typing import Final, Literal

from engine.files.outside import read_lines
from engine.files.tables.dialect import SAMPLE, Dialect, sniff
from engine.files.tables.missing import marked, unmarked
from engine.files.tables.table import (
    MAX_STREAMED,
    Batch,
    Table,
    check_cells,
    check_width,
    checked_header,
    first_rows,
)
from engine.files.tables.titles import TITLES, said_of_titles, titles_above
from store.errors import DataError

MAX_FIELD: Final = 1 << 22
"""Longest field in characters; the longest label list seen (7,213 Ensembl ids) has 145,000."""
_CHARACTERS: Final = 1 << 14
"""Of a text table that are handed on at once, each cell counted as eight more."""

# The limit is the process's; 131,072 by default, too short for the list literals above.
csv.field_size_limit(MAX_FIELD)


class BadQuotes(DataError):
    """A text whose quotation marks do not close as they should."""


def text_table(
    path: Path,
    *,
    delimiter: str | None = None,
    header: bool = True,
    quoted: bool = True,
    keep: Callable[[list[str]], bool] | None = None,
    encoding: str = "",
    escaped: bool = False,
    first: bool = False,
) -> Table:
    r"""A table of text in memory.

    Args:
        path: Plain or packed.
        delimiter: None tells the whole dialect by the first lines, and mends the shape.
        header: Whether the first line names the columns; otherwise they are named `0`, `1`, ...
        quoted: Whether quotation marks hold a field together; NCBI's tables never mean that.
        keep: Which rows to keep in memory; None keeps all.
        encoding: If it is not UTF-8.
        escaped: Whether a quotation mark inside a field is written `\"`, as R does, and not `""`.
        first: Whether to stop after the `first_rows` of a table of that width.

    Raises:
        OtherEncoding: it is not of that encoding.
        BadQuotes: quotation marks that do not close.
        DataError: empty, no rows, ragged, duplicate column names, too wide or too large.
    """
    lines = read_lines(path, encoding=encoding)
    sniffed = delimiter is None
    above: list[str] = []
    if delimiter is None:
        batches = _in_shape(_sniffed_batches(path, lines, escaped), header, above)
    else:
        batches = _batches(path, lines, Dialect(delimiter), quoted=quoted)
    numbers, records = next(batches, ([], []))
    if not records:
        raise DataError(f"{path} is empty.", "It should start with a header line.")
    width = len(records[0])
    check_width(path, width, numbers[0])
    titles = checked_header(path, records[0]) if header else tuple(map(str, range(width)))
    start = (numbers[header:], records[header:])
    most = first_rows(width) if first else sys.maxsize
    columns: tuple[list[str], ...] = tuple([] for _ in titles)
    same: tuple[dict[str, str], ...] = tuple({} for _ in titles)
    line_of = array("q")
    in_quotes: set[tuple[int, int]] = set()
    for numbers, records in chain([start], batches):
        _check_even(path, numbers, records, width)
        if keep is not None:
            kept = [keep(record) for record in records]
            numbers, records = list(compress(numbers, kept)), list(compress(records, kept))
        if sniffed:
            in_quotes.update((column, len(line_of) + row) for column, row in unmarked(records))
        line_of.extend(numbers)
        check_cells(path, len(line_of) * width)
        for column, seen, cells in zip(columns, same, zip(*records, strict=True), strict=False):
            column.extend(_shared(cells, seen))
        if whole := len(line_of) <= most:
            continue
        columns, line_of = tuple(column[:most] for column in columns), line_of[:most]
        in_quotes = {(column, row) for column, row in in_quotes if row < most}
        break
    if not line_of:
        raise DataError(f"{path} has a header but no usable rows.", "Add one row per gene.")
    return Table(path, titles, columns, line_of, said_of_titles(above), frozenset(in_quotes), whole)


def _shared(cells: Sequence[str], seen: dict[str, str]) -> Iterable[str]:
    """`cells`, of which those of a column of few different texts are kept once, in `seen`."""
    return map(seen.setdefault, cells, cells) if 4 * len(set(cells)) < len(cells) else cells


def _sniffed_batches(path: Path, lines: Iterator[str], escaped: bool) -> Iterator[Batch]:
    sample = list(islice(lines, SAMPLE))
    dialect = sniff(sample)
    whole = marked(chain(sample[dialect.skipped :], lines))
    if dialect.commented:
        whole = chain([next(whole).removeprefix("#")], whole)
    if dialect.delimiter == " ":
        whole = (line.strip() + "\n" for line in whole)
    return _batches(path, whole, dialect, escaped=escaped)


def _in_shape(batches: Iterator[Batch], header: bool, above: list[str] | None = None) -> Iterator[Batch]:
    """The rows of one width, where they can be: R's header lacks a cell, Excel's rows end in empty ones.

    A title above the header goes, into `above` if that is wanted.
    """
    first = next(batches, None)
    if first is None:
        return
    if len(first[1]) == 1:  # a header that is as long as a batch says nothing without a row below
        second = next(batches, ([], []))
        first = (first[0] + second[0], first[1] + second[1])
    if titled := titles_above(first[1][:TITLES]) if header else []:
        first = (first[0][len(titled) :], first[1][len(titled) :])
        (above if above is not None else []).extend(titled)
    titles, *rows = first[1]
    shifted = rows and all(len(row) == len(titles) + 1 for row in rows)
    if header and shifted and any(row[-1].strip() for row in rows) and not _is_prose(rows):
        titles.insert(0, "")
    width = len(titles)
    while header and width > 1 and not titles[width - 1].strip():
        if any("".join(row[width - 1 : width]).strip() for row in rows):
            break
        width -= 1
    for numbers, records in chain([first], batches):
        for record in records:
            if len(record) > width and not any(map(str.strip, record[width:])):
                del record[width:]
        yield numbers, records


def _is_prose(rows: Sequence[list[str]]) -> bool:
    """Whether the last cells are ends of sentences that hold the delimiter and stand in no quotes."""
    return all(row[-1][:1].isspace() and not row[0][:1].isspace() for row in rows)


def _batches(
    path: Path, lines: Iterator[str], dialect: Dialect, *, quoted: bool = True, escaped: bool = False
) -> Iterator[Batch]:
    """All rows but blank ones, some at a time: one at a time, a million would pass five generators."""
    blank = dialect.skipped
    for first in lines:
        if first.strip():
            break
        blank += 1
    else:
        return
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.reader(
        chain([first], lines),
        delimiter=dialect.delimiter,
        strict=True,
        quoting=quoting,
        doublequote=not escaped,
        escapechar="\\" if escaped else None,
        skipinitialspace=dialect.delimiter == " " or dialect.spaced,
    )
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
            raise BadQuotes(f"{path} cannot be read at line {line}: {error}.", hint) from error
        if records:
            yield numbers, records


def _check_even(path: Path, numbers: list[int], records: list[list[str]], width: int) -> None:
    """Refuse the first of these rows that is not as wide as the header.

    Raises:
        DataError: there is one.
    """
    if set(map(len, records)) <= {width}:
        return
    line, record = next(row for row in zip(numbers, records, strict=True) if len(row[1]) != width)
    columns = "1 column" if len(record) == 1 else f"{len(record)} columns"
    raise DataError(
        f"{path} has {columns} on line {line}, but {width} in its header.",
        "Quote fields that hold the delimiter."
        if len(record) > width
        else f"It reads {record[0].strip()[:40]!r}, ...: fill it up, or take it out if it is a remark."
        if len(record) > 1
        else f"It reads {record[0].strip()[:60]!r}: fill it up, or take it out if it is a remark.",
    )


def _even_batches(path: Path, delimiter: str | None = None) -> Iterator[Batch]:
    width = 0
    lines = read_lines(path, MAX_STREAMED)
    dialect = Dialect(delimiter or ",")
    if delimiter is None:
        sample = list(islice(lines, SAMPLE))
        dialect = sniff(sample)
        if dialect.delimiter == " ":  # vectors between blanks have a reader of their own
            dialect = replace(dialect, delimiter=",")
        lines = chain(sample[dialect.skipped :], lines)
    batches = _batches(path, lines, dialect)
    for numbers, records in _in_shape(batches, header=True) if delimiter is None else batches:
        width = width or len(records[0])
        check_width(path, width, numbers[0])
        _check_even(path, numbers, records, width)
        yield numbers, records
    if not width:
        raise DataError(f"{path} is empty.", "One row per gene is needed.")


def iterate_rows(path: Path, delimiter: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """(line, fields) of each row of a text table, one at a time, all as wide as the first.

    Raises:
        DataError: as `text_table`, when it comes to that.
    """
    for numbers, records in _even_batches(path, delimiter):
        yield from zip(numbers, records, strict=True)


def stream_table(path: Path) -> tuple[Table, Iterator[Batch]]:
    """The header of a comma-separated table, as a table without rows, and its rows, some at a time.

    Raises:
        DataError: as `text_table`, but for its size; of the rows, when it comes to them.
    """
    batches = _even_batches(path, ",")
    numbers, records = next(batches)
    header = checked_header(path, records[0])

    def rows() -> Iterator[Batch]:
        empty = True
        for some_numbers, some in chain([(numbers[1:], records[1:])], batches):
            if some:
                empty = False
                yield some_numbers, some
        if empty:
            raise DataError(f"{path} has a header but no usable rows.", "Add one row per gene.")

    return Table(path, header, tuple([] for _ in header), ()), rows()
