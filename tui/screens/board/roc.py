"""The ROC curve of the cell under the Board's cursor, read once the cursor rests."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message
from textual.timer import Timer

from engine.catalog.controls import title_of
from store.errors import StoreBusy
from tui.quantities import count
from tui.questions.cells import CellDetail, Place, band
from tui.screens.base import SETTLE
from tui.screens.board.view import View
from tui.terminal.timing import once
from tui.widgets.pane import Pane
from tui.widgets.plot import Band, Plot, PlotView, Reference, Series, Span
from tui.widgets.words import tint

if TYPE_CHECKING:
    from store.queries import Rankings, RankRow
    from tui.questions.arena import Arena

NO_CURVE = "No splits of your own here; r runs the cell."


class RocPane(Pane):
    """Curves of one cell's splits; of a printed row, which has none, the baseline's."""

    @dataclass
    class CellRead(Message):
        """A cell is there; None: it has no splits."""

        place: Place
        detail: CellDetail | None

    def __init__(self) -> None:
        """Make an empty pane."""
        self._plot = PlotView(NO_CURVE, id="board-roc")
        super().__init__("ROC", self._plot, id="board-roc-pane")
        self._place: Place | None = None
        self._shown: tuple[Place, Rankings] | None = None
        """What is read or has been, and of which table."""
        self._read: RocPane.CellRead | None = None
        """What was read last."""
        self.figure: tuple[str, Place] | None = None
        """The figure for print that shows the same; there is none unless there are two classes."""
        self._note = ""
        self._resting: Timer | None = None

    def on_mount(self) -> None:
        """Explain the band as this terminal shows it."""
        self.legend((tint("banda", self.app.native_ansi_color), ""), (" lowest to highest", "soft"))

    def read_anew(self) -> None:
        """Say that a cell is being read, though it is not known yet which."""
        self._place = self._shown = self._read = None
        self.say("")
        self._plot.read_anew()

    def look_at(
        self, arena: Arena, view: View, row: RankRow | None, base: RankRow | None, place: Place | None
    ) -> None:
        """Show a cell, or the baseline's where the row has no splits."""
        if self._resting is not None:
            self._resting.stop()
        shown = row if row is not None and row.source == "own" else base
        if place is None or shown is None or place.task not in shown.n:
            self._place = self._shown = None
            self.say("")
            self._plot.show(None)
            return
        place = Place(shown.model, place.task, place.arm)
        estimate = view.standing.estimate(shown, place.task) if view.standing else None
        before, self._note = self._note, ""
        if estimate is not None:
            self._note = f"AUC {estimate.auc:.3f}".replace(" 0.", " .")
            if estimate.interval is not None:
                low, high = (f"{end:.3f}".removeprefix("0") for end in estimate.interval)
                self._note += f" [{low}, {high}]"
        who = title_of(shown.model) if shown is row else f"the baseline, {title_of(shown.model)}"
        self.say(f"{who}, {place.task}")
        self._place = place
        if self._shown != (place, view.rankings):
            self._resting = once(self, SETTLE, partial(self._read_apart, arena, place, view))
        elif self._note != before:
            self._draw()

    def _read_apart(self, arena: Arena, place: Place, view: View) -> None:
        self._shown = place, view.rankings
        # The screen's worker, since the screen says what goes wrong in one.
        self.screen.run_worker(
            partial(self._read_cell, arena, place),
            group="cell",
            exclusive=True,
            thread=True,
            exit_on_error=False,
        )

    def _read_cell(self, arena: Arena, place: Place) -> None:
        with contextlib.suppress(StoreBusy):  # locked for the moment: no error
            self.post_message(self.CellRead(place, arena.cell_detail(place)))

    @on(CellRead)
    def _cell_read(self, message: CellRead) -> None:
        self._read = message
        self._draw()

    def _draw(self) -> None:
        read = self._read
        if read is not None and read.place == self._place:
            two = read.detail is not None and len(read.detail.tests.classes) == 2
            self.figure = ("roc", read.place) if two else None
            self._plot.show(roc(read.detail, read.place, self._note))


def roc(detail: CellDetail | None, place: Place, note: str) -> Plot | None:
    """The mean curve, tinted from the lowest to the highest; None where there are no curves."""
    curves = [curve for curve in detail.roc.values() if curve] if detail else []
    if not curves:
        return None
    low, mean, high = band(curves)
    edges = [(at, least, most) for (at, least), (_, most) in zip(low, high, strict=True)]
    return Plot(
        f"{title_of(place.model)}, {place.task}, {place.arm.protocol}: ROC",
        [Series(f"mean of {count(len(curves), 'split')}", mean, "a")],
        Span(0, 1),
        Span(0, 1),
        "false positive rate",
        "true positive rate",
        (Reference("chance", ((0, 0), (1, 1))),),
        (Band("banda", edges),),
        note=note,
    )
