"""JSON and JSON Lines as vectors: an object of lists, or records of one gene each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from engine.files.outside import MAX_BYTES, read_lines, read_text
from engine.files.tables import MAX_STREAMED
from engine.files.tables.records import named
from engine.files.tables.table import at
from engine.files.tables.titles import plain
from engine.files.vectors.content import Content
from engine.files.vectors.formats.delimited import SAMPLE, Line, read_titled
from engine.files.vectors.rows import Rows
from engine.files.vectors.titles import NAME_TITLES, share_a_stem
from store.errors import DataError

LINES: Final = ("jsonl", "ndjson")
JSON: Final = ("json", *LINES)
"""Endings of such files."""
ENTRY: Final = "entry"
"""What is counted in a file that is one value."""
_HINT: Final = 'Write {"GENE": [0.1, 0.2]}, or one record a gene: {"gene": "GENE", "vector": [0.1, 0.2]}.'


class _Object(list[tuple[str, Any]]):
    """A JSON object as its pairs, so that a name that stands twice is seen."""


def read_json(path: Path, suffix: str, listed: bool, key: str = "") -> Content:
    """The vectors in a file of JSON.

    Args:
        path: Plain or compressed.
        suffix: One of `JSON`.
        listed: Whether the genes may be in a file of their own.
        key: The column of lists to take, where there are several.

    Raises:
        DataError: unreadable, or it holds something else than vectors.
    """
    if suffix in LINES:
        return _read_records(path, _parsed_lines(path), listed, key, "line")
    text = read_text(path, MAX_BYTES)
    try:
        value = _parse(path, text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # JSON Lines under the name of JSON
            return _read_records(path, _parsed_lines(path), listed, key, "line")
        raise DataError(
            f"{path} is not JSON on line {error.lineno}: {error.msg}.", "Is it whole?"
        ) from error
    if isinstance(value, _Object):
        if value and all(isinstance(inner, _Object) for _, inner in value):
            return _read_records(path, enumerate(_turned(value), 1), listed, key)
        return _read_object(path, value)
    if not isinstance(value, list):
        raise DataError(f"{path} does not hold vectors.", _HINT)
    return _read_records(path, enumerate(value, 1), listed, key)


def _parse(path: Path, text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_Object)
    except RecursionError as error:
        raise DataError(f"{path} nests too deeply.", _HINT) from error
    except json.JSONDecodeError:
        raise
    except ValueError as error:  # more digits than Python reads
        raise DataError(f"{path} has a number of too many digits.", "Write numbers as 0.123.") from error


def _parsed_lines(path: Path) -> Iterator[tuple[int, Any]]:
    for number, text in enumerate(read_lines(path, MAX_STREAMED), 1):
        if text.strip():
            try:
                yield number, _parse(path, text)
            except json.JSONDecodeError as error:
                raise DataError(f"{path} is not JSON on line {number}: {error.msg}.", _HINT) from error


def _read_object(path: Path, value: _Object) -> Content:
    """`{GENE: [n, n, n]}`."""
    rows = Rows(path, unit=ENTRY)
    for place, (gene, vector) in enumerate(value, 1):
        if not isinstance(vector, list) or isinstance(vector, _Object):
            raise DataError(f"{path} has no list of numbers for {gene[:40]!r}.", _HINT)
        rows.add(_numbers(path, vector, place), place, gene.strip())
    return Content(tuple(rows.genes), rows.matrix(), len(rows), lines=rows.lines, unit=ENTRY)


def _numbers(path: Path, cells: list[Any], line: int) -> list[Any]:
    """`cells`, of which none is true or false, which Python would count as numbers."""
    if any(cell is True or cell is False for cell in cells):
        raise DataError(f"{path} has true or false in entry {line}, where a number should be.", _HINT)
    return cells


def _turned(value: _Object) -> Iterator[_Object]:
    """Records of what pandas writes: `{GENE: {DIMENSION: n}}`, or `{COLUMN: {ROW: n}}`."""
    titles = [title for title, _ in value]
    if not share_a_stem(titles) and not any(plain(title) in NAME_TITLES for title in titles):
        yield from (_Object([("gene", gene), *record]) for gene, record in value)
        return
    rows: dict[str, _Object] = {}
    for title, column in value:
        for row, cell in column:
            rows.setdefault(row, _Object([("", row)])).append((title, cell))
    yield from rows.values()


def _read_records(
    path: Path, records: Iterator[tuple[int, Any]], listed: bool, key: str, unit: str = ENTRY
) -> Content:
    """Records of one gene each, all with the same names."""
    first = next(records, None)
    if first is None or not isinstance(first[1], _Object) or not first[1]:
        raise DataError(f"{path} does not hold vectors.", _HINT)
    titles = [title for title, _ in first[1]]
    rows = _aligned(path, titles, chain([first], records), unit)
    return read_titled(path, titles, list(islice(rows, SAMPLE)), rows, listed, key, unit=unit)


def _aligned(
    path: Path, titles: list[str], records: Iterator[tuple[int, Any]], unit: str
) -> Iterator[Line]:
    for place, record in records:
        cells = named(path, record, at(unit, place)) if isinstance(record, _Object) else {}
        if len(cells) != len(titles) or not all(title in cells for title in titles):
            raise DataError(
                f"{path} has other names {at(unit, place)} than in the first.",
                "Give each gene the same names.",
            )
        row = [cells[title] for title in titles]
        for cell in row:
            if isinstance(cell, list):
                _numbers(path, cell, place)
        yield place, row
