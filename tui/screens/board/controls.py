"""How controls stand on the Board: apart from the contestants, below a rule that says what they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from engine.catalog.controls import CONTROLS, part_of
from engine.verdicts.controls import borrowed
from store.controls import ROWS
from tui.ranked.headings import CONTROLS as HEADING
from tui.widgets.rows import Row

if TYPE_CHECKING:
    from store.arm import Table
    from store.queries import RankRow

RULE: Final = "controls"
"""The key of the row that is a rule."""


def rule(width: int) -> Row:
    """The rule above the controls, for so many columns."""
    return Row(RULE, ("",) * width, "dim", heading=HEADING)


def with_rule(rows: Sequence[Row], controls: Sequence[bool]) -> list[Row]:
    """The rows, with a rule above the first that is of a control."""
    if True not in controls:
        return list(rows)
    place = controls.index(True)
    return [*rows[:place], rule(len(rows[place].cells)), *rows[place:]]


def words(row: str) -> str:
    """What a control is, in a line."""
    parts = part_of(row)
    several = f", the mean of {len(parts)} draws" if len(parts) > 1 else ""
    return f"control: {CONTROLS[parts[0]].words}{several}" if parts else "control"


def missing(there: Sequence[str]) -> list[str]:
    """The controls that a table has no row of."""
    return [row for row in ROWS if row not in there]


def home_of(table: Table, row: RankRow | None, name: str) -> Table:
    """The ranked table that a row's numbers are of; beside fine-tuning controls have theirs from `lr`."""
    control = row.control if row is not None else bool(part_of(name))
    return (borrowed(table) or table) if control else table
