"""Opening any table from outside: delimited text, Parquet, records of JSON, or a sheet of a workbook."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Final

from engine.files.outside import OtherEncoding, check_file, first_bytes, outside_file, read_lines
from engine.files.packed import PARQUET_START, starts_with
from engine.files.tables.delimited import BadQuotes, text_table
from engine.files.tables.parquet import PARQUET, parquet_table
from engine.files.tables.records import holds_object, holds_records, records_table
from engine.files.tables.table import Table
from engine.files.tables.workbook import is_workbook, workbook_table
from store.errors import DataError, UsageError

_START: Final = 64
"""Bytes that tell JSON."""
_JSON: Final = re.compile(rb'\s*\[\s*[\["]')


def read_table(
    path: Path,
    *,
    header: bool = True,
    delimiter: str | None = None,
    quoted: bool = True,
    keep: Callable[[list[str]], bool] | None = None,
    sheet: str = "",
    first: bool = False,
) -> Table:
    """A table of text, whatever it is written in.

    Args:
        path: Text (comma, tab, semicolon, bar or runs of blanks; plain or packed), Parquet, records of
            JSON, or a workbook.
        header: Whether the first line names the columns; otherwise they are named `0`, `1`, ...
        delimiter: Of a text whose form is known, which is then read as it stands; None tells it.
        quoted: Whether quotation marks hold a field together; NCBI's tables never mean that.
        keep: Which rows of a text table to keep in memory; None keeps all.
        sheet: Of a workbook; its first if empty.
        first: Whether to read only the first rows of a text or Parquet; `Table.whole` says if it was all.

    Raises:
        UsageError: no such sheet, or a sheet of what is not a workbook.
        DataError: unreadable, empty, no rows, ragged, duplicate column names, too wide or too large.
    """
    parquet, workbook = _kinds(path)
    if sheet and not workbook:
        raise UsageError(f"{path.name} is not a workbook, so it has no sheets.", "Leave --sheet out.")
    if parquet:
        table = parquet_table(path, first)
    elif workbook:
        table = workbook_table(path, sheet, header, first)
    elif delimiter is None and (holds_records(path) or holds_object(path)):
        table = records_table(path, first)
    elif delimiter is not None:
        return text_table(path, delimiter=delimiter, header=header, quoted=quoted, keep=keep)
    else:
        table = _any_text(path, header, keep, first)
    return _without_row_numbers(table) if header else table


def is_plain_text(path: Path) -> bool:
    """Whether the file is neither Parquet nor a workbook, so that it is read as text.

    Raises:
        DataError: there is no such file.
    """
    return not any(_kinds(path))


def _kinds(path: Path) -> tuple[bool, bool]:
    """Whether the file is Parquet, and whether a workbook."""
    check_file(path)
    with outside_file(path):
        parquet = path.suffix.casefold() in PARQUET or starts_with(path, PARQUET_START)
        return parquet, is_workbook(path)


def _any_text(
    path: Path, header: bool, keep: Callable[[list[str]], bool] | None, first: bool = False
) -> Table:
    """The text as UTF-8 or else as Western European, its quotation marks doubled or else escaped."""
    if _JSON.match(first_bytes(path, _START)):
        hint = "Save it as CSV, in Python with pandas.read_json(path).to_csv('x.csv', index=False)."
        raise DataError(f"{path} is a list of JSON, not a table.", hint)
    fault: DataError | None = None
    tries = list(product(("", "cp1252"), (False, True)))
    while tries:
        encoding, escaped = tries[0]
        try:
            table = text_table(
                path, header=header, keep=keep, encoding=encoding, escaped=escaped, first=first
            )
        except OtherEncoding as error:
            fault = fault or error
            tries = [one for one in tries if one[0] != encoding]
        except BadQuotes as error:
            fault = fault or error
            tries = [] if escaped or not _escapes(path, encoding) else [(encoding, True)]
        else:
            note = f"{path.name} is not UTF-8; it was read as Windows-1252 (Latin-1)."
            return replace(table, notes=(note, *table.notes)) if encoding else table
    assert fault is not None  # what ends the loop is an error
    raise fault


def _escapes(path: Path, encoding: str) -> bool:
    return any('\\"' in line for line in read_lines(path, encoding=encoding))


def _without_row_numbers(table: Table) -> Table:
    """`table` without an unnamed column that counts its rows, as pandas and R write it unasked."""
    kept = [
        place
        for place, (title, cells) in enumerate(zip(table.header, table.columns, strict=True))
        if (title and not title.startswith("Unnamed:")) or not counts_rows(cells)
    ]
    if not kept or len(kept) == len(table.header):
        return table
    note = "A column without a name, which numbers the rows, was left out."
    place_of = {place: now for now, place in enumerate(kept)}
    return replace(
        table,
        header=tuple(table.header[place] for place in kept),
        columns=tuple(table.columns[place] for place in kept),
        notes=(*table.notes, note),
        quoted=frozenset((place_of[column], row) for column, row in table.quoted if column in place_of),
    )


def counts_rows(cells: Sequence[str]) -> bool:
    """Whether the cells are 0, 1, 2, ... or 1, 2, 3, ..."""
    return any(all(cell == str(number) for number, cell in enumerate(cells, start)) for start in (0, 1))
