"""Rows of a result that are fetched a page at a time, when the grid first asks for one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, overload

from tui.widgets.rows import Row

PAGE: Final = 500
"""Rows fetched together: more than a screenful, little enough to travel in a few milliseconds."""
KEPT: Final = 40
"""Pages kept; the oldest goes first."""


class PagedRows(Sequence[Row]):
    """As long as the whole result; a row that is not here yet is blank, and its page is sent for."""

    def __init__(self, count: int, fetch: Callable[[int], object], columns: int) -> None:
        """Make the rows of a result.

        Args:
            count: How many there are.
            fetch: Sends for a page by number; its rows come back through `put`.
            columns: Cells of a row.
        """
        self._count = count
        self._fetch = fetch
        self._blank = ("",) * columns
        self._pages: dict[int, list[Row]] = {}
        self._asked: set[int] = set()

    def put(self, page: int, rows: Sequence[Sequence[Any]]) -> None:
        """Take in the rows of a page."""
        start = page * PAGE
        self._pages[page] = [
            Row(str(start + i), tuple(_text(value) for value in row)) for i, row in enumerate(rows)
        ]
        self._asked.discard(page)
        while len(self._pages) > KEPT:
            del self._pages[next(iter(self._pages))]

    def here(self, index: int) -> bool:
        """Whether a row is here, so that it is not blank."""
        page, place = divmod(index, PAGE)
        return place < len(self._pages.get(page, ()))

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            # Only what is here: a slice is asked for to measure cells, not to show them.
            here = range(*index.indices(self._count))
            first = self._pages.get(here.start // PAGE, []) if len(here) else []
            return first[here.start % PAGE :][: len(here)] if len(here) else []
        if index < 0:
            index += self._count
        if not 0 <= index < self._count:
            raise IndexError(index)
        page, place = divmod(index, PAGE)
        if self.here(index):
            return self._pages[page][place]
        if page not in self._asked:
            self._asked.add(page)
            self._fetch(page)
        return Row(str(index), self._blank)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)
