"""One cell of the ranked table: its splits, curves, calls, hardest genes, and where all that comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.catalog.schemes import SCHEMES
from engine.plan.selection import ranges
from tui.questions.cells import CellDetail, CellWorth, Place
from tui.screens.cell import plots
from tui.screens.cell import text as cell_text
from tui.screens.cell.panes import CURVES, CellPanes
from tui.widgets.drawing import Drawing
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.plot import Plot, PlotView

FIGURES: Final = {"roc": "roc", "pr": "pr", "calibration": "calibration", "epochs": "curves"}
"""Plot -> the figure for print that shows the same."""


class CellScreen(CellPanes):
    """A cell in panes; where they do not fit at once, `v` goes through pages of them."""

    MODE = "board"
    NAME = "Cell"
    ABOUT = (
        "What one cell is worth beside chance, and every split of it. Precision at k is of the k highest "
        "scores, k the positives of a test set; called is the share called positive at 0.5. "
        "The band of a curve spans the splits, the line is their mean. "
        "y copies the command that runs the cell."
    )
    FOOTER = ("cell.plot", "pane.next", "grid.sort", "yank", "export", "zoom", "cell.back")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "v", "plot", "Next", tooltip="Next plots: ROC, precision and recall, genes", id="cell.plot"
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

    def begin(self) -> None:
        """Open the splits and read the cell."""
        self.turn()
        self.query_one("#splits-pane", Pane).open()
        self._show_head()
        self.read_cell()

    # ------------------------------------------------------------------ reading

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
            for view in self.query(PlotView):
                view.show(None)
            for drawing in self.query(Drawing):
                drawing.show(None)
            return
        self._show_splits()
        splits = self.query_one("#splits", Grid)
        if splits.current is not None and splits.current.heading:
            splits.cursor += 1
        self._show_scores(detail)
        for name, make in CURVES.items():
            self._show_plot(name, make(detail, self._title(name)))
        self._show_plot("epochs", plots.epochs(detail, self._title("epochs")))
        self._show_table("tuning")
        self.refresh_bindings()
        if detail.epochs:
            self.page = len(self.pages_now()) - 1
        self.turn()
        self.call_after_refresh(self._show_head)

    @on(WorthRead)
    def _worth_read(self, message: WorthRead) -> None:
        worth = self._worth = message.worth
        lines = worth.lines
        self.query_one("#worth", Drawing).show(
            (lambda width, _: cell_text.worth_lines(worth, width)) if lines else None
        )
        self._show_head()
        self.give_room()

    # ------------------------------------------------------------------ actions

    def _plot_view(self) -> PlotView | None:
        """The plot that has the focus, or the first on the page."""
        if isinstance(self.focused, PlotView) and self.focused.shown:
            return self.focused
        on_page = (view for view in self.query(PlotView) if view.parent and view.parent.display)
        return next((view for view in on_page if view.shown is not None), None)

    def shown_plot(self) -> Plot | None:
        """What that shows."""
        view = self._plot_view()
        return view.shown if view else None

    def shown_figure(self) -> tuple[str, Place] | None:
        """The same for print, which there is of two classes."""
        view, detail = self._plot_view(), self._detail
        if view is None or detail is None or len(detail.tests.classes) != 2:
            return None
        return FIGURES[str(view.id)], self.place

    def shown_command(self) -> str:
        """The command that runs this cell's splits."""
        command = self.place.command
        scheme = SCHEMES.get(self.place.arm.scheme)
        seeds = tuple(dict.fromkeys(split["seed"] for split in self._detail.splits)) if self._detail else ()
        if not command or not seeds or (scheme and seeds == scheme.seeds):
            return command
        return f"{command} --seeds {','.join(ranges(seeds))}"

    def why_no_command(self) -> str:
        """Why this cell has none."""
        return self.place.why_no_command

    def why_not(self, action: str) -> str:
        """Where everything is shown there is no next page."""
        if action == "cell.plot" and len(self.pages_now()) < 2:
            return "Everything there is about this cell is shown already."
        return super().why_not(action)

    def action_plot(self) -> None:
        """Show the next page of panes."""
        if not self.refused("cell.plot"):
            self.turn(1)
            self.call_after_refresh(self._show_head)

    def action_back(self) -> None:
        """Drop the filter, show all panes, or go back to the table."""
        if isinstance(self.focused, Grid) and self.focused.filter:
            self.focused.filter = ""
        elif self.maximized is not None:
            self.minimize()
        else:
            self.dismiss()
