"""How a delimited text is written: what stands before its header, and what parts its cells."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

DELIMITERS: Final = ",\t;|"
"""Of several that would do, the first."""
SAMPLE: Final = 50
"""Lines that the dialect is told by."""
_SEPARATOR: Final = re.compile(r'"?sep=(.)"?\s*')
_COMMENTED_HEADER: Final = re.compile(r"#[A-Za-z_]\w*[,\t;|]")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one file is written."""

    delimiter: str = ","
    """A blank means runs of blanks."""
    skipped: int = 0
    """Lines before the header: blank ones, comments, and Excel's `sep=;`."""
    commented: bool = False
    """Whether the header starts with the `#` of a comment."""
    spaced: bool = False
    """Whether blanks stand between a delimiter and the quotation mark behind it."""


def sniff(lines: Sequence[str]) -> Dialect:
    """The dialect of a file that starts with `lines`."""
    skipped, delimiter = 0, ""
    comment = ""
    for line in lines:
        if told := _SEPARATOR.fullmatch(line.rstrip("\r\n")):
            delimiter = told[1]
        elif line.lstrip().startswith(("#", '"#')):
            comment = line
        elif line.strip():
            break
        skipped += 1
    rest = lines[skipped:]
    delimiter = delimiter or _delimiter(rest)
    if rest and comment and lines[skipped - 1] is comment and _COMMENTED_HEADER.match(comment):
        titles, first = comment.strip().split(delimiter), rest[0].strip("\r\n").split(delimiter)
        if len(titles) == len(first) and all(map(str.strip, titles)):
            return Dialect(delimiter, skipped - 1, commented=True)
    between = re.compile(rf'"{re.escape(delimiter)} +"')
    return Dialect(delimiter, skipped, spaced=any(map(between.search, rest)))


def _delimiter(lines: Sequence[str]) -> str:
    """What parts the cells: it stands in the first line, and gives as many cells in each."""
    first = lines[0] if lines else ""
    candidates = [one for one in DELIMITERS if one in first]
    if not candidates:
        if _in_blanks(lines):
            return " "
        # A title above the header has none, nor has R's header of one column beside the names of rows.
        first = next((line for line in lines if any(one in line for one in DELIMITERS)), "")
        candidates = [one for one in DELIMITERS if one in first] or [","]
    even = [one for one in candidates if _is_even(lines, one)]
    return max(even or candidates, key=first.count)


def _is_even(lines: Sequence[str], delimiter: str) -> bool:
    try:
        widths = {len(row) for row in csv.reader(lines, delimiter=delimiter) if any(map(str.strip, row))}
    except csv.Error:
        return False
    return len(widths) == 1


def _in_blanks(lines: Sequence[str]) -> bool:
    """Whether runs of blanks part at least two cells in every line; R's header has one cell less."""
    escape = "\\" if any('\\"' in line for line in lines) else None
    reader = csv.reader(
        map(str.strip, lines),
        delimiter=" ",
        skipinitialspace=True,
        doublequote=not escape,
        escapechar=escape,
    )
    try:
        rows = [row for row in reader if row]
    except csv.Error:
        return False
    titles, *others = map(len, rows) if rows else [0]
    return (
        len(others) > 0
        and min(others) > 1
        and set(others) <= {titles, titles + 1}
        and len(set(others)) == 1
    )
