"""One cell of the ranked table: its splits, curves, tuning or epochs, and where the numbers come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget

from engine.catalog.schemes import SCHEMES
from engine.plan.selection import ranges
from tui.quantities import auc, count
from tui.questions.cells import CellDetail, CellWorth, Place
from tui.ranked.tables import details
from tui.screens.cell import text as cell_text
from tui.screens.cell.text import EPOCHS, PLOTS
from tui.screens.copy_export import TakingScreen
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.plot import PlotView
from tui.widgets.rows import Column
from tui.widgets.said import Said
from tui.widgets.words import READING, say


class CellScreen(TakingScreen):
    """A cell in four panes; `v` goes through its plots."""

    MODE = "board"
    ABOUT = (
        "What one cell is worth beside chance, and every split of it. Precision at k is of the k highest "
        "scores, k the positives of a test set; called is the share called positive at 0.5. "
        "The band of a curve spans the splits, the line is their mean. "
        "y copies the command that runs the cell."
    )
    FOOTER = ("cell.plot", "pane.next", "yank", "export", "filter", "cell.back")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "v", "plot", "Plot", tooltip="Next plot: ROC, precision and recall, epochs", id="cell.plot"
        ),
        Binding("escape", "back", "Back", tooltip="Back to the ranked table", id="cell.back"),
    ]

    @dataclass
    class DetailRead(Message):
        """The cell is there."""

        detail: CellDetail | None

    @dataclass
    class WorthRead(Message):
        """It is known what the cell is worth."""

        worth: CellWorth

    def __init__(self, place: Place) -> None:
        """Show the cell at `place`."""
        super().__init__()
        self.place = place
        self._detail: CellDetail | None = None
        self._shown_plot = 0

    def compose_body(self) -> Iterable[Widget]:
        """What it is, over splits, plot, tuning and provenance."""
        yield Said(id="cell-head", classes="head")
        yield Said(say((READING, "dim")), id="cell-worth")
        with Horizontal(classes="panes ruled"):
            with Vertical(classes="column -open"):
                yield Pane(
                    "Splits",
                    Grid(cell_text.SPLIT_COLUMNS, id="splits", empty="There are no splits."),
                    id="splits-pane",
                    first=True,
                )
                chosen = Grid(id="trials", empty="Nothing was tuned or fine-tuned under this protocol.")
                yield Pane("Tuning", chosen, id="trials-pane")
            with Vertical(classes="column"):
                yield Pane("Curve", PlotView("There is no curve.", id="curve"), id="curve-pane")
                yield Pane("Provenance", Grid(id="provenance"), id="provenance-pane")

    def begin(self) -> None:
        """Open the splits and read the cell."""
        self.query_one("#splits-pane", Pane).open()
        self._show_head()
        self.read_cell()

    def _show_head(self) -> None:
        self.query_one("#cell-head", Said).show(
            (self.place.model, "accent"),
            "  ",
            (self.place.task, "strong"),
            f"  {self.place.arm.protocol}, {details(self.place.arm)}\n",
            (self.shown_command() or self.place.why_no_command, "dim"),
        )

    # ------------------------------------------------------------------ reading and showing

    @work(thread=True, exclusive=True, group="cell", exit_on_error=False)
    def read_cell(self) -> None:
        """Read the cell, and then judge it."""
        self.post_message(self.DetailRead(self.arena.cell_detail(self.place)))
        self.post_message(self.WorthRead(self.arena.cell_worth(self.place)))

    @on(DetailRead)
    def _detail_read(self, message: DetailRead) -> None:
        detail = self._detail = message.detail
        if detail is None:
            for grid in self.query(Grid):
                grid.show(())
            self.query_one(PlotView).show(None)
            return
        self._show_head()
        self.query_one("#splits", Grid).show(
            [cell_text.split_row(split, detail.called.get(split["key"])) for split in detail.splits]
        )
        scored = [split["auc"] for split in detail.splits if split["auc"] is not None]
        mean = sum(scored) / len(scored) if scored else None
        self.query_one("#splits-pane", Pane).say(f"{count(len(scored), 'split')}, mean AUC {auc(mean)}")
        columns, rows = cell_text.tuning(detail)
        self.query_one("#trials", Grid).show(rows, columns)
        self._show_provenance("")
        if detail.epochs:
            self._shown_plot = EPOCHS
        self._show_plot()

    @on(WorthRead)
    def _worth_read(self, message: WorthRead) -> None:
        self.query_one("#cell-worth", Said).show("\n".join(message.worth.lines))
        self._show_provenance(message.worth.errors)

    def _show_provenance(self, errors: str) -> None:
        if self._detail is not None:
            rows = cell_text.provenance(self._detail, errors)
            columns = Column("what", ""), Column("is", "", least=20)
            self.query_one("#provenance", Grid).show(rows, columns)

    def _show_plot(self) -> None:
        if self._detail is None:
            return
        view = self.query_one(PlotView)
        self.query_one("#curve-pane", Pane).say(PLOTS[self._shown_plot], ("  v for the next", "dim"))
        plot = cell_text.plot(self._detail, self.place, self._shown_plot)
        view.empty = f"There is no plot of {PLOTS[self._shown_plot]} here; v shows the next."
        view.show(plot if any(item.points for item in plot.series) else None)

    # ------------------------------------------------------------------ actions

    def shown_command(self) -> str:
        """The command that runs this cell's splits."""
        command = self.place.command
        scheme = SCHEMES.get(self.place.arm.scheme)
        seeds = tuple(split["seed"] for split in self._detail.splits) if self._detail else ()
        if not command or not seeds or (scheme and seeds == scheme.seeds):
            return command
        return f"{command} --seeds {','.join(ranges(seeds))}"

    def why_no_command(self) -> str:
        """Why this cell has none."""
        return self.place.why_no_command

    def action_plot(self) -> None:
        """Draw the next plot."""
        self._shown_plot = (self._shown_plot + 1) % len(PLOTS)
        self._show_plot()

    def action_back(self) -> None:
        """Drop the filter, or go back to the table."""
        if isinstance(self.focused, Grid) and self.focused.filter:
            self.focused.filter = ""
        else:
            self.dismiss()
