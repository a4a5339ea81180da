"""What the cells of one column are: numbers, whole numbers, lists of numbers, words, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, Final

from engine.files.tables.missing import is_missing
from engine.files.vectors.rows import is_number

_TRUTHS: Final = frozenset({"true", "false"})
_COMMA: Final = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_GROUPED: Final = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
"""A number that may have a decimal comma as well as one between thousands."""
_WRAPPED: Final = re.compile(r"(?:np\.)?(?:float\d+|array|tensor)\(|,\s*dtype=[\w.]+|[()\[\]{}]")
"""What Python, numpy and torch write around numbers."""


class Kind(Enum):
    """What a column holds, as far as some of its cells show."""

    EMPTY = "nothing"
    BOOLEAN = "true or false"
    ROWS = "row numbers"
    WHOLE = "whole numbers"
    NUMBER = "numbers"
    LIST = "lists of numbers"
    SAME = "the same text everywhere"
    TEXT = "text"
    MIXED = "numbers and text"

    @property
    def numeric(self) -> bool:
        """Whether one number stands in each cell, at least in some of them."""
        return self in (Kind.ROWS, Kind.WHOLE, Kind.NUMBER, Kind.MIXED)


def kind_of(cells: Sequence[Any], decimal: str = ".") -> Kind:
    """The kind of a column of which these are the first cells; missing ones show nothing."""
    there = [cell for cell in cells if not _is_missing(cell)]
    if not there:
        return Kind.EMPTY
    if all(str(cell).strip().casefold() in _TRUTHS for cell in there):
        return Kind.BOOLEAN
    numbers = [plain_number(cell, decimal) for cell in there]
    if None not in numbers:
        return _numeric([number for number in numbers if number is not None])
    if all(is_list(cell) for cell in there):
        return Kind.LIST
    if any(number is not None for number in numbers):
        return Kind.MIXED
    return Kind.SAME if len(there) > 1 and len(set(map(str, there))) == 1 else Kind.TEXT


def _numeric(numbers: list[float]) -> Kind:
    if not all(number.is_integer() for number in numbers):
        return Kind.NUMBER
    counted = [float(place) for place in range(len(numbers))]
    from_one = [place + 1 for place in counted]
    return Kind.ROWS if len(numbers) > 1 and numbers in (counted, from_one) else Kind.WHOLE


def name_in(cell: Any) -> str:
    """The gene that a cell names; empty for a word for nothing, though XK was once called `NA`."""
    return "" if _is_missing(cell) else str(cell).strip()


def _is_missing(cell: Any) -> bool:
    if isinstance(cell, str):
        return is_missing(cell)
    return cell is None or (isinstance(cell, float) and cell != cell)


def plain_number(cell: Any, decimal: str = ".") -> float | None:
    """The number that stands in one cell; None if it holds something else."""
    text = str(cell) if decimal == "." else str(cell).replace(decimal, ".")
    return float(text) if not isinstance(cell, bool | list | tuple) and is_number(text) else None


def is_list(cell: Any) -> bool:
    """Whether a cell holds two numbers or more; `1,234,567` is one."""
    if isinstance(cell, list | tuple):
        return True
    text = str(cell).strip()
    return len(parts := numbers_in(text)) > 1 and is_number(parts[0]) and not _THOUSANDS.fullmatch(text)


def numbers_in(cell: str) -> list[str]:
    """The numbers of a cell such as `[0.1, 0.2]`, `0.1 0.2` or `array([0.1, 0.2])`, as texts."""
    return _WRAPPED.sub(" ", cell).replace(",", " ").replace(";", " ").split()


def either_way(rows: Iterable[Sequence[str]]) -> str:
    """The first number such as `1,234`, of which `decimal_mark` says nothing; "" where there is none."""
    return next((cell.strip() for row in rows for cell in row if _GROUPED.fullmatch(cell.strip())), "")


def decimal_mark(rows: Iterable[Sequence[str]]) -> str:
    """`,` where numbers are written so, as in much of Europe, else `.`; "" where a comma may be either."""
    some = [cell.strip() for row in rows for cell in row]
    commas = [cell for cell in some if _COMMA.fullmatch(cell)]
    if not commas or any("." in cell and is_number(cell) for cell in some):
        return "."
    return "" if all(map(_GROUPED.fullmatch, commas)) else ","
