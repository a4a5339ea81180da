"""A few rows that change in front of many that do not, of which only the few are looked at again."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import overload

from tui.widgets.rows import Column, Row, matches


class Tail:
    """Rows that stay as they are; found by key, and filtered once for each filter."""

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        self.rows = rows
        self.places = {row.key: place for place, row in enumerate(rows)}
        self._filtered: tuple[Sequence[Column], str, Tail] | None = None

    def matching(self, columns: Sequence[Column], wanted: str) -> Tail:
        """The rows that pass a filter; the last answer is kept (100,000 rows take 0.3 s)."""
        if self._filtered is None or self._filtered[:2] != (columns, wanted):
            kept = Tail([row for row in self.rows if matches(row, columns, wanted)])
            self._filtered = (columns, wanted, kept)
        return self._filtered[2]


class HeadedRows(Sequence[Row]):
    """The rows of the head, then those of the tail that the head does not show as they are now."""

    def __init__(self, head: Sequence[Row], tail: Tail, hidden: Iterable[str] | None = None) -> None:
        """Put a head before a tail, in time that depends on the head alone.

        Args:
            head: The rows that come first.
            tail: The others.
            hidden: Keys of rows of the tail that are left out; by default the head's.
        """
        self._head = head
        self._tail = tail
        self._hidden = frozenset(row.key for row in head) if hidden is None else frozenset(hidden)
        self._places = {row.key: place for place, row in enumerate(head)}
        self._gaps = sorted(tail.places[key] for key in self._hidden if key in tail.places)
        self._steps = [gap - number for number, gap in enumerate(self._gaps)]
        """Of each gap, the rows that are shown before it."""

    def __len__(self) -> int:
        return len(self._head) + len(self._tail.rows) - len(self._gaps)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index < len(self._head):
            return self._head[index]
        index -= len(self._head)
        return self._tail.rows[index + bisect_right(self._steps, index)]

    def place(self, key: str) -> int | None:
        """Where the row with this key stands; None if it is not shown."""
        if key in self._places:
            return self._places[key]
        place = self._tail.places.get(key)
        if place is None or key in self._hidden:
            return None
        return len(self._head) + place - bisect_left(self._gaps, place)

    def matching(self, columns: Sequence[Column], wanted: str) -> HeadedRows:
        """The rows that pass a filter."""
        head = [row for row in self._head if matches(row, columns, wanted)]
        return HeadedRows(head, self._tail.matching(columns, wanted), self._hidden)
