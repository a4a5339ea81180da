"""What an identifier was taken for, by which step, and the file that keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from engine.files.tables import stream_table

NOT_MAPPED = "not mapped"
"""The step of an identifier that means no known gene."""


AS_GIVEN = "kept as given, with its own description"
"""The step of an identifier that is not a known gene, but has a text."""


class Meaning(NamedTuple):
    """What one identifier of a label list was taken for, and by which step."""

    identifier: str
    symbols: tuple[str, ...]
    """Empty if it is not mapped; more than one if the source of the mapping has more than one."""
    step: str


class Meanings(Mapping[str, Meaning]):
    """Identifier -> meaning, in the order in which they came; a million of them take little room.

    Of one that is its own symbol only the step is kept, and its meaning is made when it is asked for.
    """

    def __init__(self, meanings: Mapping[str, Meaning] | None = None) -> None:
        self._kept: dict[str, Meaning | str] = {}
        for identifier, meaning in (meanings or {}).items():
            self.add(identifier, meaning.symbols, meaning.step)

    def add(self, identifier: str, symbols: tuple[str, ...], step: str) -> None:
        """Keep what an identifier means."""
        own = len(symbols) == 1 and symbols[0] == identifier
        self._kept[identifier] = step if own else Meaning(identifier, symbols, step)

    def is_own_symbol(self, identifier: str) -> bool:
        """Whether `identifier` is the one symbol that it means."""
        return isinstance(self._kept[identifier], str)

    def rows(self, identifiers: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        """(identifier, symbol, step) of each symbol of these; with an empty symbol if one has none."""
        for identifier in identifiers:
            kept = self._kept[identifier]
            if isinstance(kept, str):
                yield identifier, identifier, kept
            else:
                yield from ((identifier, symbol, kept.step) for symbol in kept.symbols or ("",))

    def steps(self) -> Iterator[str]:
        """The step of each."""
        for kept in self._kept.values():
            yield kept if isinstance(kept, str) else kept.step

    def others(self) -> Iterator[Meaning]:
        """The meanings of those that are not their own symbol."""
        return (kept for kept in self._kept.values() if not isinstance(kept, str))

    def __getitem__(self, identifier: str) -> Meaning:
        kept = self._kept[identifier]
        return Meaning(identifier, (identifier,), kept) if isinstance(kept, str) else kept

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._kept

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def read_meanings(path: Path) -> Meanings:
    """Identifier -> meaning, from an `identifiers.csv` (identifier,symbol,step; one row a symbol).

    Raises:
        DataError: unreadable.
    """
    table, rows = stream_table(path)
    columns = tuple(table.column(name) for name in ("identifier", "symbol", "step"))
    meanings = Meanings()
    same: dict[str, str] = {}
    for _, row in rows:
        identifier, symbol, step = (row[column] for column in columns)
        before = meanings[identifier].symbols if identifier in meanings else ()
        name = identifier if symbol == identifier else symbol
        meanings.add(identifier, (*before, name) if symbol else before, same.setdefault(step, step))
    return meanings
