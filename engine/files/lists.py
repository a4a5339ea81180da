"""Text files of one name a line: what is a name there, and what is a comment or a title."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.files.outside import read_lines
from store.errors import DataError

MAX_LIST: Final = 32 << 20
"""Bytes of a list of genes."""
COMMENTS: Final = ("#", ">", "//")
"""How a line starts that is a comment, or a title as MSigDB writes it."""


def read_list(path: Path) -> list[str]:
    """One gene a line; blank lines are skipped.

    Raises:
        DataError: unreadable, or a line that is longer than a name.
    """
    return [name for _, name in numbered_list(path)]


def numbered_list(path: Path) -> list[tuple[int, str]]:
    """(line, name) of a list of one name a line, comments and blank lines aside; without quotation marks.

    Raises:
        DataError: unreadable, or a line that is longer than a name.
    """
    names = []
    for number, line in enumerate(read_lines(path, MAX_LIST), start=1):
        name = line.strip().rstrip(",;")
        if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
            name = name[1:-1].strip()
        if len(name) > 200 or "\t" in name or name.count(",") > 1:
            raise DataError(
                f"{path} is not a list of one gene a line (line {number}).",
                "Put each gene on a line of its own.",
            )
        if name and not name.startswith(COMMENTS):
            names.append((number, name))
    return names
