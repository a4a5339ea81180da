"""Records of JSON, one a gene, as a table of text: a list of them, JSON Lines, or an object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from engine.files.outside import MAX_BYTES, first_bytes, read_lines, read_text
from engine.files.tables.objects import Pairs, records_of
from engine.files.tables.table import Table, at, check_cells, check_width, checked_header, first_rows
from store.errors import DataError

_MOST: Final = 48 << 20
"""Bytes of a list of records, or of an object."""
_ENTRY: Final = "entry"
_START: Final = re.compile(rb"\s*\[\s*\{")
_OBJECT: Final = re.compile(rb'\s*\{\s*"')
_HINT: Final = 'Write one record a gene, each on a line: {"gene": "TP53", "description": "..."}.'
_OBJECT_HINT: Final = (
    'Write {"GENE": "label"}, {"label": ["GENE", "GENE"]}, or one record a gene: '
    '[{"gene": "GENE", "label": "..."}].'
)


def holds_records(path: Path) -> bool:
    """Whether the file is JSON Lines by its name, or a list of objects by its content.

    Raises:
        DataError: there is no such file.
    """
    lines = any(ending in (".jsonl", ".ndjson") for ending in map(str.casefold, path.suffixes[-2:]))
    return lines or _START.match(first_bytes(path, 64)) is not None


def holds_object(path: Path) -> bool:
    """Whether the file is one object by its content.

    Raises:
        DataError: there is no such file.
    """
    return _OBJECT.match(first_bytes(path, 64)) is not None and not holds_records(path)


def records_table(path: Path, first: bool = False) -> Table:
    """The records as rows; a name that one lacks, and null, are empty cells.

    Args:
        path: Plain or packed.
        first: Whether the `first_rows` of a table of that width are enough.

    Raises:
        DataError: not JSON, not of objects, or larger than a table may be.
    """
    columns: dict[str, list[str]] = {}
    inner: dict[str, int] = {}
    """Column -> the first place in it of an object, which is no text."""
    lines: list[int] = []
    records, note, unit = _records(path)
    for line, record in records:
        for title, value in named(path, record, at(unit, line)).items():
            if isinstance(value, Pairs):
                inner.setdefault(title, line)
                value = None
            columns.setdefault(title, [""] * len(lines)).append(_text(value))
        lines.append(line)
        for cells in columns.values():
            cells += [""] * (len(lines) - len(cells))
        check_width(path, len(columns), line)
        check_cells(path, len(lines) * len(columns))
        if first and len(lines) >= first_rows(len(columns)):
            break
    if not columns:
        raise DataError(f"{path} has no records.", _HINT)
    whole = next(islice(records, 1), None) is None
    said = (
        f"Under {title!r}, objects were left out, the first {at(unit, place)}."
        for title, place in inner.items()
    )
    notes = (*filter(None, (note,)), *said)
    header = checked_header(path, list(columns))
    return Table(path, header, tuple(columns.values()), lines, notes, whole=whole, unit=unit)


def _records(path: Path) -> tuple[Iterator[tuple[int, Pairs]], str, str]:
    """(place, record) of each; how they were read, where that is not plain; and what the places count."""
    if _START.match(first_bytes(path, 64)):
        return _checked(path, enumerate(_parsed(path, read_text(path, _MOST), 1), start=1)), "", _ENTRY
    if not holds_object(path):
        return _checked(path, _parsed_lines(path), "line"), "", "line"
    try:
        value = json.loads(read_text(path, _MOST), object_pairs_hook=Pairs)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # JSON Lines under the name of JSON
            return _checked(path, _parsed_lines(path), "line"), "", "line"
        raise _fault(path, error, 1) from error
    except (ValueError, RecursionError) as error:
        raise _fault(path, error, 1) from error
    found = records_of(value)
    if found is None:
        raise DataError(f"{path} is a JSON object of neither labels nor lists of genes.", _OBJECT_HINT)
    return enumerate(found[0], start=1), found[1], _ENTRY


def _parsed_lines(path: Path) -> Iterator[tuple[int, Any]]:
    lines = enumerate(read_lines(path, MAX_BYTES), start=1)
    return ((line, _parsed(path, text, line)) for line, text in lines if text.strip())


def _checked(
    path: Path, values: Iterable[tuple[int, Any]], unit: str = _ENTRY
) -> Iterator[tuple[int, Pairs]]:
    for line, value in values:
        if not isinstance(value, Pairs):
            raise DataError(f"{path} has something else than a record {at(unit, line)}.", _HINT)
        yield line, value


def named(path: Path, record: Sequence[tuple[str, Any]], where: str) -> dict[str, Any]:
    """The values of a record by their names.

    Raises:
        DataError: two have one name.
    """
    values = dict(record)
    if len(values) < len(record):
        names = [name for name, _ in record]
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path} has two values named {twice[:60]!r} {where}.", "Give each its own name.")
    return values


def _parsed(path: Path, text: str, line: int) -> Any:
    try:
        return json.loads(text, object_pairs_hook=Pairs)
    except (ValueError, RecursionError) as error:
        raise _fault(path, error, line) from error


def _fault(path: Path, error: Exception, line: int) -> DataError:
    where = getattr(error, "lineno", 1) + line - 1
    said = getattr(error, "msg", "it nests too deeply, or has a number of too many digits")
    return DataError(f"{path} is not JSON on line {where}: {said}.", _HINT)


def _text(value: Any) -> str:
    if value is None or value != value:  # NaN is the only value that is not itself
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)
