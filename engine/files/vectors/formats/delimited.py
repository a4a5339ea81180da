"""Tables of text as vectors: with a header or without, split at a mark or at blanks."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from engine.files.outside import read_lines
from engine.files.tables import MAX_STREAMED, iterate_rows, other_sheets_said
from engine.files.tables.table import at, first_rows
from engine.files.tables.titles import plain
from engine.files.tables.workbook import workbook_table
from engine.files.vectors.cells import decimal_mark, either_way, is_list, kind_of, name_in, numbers_in
from engine.files.vectors.content import Content
from engine.files.vectors.dimensions import Columns, Layout
from engine.files.vectors.rows import Rows, is_number
from engine.files.vectors.titles import NAME_TITLES
from store.errors import DataError

SAMPLE: Final = 50
"""Rows by which it is told what the columns are."""
_MARKS: Final = ",\t;|"

Line = tuple[int, Sequence[Any]]
"""Where a row stands, from 1, and its cells."""


def read_text(path: Path, listed: bool, key: str = "", first: bool = False) -> Content:
    """The vectors in a table of text, or in word2vec's text.

    Args:
        path: Plain or compressed.
        listed: Whether the genes may be in a file of their own.
        key: The column of lists to take, where there are several.
        first: Whether to stop after the `first_rows` of a table of that width.

    Raises:
        DataError: unreadable; a cell that is not a number; what is a dimension cannot be decided.
    """
    start, below = [*(text for _, text in islice(_lines(path), 2)), "", ""][:2]
    others = start.split()[1:]
    title = any(mark in below for mark in _MARKS) and not all(map(is_number, others))
    if not any(mark in start for mark in _MARKS) and others and not title:
        return _read_spaced(path, listed, first)
    rows = iterate_rows(path)
    line, titles = next(rows)
    if len(parts := titles[0].split(";")) > 1 and is_number(parts[-1]):
        rows = iterate_rows(path, ";")  # without a header, decimal commas outnumber the semicolons
        line, titles = next(rows)
    return read_rows(path, chain([(line, titles)], rows), listed, key, first)


def read_workbook(path: Path, listed: bool, sheet: str = "", first: bool = False) -> Content:
    """The same of a sheet of a workbook, the first one if none is named.

    Raises:
        UsageError: no such sheet.
        DataError: as `read_text`.
    """
    table = workbook_table(path, sheet, header=False, first=first)
    with other_sheets_said(table):
        content = read_rows(path, zip(table.lines, table.rows, strict=True), listed, unit=table.unit)
    return replace(content, notes=table.notes, whole=table.whole, keys=table.sheets)


def _read_spaced(path: Path, listed: bool, only_first: bool) -> Content:
    """`GENE n n n`, split at blanks, with or without word2vec's first line of two counts."""
    rows = _spaced_rows(path)
    line, first = next(rows)
    counts = [int(cell) for cell in first] if len(first) == 2 and all(map(_is_count, first)) else None
    all_rows = rows if counts else chain([(line, first)], rows)
    content = read_rows(path, all_rows, listed, first=only_first)
    if content.whole and counts not in (None, found := list(content.matrix.shape)):
        shown = " x ".join(first)[:40]
        raise DataError(
            f"{path} holds {found[0]} x {found[1]} numbers, but its first line tells of {shown}.",
            "Is it whole?",
        )
    return content


def _is_count(cell: str) -> bool:
    return cell.isdecimal() and len(cell) < 12


