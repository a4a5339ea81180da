"""What an identifier was taken for, by which step, and the file that keeps it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple

from engine.files.tables import stream_table

NOT_MAPPED = "not mapped"
"""The step of an identifier that means no known gene."""


AS_GIVEN = "kept as given, with its own description"
"""The step of an identifier that is not a known gene, but has a text."""

KEPT: Final = "kept as given, since its owner said so"
"""The step of one that has not even a text."""


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
        self._steps: dict[str, str] = {}
        """Each step once, however many rows have it."""
        for identifier, meaning in (meanings or {}).items():
            self.add(identifier, meaning.symbols, meaning.step)

    def add(self, identifier: str, symbols: tuple[str, ...], step: str) -> None:
        """Keep what an identifier means."""
        own = len(symbols) == 1 and symbols[0] == identifier
        self._kept[identifier] = step if own else Meaning(identifier, symbols, step)

    def add_own(self, identifiers: Iterable[str], step: str) -> None:
        """Keep identifiers that are their own symbols; quick where there are a million."""
        self._kept.update(dict.fromkeys(identifiers, step))

    def own(self, step: str) -> list[str]:
        """The identifiers that are their own symbol by this step."""
        return [identifier for identifier, kept in self._kept.items() if kept == step]

    def extend(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Keep what `rows` of these three say, one for each symbol."""
        for identifier, symbol, step in rows:
            step = self._steps.setdefault(step, step)
            if symbol == identifier and identifier not in self._kept:
                self._kept[identifier] = step
            else:
                before = self[identifier].symbols if identifier in self._kept else ()
                self.add(identifier, (*before, symbol) if symbol else before, step)

    def unexplained(self, identifiers: Iterable[str], genes: Container[str]) -> str | None:
        """The first of these that is not here, or has a symbol that is none of `genes`."""
        for identifier in identifiers:
            kept = self._kept.get(identifier)
            if kept is None or not (
                identifier in genes
                if isinstance(kept, str)
                else all(symbol in genes for symbol in kept.symbols)
            ):
                return identifier
        return None

    def symbols(self, identifiers: Iterable[str]) -> Iterator[str]:
        """The symbols of each of these."""
        for identifier in identifiers:
            kept = self._kept[identifier]
            if isinstance(kept, str):
                yield identifier
            else:
                yield from kept.symbols

    def sorted_symbols(self, identifiers: Sequence[str]) -> Sequence[str]:
        """The symbols of these, which are sorted, each once; quick where most are their own symbol."""
        if not any(True for _ in self.others()):
            return identifiers
        # Nearly sorted already.
        return sorted(dict.fromkeys(self.symbols(identifiers)))

    def rows(self, identifiers: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        """(identifier, symbol, step) of each symbol of these; with an empty symbol if one has none."""
        if any(True for _ in self.others()):
            return self._each(identifiers)
        return self._all_own(list(identifiers))

    def _all_own(self, identifiers: list[str]) -> Iterator[tuple[str, str, str]]:
        """`rows` where each is its own symbol, which saves a million steps of a generator."""
        steps = map(str, map(self._kept.__getitem__, identifiers))
        return zip(identifiers, identifiers, steps, strict=True)

    def _each(self, identifiers: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        for identifier in identifiers:
            kept = self._kept[identifier]
            if isinstance(kept, str):
                yield identifier, identifier, kept
            else:
                yield from ((identifier, symbol, kept.step) for symbol in kept.symbols or ("",))

    def step(self, identifier: str) -> str:
        """The step of an identifier; "" if it is not here."""
        kept = self._kept.get(identifier, "")
        return kept if isinstance(kept, str) else kept.step

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
    table, batches = stream_table(path)
    of_row = itemgetter(*(table.column(name) for name in ("identifier", "symbol", "step")))
    meanings = Meanings()
    for _, records in batches:
        meanings.extend(map(of_row, records))
    return meanings
