"""One cell of the ranked table: its splits, curves, tuning or epochs, and where the numbers come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget

from tui.lookups import CellDetail, Curve, Place, band
from tui.screens.base import ArenaScreen
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.plot import Plot, PlotView, Series, Span
from tui.widgets.rows import Cell, Column, Row
from tui.widgets.said import Said
from tui.widgets.words import auc, count

SPLIT_COLUMNS = (
    Column("seed", "seed", right=True),
    Column("auc", "AUC", right=True),
    Column("auprc", "AUPRC", right=True),
    Column("f1", "F1", right=True, shed=2),
    Column("brier", "Brier", right=True, shed=2),
    Column("n", "train/test", right=True, shed=3),
    Column("seconds", "time", right=True, shed=1),
    Column("params", "chosen or why not", least=10),
)

PLOTS = ("ROC", "precision and recall", "epochs")


class CellScreen(ArenaScreen):
    """A cell in four panes; `v` goes through its plots."""

    MODE = "board"
    ABOUT = (
        "Every split of one cell. The band of a curve spans the splits, the line is their mean. "
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

    def __init__(self, place: Place) -> None:
        """Show the cell at `place`."""
        super().__init__()
        self.place = place
        self._detail: CellDetail | None = None
        self._shown_plot = 0

    def compose_body(self) -> Iterable[Widget]:
        """What it is, over splits, plot, tuning and provenance."""
        yield Said(id="cell-head", classes="head")
        with Horizontal(classes="panes ruled"):
            with Vertical(classes="column -open"):
                yield Pane(
                    "SPLITS",
                    Grid(SPLIT_COLUMNS, id="splits", empty="Reading."),
                    id="splits-pane",
                    first=True,
                )
                chosen = Grid(id="trials", empty="Nothing was tuned or fine-tuned under this protocol.")
                yield Pane("TUNING", chosen, id="trials-pane")
            with Vertical(classes="column"):
                yield Pane("CURVE", PlotView("No curve yet.", id="curve"), id="curve-pane")
                yield Pane("PROVENANCE", Grid(id="provenance", empty="Reading."), id="provenance-pane")

    def begin(self) -> None:
        """Open the splits and read the cell."""
        self.query_one("#splits-pane", Pane).open()
        self.query_one("#cell-head", Said).show(
            (self.place.model, "accent"),
            "  ",
            (self.place.task, "strong"),
            f"  {self.place.protocol}, preset {self.place.preset}, text {self.place.text}\n",
            (self.place.command, "dim"),
        )
        self.read_cell()

    # ------------------------------------------------------------------ reading and showing

    @work(thread=True, exclusive=True, group="cell", exit_on_error=False)
    def read_cell(self) -> None:
        """Read the cell."""
        self.post_message(self.DetailRead(self.arena.cell_detail(self.place)))

    @on(DetailRead)
    def _detail_read(self, message: DetailRead) -> None:
        detail = self._detail = message.detail
        if detail is None:
            return
        self.query_one("#splits", Grid).show([_split_row(split) for split in detail.splits])
        scored = [split["auc"] for split in detail.splits if split["auc"] is not None]
        mean = sum(scored) / len(scored) if scored else None
        self.query_one("#splits-pane", Pane).say(f"{count(len(scored), 'split')}, mean AUC {auc(mean)}")
        columns, rows = _tuning(detail)
        self.query_one("#trials", Grid).show(rows, columns)
        self.query_one("#provenance", Grid).show(
            _provenance(detail), (Column("what", ""), Column("is", "", least=20))
        )
        if detail.epochs:
            self._shown_plot = 2
        self._show_plot()

    def _show_plot(self) -> None:
        if self._detail is None:
            return
        view = self.query_one(PlotView)
        self.query_one("#curve-pane", Pane).say(PLOTS[self._shown_plot], ("  v for the next", "dim"))
        plot = self._plot_of(self._detail)
        view.empty = f"There is no plot of {PLOTS[self._shown_plot]} here; v shows the next."
        view.show(plot if any(item.points for item in plot.series) else None)

    def _plot_of(self, detail: CellDetail) -> Plot:
        title = f"{self.place.model}, {self.place.task}, {self.place.protocol}: {PLOTS[self._shown_plot]}"
        if self._shown_plot == 2:
            return Plot(title, _epoch_series(detail))
        curves = list((detail.roc, detail.precision_recall)[self._shown_plot].values())
        return Plot(title, _band_series([curve for curve in curves if curve]), Span(0, 1), Span(0, 1))

    # ------------------------------------------------------------------ actions

    def shown_command(self) -> str:
        """The command that runs this cell."""
        return self.place.command

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


def _split_row(split: Mapping[str, object]) -> Row:
    number = partial(_number, split)
    seconds = split["seconds"]
    took = sum(seconds.values()) if isinstance(seconds, dict) and seconds else None
    params = split["best_params"]
    said = (
        ", ".join(f"{name}={value}" for name, value in params.items()) if isinstance(params, dict) else ""
    )
    failed = split["state"] == "failed"
    return Row(
        str(split["key"]),
        (
            str(split["seed"]),
            number("auc"),
            number("auprc"),
            number("f1"),
            number("brier"),
            f"{split['n_train']}/{split['n_test']}" if split["n_test"] is not None else "",
            f"{took:.1f}s" if took is not None else "",
            Cell(str(split.get("sentence") or "failed"), "bad") if failed else Cell(said, "dim"),
        ),
    )


def _number(split: Mapping[str, object], name: str) -> str:
    value = split[name]
    return auc(value) if isinstance(value, float) else "-"


def _tuning(detail: CellDetail) -> tuple[Sequence[Column], list[Row]]:
    if detail.epochs:
        columns = [
            Column(name, name, right=True)
            for name in ("seed", "stage", "epoch", "loss", "eval AUC", "rate")
        ]
        rows = [
            Row(
                f"{seed}-{stage}-{epoch}",
                (str(seed), str(stage), str(epoch), f"{loss:.4f}", auc(score), f"{rate:.2g}"),
            )
            for seed, stage, epoch, loss, score, rate in detail.epochs
        ]
        return columns, rows
    columns = [
        Column("params", "parameters", least=12),
        Column("auc", "CV AUC", right=True),
        Column("n", "chosen in", right=True),
    ]
    return columns, [
        Row(params, (params, auc(mean), count(n, "split"))) for params, mean, n in detail.trials
    ]


def _provenance(detail: CellDetail) -> list[Row]:
    rows = []
    for name, host, device, python, platform in detail.environments:
        rows.append(Row(name, ("environment", f"{name}: {host}, {device}, Python {python}, {platform}")))
    for split in detail.splits:
        for note in split["notes"] or ():
            rows.append(Row(f"{split['key']}{note}", (f"seed {split['seed']}", Cell(note, "warn"))))
        rows.append(
            Row(str(split["key"]), (f"seed {split['seed']}", f"{split['key']}  {split['finished_at']}"))
        )
    return rows


def _band_series(curves: Sequence[Curve]) -> list[Series]:
    if not curves:
        return []
    low, mean, high = band(curves)
    return [
        Series("", low, "dim", joined=False),
        Series(f"lowest to highest of {count(len(curves), 'split')}", high, "dim", joined=False),
        Series("mean", mean, "accent"),
    ]


def _epoch_series(detail: CellDetail) -> list[Series]:
    """Loss and evaluation AUC along the epochs, averaged over seeds, stage after stage."""
    losses: dict[tuple[int, int], list[float]] = {}
    scores: dict[tuple[int, int], list[float]] = {}
    for _, stage, epoch, loss, score, _ in detail.epochs:
        losses.setdefault((stage, epoch), []).append(loss)
        if score is not None:
            scores.setdefault((stage, epoch), []).append(score)
    places = {step: float(i + 1) for i, step in enumerate(sorted(losses))}

    def line(found: dict[tuple[int, int], list[float]]) -> Curve:
        return tuple((places[step], sum(values) / len(values)) for step, values in sorted(found.items()))

    return [Series("loss", line(losses), "warn"), Series("evaluation AUC", line(scores), "accent")]
