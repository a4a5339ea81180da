"""What an identifier was taken for, by which step, and the file that keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.files.tables import read_table

NOT_MAPPED = "not mapped"
"""The step of an identifier that means no known gene."""


AS_GIVEN = "kept as given, with its own description"
"""The step of an identifier that is not a known gene, but has a text."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one identifier of a label list was taken for, and by which step."""

    identifier: str
    symbols: tuple[str, ...]
    """Empty if it is not mapped; more than one if the source of the mapping has more than one."""
    step: str


def read_meanings(path: Path) -> dict[str, Meaning]:
    """Identifier -> meaning, from an `identifiers.csv` (identifier,symbol,step; one row a symbol).

    Raises:
        DataError: unreadable.
    """
    table = read_table(path, delimiter=",")
    columns = tuple(table.column(name) for name in ("identifier", "symbol", "step"))
    meanings: dict[str, Meaning] = {}
    for row in table.rows:
        identifier, symbol, step = (row[column] for column in columns)
        before = meanings[identifier].symbols if identifier in meanings else ()
        meanings[identifier] = Meaning(identifier, before + ((symbol,) if symbol else ()), step)
    return meanings
