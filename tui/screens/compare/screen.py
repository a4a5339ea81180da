"""Compare: two models, or two ways of using one, on the same splits; own results beside published ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget

from store.errors import DataError, UsageError
from tui.questions.arena import Pulse
from tui.questions.cells import Side
from tui.ranked.comparison import Line, Told
from tui.screens.compare import text as compare_text
from tui.screens.copy_export import TakingScreen
from tui.screens.overlays.pickers import Pick
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.plot import PlotView
from tui.widgets.rows import Column, Row
from tui.widgets.said import Said


class CompareScreen(TakingScreen):
    """Two sides, task by task and split by split."""

    MODE = "compare"
    ABOUT = (
        "Choose two sides with f and b. Own rows are compared on the splits and test genes that both have; "
        "of published rows only means are known. i says all about a row and how it was judged."
    )
    FOOTER = ("compare.first", "compare.second", "compare.swap", "compare.details", "pane.next", "export")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "pick('first')", "Side A", tooltip="Choose side A", id="compare.first"),
        Binding("b", "pick('second')", "Side B", tooltip="Choose side B", id="compare.second"),
        Binding("w", "swap", "Swap", tooltip="Change places", id="compare.swap"),
        Binding(
            "i", "details", "Details", tooltip="All about the row, and the method", id="compare.details"
        ),
    ]

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

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._sides: Sequence[Side] = ()
        self._first: Side | None = None
        self._second: Side | None = None
        self._told: Told | None = None
        self._reading = True
        """Whether how they compare is not known yet."""
        self._known: dict[tuple[Side, Side], Told | None] = {}
        """What was compared since the database last moved."""
        self._wanted = ""
        """A model that another screen asked to put first, until the sides are there."""
        self._seen = -1

    def compose_body(self) -> Iterable[Widget]:
        """The sides over tasks and splits."""
        yield Said(id="compare-head", classes="head")
        with Horizontal(classes="panes ruled"):
            with Vertical(classes="column -open", id="compare-tasks"):
                tasks = Grid(compare_text.columns(), id="contrasts", empty=compare_text.EMPTY)
                yield Pane("Tasks", tasks, id="contrasts-pane", first=True)
                yield Said(id="compare-notes")
            with Vertical(classes="column"):
                plot = PlotView("There are no shared splits to draw.", id="differences")
                yield Pane("Splits", plot, id="differences-pane")

    def begin(self) -> None:
        """Open the tasks."""
        self.query_one("#contrasts-pane", Pane).open()
        self._show()

    # ------------------------------------------------------------------ reading

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

    @on(SidesRead)
    def _sides_read(self, message: SidesRead) -> None:
        self._sides = message.sides
        self._known.clear()
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

    def _choose(self, first: Side | None, second: Side | None) -> None:
        self._first, self._second, self._told, self._reading = first, second, None, True
        self._compare()

    def _compare(self) -> None:
        if self._first is None or self._second is None:
            self._told, self._reading = None, False
        elif (self._first, self._second) in self._known:
            self._told, self._reading = self._known[self._first, self._second], False
        else:
            self.read_contrast(self._first, self._second)
        self._show()

    def unread(self, group: str) -> None:
        """A verdict that cannot be read again is not shown any more."""
        if group in ("sides", "contrast"):
            self._known.clear()
            self._told, self._reading = None, True
            self._show()

    # ------------------------------------------------------------------ showing

    def _show(self) -> None:
        head = compare_text.head(self._first, self._second, self._told, not self._reading)
        self.query_one("#compare-head", Said).show(head)
        self.query_one("#compare-notes", Said).show(compare_text.notes(self._told))
        grid = self.query_one("#contrasts", Grid)
        if self._reading:
            grid.read_anew()
        else:
            rows = compare_text.rows(self._told, self.shell.charset) if self._told else ()
            grid.show(rows, compare_text.columns(self._told))
        self._show_splits()

    @property
    def _line(self) -> Line | None:
        """What the row under the cursor is of."""
        row = self.query_one("#contrasts", Grid).current
        lines = self._told.lines if self._told else ()
        return next((line for line in lines if row and line.name == row.key), None)

    @on(Grid.Moved)
    def _show_splits(self) -> None:
        line = self._line
        view = self.query_one(PlotView)
        self.query_one("#differences-pane", Pane).say(*compare_text.splits_title(line))
        if self._reading:
            view.read_anew()
        else:
            view.show(compare_text.splits_plot(line) if line and line.differences else None)

    # ------------------------------------------------------------------ actions

    def receive(self, argument: str) -> None:
        """Put a model first, by its name or a side's; of several, one a line, take the first two."""
        names = argument.split("\n")
        known = {name: side for side in reversed(self._sides) for name in (side.model, side.name)}
        self._wanted = "" if self._sides else argument
        found = [known[name] for name in names if name in known]
        if len(found) > 1:
            self._choose(found[0], found[1])
        elif found:
            self._choose(found[0], compare_text.partner(self._sides, found[0], self._second))
        elif self._sides:
            self.tell(f"There are no results of {names[0]} yet.")

    def why_not(self, action: str) -> str:
        """Choosing needs something to choose from."""
        if action == "compare.details" and self._line is None and self._sides and not self._reading:
            return "There is no row to say more about."
        if action.startswith("compare.") and not (
            self._told if action == "compare.details" else self._sides
        ):
            if self._reading:
                return "The results are still being read; try again in a moment."
            return "There are no results to compare yet; 1 plans a run."
        return super().why_not(action)

    def action_pick(self, place: str) -> None:
        """Choose a side."""
        if self.refused(f"compare.{place}"):
            return
        columns = (
            Column("source", "by"),
            Column("model", "model", least=16),
            Column("protocol", "protocol"),
            Column("arm", "computed with", least=6),
        )
        rows = [
            Row(str(i), (side.source, side.model, side.table.arm.protocol, compare_text.settings(side)))
            for i, side in enumerate(self._sides)
        ]

        def chosen(answer: str | None) -> None:
            if answer is not None:
                side = self._sides[int(answer)]
                if place == "first":
                    self._choose(side, self._second)
                else:
                    self._choose(self._first, side)

        self.app.push_screen(Pick(f"Side {'A' if place == 'first' else 'B'}", columns, rows), chosen)

    def action_swap(self) -> None:
        """Let the sides change places."""
        if not self.refused("compare.swap"):
            self._choose(self._second, self._first)

    def action_details(self) -> None:
        """Open all about the row under the cursor."""
        if not self.refused("compare.details") and self._line and self._told:
            self.app.push_screen(compare_text.in_full(self._line, self._told))


SCREEN = CompareScreen
