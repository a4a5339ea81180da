"""Rows of numbers on their way to a matrix: read one at a time, all of one width, not too many."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from engine.files.tables.missing import is_missing
from engine.files.tables.table import at
from store.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_NUMBERS: Final = 120_000_000
"""Numbers in a table: 480 MB as float32, and thrice that while it is read from doubles. GenePT's 33,230
different genes have 102 million in 3,072 dimensions."""
MOST_ROWS: Final = 1_000_000
"""Rows of a table; the largest known has 133,736."""


class Rows:
    """The rows of one file."""

    def __init__(
        self, path: Path, titles: Sequence[str] = (), decimal: str = ".", unit: str = "line"
    ) -> None:
        """Nothing yet.

        Args:
            path: The file, for sentences.
            titles: What its dimensions are called, if they have names.
            decimal: What stands before the fraction of a number.
            unit: What is counted where a row is said to stand.
        """
        self._path = path
        self._titles = titles
        self._decimal = decimal
        self._unit = unit
        self.genes: list[str] = []
        """Of each row, where the file names them."""
        self.lines = array("q")
        """Where each row stands, from 1."""
        self._numbers = array("f")
        """Row after row: an array of its own for each would take a million rows 140 MB."""
        self._widths = array("i")

    def __len__(self) -> int:
        return len(self._widths)

    def add(self, cells: Sequence[Any], line: int, gene: str | None = None) -> None:
        """Take one more row.

        Raises:
            DataError: a cell is not a number, or the rows are too many.
        """
        if self._decimal != ".":
            cells = [cell.replace(self._decimal, ".") for cell in cells]
        try:
            self._numbers.extend(map(float, cells))
        except (ValueError, TypeError, OverflowError) as error:
            raise self._not_a_number(cells, line, gene) from error
        self._widths.append(len(cells))
        self.lines.append(line)
        if gene is not None:
            self.genes.append(gene)
        if len(self) > MOST_ROWS:
            raise DataError(f"{self._path} holds more than {MOST_ROWS:,} rows.", "Give one row per gene.")
        if len(self._numbers) > MOST_NUMBERS:
            raise DataError(
                f"{self._path} holds more than {MOST_NUMBERS:,} numbers.", "Give a smaller table."
            )

    def _not_a_number(self, cells: Sequence[Any], line: int, gene: str | None) -> DataError:
        place = next(
            (place for place, cell in enumerate(cells) if cell is None or not is_number(str(cell))), 0
        )
        shown = "nothing" if cells[place] in (None, "") else repr(cells[place])[:40]
        hint = (
            "Remove such genes, or write their true numbers."
            if is_missing(str(cells[place] or ""))
            else "The first column names a gene, the others hold its vector; labels are imported as a task."
        )
        column = f" in column {self._titles[place]!r}" if place < len(self._titles) else ""
        where = f"{column} for {gene[:40]!r}" if gene else column
        at_line = at(self._unit, line)
        return DataError(
            f"{self._path} has {shown} {at_line}, where a number should be{where and ','}{where}.",
            hint,
        )

    def matrix(self) -> NDArray[np.float32]:
        """All rows, float32[n, d].

        Raises:
            DataError: there are none, or they are of different widths.
        """
        widths = Counter(self._widths)
        if not widths:
            raise DataError(f"{self._path} has no vectors.", "One row per gene is needed.")
        if len(widths) > 1:
            usual = widths.most_common(1)[0][0]
            place = next(i for i, width in enumerate(self._widths) if width != usual)
            name = self.genes[place] if self.genes else f"row {place + 1}"
            raise DataError(
                f"{self._path} has {self._widths[place]} numbers for {name!r}, but {usual} for most "
                f"genes, {self._unit} {self.lines[place]}.",
                "Give each gene a vector of the same length.",
            )
        return np.asarray(self._numbers).reshape(len(self), self._widths[0])


def is_number(cell: str) -> bool:
    """Whether `cell` can be read as a number."""
    try:
        float(cell)
    except (ValueError, OverflowError):
        return False
    return True
