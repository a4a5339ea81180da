"""The words that programs write where there is nothing, and which of them stood in quotation marks.

R, Excel, pandas, polars and databases each have their own. In quotation marks they are data: R and
readr, which quote every text, write a missing one bare.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

WORDS: Final = frozenset(
    {
        "na", "n/a", "n.a.", "#n/a", "#na", "<na>", "na_character_", "na_real_", "na_integer_",
        "nan", "-nan", "nat", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan",
        "null", "nil", "<null>", "#null!", "#value!", "#ref!", "#div/0!", "#name?", "#num!",
    }
)  # fmt: skip
"""Never data when they stand bare, whatever their case."""
DOUBTFUL: Final = frozenset({"none", "-", "--", ".", "?"})
"""Missing too, unless they are one of only two classes, as in `+` and `-`."""

_SURELY_NOTHING: Final = WORDS | {""}
_NOTHING: Final = _SURELY_NOTHING | DOUBTFUL
_STARTS: Final = {first for word in _NOTHING for first in (word[:1], word[:1].upper())}

MARK: Final = "\ue000"
"""Put before a quoted word for nothing, and taken away again; a character of no script."""
_ANY: Final = "|".join(map(re.escape, sorted(WORDS | DOUBTFUL)))
_QUOTED: Final = re.compile(rf'(?:(?<=^)|(?<=[,;|\t ]))"({_ANY})"(?=[,;|\t \r\n]|$)', re.IGNORECASE)


def is_missing(cell: str, *, doubtful: bool = True) -> bool:
    """Whether a bare `cell` says that there is nothing."""
    return cell.strip().casefold() in (_NOTHING if doubtful else _SURELY_NOTHING)


def missing_among(cells: Iterable[str], *, doubtful: bool = True) -> set[str]:
    """Those of `cells`, which have no blanks around them, that say that there is nothing; each once.

    Quick where there are a million: most start as none of them does.
    """
    words = _NOTHING if doubtful else _SURELY_NOTHING
    return {cell for cell in cells if cell[:1] in _STARTS and cell.casefold() in words}


def marked(lines: Iterable[str]) -> Iterator[str]:
    """`lines`, with `MARK` before each quoted word for nothing, which a reader of CSV cannot tell apart."""
    return (_QUOTED.sub(rf'"{MARK}\1"', line) if '"' in line else line for line in lines)


def unmarked(records: list[list[str]]) -> Iterator[tuple[int, int]]:
    """(column, row) of each cell that is marked; the mark is taken away."""
    if MARK not in "".join(chain.from_iterable(records)):
        return
    for row, record in enumerate(records):
        for column, cell in enumerate(record):
            if cell.startswith(MARK):
                record[column] = cell.removeprefix(MARK)
                yield column, row