def _spaced_rows(path: Path) -> Iterator[Line]:
    """Rows split at blanks; a header that lacks a name for the first column, as R writes it, gets one."""
    lines = (
        (number, text) for number, text in enumerate(read_lines(path, MAX_STREAMED), 1) if text.strip()
    )
    rows = ((number, _split(path, number, text)) for number, text in lines)
    two = list(islice(rows, 2))
    (number, first), *second = two
    shifted = not any(map(is_number, first)) and any(len(row) == len(first) + 1 for _, row in second)
    yield number, ["", *first] if shifted else first
    yield from chain(second, rows)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are neither blank nor comments, with their numbers."""
    for number, text in enumerate(read_lines(path, MAX_STREAMED), 1):
        if text.strip() and not text.startswith("#"):
            yield number, text


def _split(path: Path, number: int, text: str) -> list[str]:
    if '"' not in text:
        return text.split()
    try:
        return next(csv.reader([text.strip()], delimiter=" ", skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise DataError(
            f"{path} cannot be read at line {number}: {error}.", "Close every quotation mark."
        ) from error


def read_rows(
    path: Path,
    rows: Iterator[Line],
    listed: bool,
    key: str = "",
    first: bool = False,
    unit: str = "line",
) -> Content:
    """The vectors in rows of cells, of which the first may be a header.

    Raises:
        DataError: a cell that is not a number; what is a dimension cannot be decided.
    """
    sample = list(islice(rows, SAMPLE))
    decimal = decimal_mark(cells for _, cells in sample)
    if not decimal:
        met = either_way(cells for _, cells in sample)
        raise DataError(
            f"{path} has numbers such as {met}, whose comma may be a decimal comma or separate thousands.",
            f"Write {met.replace(',', '.')} or {met.replace(',', '')}.",
        )
    bare = all(is_number(str(cell)) for _, cells in sample[:2] for cell in cells)
    if bare and not listed:
        raise DataError(
            f"{path} is a matrix without names.", "Give its genes too, one a line, with --genes FILE."
        )
    titles = list(map(str, sample.pop(0)[1])) if _is_header(sample) else None
    width = len(titles or sample[0][1]) if sample else 1
    if any(is_list(cell) for cell in (sample[0][1] if sample else ())):
        width *= len(numbers_in(str(max(sample[0][1], key=lambda cell: len(str(cell))))))
    most = max(first_rows(width) - len(sample), 0)
    content = read_titled(
        path, titles, sample, islice(rows, most) if first else rows, listed, key, decimal, unit
    )
    return replace(content, whole=next(rows, None) is None)


def read_titled(
    path: Path,
    titles: Sequence[str] | None,
    sample: list[Line],
    rows: Iterator[Line],
    listed: bool,
    key: str = "",
    decimal: str = ".",
    unit: str = "line",
) -> Content:
    """The same of rows below a header; `sample` are the first of them, and are not in `rows`."""
    if not sample:
        raise DataError(f"{path} has no vectors.", "One row per gene is needed.")
    width = len(titles or sample[0][1])
    cells = [[row[place] if place < len(row) else None for _, row in sample] for place in range(width)]
    columns = Columns(path, titles, [kind_of(column, decimal) for column in cells])
    layout = columns.layout(listed, key)
    names = tuple(columns.title(place) for place in layout.dimensions)
    if layout.lists:
        decimal = "."
    kept = Rows(path, names if titles and not layout.lists else (), decimal, unit)
    pick, gene = _picker(path, layout, width, unit), layout.gene
    for line, row in chain(sample, rows):
        try:
            cells_of_row, name = pick(line, row), None if gene is None else name_in(row[gene])
        except IndexError as error:
            raise DataError(
                f"{path} has {len(row)} columns {at(unit, line)}, but {width} in its header."
            ) from error
        kept.add(cells_of_row, line, name)
    matrix = kept.matrix()
    return Content(
        None if gene is None else tuple(kept.genes),
        matrix,
        len(kept),
        tuple(f"{names[0]}[{n}]" for n in range(matrix.shape[1]))
        if layout.lists
        else names
        if titles
        else (),
        layout.left_out,
        kept.lines,
        unit,
        named_by=titles[gene] if titles and gene is not None else "",
    )


def _picker(
    path: Path, layout: Layout, width: int, unit: str
) -> Callable[[int, Sequence[Any]], Sequence[Any]]:
    """What gives the numbers of a row."""
    places = layout.dimensions
    if layout.lists:
        return lambda line, row: _unpacked(path, at(unit, line), row[places[0]])
    if places == tuple(range(1, width)):
        return lambda _, row: row[1:]
    if len(places) == 1:
        return lambda _, row: [row[places[0]]]
    picked = itemgetter(*places)
    return lambda _, row: picked(row)


def _unpacked(path: Path, where: str, cell: Any) -> Sequence[Any]:
    if isinstance(cell, list | tuple):
        return cell
    if "..." in str(cell):
        raise DataError(
            f"{path} has a vector {where} that was shortened to '...' when it was written.",
            "Write all of its numbers, such as one column for each.",
        )
    return numbers_in(str(cell)) if cell else [cell]


def _is_header(sample: Sequence[Line]) -> bool:
    """Whether the first row names the columns, perhaps by bare numbers, as pandas does."""
    (_, first), rest = sample[0], sample[1:]
    cells = [str(cell) for cell in first]
    behind = [cell for cell in cells[1:] if not is_number(cell)]
    if not behind and len(cells) > 1:
        return _counts(cells, rest) or _counts(cells[1:], rest, cells[0])
    texts = [place for place, cell in enumerate(cells) if not is_number(cell)]
    held = [place for place in texts if rest and all(_is_like(cells[place], row, place) for _, row in rest)]
    return bool(set(texts) - set(held)) or any(plain(cells[place]) in NAME_TITLES for place in texts)


def _is_like(title: str, row: Sequence[Any], place: int) -> bool:
    """Whether a text of the first row is of one kind with what stands below it."""
    if place >= len(row):
        return True
    return not is_number(str(row[place])) and is_list(title) == is_list(row[place])


def _counts(cells: Sequence[Any], rest: Sequence[Line], name: str | None = None) -> bool:
    """Whether these bare numbers are titles, of a table whose first column `name` titles."""
    texts = [str(cell).strip() for cell in cells]
    if len(texts) < 2 or not all(map(_is_count, texts)):
        return False
    numbers = [int(text) for text in texts]
    if numbers == list(range(len(numbers))) or (name is not None and plain(name) in {"", *NAME_TITLES}):
        return True
    rising = all(one < other for one, other in pairwise(numbers))
    return (
        rising
        and len(numbers) > 2
        and any(not _is_count(str(cell).strip()) for _, row in rest for cell in row[1:])
    )
