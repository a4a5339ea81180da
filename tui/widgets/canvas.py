"""A canvas of cells in layers, from which every plot of the application is made. No numpy.

    canvas = Canvas(40, 12, Span(0, 1), Span(0, 1))
    canvas.band([(0, 0, .2), (1, .6, 1)], "banda")          # tint between low and high
    canvas.grid((0, .5, 1), (0, .5, 1))                     # one dot where ticks cross
    canvas.reference([(0, 0), (1, 1)], "chance")            # every third dot, named beside it
    canvas.line(points, "b", Layer.SECOND); canvas.line(points, "a")
    canvas.scatter(points, "a"); canvas.scatter(others, "b")
    canvas.mark(.3, .8, "×", "bad")                         # ● ○ ◆ ◉ × a digit ▲ ▶
    canvas.text(.6, .1, "AUC .911", "strong")               # left out where it would cover another
    lines = canvas.lines()                                  # of (text, tone or style) pieces

Bottom up: band, grid, reference, second curve, first curve, marks, text. The higher layer owns a cell and
drops the lower dots. `tui.widgets.plot` puts axes around a canvas, `tui.widgets.strips` draws single lines.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from rich.cells import cell_len

from tui.widgets.rows import Piece
from tui.widgets.words import UNICODE, Charset, Tone

_DOTS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of a braille cell's dot, by row and column."""
CROWD: Final = 4
"""Points in one cell from which on it is bold on a tinted ground."""


class Layer(IntEnum):
    """What owns a cell: the higher."""

    GRID = 1
    REFERENCE = 2
    SECOND = 3
    FIRST = 4
    MARK = 5
    TEXT = 6


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


@dataclass(slots=True)
class _Cell:
    layer: int = 0
    bits: int = 0
    sign: str = ""
    tone: str = ""
    count: int = 0


