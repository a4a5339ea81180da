"""A text file of one name a line."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.files.outside import read_lines
from store.errors import DataError

MAX_LIST: Final = 32 << 20
"""Bytes of a list of genes."""


def read_list(path: Path) -> list[str]:
    """One gene a line; blank lines are skipped.

    Raises:
        DataError: unreadable, or a line that is longer than a name.
    """
    names = []
    for number, line in enumerate(read_lines(path, MAX_LIST), start=1):
        name = line.strip()
        if len(name) > 200 or "\t" in name:
            raise DataError(f"{path} is not a list of one gene a line (line {number}).")
        if name:
            names.append(name)
    return names
