"""Text files of one name a line: what is a name there, and what is a comment or a title."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.files.outside import read_lines
from store.errors import DataError

MAX_LIST: Final = 32 << 20
"""Bytes of a list of genes."""
COMMENTS: Final = ("#", ">", "//")
"""How a line starts that is a comment, or a title as MSigDB writes it."""


def read_list(path: Path) -> list[str]:
    """One gene a line; a blank line between two is an empty name.

    Raises:
        DataError: unreadable, or a line that is longer than a name.
    """
    names = [name for _, name in _entries(path)]
    while names and not names[-1]:
        names.pop()
    return names


def numbered_list(path: Path) -> list[tuple[int, str]]:
    """(line, name) of a list of one name a line, comments and blank lines aside; without quotation marks.

    Raises:
        DataError: unreadable, or a line that is longer than a name.
    """
    return [(number, name) for number, name in _entries(path) if name]


def _entries(path: Path) -> Iterator[tuple[int, str]]:
    """The same with blank lines, whose name is empty."""
    for number, line in enumerate(read_lines(path, MAX_LIST), start=1):
        name = line.strip().rstrip(",;")
        if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
            name = name[1:-1].strip()
        if len(name) > 200 or "\t" in name or name.count(",") > 1:
            raise DataError(
                f"{path} is not a list of one gene a line (line {number}).",
                "Put each gene on a line of its own.",
            )
        if not name.startswith(COMMENTS):
            yield number, name
