"""Plots with axes: series, references, bands, marks and words over a canvas, as large as their place.

    Plot("ROC", [Series("mean", points, "a")], Span(0, 1), Span(0, 1),
         x_title="false positive rate", y_title="true positive rate",
         references=[Reference("chance", ((0, 0), (1, 1)))], bands=[Band("banda", edges)],
         marks=[Mark(.2, .8, "◆", "b")], note="AUC .911 ±.041")

The first series is on top; at most two should share a plot. `PlotView.show(plot)` repaints only lines that
differ, and says what is being read or missing where there is no plot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tui.widgets.canvas import Canvas, Layer, Span
from tui.widgets.picture import Picture
from tui.widgets.rows import Piece
from tui.widgets.strips import label, placed, ticks
from tui.widgets.text import clean
from tui.widgets.words import UNICODE, Charset, Tone

__all__ = [
    "Band",
    "Mark",
    "Plot",
    "PlotView",
    "Reference",
    "Series",
    "Span",
    "Words",
    "drawn",
    "strip",
]

LEAST: Final = (4, 2)
"""Cells that a canvas has however small its place."""


@dataclass(frozen=True, slots=True)
class Series:
    """A line through points, or the points alone."""

    name: str
    points: Sequence[tuple[float, float]]
    tone: Tone = "a"
    joined: bool = True


@dataclass(frozen=True, slots=True)
class Reference:
    """A named line to compare with, such as chance."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Band:
    """A tint (`banda`, `bandb`, `bande`) between the low and high of (x, low, high)."""

    tone: str
    edges: Sequence[tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign on a point."""

    x: float
    y: float
    sign: str
    tone: Tone = "text"


@dataclass(frozen=True, slots=True)
class Words:
    """Words inside a plot, from a point on; left out where they would cover others."""

    x: float
    y: float
    text: str
    tone: Tone = "soft"


@dataclass(frozen=True, slots=True)
class Plot:
    """Series on common axes; an axis without a span takes what its points need."""

    title: str
    series: Sequence[Series]
    x: Span | None = None
    y: Span | None = None
    x_title: str = ""
    y_title: str = ""
    references: Sequence[Reference] = ()
    bands: Sequence[Band] = ()
    marks: Sequence[Mark] = ()
    note: str = ""
    """The one number, inside at the bottom right."""
    words: Sequence[Words] = ()


def drawn(
    plot: Plot, width: int, height: int, charset: Charset = UNICODE, shade: str = ""
) -> list[list[Piece]]:
    """The plot in exactly `height` lines of at most `width` cells.

    From the top: title of y, canvas beside its labels, axis, labels, names and title of x.
    """
    x = plot.x or Span.around([point[0] for item in plot.series for point in item.points])
    y = plot.y or Span.around([point[1] for item in plot.series for point in item.points])
    rows = max(height - 3 - bool(plot.y_title), LEAST[1])
    ups = {rows - 1 - y.place(at, rows): label(at) for at in ticks(y, 5 if rows >= 9 else 3)}
    margin = max([len(text) for text in ups.values()], default=0) + 1
    columns = max(width - margin - 1, LEAST[0])
    acrosses = ticks(x, 5 if columns >= 24 else 3)
    canvas = Canvas(columns, rows, x, y, charset, shade)
    _fill(canvas, plot, acrosses, ticks(y, 5 if rows >= 9 else 3))
    found: list[list[Piece]] = []
    if plot.y_title:
        found.append([(" " * max(margin - 2, 0), ""), (f"↑ {clean(plot.y_title)}", "faint")])
    for row, line in enumerate(canvas.lines()):
        axis = "┤" if row in ups else "│"
        found.append([(f"{ups.get(row, ''):>{margin}}", "faint"), (axis, "line"), *line])
    places = [x.place(at, columns) for at in acrosses]
    axis = "".join("┬" if column in places else "─" for column in range(columns))
    found.append([(" " * margin, ""), ("└" + axis, "line")])
    labels = placed([(place, label(at)) for place, at in zip(places, acrosses, strict=True)], columns)
    found.append([(" " * (margin + 1) + labels, "faint")])
    found.append(_under(plot, width, margin, charset))
    return found[:height] if height > 0 else []


def _fill(canvas: Canvas, plot: Plot, xs: Sequence[float], ys: Sequence[float]) -> None:
    for band in plot.bands:
        canvas.band(band.edges, band.tone)
    canvas.grid(xs, ys)
    for number, item in reversed(list(enumerate(plot.series))):
        if not item.joined:
            canvas.scatter(item.points, item.tone)
        elif item.tone in ("dim", "faint"):
            canvas.reference(item.points)
        else:
            canvas.line(item.points, item.tone, Layer.FIRST if number == 0 else Layer.SECOND)
    for mark in plot.marks:
        canvas.mark(mark.x, mark.y, mark.sign, mark.tone)
    if plot.note:
        canvas.text(canvas.x.high, canvas.y.low, clean(plot.note) + " ", "strong", right=True)
    for words in plot.words:
        canvas.text(words.x, words.y, clean(words.text), words.tone)
    for reference in plot.references:
        canvas.reference(reference.points, clean(reference.name))


def _under(plot: Plot, width: int, margin: int, charset: Charset) -> list[Piece]:
    """Names of the series at the left, the title of x at the right, if there is room for both."""
    names: list[Piece] = [(" " * (margin + 1), "")]
    for number, item in enumerate(plot.series):
        if item.name:
            sign = ("*" if number == 0 else "+") if charset.ascii else charset.full if item.joined else "●"
            names.append((f"{sign} ", item.tone))
            names.append((f"{clean(item.name)}  ", "soft"))
    title = f"{clean(plot.x_title)} →" if plot.x_title else ""
    used = sum(len(text) for text, _ in names)
    if title and used + len(title) <= width:
        names += [(" " * (width - used - len(title)), ""), (title, "faint")]
    return names


class PlotView(Picture[Plot]):
    """A plot as large as its place."""

    def lines(self, of: Plot, width: int, height: int) -> Sequence[Sequence[Piece]]:
        """The plot, with the characters and colours that the terminal has."""
        return drawn(of, width, height, self.charset, "░" if self.app.native_ansi_color else "")


def strip(
    low: float,
    value: float,
    high: float,
    span: Span,
    width: int,
    charset: Charset = UNICODE,
    mark: float | None = None,
) -> str:
    """One line of a forest plot: an interval with its middle, in `width` cells, and a mark across it."""
    left, middle, right = (span.place(number, width) for number in (low, value, high))
    cells = [" "] * width
    for place in range(left, right + 1):
        cells[place] = charset.line
    if mark is not None:
        cells[span.place(mark, width)] = "|"
    cells[middle] = charset.dot
    return "".join(cells)
