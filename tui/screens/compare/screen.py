"""Compare: two models, or two ways of using one, on the same splits; own results beside the printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget

from tui.questions.arena import Pulse
from tui.questions.cells import Contrast, Side
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
        "Choose two sides with f and b. A difference is taken split by split where both were tested on the "
        "same genes, and wins are the splits in which the first is better; print is compared by its means."
    )
    FOOTER = ("compare.first", "compare.second", "compare.swap", "pane.next", "yank", "export")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "pick('first')", "First", tooltip="Choose the first side", id="compare.first"),
        Binding("b", "pick('second')", "Second", tooltip="Choose the second side", id="compare.second"),
        Binding("w", "swap", "Swap", tooltip="Change places", id="compare.swap"),
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
        contrasts: Sequence[Contrast]

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._sides: Sequence[Side] = ()
        self._first: Side | None = None
        self._second: Side | None = None
        self._contrasts: Sequence[Contrast] | None = None
        """None while they are being read."""
        self._wanted = ""
        """A model that another screen asked to put first, until the sides are there."""
        self._seen = -1

    def compose_body(self) -> Iterable[Widget]:
        """The sides over tasks and splits."""
        yield Said(id="compare-head", classes="head")
        with Horizontal(classes="panes ruled"):
            with Vertical(classes="column -open"):
                tasks = Grid(compare_text.COLUMNS, id="contrasts", empty=compare_text.EMPTY)
                yield Pane("TASKS", tasks, id="contrasts-pane", first=True)
            with Vertical(classes="column"):
                plot = PlotView("There are no shared splits to draw.", id="differences")
                yield Pane("SPLITS", plot, id="differences-pane")

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

    @work(thread=True, exclusive=True, group="contrasts", exit_on_error=False)
    def read_contrasts(self, first: Side, second: Side) -> None:
        """Compare two sides."""
        self.post_message(self.Contrasted(first, second, self.arena.contrasts(first, second)))

    @on(SidesRead)
    def _sides_read(self, message: SidesRead) -> None:
        self._sides = message.sides
        self.refresh_bindings()
        if self._first is None or self._second is None:
            self._first, self._second = compare_text.first_pair(message.sides)
        if self._first is None or self._second is None:
            self._contrasts = ()
        if self._wanted:
            self.receive(self._wanted)
        self._compare()

    @on(Contrasted)
    def _contrasted(self, message: Contrasted) -> None:
        if (message.first, message.second) == (self._first, self._second):
            self._contrasts = message.contrasts
            self._show()

    def _choose(self, first: Side | None, second: Side | None) -> None:
        self._first, self._second, self._contrasts = first, second, None
        self._compare()

    def _compare(self) -> None:
        self._show()
        if self._first is not None and self._second is not None:
            self.read_contrasts(self._first, self._second)

    def unread(self, group: str) -> None:
        """A verdict that cannot be read again is not shown any more."""
        if group in ("sides", "contrasts"):
            self._contrasts = None
            self._show()

    # ------------------------------------------------------------------ showing

    def _show(self) -> None:
        head = compare_text.head(self._first, self._second, self._contrasts)
        self.query_one("#compare-head", Said).show(head)
        grid = self.query_one("#contrasts", Grid)
        if self._contrasts is None:
            grid.read_anew()
        else:
            grid.show(compare_text.rows(self._contrasts, self.shell.charset))
        self._show_splits()

    @on(Grid.Moved)
    def _show_splits(self) -> None:
        row = self.query_one("#contrasts", Grid).current
        contrast = next((item for item in self._contrasts or () if row and item.task == row.key), None)
        view = self.query_one(PlotView)
        self.query_one("#differences-pane", Pane).say(*compare_text.splits_title(contrast))
        if self._contrasts is None:
            view.read_anew()
        elif contrast is None or not contrast.differences:
            view.show(None)
        else:
            view.show(compare_text.splits_plot(contrast))

    # ------------------------------------------------------------------ actions

    def receive(self, argument: str) -> None:
        """Put a model first, by its name or the start of a side's name."""
        found = next((side for side in self._sides if argument in (side.model, side.name)), None)
        self._wanted = "" if self._sides else argument
        if found is not None:
            self._choose(found, self._second)
        elif self._sides:
            self.tell(f"There are no results of {argument} yet.")

    def why_not(self, action: str) -> str:
        """Choosing needs something to choose from."""
        if action.startswith("compare.") and not self._sides:
            if self._contrasts is None:
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
            Row(str(i), (side.source, side.model, side.arm.protocol, compare_text.settings(side)))
            for i, side in enumerate(self._sides)
        ]

        def chosen(answer: str | None) -> None:
            if answer is not None:
                side = self._sides[int(answer)]
                if place == "first":
                    self._choose(side, self._second)
                else:
                    self._choose(self._first, side)

        self.app.push_screen(Pick(f"The {place} side", columns, rows), chosen)

    def action_swap(self) -> None:
        """Let the sides change places."""
        if not self.refused("compare.swap"):
            self._choose(self._second, self._first)


SCREEN = CompareScreen
