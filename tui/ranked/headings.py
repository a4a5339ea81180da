"""How controls stand apart from the contestants of a printed table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from store.export import Heading

if TYPE_CHECKING:
    from store.queries import Rankings, RankRow

CONTROLS: Final = "Controls (not ranked)"
"""What stands above them."""


def first_control(rows: Sequence[RankRow]) -> int | None:
    """The place of the first control; None without one."""
    return next((place for place, row in enumerate(rows) if row.control), None)


def headings(table: Rankings) -> dict[int, str]:
    """What stands above which row."""
    place = first_control(table.rows)
    return {} if place is None else {place: CONTROLS}


def with_heading(cells: Sequence[list[str]], rows: Sequence[RankRow]) -> list[list[str]]:
    """The cells of these rows, with a row that only has the heading above the controls."""
    place = first_control(rows)
    if place is None:
        return list(cells)
    heading = [Heading(CONTROLS), *[""] * (len(cells[place]) - 1)]
    return [*cells[:place], heading, *cells[place:]]
