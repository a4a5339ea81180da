"""The cell under the Board's cursor, below the table where the terminal has room for both."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tui.lookups import CellDetail, Place
from tui.screens import cell_text
from tui.widgets.grid import Grid
from tui.widgets.plot import PlotView
from tui.widgets.said import Said
from tui.widgets.words import say


class CellGlance(Horizontal):
    """Its splits, ROC curve and precision-recall curve side by side; only to look at."""

    def compose(self) -> ComposeResult:
        """Three titled columns."""
        splits = Grid(cell_text.SPLIT_COLUMNS, empty="No splits of your own here; r runs the cell.")
        roc, precision_recall = (PlotView("No curve.", id=id) for id in ("glance-roc", "glance-pr"))
        for title, inside in (("SPLITS", splits), ("ROC", roc), ("PRECISION AND RECALL", precision_recall)):
            inside.can_focus = False
            with Vertical(classes="column"):
                yield Said(say((title, "strong")), classes="head-line")
                yield inside

    def read_anew(self) -> None:
        """Say that a cell is being read."""
        self.query(".head-line").first(Said).show(("SPLITS", "strong"))
        for inside in (self.query_one(Grid), *self.query(PlotView)):
            inside.read_anew()

    def show(self, place: Place | None, detail: CellDetail | None) -> None:
        """Show this cell; without a place there is none, without a detail it has no splits."""
        which_cell = f"  {place.model}, {place.task}" if place else ""
        self.query(".head-line").first(Said).show(("SPLITS", "strong"), which_cell)
        rows = [cell_text.split_row(split) for split in detail.splits] if detail else []
        self.query_one(Grid).show(rows)
        for which, view in enumerate(self.query(PlotView)):
            plot = cell_text.plot(detail, place, which) if place and detail else None
            view.show(plot if plot and any(item.points for item in plot.series) else None)
