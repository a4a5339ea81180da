"""In which order a list stands: as it comes, or sorted by a column; of units, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from engine.mailbox import Status, UnitStatus
from tui.screens.runs.lists_text import UNIT_COLUMNS, rows_of, unit_rows
from tui.widgets.headed import Tail
from tui.widgets.rows import Column, Row

ORDERS: Final = ("", "auc", "seconds", "model", "task", "protocol", "seed")
"""Columns by which `s` sorts, one after the other; none: newest first."""
_LARGEST_FIRST: Final = ("auc", "seconds")
_WORDS: Final = {"": "Newest", "auc": "Highest AUC", "seconds": "Slowest"}


class Turning:
    """The order asked for."""

    def __init__(self, orders: Sequence[str], largest_first: Sequence[str]) -> None:
        """As the rows come.

        Args:
            orders: Columns by which `s` sorts, one after the other; first none.
            largest_first: Those of which the largest comes first.
        """
        self.by = ""
        self._orders, self._largest_first = orders, largest_first

    def next(self, column: str) -> None:
        """Sort by a column that was clicked on, or, from the first, by the next one."""
        at = self._orders.index(self.by)
        wanted = column if column in self._orders[1:] else self._orders[(at + 1) % len(self._orders)]
        self.by = "" if wanted == self.by else wanted

    def marked(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """The columns, with a mark at the one sorted by."""
        mark = "▾" if self.by in self._largest_first else "▴"
        return tuple(replace(one, sort=mark) if self.by and one.key == self.by else one for one in columns)


class Order(Turning):
    """That of units; a sorted list is made when it is asked for and when the store was read anew."""

    def __init__(self) -> None:
        """Newest first."""
        super().__init__(ORDERS, _LARGEST_FIRST)
        self._sorted: Sequence[Row] | None = None

    @property
    def words(self) -> str:
        """What the list is called in this order."""
        return _WORDS.get(self.by, f"By {self.by}")

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, with a mark at the one sorted by."""
        return self.marked(UNIT_COLUMNS)

    def next(self, column: str) -> None:
        """Sort by a column that was clicked on, or, from the first, by the next one."""
        super().next(column)
        self._sorted = None

    def forget(self) -> None:
        """There are newer units."""
        self._sorted = None

    def rows(self, status: Status, others: Tail, units: Mapping[str, UnitStatus]) -> Sequence[Row]:
        """All units in order."""
        if not self.by:
            return unit_rows(status, others)
        if self._sorted is None:
            now = {unit.key: unit for unit in (*status.recent, *status.running)}
            self._sorted = rows_of(sorted({**units, **now}.values(), key=self._place))
        return self._sorted

    def _place(self, unit: UnitStatus) -> tuple[bool, Any]:
        value = getattr(unit, self.by)
        known = value is not None and value == value
        return not known, (-value if self.by in _LARGEST_FIRST else value) if known else 0
