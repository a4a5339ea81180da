"""Records of JSON, one a gene, as a table of text: a list of them, or JSON Lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from engine.files.outside import MAX_BYTES, first_bytes, read_lines, read_text
from engine.files.tables.table import Table, check_cells, check_width, checked_header, first_rows
from store.errors import DataError

_MOST: Final = 48 << 20
"""Bytes of a list of records."""
_START: Final = re.compile(rb"\s*\[\s*\{")
_HINT: Final = 'Write one record a gene, each on a line: {"gene": "TP53", "description": "..."}.'


def holds_records(path: Path) -> bool:
    """Whether the file is JSON Lines by its name, or a list of objects by its content.

    Raises:
        DataError: there is no such file.
    """
    lines = any(ending in (".jsonl", ".ndjson") for ending in map(str.casefold, path.suffixes[-2:]))
    return lines or _START.match(first_bytes(path, 64)) is not None


def records_table(path: Path, first: bool = False) -> Table:
    """The records as rows; a name that one lacks, and null, are empty cells.

    Args:
        path: Plain or packed.
        first: Whether the `first_rows` of a table of that width are enough.

    Raises:
        DataError: not JSON, not of objects, or larger than a table may be.
    """
    columns: dict[str, list[str]] = {}
    lines: list[int] = []
    records = _records(path)
    for line, record in records:
        for title, value in record.items():
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
    return Table(path, checked_header(path, list(columns)), tuple(columns.values()), lines, whole=whole)


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line or place, record) of each."""
    values: Iterable[tuple[int, Any]]
    if _START.match(first_bytes(path, 64)):
        values = enumerate(_parsed(path, read_text(path, _MOST), 1), start=1)
    else:
        lines = enumerate(read_lines(path, MAX_BYTES), start=1)
        values = ((line, _parsed(path, text, line)) for line, text in lines if text.strip())
    for line, value in values:
        if not isinstance(value, dict):
            raise DataError(f"{path} has something else than a record in entry {line}.", _HINT)
        yield line, value


def _parsed(path: Path, text: str, line: int) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = getattr(error, "lineno", 1) + line - 1
        raise DataError(
            f"{path} is not JSON on line {where}: {getattr(error, 'msg', 'it nests too deeply')}.", _HINT
        ) from error


def _text(value: Any) -> str:
    if value is None or value != value:  # NaN is the only value that is not itself
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
