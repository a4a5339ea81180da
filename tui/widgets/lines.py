"""Lines of pieces of which only those that differ are repainted.

    lines = Lines(id="machine", classes="framed")
    lines.put([[("cpu ", "soft"), ("▂▃▅", "run")], ...])      # what is longer than the widget is cut
    lines.frame("Machine", info)                              # in its border, where the stylesheet has one
    Lines(id="run", draw=lambda width, height: ...).redraw()  # drawn anew in the room there is

A subclass may override `drawn` instead of giving a function; either is called when the room changes too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip

from tui.widgets.looks import Looks
from tui.widgets.rows import Piece
from tui.widgets.said import looks_same
from tui.widgets.words import TONE_STYLES, UNICODE, Charset, say

DrawLines = Callable[[int, int], Sequence[Sequence[Piece]]]


def length(pieces: Sequence[Piece]) -> int:
    """Cells that pieces take."""
    return sum(cell_len(text) for text, _ in pieces)


def padded(pieces: Sequence[Piece], width: int, tail: Sequence[Piece] = ()) -> list[Piece]:
    """The pieces with a tail at the right edge, where there is room for it."""
    rest = width - length(pieces) - length(tail)
    return [*pieces, (" " * rest, ""), *tail] if tail and rest > 0 else list(pieces)


def content_of(pieces: Sequence[Piece]) -> Content:
    """A line of pieces as Textual draws it."""
    return Content.assemble(*((text, TONE_STYLES.get(tone, tone)) for text, tone in pieces))  # type: ignore[call-overload]


def changed(before: Sequence[Piece], after: Sequence[Piece]) -> tuple[int, int]:
    """The first cell in which two lines differ, and the one after the last, as far as whole pieces tell."""
    same = 0
    for one, other in zip(before, after, strict=False):
        if one != other:
            break
        same += 1
    start = length(after[:same])
    rest = min(len(before), len(after)) - same
    if length(before) != length(after):
        return start, max(length(before), length(after))
    last = 0
    while last < rest and before[-1 - last] == after[-1 - last]:
        last += 1
    return start, length(after) - length(after[len(after) - last :])


class ByLine(Looks):
    """What is drawn by lines, neither wrapped nor scrolled."""

    _lines: Sequence[Sequence[Piece]] = ()

    def put(self, lines: Sequence[Sequence[Piece]]) -> None:
        """Have these instead; a line that stays as it is costs nothing."""
        before, self._lines = self._lines, lines
        for y in range(max(len(before), len(lines))):
            old = before[y] if y < len(before) else ()
            new = lines[y] if y < len(lines) else ()
            if old != new:
                start, end = changed(old, new)
                self.refresh(Region(start, y, max(end - start, 1), 1))

    def render_line(self, y: int) -> Strip:
        """One line."""
        rest = self._look()
        pieces = self._lines[y] if y < len(self._lines) else ()
        line = [Segment(text, self._look(tone) if tone else rest) for text, tone in pieces if text]
        room = self.size.width - length(pieces)
        if room < 0:
            return Strip(line).adjust_cell_length(self.size.width)
        return Strip([*line, Segment(" " * room, rest)] if room else line, self.size.width)

    @property
    def charset(self) -> Charset:
        """The characters that the terminal has."""
        return getattr(self.app, "charset", UNICODE)


class Lines(ByLine):
    """Lines that are handed over, or that a function draws."""

    DEFAULT_CSS = "Lines { height: 1fr; }"

    def __init__(self, id: str, classes: str = "", draw: DrawLines | None = None) -> None:
        """Make it empty; `draw` makes the lines for a width and height."""
        super().__init__(id=id, classes=classes)
        self._draw = draw
        self._title = Content()

    def frame(self, title: str, *info: object) -> None:
        """Write a title into the frame, and what follows it."""
        soft = say(*((part, "soft") if isinstance(part, str) else part for part in info))
        content = Content.assemble((title, "bold"), " ", soft)
        if not looks_same(content, self._title):  # it would repaint everything
            self._title = self.border_title = content

    def drawn(self, width: int, height: int) -> Sequence[Sequence[Piece]]:
        """The lines in so much room; without a function those shown last."""
        return self._draw(width, height) if self._draw else self._lines

    def redraw(self) -> None:
        """Draw anew, and repaint what differs."""
        if self.size.width and self.size.height:
            self.put(self.drawn(self.size.width, self.size.height))

    def on_resize(self, _event: events.Resize) -> None:
        """Draw in the new room."""
        self.redraw()
