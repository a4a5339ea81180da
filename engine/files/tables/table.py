"""A table of text in memory, and how large one may be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from store.errors import DataError

MAX_COLUMNS: Final = 20_000
"""Widest table; text-embedding models go up to about 8,000 dimensions."""
MAX_CELLS: Final = 6_000_000
"""Cells kept in memory, some 60 bytes each; HGNC's complete set has 2.4 million."""
FIRST_ROWS: Final = 100_000
"""Rows of a table that is only looked at."""
FIRST_CELLS: Final = 1_000_000
"""Cells of one, if it has more than ten columns; each takes a microsecond."""
MAX_STREAMED: Final = 1 << 32
"""Bytes of a table that is read row by row; GenePT's 93,800 vectors are 2.8 GB as text."""

Batch = tuple[list[int], list[list[str]]]
"""Some rows of a text table: the line each ends on, from 1, and its fields."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text in memory, column by column, with the line each row ends on."""

    path: Path
    header: tuple[str, ...]
    columns: tuple[Sequence[str], ...]
    """As many as the header has names, all of one length."""
    lines: Sequence[int]
    """Where each row stands in the file, from 1; see `unit`."""
    notes: tuple[str, ...] = ()
    """How it was read, where that is not plain from the file."""
    quoted: frozenset[tuple[int, int]] = frozenset()
    """(column, row) of the cells that hold a word for a missing value, such as NA, in quotation marks."""
    whole: bool = True
    """Whether these are all rows of the file."""
    sheets: tuple[str, ...] = ()
    """Of the workbook that it is a sheet of."""
    unit: str = "line"
    """What `lines` counts: lines of a text, rows of a workbook or Parquet, entries of JSON."""

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The same row by row, made anew each time."""
        return tuple(zip(*self.columns, strict=True))

    def at(self, line: int) -> str:
        """`on line 7`, or what is counted in such a file."""
        return at(self.unit, line)

    def column(self, *names: str) -> int:
        """The index of the first column named (whatever its case) as one of `names`.

        Raises:
            DataError: there is none.
        """
        found = self.find(*names)
        if found is None:
            raise DataError(
                f"{self.path} has no column {' or '.join(repr(name) for name in names[:3])}.",
                f"Its columns are: {shown(self.header)}.",
            )
        return found

    def find(self, *names: str) -> int | None:
        """Like `column`, None if there is none."""
        places = {
            title.strip().casefold(): index for index, title in reversed(list(enumerate(self.header)))
        }
        return next((places[name.casefold()] for name in names if name.casefold() in places), None)


def at(unit: str, number: int) -> str:
    """`on line 7`, `in row 7` or `in entry 7`."""
    return f"{'on' if unit == 'line' else 'in'} {unit} {number}"


@contextmanager
def other_sheets_said(table: Table) -> Iterator[None]:
    """Say in a refusal of a workbook's first sheet that there are others."""
    with sheets_said(table.notes):
        yield


@contextmanager
def sheets_said(notes: Sequence[str]) -> Iterator[None]:
    """Say in a refusal what `notes` say of the other sheets of a workbook."""
    try:
        yield
    except DataError as error:
        said = [note for note in notes if "--sheet" in note]
        if not said or "--sheet" in error.hint:
            raise
        raise DataError(error.message, " ".join([error.hint, *said]).strip()) from error


def first_rows(width: int) -> int:
    """How many rows are read of a table of that width that is only looked at."""
    return min(FIRST_ROWS, max(FIRST_CELLS // max(width, 1), 100))


def shown(titles: Sequence[str], most: int = 12) -> str:
    """The first of these titles, for a sentence; a column without one is left out."""
    titles = [title if len(title) <= 60 else f"{title[:59]}…" for title in titles if title]
    return ", ".join(titles[:most]) + (", ..." if len(titles) > most else "")


def checked_header(path: Path, titles: Sequence[str]) -> tuple[str, ...]:
    """The titles without blanks around them.

    Raises:
        DataError: two are the same, whatever their case.
    """
    names = tuple(title.strip() for title in titles)
    check_titles(path, names, str.casefold)
    return names


def check_titles(path: Path, titles: Iterable[str], alike: Callable[[str], str] = str) -> None:
    """Refuse two columns of one title, of which either could be meant.

    Raises:
        DataError: `alike` makes the same of the titles of two columns.
    """
    places: dict[str, int] = {}
    for place, title in enumerate(titles, start=1):
        first = places.setdefault(alike(title), place)
        if first != place:
            what = f"named {title[:60]!r}" if title else "without a name"
            raise DataError(
                f"{path} has two columns {what} in its header, columns {first:,} and {place:,}.",
                "Give each column its own name.",
            )


def check_width(path: Path, width: int, line: int = 1) -> None:
    """Refuse a table that is too wide.

    Raises:
        DataError: it has more than `MAX_COLUMNS` columns.
    """
    if width > MAX_COLUMNS:
        raise DataError(
            f"{path} has {width:,} columns on line {line}; at most {MAX_COLUMNS:,} are read.",
            "Give one row per gene.",
        )


def check_cells(path: Path, cells: int) -> None:
    """Refuse a table that is too large to be kept in memory.

    Raises:
        DataError: it has more than `MAX_CELLS` cells.
    """
    if cells > MAX_CELLS:
        raise DataError(f"{path} holds more than {MAX_CELLS:,} cells.", "Give a smaller table.")
