"""What a cell's screen shows: its panes, the room that each gets, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from textual import events, on
from textual.containers import Container, Horizontal, Vertical
from textual.widget import Widget

from tui.quantities import count
from tui.questions.cells import CellDetail, CellWorth, Place
from tui.screens.cell import drawings, plots
from tui.screens.cell import text as cell_text
from tui.screens.cell.pages import pages
from tui.screens.turning import Pages, TurningScreen
from tui.widgets.drawing import Drawing
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.plot import Plot, PlotView
from tui.widgets.said import Said
from tui.widgets.sorting import ordered
from tui.widgets.words import tint

CURVES: Final = {"roc": plots.roc, "pr": plots.precision_recall, "calibration": plots.calibration}
LEAST_REST: Final = 9
"""Lines that a pane keeps beside one that has its natural rows."""


class CellPanes(TurningScreen):
    """The panes of a cell, as far as it has been read."""

    HOLDERS = "#cell-lower, #cell-panes > .column"

    def __init__(self, place: Place) -> None:
        """Show the cell at `place`."""
        super().__init__()
        self.place = place
        self._detail: CellDetail | None = None
        self._worth: CellWorth | None = None
        self._sorted: dict[str, tuple[int, bool]] = {}
        """Of each table that was sorted, the column and whether the greatest comes first."""

    def compose_body(self) -> Iterable[Widget]:
        """What it is, over three columns of panes."""
        yield Said(id="cell-head", classes="head-line")
        with Horizontal(id="cell-panes", classes="panes -all"):
            with Vertical(classes="column -open", id="cell-left"):
                splits = Grid(
                    cell_text.SPLIT_COLUMNS, id="splits", empty="There are no splits.", sortable=True
                )
                yield Pane("Splits", splits, id="splits-pane", first=True)
                yield Pane("Scores", Drawing("No score was kept.", id="scores"), id="scores-pane")
                genes = Grid(id="genes", empty="No gene was tested.", sortable=True)
                yield Pane("Hardest genes", genes, id="genes-pane")
                chosen = Grid(
                    id="tuning",
                    empty="Nothing was tuned or fine-tuned under this protocol.",
                    sortable=True,
                )
                yield Pane("Tuning", chosen, id="tuning-pane")
            with Vertical(classes="column", id="cell-middle"):
                yield Pane("ROC", PlotView("There is no curve.", id="roc"), id="roc-pane")
                with Container(id="cell-lower"):
                    curve = PlotView("There is no curve.", id="pr")
                    yield Pane("Precision and recall", curve, id="pr-pane")
                    groups = PlotView("No score was kept.", id="calibration")
                    yield Pane("Calibration", groups, id="calibration-pane")
                    yield Pane("Epochs", PlotView("There are no epochs.", id="epochs"), id="epochs-pane")
            with Vertical(classes="column", id="cell-right"):
                yield Pane("Provenance", Grid(id="provenance"), id="provenance-pane")
                yield Pane("Worth", Drawing("Nothing can be said.", id="worth"), id="worth-pane")
                yield Pane("Called at .5", Drawing("No score was kept.", id="called"), id="called-pane")
                yield Pane("Every score", Drawing("No score was kept.", id="tests"), id="tests-pane")

    def on_resize(self, _event: events.Resize) -> None:
        """Another size has other pages."""
        if self.stands_whole:
            self.turn()
            self.call_after_refresh(self._show_head)

    # ------------------------------------------------------------------ pages

    def pages_now(self) -> Pages:
        """Those for this size of the terminal and what there is of the cell."""
        detail = self._detail
        epochs = bool(detail and detail.epochs)
        return pages(*self.app.size, bool(detail and detail.trials) or epochs, epochs)

    def give_room(self) -> None:
        """Panes that have few rows get just these, where another takes the rest."""
        left, others = self.query_one("#cell-left"), self.query("#cell-middle, #cell-right")
        left.styles.width = None if any(other.display for other in others) else "1fr"
        detail, worth = self._detail, self._worth
        framed = 2 if self.app.size.width >= 110 else 1
        width = self.query_one("#cell-right").size.width - 4
        natural = {
            "splits": len(self.query_one("#splits", Grid).rows) + 1,
            "tuning": len(self.query_one("#tuning", Grid).rows) + 1,
            "worth": len(cell_text.worth_lines(worth, width)) if worth else 4,
            "called": len(drawings.matrix(detail.tests, width)) if detail else 4,
            "provenance": sum(
                not row.key.startswith("key ") for row in self.query_one("#provenance", Grid).rows
            )
            + 1,
        }
        room = self.query_one("#cell-panes").size.height
        for name, rows in natural.items():
            pane = self.query_one(f"#{name}-pane", Pane)
            beside = {other.id for other in pane.siblings if isinstance(other, Pane) and other.display}
            # Provenance has as many rows as there is room for, unless the scores need it.
            grows = (
                not beside
                or (name == "tuning" and "scores-pane" not in beside)
                or (name == "provenance" and "tests-pane" not in beside)
            )
            most = min(max(room - LEAST_REST * len(beside), room // 3, 5), max(14, 2 * room // 5))
            pane.styles.height = "1fr" if grows else min(rows + framed, most)

    # ------------------------------------------------------------------ pictures and words

    def _title(self, name: str) -> str:
        place = self.place
        shown = {"roc": "ROC", "pr": "precision and recall"}.get(name, name)
        return f"{place.model}, {place.task}, {place.arm.protocol}: {shown}"

    def _show_plot(self, name: str, plot: Plot) -> None:
        drawn = any(item.points for item in plot.series)
        self.query_one(f"#{name}", PlotView).show(plot if drawn else None)

    def _show_splits(self) -> None:
        if self._detail is None:
            return
        pane = self.query_one("#splits-pane", Pane)
        pane.say(*cell_text.splits_title(self._detail, self.app.size.width < 110))
        pane.legend(("●", "text"), " split  ", ("╎", "a"), " mean  ┊ chance")
        self._show_table("splits")

    def _show_scores(self, detail: CellDetail) -> None:
        tests = detail.tests
        there = bool(tests.splits)
        many = f" of {len(tests.classes)} classes, {tests.positive}" if len(tests.classes) > 2 else ""
        by_draw = sorted(detail.splits, key=lambda split: str(split.get("model")))
        seeds = [(str(split["key"]), self._named(split)) for split in by_draw]
        for name, drawer in (
            ("scores", partial(drawings.scores, tests)),
            ("called", lambda width, _: drawings.matrix(tests, width)),
            ("tests", partial(drawings.by_split, tests, seeds)),
        ):
            self.query_one(f"#{name}", Drawing).show(drawer if there else None)
        self._show_table("genes")
        says = {
            "scores": f"by class, share of each{many}",
            "genes": "mean error over its tests, 0 right, 1 wrong",
            "roc": f"{tests.positive} against {tests.rest}" if there else "",
            "pr": "",
            "calibration": f"{plots.GROUPS} equal groups",
            "called": f"all {count(len(tests.splits), 'split')} together",
            "tests": "by split",
            "epochs": "mean over seeds",
            "tuning": "epochs of fine-tuning" if detail.epochs else "mean over splits and folds",
            "worth": "beside chance",
        }
        for name, words in says.items():
            self.query_one(f"#{name}-pane", Pane).say(words)
        self._show_legends(len(detail.splits))

    def _show_legends(self, splits: int) -> None:
        legends: dict[str, tuple[object, ...]] = {
            "calibration": (("●", "a"), " group  │ 95 %"),
            "tests": (("■", "b"), " class 1  ", ("□", "a"), " class 0  ", ("wrong", "bad"), "  ┊ .5"),
            "genes": (("■", "b"), " class 1  ", ("□", "a"), " class 0"),
        }
        if splits > 1:
            spread = tint("banda", self.shell.native_ansi_color)
            legends["roc"] = legends["pr"] = ((spread, ""), " lowest to highest")
        for name, legend in legends.items():
            self.query_one(f"#{name}-pane", Pane).legend(*legend)

    def _named(self, split: object) -> str:
        """A split's seed, after its draw if there are several."""
        assert isinstance(split, dict)
        many = len({one.get("model") for one in self._detail.splits}) > 1 if self._detail else False
        draw = str(split.get("model")).rpartition("-")[2] + "·" if many else ""
        return f"{draw}{split['seed']}"

    def _show_head(self) -> None:
        head = self.query_one("#cell-head", Said)
        head.show(
            *cell_text.context(self.place, self._detail, self._worth, max(self.app.size.width - 2, 20))
        )
        self._show_table("provenance")

    # ------------------------------------------------------------------ tables

    def _show_table(self, name: str) -> None:
        detail = self._detail
        if detail is None:
            return
        grid = self.query_one(f"#{name}", Grid)
        if name == "splits":
            rows, columns = cell_text.split_rows(detail, 12 if self.app.size.width < 110 else 30)
        elif name == "genes":
            rows, columns = cell_text.gene_rows(detail.tests), cell_text.gene_columns(detail.tests)
        elif name == "tuning":
            found, rows = cell_text.tuning(detail)
            columns = tuple(found)
        else:
            command = self.shown_command() or self.place.why_no_command
            errors = self._worth.errors if self._worth else ""
            width = grid.size.width - 12
            rows = cell_text.provenance(detail, self.place, command, errors, width)
            columns = cell_text.PROVENANCE_COLUMNS
        if name in self._sorted:
            sorted_rows, sorted_columns = ordered(rows, columns, *self._sorted[name])
            rows, columns = sorted_rows, tuple(sorted_columns)
        grid.show(rows, columns)

    @on(Grid.SortAsked)
    def _sort(self, message: Grid.SortAsked) -> None:
        name = message.grid.id or ""
        by, down = self._sorted.get(name, (-1, False))
        self._sorted[name] = (message.column, not down if by == message.column else True)
        self._show_table(name)
