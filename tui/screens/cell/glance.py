"""The cell under the Board's cursor, below the table where the terminal has room for both."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer

from engine.catalog.controls import title_of
from store.errors import StoreBusy
from tui.questions.cells import CellDetail, Place
from tui.screens.base import SETTLE
from tui.screens.cell import text as cell_text
from tui.widgets.grid import Grid
from tui.widgets.plot import PlotView
from tui.widgets.said import Said
from tui.widgets.words import say

if TYPE_CHECKING:
    from tui.questions.arena import Arena


class CellGlance(Horizontal):
    """Its splits, ROC curve and precision-recall curve side by side; only to look at."""

    @dataclass
    class CellRead(Message):
        """A cell is there; None: it has no splits."""

        place: Place
        detail: CellDetail | None
        beside: str = ""
        """How the model stands to TF-IDF here."""

    def __init__(self, arena: Arena, id: str) -> None:
        """Make a place for the cells of `arena`."""
        super().__init__(id=id)
        self._arena = arena
        self._place: Place | None = None
        self._resting: Timer | None = None

    def compose(self) -> ComposeResult:
        """Three titled columns."""
        splits = Grid(cell_text.SPLIT_COLUMNS, empty="No splits of your own here; r runs the cell.")
        roc, precision_recall = (PlotView("No curve.", id=id) for id in ("glance-roc", "glance-pr"))
        for title, inside in (("Splits", splits), ("ROC", roc), ("Precision and recall", precision_recall)):
            inside.can_focus = False
            with Vertical(classes="column"):
                yield Said(say((title, "strong")), classes="head-line")
                yield inside

    def read_anew(self) -> None:
        """Say that a cell is being read, though it is not known yet which."""
        self._go_to(None)
        self.query(".head-line").first(Said).show(("Splits", "strong"))
        for inside in (self.query_one(Grid), *self.query(PlotView)):
            inside.read_anew()

    def look_at(
        self, place: Place | None, has_splits: bool = False, beside: Callable[[], str] | None = None
    ) -> None:
        """Show a cell, or that there is none; read once the cursor rests, if there is room to show it.

        `beside` works out, apart from the interface, how the model stands to TF-IDF there.
        """
        self._go_to(place)
        if place is None:
            self._show(None)
        elif self.display:
            self._resting = self.set_timer(SETTLE, partial(self._read_apart, place, has_splits, beside))

    def _go_to(self, place: Place | None) -> None:
        self._place = place
        if self._resting is not None:
            self._resting.stop()

    def _read_apart(self, place: Place, has_splits: bool, beside: Callable[[], str] | None) -> None:
        # The screen's worker, since the screen tells what goes wrong in one.
        self.screen.run_worker(
            partial(self._read, place, has_splits, beside),
            group="cell",
            exclusive=True,
            thread=True,
            exit_on_error=False,
        )

    def _read(self, place: Place, has_splits: bool, beside: Callable[[], str] | None) -> None:
        with contextlib.suppress(StoreBusy):  # locked for the moment: no error
            detail = self._arena.cell_detail(place) if has_splits else None
            self.post_message(self.CellRead(place, detail, beside() if beside and detail else ""))

    @on(CellRead)
    def _cell_read(self, message: CellRead) -> None:
        if message.place == self._place:
            self._show(message.detail, message.beside)

    def _show(self, detail: CellDetail | None, beside: str = "") -> None:
        place = self._place
        which_cell = f" {title_of(place.model)}, {place.task}" if place else ""
        verdict = (f"  to {beside}" if beside else "", "dim")
        self.query(".head-line").first(Said).show(("Splits", "strong"), which_cell, verdict)
        splits = detail.splits if detail else ()
        rows = [cell_text.split_row(split, detail.called.get(split["key"])) for split in splits if detail]
        self.query_one(Grid).show(rows)
        for which, view in enumerate(self.query(PlotView)):
            plot = cell_text.plot(detail, place, which) if place and detail else None
            view.show(plot if plot and any(item.points for item in plot.series) else None)
