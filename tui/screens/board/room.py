"""How the Board shares its lines out: the table, the pictures below it, the side, the sentences. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WIDE: Final = (160, 30)
"""Columns and lines from which there is a side."""
FRAMED: Final = 110
"""Columns from which panes have frames."""
SIDE: Final = 62
"""Columns of the side."""
BELOW: Final = (8, 10)
"""Lines that the pictures have at the least, without and with frames."""
PICTURES: Final = 14
"""Lines they have where the whole screen is tall, however many rows the table has."""
TALL: Final = 36
"""Lines of a tall screen."""
CHROME: Final = 3
"""Lines of header, context and footer."""
_TABLE: Final = 6
"""Lines of the table's pane at the least."""
_RESERVED: Final = 2
"""Lines under frames for what a table can tell, also before that is worked out."""


@dataclass(frozen=True, slots=True)
class Room:
    """A terminal, and how much there is to show in it."""

    width: int
    height: int
    rows: int
    """Of the table; none: it is empty, or not read yet."""
    heads: int
    own: bool
    """Whether one of them was measured here: of print there are neither splits nor curves."""
    matrix: bool = False
    noted: int = 0
    """Lines that say why the numbers are not up to date."""
    told: int = 0
    """Lines that all that the table can tell would take."""

    @property
    def framed(self) -> bool:
        """Whether panes have frames."""
        return self.width >= FRAMED

    @property
    def wide(self) -> bool:
        """Whether there is a side."""
        return self.own and self.width >= WIDE[0] and self.height >= WIDE[1]

    @property
    def foot(self) -> int:
        """Lines under the table: one of the row under the cursor, and what the table can tell."""
        if not self.rows or self.wide:  # a side has all of it, but for a cell that never ran
            return int(self.rows > 0 and self.matrix)
        if self.framed:
            return 1 + max(min(max(self.told, _RESERVED), self._free(1) - PICTURES), 1)
        return 1 + max(min(self.told, self._free(1)), 0)

    @property
    def below(self) -> frozenset[str]:
        """The pictures below the table."""
        found = {"splits"} if self.own else set()
        if self.wide:
            found.add("forest")
        elif self.framed and (self.own or not self.matrix):
            found.add("tasks")
        tall = self.framed and self.height >= TALL
        fits = tall or self._free(self.foot) >= BELOW[self.framed]
        return frozenset(found) if self.rows and fits else frozenset()

    @property
    def table(self) -> int | None:
        """Lines of the table's pane; None: all that is left."""
        if not self.below:
            return None
        least = PICTURES if self.height >= TALL else 0
        most = self.height - CHROME - self.noted - self.foot - least
        return min(self._natural, most)

    @property
    def _natural(self) -> int:
        """Lines of the table's pane with all of its rows, and a few where it has hardly any."""
        return max(self.rows + self.heads + (2 if self.framed else 1), _TABLE)

    def _free(self, foot: int) -> int:
        """Lines that are left if the table has its rows, and the sentences so many."""
        return self.height - CHROME - self.noted - foot - self._natural
