"""Board: the paper's ranked table for one protocol, filled in place while a run goes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from store.errors import StoreBusy
from tui.arena import Pulse
from tui.lookups import Place, Side
from tui.screens import board_text
from tui.screens.base import ArenaScreen
from tui.screens.board_text import SOURCES, Choice, Sorting
from tui.widgets.grid import Grid

if TYPE_CHECKING:
    from store.queries import Rankings


class BoardScreen(ArenaScreen):
    """One row for each model: AUC and rank on each task, their mean and its rank."""

    MODE = "board"
    ABOUT = (
        "Who is best under one protocol, in the layout of the paper's tables. It fills while a run goes on."
    )
    FOOTER = ("board.open", "board.next", "board.sort", "board.compare", "board.references", "filter")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "right_square_bracket",
            "arm(1)",
            "Protocol",
            tooltip="Next protocol or preset",
            id="board.next",
            key_display="]",
        ),
        Binding(
            "left_square_bracket",
            "arm(-1)",
            "Previous protocol",
            show=False,
            id="board.previous",
            key_display="[",
        ),
        Binding(
            "enter", "open", "Open", tooltip="The cell's splits, curves and provenance", id="board.open"
        ),
        Binding(
            "c", "compare", "Compare", tooltip="Put the row first on the Compare screen", id="board.compare"
        ),
        Binding("s", "sort", "Sort", tooltip="Sort by the column under the cursor", id="board.sort"),
        Binding("S", "reverse", "Reverse the order", show=False, id="board.reverse"),
        Binding(
            "o",
            "references",
            "Paper rows",
            tooltip="Own rows with the paper's, with the rerun's too, or alone",
            id="board.references",
        ),
    ]

    @dataclass
    class ArmsRead(Message):
        """It is known what there is to rank."""

        choices: tuple[Choice, ...]

    @dataclass
    class RankingsRead(Message):
        """A table has been read, or why it could not be for now."""

        choice: Choice
        rankings: Rankings | None
        trouble: str

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._choices: tuple[Choice, ...] = ()
        self._choice: Choice | None = None
        self._rankings: Rankings | None = None
        self._trouble = ""
        self._sorting = Sorting()
        self._sources = 0
        self._seen = -1
        """`Pulse.store` when the table was last read."""

    def compose_body(self) -> Iterable[Widget]:
        """What is ranked, the table, the cell under the cursor."""
        yield Static(id="board-head", classes="head")
        yield Grid(cells=True, id="board", empty=board_text.EMPTY)
        yield Static(id="board-foot")

    def begin(self) -> None:
        """Take the focus, and look once a second whether the table has moved."""
        self.query_one("#board", Grid).focus()
        self.set_interval(1.0, self._refresh)

    # ------------------------------------------------------------------ reading

    def follow(self, pulse: Pulse) -> None:
        """Read at once what another screen may have changed."""
        if self._seen < 0:
            self._refresh()

    def _refresh(self) -> None:
        store = self.arena_app.pulse.store
        if self.is_current and store != self._seen:
            self._seen = store
            self.read_arms()

    @work(thread=True, exclusive=True, group="arms", exit_on_error=False)
    def read_arms(self) -> None:
        """Read what there is to rank."""
        try:
            choices = board_text.choices(self.arena.arms())
        except StoreBusy:
            choices = self._choices or board_text.choices([])
        self.post_message(self.ArmsRead(choices))

    @work(thread=True, exclusive=True, group="rankings", exit_on_error=False)
    def read_rankings(self, choice: Choice) -> None:
        """Read one table; a file that is locked for the moment is no error."""
        try:
            found = self.arena.rankings(choice.protocol, choice.preset, choice.text)
        except StoreBusy as error:
            self.post_message(self.RankingsRead(choice, None, error.message))
            return
        self.post_message(self.RankingsRead(choice, found, ""))

    @on(ArmsRead)
    def _arms_read(self, message: ArmsRead) -> None:
        self._choices = message.choices
        kept = [choice for choice in message.choices if choice.same(self._choice)]
        running = self.arena_app.pulse.status
        self._choice = kept[0] if kept else board_text.first(message.choices, running)
        self.read_rankings(self._choice)

    @on(RankingsRead)
    def _rankings_read(self, message: RankingsRead) -> None:
        if not message.choice.same(self._choice):
            return
        self._trouble = message.trouble
        if message.rankings is None:
            self._seen = -1
        else:
            self._rankings = message.rankings
        self._show()

    # ------------------------------------------------------------------ showing

    def _show(self) -> None:
        if self._choice is None:
            return
        head = board_text.head(self._choice, self._choices, self._rankings, self._sorting, self._trouble)
        self.query_one("#board-head", Static).update(head)
        if self._rankings is not None:
            columns = board_text.columns(self._rankings)
            rows = board_text.rows(self._rankings, self._sorting, SOURCES[self._sources], self.size.width)
            self.query_one("#board", Grid).show(rows, columns)
        self._show_cell()

    def on_resize(self) -> None:
        """A wide terminal has room for standard deviations."""
        self._show()

    @on(Grid.Moved)
    def _show_cell(self) -> None:
        grid = self.query_one("#board", Grid)
        row = grid.current
        if self._rankings is None or row is None:
            self.query_one("#board-foot", Static).update("")
            return
        found = board_text.find(self._rankings, row.key)
        self.query_one("#board-foot", Static).update(board_text.foot(self._rankings, found, self._column()))

    def _column(self) -> str:
        grid = self.query_one("#board", Grid)
        return grid.columns[grid.column].key if grid.columns else ""

    # ------------------------------------------------------------------ actions

    def _place(self) -> Place | None:
        """The cell under the cursor, if it is of an own row and in a task's column."""
        row = self.query_one("#board", Grid).current
        found = board_text.find(self._rankings, row.key) if row and self._rankings else None
        if found is None or found.source != "own" or self._choice is None:
            return None
        column = self._column()
        tasks = self._rankings.tasks if self._rankings else ()
        task = column if column in tasks else tasks[0]
        return Place(found.model, task, self._choice.protocol, self._choice.preset, self._choice.text)

    def why_not(self, action: str) -> str:
        """Only own cells have splits."""
        if action == "board.open" and self._place() is None:
            return "Only means were published of this row; an own row opens to its splits."
        return super().why_not(action)

    def shown_command(self) -> str:
        """The command that runs the cell under the cursor."""
        place = self._place()
        return place.command if place else ""

    def action_open(self) -> None:
        """Open the cell under the cursor."""
        place = self._place()
        if place is not None and not self.refused("board.open"):
            from tui.screens.cell import CellScreen

            self.app.push_screen(CellScreen(place))
        else:
            self.refused("board.open")

    def action_compare(self) -> None:
        """Put the row under the cursor first on the Compare screen."""
        row = self.query_one("#board", Grid).current
        found = board_text.find(self._rankings, row.key) if row and self._rankings else None
        if found is not None and self._choice is not None:
            side = Side(found.source, found.model, self._choice.protocol)
            if found.source == "own":
                side = replace(side, preset=self._choice.preset, text=self._choice.text)
            self.arena_app.go("compare", side.name)

    def action_arm(self, step: int) -> None:
        """Rank another protocol or preset."""
        if not self._choices or self._choice is None:
            return
        here = next(i for i, choice in enumerate(self._choices) if choice.same(self._choice))
        self._choice = self._choices[(here + step) % len(self._choices)]
        self._rankings = None
        self._show()
        self.read_rankings(self._choice)

    def action_sort(self) -> None:
        """Sort by the column under the cursor, best first; by the mean's rank when pressed again."""
        column = self._column()
        self._sorting = Sorting() if self._sorting.column == column else Sorting(column)
        self._show()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._sorting = self._sorting.reversed()
        self._show()

    def action_references(self) -> None:
        """Show own rows with the paper's, with the rerun's too, or alone."""
        self._sources = (self._sources + 1) % len(SOURCES)
        self._show()


SCREEN = BoardScreen
