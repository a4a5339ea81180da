"""A picture of its own kind, such as a histogram or dumbbells, drawn anew for the room that it has.

    Drawing("There is no split.", id="dumbbells").show(lambda width, height: lines)

`lines` are pieces of text with a tone or style, as cells of a grid have them. Only lines that differ are
repainted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget

from tui.widgets.plot import content_of
from tui.widgets.rows import Piece
from tui.widgets.said import looks_same
from tui.widgets.words import READING, UNREAD, say

Lines = Sequence[Sequence[Piece]]
Drawer = Callable[[int, int], Lines]
"""Draws for so many cells and lines."""


class Drawing(Widget, can_focus=True):
    """A picture as large as its place."""

    def __init__(self, empty: str, id: str) -> None:
        """Make a place for a picture; `empty` is said if there is none, once that is known."""
        super().__init__(id=id)
        self.empty = empty
        self._said = READING
        self._drawer: Drawer | None = None
        self._drawn = Content()

    def show(self, drawer: Drawer | None) -> None:
        """Draw this; None: there is nothing to draw."""
        self._drawer, self._said = drawer, self.empty
        self._repaint()

    def read_anew(self) -> None:
        """Drop the picture and say that it is being read, until it is shown."""
        self._drawer, self._said = None, READING
        self._repaint()

    def give_up(self) -> None:
        """Say of a picture that is being read that it could not be."""
        if self._drawer is None and self._said == READING:
            self._said = UNREAD
            self._repaint()

    def _repaint(self) -> None:
        before, after = self._drawn.split("\n"), self._draw().split("\n")
        if len(before) != len(after):
            self.refresh()
            return
        for y, (one, other) in enumerate(zip(before, after, strict=True)):
            if not looks_same(one, other):
                self.refresh(Region(0, y, self.size.width, 1))

    def render(self) -> Content:
        """The picture, or why there is none."""
        self._drawn = self._draw()
        return self._drawn

    def _draw(self) -> Content:
        if self._drawer is None:
            return say((self._said, "soft"))
        width, height = self.size
        lines = list(self._drawer(width, height))[: max(height, 0)]
        return Content("\n").join([content_of(line) for line in lines])
