"""Small plots of text: lines in braille dots, or in letters where only ASCII may be drawn.

textual-plot brings numpy (0.17 s of import), takes the keys `+ - r` and the arrows, and has no ASCII
form; an ROC curve and a learning curve need none of what it adds.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from textual.content import Content
from textual.widget import Widget

from tui.widgets.said import looks_same
from tui.widgets.words import READING, TONE_STYLES, UNICODE, UNREAD, Charset, Tone, say

_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of a braille cell's dot, by row and column."""
_LETTERS: Final = "*+ox"
"""A series' letter in ASCII, by its place."""
MARGIN: Final = 6
"""Cells left of the canvas, for the scale."""


@dataclass(frozen=True, slots=True)
class Series:
    """A line through points, or the points alone."""

    name: str
    points: Sequence[tuple[float, float]]
    tone: Tone = "accent"
    joined: bool = True


@dataclass(frozen=True, slots=True)
class Span:
    """The part of an axis that is drawn."""

    low: float
    high: float

    @classmethod
    def around(cls, values: Sequence[float]) -> Span:
        """From the least to the greatest value, never empty."""
        low, high = min(values, default=0.0), max(values, default=1.0)
        return cls(low, high) if high > low else cls(low - 0.5, high + 0.5)

    def place(self, value: float, steps: int) -> int:
        """Which of `steps` equal steps `value` falls in; outside values go to the ends."""
        share = (value - self.low) / (self.high - self.low)
        return min(max(int(share * steps), 0), steps - 1)


@dataclass(frozen=True, slots=True)
class Plot:
    """Series on common axes; an axis without a span takes what its points need."""

    title: str
    series: Sequence[Series]
    x: Span | None = None
    y: Span | None = None


def draw(plot: Plot, width: int, height: int, charset: Charset = UNICODE) -> Content:
    """The plot in exactly `height` lines of at most `width` cells: canvas, scales, legend."""
    series = plot.series
    columns, rows = max(width - MARGIN - 1, 4), max(height - 2, 2)
    x = plot.x or Span.around([point[0] for item in series for point in item.points])
    y = plot.y or Span.around([point[1] for item in series for point in item.points])
    across, up = (1, 1) if charset.ascii else (2, 4)
    cells: dict[tuple[int, int], tuple[int, int]] = {}
    for number, item in enumerate(series):
        dots = [(x.place(a, columns * across), y.place(b, rows * up)) for a, b in item.points]
        for column, row in _joined(dots) if item.joined else dots:
            place = (row // up, column // across)
            bit = _DOTS[up - 1 - row % up][column % across] if up > 1 else 0
            cells[place] = (cells.get(place, (0, 0))[0] | bit, number)
    lines = [_line(row, columns, cells, series, charset) for row in reversed(range(rows))]
    scale = {0: y.high, rows - 1: y.low, rows // 2: (y.low + y.high) / 2}
    marked = [
        Content.assemble(
            (f"{scale[i]:>{MARGIN - 1}.2f}" if i in scale else " " * (MARGIN - 1), TONE_STYLES["dim"]),
            "|",
            line,
        )
        for i, line in enumerate(lines)
    ]
    ends = f"{x.low:<{columns // 2}.3g}{x.high:>{columns - columns // 2}.3g}"
    legend = [
        (f"{_LETTERS[i % 4] if charset.ascii else charset.dot} {item.name}  ", item.tone)
        for i, item in enumerate(series)
        if item.name
    ]
    return Content("\n").join([*marked, Content(" " * MARGIN + ends), say(" " * MARGIN, *legend)])


def _line(
    row: int,
    columns: int,
    cells: dict[tuple[int, int], tuple[int, int]],
    series: Sequence[Series],
    charset: Charset,
) -> Content:
    pieces: list[tuple[str, str]] = []
    for column in range(columns):
        found = cells.get((row, column))
        if found is None:
            pieces.append((" ", ""))
            continue
        bits, number = found
        drawn = _LETTERS[number % 4] if charset.ascii else chr(0x2800 + bits)
        pieces.append((drawn, TONE_STYLES[series[number].tone]))
    return Content.assemble(*pieces)


def _joined(dots: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Every dot on the way from each point to the next."""
    yield from dots[:1]
    for (column, row), (to_column, to_row) in itertools.pairwise(dots):
        steps = max(abs(to_column - column), abs(to_row - row), 1)
        for step in range(1, steps + 1):
            yield column + (to_column - column) * step // steps, row + (to_row - row) * step // steps


class PlotView(Widget, can_focus=True):
    """A plot as large as its place."""

    def __init__(self, empty: str, id: str) -> None:
        """Make a place for a plot; `empty` is said if there is none, once that is known."""
        super().__init__(id=id)
        self.empty = empty
        self._known = False
        self._waiting = READING
        """What is said before it is known which plot there is."""
        self.plot: Plot | None = None
        self._drawn = Content()

    def show(self, plot: Plot | None) -> None:
        """Draw this as large as there is room; repainted only if it looks different."""
        self._take(plot, True)

    def read_anew(self) -> None:
        """Drop the plot and say that it is being read, until it is shown."""
        self._waiting = READING
        self._take(None, False)

    def give_up(self) -> None:
        """Say of a plot that is being read that it could not be, until it is shown."""
        self._waiting = UNREAD
        self._take(self.plot, self._known)

    def _take(self, plot: Plot | None, known: bool) -> None:
        self.plot, self._known = plot, known
        if not looks_same(self._drawn, self._draw()):
            self.refresh()

    def render(self) -> Content:
        """The plot, or why there is none."""
        self._drawn = self._draw()
        return self._drawn

    def _draw(self) -> Content:
        if self.plot is None:
            return say((self.empty if self._known else self._waiting, "dim"))
        charset: Charset = getattr(self.app, "charset", UNICODE)
        return draw(self.plot, self.size.width, self.size.height, charset)


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