class Canvas:
    """Cells of a plot, without its axes."""

    def __init__(
        self, width: int, height: int, x: Span, y: Span, charset: Charset = UNICODE, shade: str = ""
    ) -> None:
        """Make an empty canvas of so many cells over `x` and `y`; `shade` fills bands for want of tints."""
        self.shade = shade
        self.width, self.height, self.x, self.y = max(width, 1), max(height, 1), x, y
        self.charset = charset
        self._cells = [[_Cell() for _ in range(self.width)] for _ in range(self.height)]
        self._bands: dict[tuple[int, int], str] = {}

    # ------------------------------------------------------------------ places

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Column and row, from the top, of the cell that holds a point."""
        return self.x.place(x, self.width), self.height - 1 - self.y.place(y, self.height)

    def _dot(self, x: float, y: float) -> tuple[int, int]:
        across, up = (1, 1) if self.charset.ascii else (2, 4)
        steps = self.height * up
        return self.x.place(x, self.width * across), steps - 1 - self.y.place(y, steps)

    # ------------------------------------------------------------------ layers

    def band(self, edges: Sequence[tuple[float, float, float]], tone: str) -> None:
        """Tint what is between the low and high of (x, low, high), straight between neighbours."""
        for column in range(self.width):
            at = self.x.low + (column + 0.5) / self.width * (self.x.high - self.x.low)
            found = _between(edges, at)
            if found is None:
                continue
            bottom, top = self.cell(at, found[0])[1], self.cell(at, found[1])[1]
            for row in range(top, bottom + 1):
                self._bands.setdefault((column, row), tone)

    def grid(self, xs: Sequence[float], ys: Sequence[float]) -> None:
        """One dot where ticks cross."""
        for x, y in itertools.product(xs, ys):
            self._sign(*self.cell(x, y), "·", "line", Layer.GRID)

    def reference(self, points: Sequence[tuple[float, float]], name: str = "", tone: str = "faint") -> None:
        """Every third dot of a line, with its name beside the middle of it."""
        for number, dot in enumerate(_joined([self._dot(*point) for point in points])):
            if number % 3 == 0:
                self._bit(dot, tone, Layer.REFERENCE, ".")
        if name and points:
            middle = [sum(values) / len(points) for values in zip(*points, strict=True)]
            column, row = self.cell(*middle)
            for down, along in ((1, 2), (1, -len(name) - 2), (-1, 2), (2, 2)):
                if self._write(column + along, row + down, name, tone):
                    break

    def line(self, points: Sequence[tuple[float, float]], tone: str, layer: Layer = Layer.FIRST) -> None:
        """A line through points."""
        sign = "*" if layer is Layer.FIRST else "+"
        for dot in _joined([self._dot(*point) for point in points]):
            self._bit(dot, tone, layer, sign)

    def scatter(self, points: Sequence[tuple[float, float]], tone: Tone) -> None:
        """Points, which are signs where no colour tells; where two tones meet in a cell it is `both`."""
        for point in points:
            if self.charset.points:
                self._point(*self.cell(*point), tone)
            else:
                self._bit(self._dot(*point), tone, Layer.FIRST, "", mixed=True)

    def mark(self, x: float, y: float, sign: str, tone: str) -> None:
        """One sign on a point."""
        self._sign(*self.cell(x, y), sign, tone, Layer.MARK)

    def text(self, x: float, y: float, text: str, tone: str = "soft", right: bool = False) -> bool:
        """Words from (or, `right`, to) a point; whether there was room that no other text or mark has."""
        column, row = self.cell(x, y)
        return self._write(column - cell_len(text) + 1 if right else column, row, text, tone)

    # ------------------------------------------------------------------ drawing

    def _write(self, column: int, row: int, text: str, tone: str) -> bool:
        end = column + cell_len(text)
        if column < 0 or end > self.width or not 0 <= row < self.height:
            return False
        around = range(max(column - 1, 0), min(end + 1, self.width))
        if any(self._cells[row][place].layer >= Layer.MARK for place in around):
            return False
        for place, sign in enumerate(text, column):
            self._sign(place, row, sign, tone, Layer.TEXT)
        return True

    def _sign(self, column: int, row: int, sign: str, tone: str, layer: Layer) -> None:
        if self._cells[row][column].layer <= layer:
            self._cells[row][column] = _Cell(layer, 0, sign, tone)

    def _bit(self, dot: tuple[int, int], tone: str, layer: Layer, sign: str, mixed: bool = False) -> None:
        across, up = (1, 1) if self.charset.ascii else (2, 4)
        cell = self._cells[dot[1] // up][dot[0] // across]
        if cell.layer > layer:
            return
        if cell.layer < layer:
            cell.layer, cell.bits, cell.sign, cell.tone, cell.count = layer, 0, "", tone, 0
        if up > 1:
            cell.bits |= _DOTS[dot[1] % up][dot[0] % across]
        if cell.tone != tone:
            cell.tone = "both" if mixed else tone
        cell.sign = sign
        cell.count += mixed

    def _point(self, column: int, row: int, tone: str) -> None:
        cell = self._cells[row][column]
        if cell.layer > Layer.FIRST:
            return
        tone = "both" if cell.layer == Layer.FIRST and cell.tone != tone else tone
        self._cells[row][column] = _Cell(Layer.FIRST, 0, self.charset.point(tone), tone, cell.count + 1)

    def lines(self) -> list[list[Piece]]:
        """The lines from the top, in pieces of text and tone."""
        return [
            [self._piece(cell, self._bands.get((column, row), "")) for column, cell in enumerate(line)]
            for row, line in enumerate(self._cells)
        ]

    def _piece(self, cell: _Cell, band: str) -> Piece:
        ground = f"$say-{band}" if band else ""
        if not cell.layer:
            return (self.shade, "$say-line") if band and self.shade else (" ", ground)
        drawn = chr(0x2800 + cell.bits) if cell.bits else cell.sign
        if cell.count >= CROWD:
            return (drawn, f"$say-{cell.tone} bold $say-bande")
        style = cell.tone if cell.tone.startswith("$") else f"$say-{cell.tone}"
        style += " bold" if cell.tone in ("strong", "bad") else ""
        return (drawn, f"{style} {ground}".rstrip())


def _between(edges: Sequence[tuple[float, float, float]], x: float) -> tuple[float, float] | None:
    for (left, low, high), (right, to_low, to_high) in itertools.pairwise(edges):
        if left <= x <= right and right > left:
            share = (x - left) / (right - left)
            return low + share * (to_low - low), high + share * (to_high - high)
    return None


def _joined(dots: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Every dot on the way from each point to the next."""
    yield from dots[:1]
    for (column, row), (to_column, to_row) in itertools.pairwise(dots):
        steps = max(abs(to_column - column), abs(to_row - row))
        for step in range(1, steps + 1):
            yield column + (to_column - column) * step // steps, row + (to_row - row) * step // steps
