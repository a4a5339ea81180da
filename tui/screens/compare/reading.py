"""What Compare reads, in workers: what can be compared, two sides of it, and all rows of their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on, work
from textual.message import Message

from store.arm import Table
from store.errors import DataError, UsageError
from tui.questions.arena import Pulse
from tui.questions.cells import Side
from tui.ranked.among import Among
from tui.ranked.comparison import Told
from tui.screens.compare import text as compare_text
from tui.screens.compare.panes import ComparePanes
from tui.widgets.drawing import Drawing
from tui.widgets.words import READING, UNREAD


class CompareReading(ComparePanes):
    """A screen that has two sides compared, and remembers them until the database moves."""

    @dataclass
    class SidesRead(Message):
        """It is known what can be compared."""

        sides: Sequence[Side]

    @dataclass
    class Contrasted(Message):
        """The two sides have been compared."""

        first: Side
        second: Side
        told: Told | None

    @dataclass
    class AmongRead(Message):
        """It is known how all rows of a table stand to each other, or why not."""

        table: Table
        rows: tuple[str, ...]
        found: Among | None
        why: str = ""

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._sides: Sequence[Side] = ()
        self._known: dict[tuple[Side, Side], Told | None] = {}
        """What was compared since the database last moved."""
        self._wanted = ""
        """What another screen asked to compare, until the sides are there."""
        self._asked: tuple[Table, tuple[str, ...]] | None = None
        """Of which table, and of which of its rows, all pairs were asked for."""
        self._seen = -1

    def follow(self, pulse: Pulse) -> None:
        """Read again when the database has moved."""
        if pulse.store != self._seen:
            self._seen = pulse.store
            self.read_sides()

    @work(thread=True, exclusive=True, group="sides", exit_on_error=False)
    def read_sides(self) -> None:
        """Read what can be compared."""
        self.post_message(self.SidesRead(self.arena.sides()))

    @work(thread=True, exclusive=True, group="contrast", exit_on_error=False)
    def read_contrast(self, first: Side, second: Side) -> None:
        """Compare two sides, or say why they cannot be."""
        try:
            told = self.arena.contrast(first, second)
        except (UsageError, DataError) as error:
            told = Told(str(error), "", (), ())
        self.post_message(self.Contrasted(first, second, told))

    @work(thread=True, exclusive=True, group="among", exit_on_error=False)
    def read_among(self, table: Table, rows: tuple[str, ...]) -> None:
        """Set every two rows of a table against each other, or say why they cannot be."""
        try:
            self.post_message(self.AmongRead(table, rows, self.arena.among(table, rows)))
        except (UsageError, DataError) as error:
            self.post_message(self.AmongRead(table, rows, None, str(error)))

    @on(AmongRead)
    def _among_read(self, message: AmongRead) -> None:
        if (message.table, message.rows) != self._asked:
            return
        self._among = message.found
        view = self.query_one("#pairs", Drawing)
        view.empty = message.why or "There are no two rows to compare."
        self.give_room()
        self._show_pairs()

    @on(SidesRead)
    def _sides_read(self, message: SidesRead) -> None:
        self._sides = message.sides
        self._known.clear()
        self._asked = None
        self.refresh_bindings()
        if self._first is None or self._second is None:
            self._first, self._second = compare_text.first_pair(message.sides)
        if self._wanted:
            self.receive(self._wanted)
        self._compare()

    @on(Contrasted)
    def _contrasted(self, message: Contrasted) -> None:
        pair = message.first, message.second
        self._known[pair] = message.told
        if pair == (self._first, self._second):
            self._told, self._reading = message.told, False
            self._show()
            self.refresh_bindings()

    def _choose(self, first: Side | None, second: Side | None) -> None:
        self._first, self._second, self._told, self._reading = first, second, None, True
        self._compare()

    def _compare(self) -> None:
        self._waiting = READING
        if self._first is None or self._second is None:
            self._told, self._reading = None, False
        elif (self._first, self._second) in self._known:
            self._told, self._reading = self._known[self._first, self._second], False
        else:
            self.read_contrast(self._first, self._second)
        self._show()

    def ask_pairs(self) -> None:
        """Have every two rows of side A's table compared, once."""
        side = next((side for side in (self._first, self._second) if side and side.source == "own"), None)
        if side is None:
            self._among, self._asked = None, None
            self._show_pairs()
            return
        asked = side.table, self._marked
        if asked != self._asked:
            self._asked, self._among = asked, None
            self.query_one("#pairs", Drawing).read_anew()
            self.read_among(*asked)
        elif self._among is not None:
            self._show_pairs()

    def unread(self, group: str) -> None:
        """A verdict that cannot be read again is not shown any more."""
        if group in ("sides", "contrast"):
            self._known.clear()
            self._told, self._reading, self._waiting = None, True, UNREAD
            self._show()
