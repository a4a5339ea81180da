"""Lines that a function draws for whatever size its place has; only those that differ are repainted.

    Drawn(id="card").show(lambda width, height: [[("mean ", "soft"), (".852", "strong")], ...])

A pane's picture that is not a plot with axes and not a table with a cursor: cards, small matrices, strips.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

from tui.widgets.rows import Piece
from tui.widgets.said import looks_same
from tui.widgets.text import clean
from tui.widgets.words import READING, TONE_STYLES, UNREAD, Tone

Lines = Sequence[Sequence[Piece]]
Drawer = Callable[[int, int], Lines]
"""Draws lines for so many cells and rows."""


class Drawn(Widget, can_focus=True):
    """A place for lines of pieces; focused only so that it can be zoomed."""

    def __init__(self, id: str) -> None:
        """Make an empty place."""
        super().__init__(id=id)
        self._drawer: Drawer | None = None
        self._waiting = READING
        self._lines: list[Content] = []

    def show(self, drawer: Drawer) -> None:
        """Have it drawn like this from now on."""
        self._drawer = drawer
        self._take()

    def read_anew(self) -> None:
        """Say that what is drawn here is being read."""
        self._drawer, self._waiting = None, READING
        self._take()

    def give_up(self) -> None:
        """Say that it could not be read."""
        self._waiting = UNREAD
        self._take()

    def _take(self) -> None:
        before, self._lines = self._lines, self._draw()
        if len(before) != len(self._lines):
            self.refresh()
            return
        for y, (one, other) in enumerate(zip(before, self._lines, strict=True)):
            if not looks_same(one, other):
                self.refresh(Region(0, y, self.size.width, 1))

    def render(self) -> Content:
        """The lines, cut to the place."""
        self._lines = self._draw()
        return Content("\n").join(self._lines)

    def _draw(self) -> list[Content]:
        width, height = self.size
        if not width or not height:
            return []
        if self._drawer is None:
            return [Content.styled(self._waiting, TONE_STYLES["soft"])]
        return [in_cells(line, width) for line in self._drawer(width, height)[:height]]


def in_cells(line: Sequence[Piece], width: int) -> Content:
    """A line of pieces in at most `width` cells, cut with an ellipsis."""
    pieces: list[tuple[str, str]] = []
    for text, tone in line:
        text = clean(text, 0)
        style = TONE_STYLES.get(tone, tone)  # type: ignore[call-overload]
        long = cell_len(text)
        if long > width:
            pieces.append((set_cell_size(text, max(width - 1, 0)) + "…"[: max(width, 0)], style))
            break
        pieces.append((text, style))
        width -= long
    return Content.assemble(*pieces)


def wrapped(parts: Sequence[tuple[str, Tone]], width: int, indent: int = 0) -> list[list[Piece]]:
    """Words of parts in lines of at most `width` cells; lines after the first are indented."""
    lines: list[list[Piece]] = [[]]
    used = 0
    for text, tone in parts:
        for number, word in enumerate(text.split(" ")):
            gap = " " if number else ""
            if used + len(gap) + cell_len(word) > width and used:
                lines.append([(" " * indent, "")] if indent else [])
                used, gap = indent, ""
            if word or gap:
                lines[-1].append((gap + word, tone))
                used += len(gap) + cell_len(word)
    return lines
