"""Writing comma-separated text, as the `csv` module does it in twice the time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Final

_ROWS: Final = 10_000
"""Written at once."""
_SPECIAL: Final = '",\r\n'
"""What needs quotation marks."""


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a comma-separated UTF-8 table with Unix line ends, synced to the disk.

    Args:
        path: Where to.
        header: The titles.
        rows: As long as the header.
    """
    rest = chain([header], rows)
    with path.open("w", encoding="utf-8", newline="") as stream:
        while some := list(islice(rest, _ROWS)):
            stream.write(_written(some))
        stream.flush()
        os.fsync(stream.fileno())


def _written(rows: Sequence[Sequence[str]]) -> str:
    """The lines of `rows`, made column by column: one of few words, as of labels, costs next to nothing."""
    columns = list(map(_quoted, zip(*rows, strict=True)))
    if len(columns) == 1:  # an empty line would be no row
        columns = [[cell or '""' for cell in columns[0]]]
    return "\n".join(map(",".join, zip(*columns, strict=True))) + "\n"


def _quoted(cells: Sequence[str]) -> Sequence[str]:
    """`cells`, with quotation marks around those that need them."""
    if not _needs_quotes("".join(cells)):
        return cells
    quoted = {cell: '"' + cell.replace('"', '""') + '"' for cell in set(cells) if _needs_quotes(cell)}
    return [quoted.get(cell, cell) for cell in cells]


def _needs_quotes(text: str) -> bool:
    return any(character in text for character in _SPECIAL)
