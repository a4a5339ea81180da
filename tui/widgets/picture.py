"""What is drawn as large as its place, or in its place why there is nothing to see.

A subclass makes the lines: `PlotView` those of a plot with axes, `Drawing` those that a function draws.
"""

from __future__ import annotations

import textwrap
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui.terminal.typeahead import TypeAhead
from tui.widgets.lines import ByLine
from tui.widgets.rows import Piece
from tui.widgets.text import clean
from tui.widgets.words import READING, UNREAD

Of = TypeVar("Of")


class Picture(ByLine, Generic[Of], can_focus=True):
    """A picture of which only what differs is repainted; nothing is drawn while it is hidden."""

    def __init__(self, empty: str, id: str) -> None:
        """Make a place for a picture; `empty` is said if there is none, once that is known."""
        super().__init__(id=id)
        self.empty = empty
        self.shown: Of | None = None
        """What is drawn."""
        self._known = False
        self._waiting = READING
        """What is said before it is known what there is to draw."""
        self._room: Size | None = None
        """The place that it was drawn for; None: it is not drawn yet."""

    @abstractmethod
    def lines(self, of: Of, width: int, height: int) -> Sequence[Sequence[Piece]]:
        """The picture in so many cells and lines."""

    def show(self, of: Of | None) -> None:
        """Draw this; None: there is nothing to draw."""
        self._take(of, True)

    def read_anew(self) -> None:
        """Drop the picture and say that it is being read, until it is shown."""
        self._waiting = READING
        self._take(None, False)

    def give_up(self) -> None:
        """Say of a picture that is being read that it could not be, until it is shown."""
        self._waiting = UNREAD
        self._take(self.shown, self._known)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw it first where that is still to be done, or where the room is another."""
        if self._room != self.size:
            self._lines, self._room = self._drawn(), self.size
        return super().render_lines(crop)

    def _take(self, of: Of | None, known: bool) -> None:
        self.shown, self._known = of, known
        if not self.is_attached or not all(node.display for node in self._around):
            self._room = None
            self.refresh()
        elif of is not None and isinstance(self.app, TypeAhead) and self.app.leisure.drawing:
            self.app.at_leisure(self._draw, lambda: self.is_attached)
        else:
            self._draw()

    def _draw(self) -> None:
        self._room = self.size
        self.put(self._drawn())

    @property
    def _around(self) -> Iterable[Widget]:
        return (node for node in self.ancestors_with_self if isinstance(node, Widget))

    def _drawn(self) -> Sequence[Sequence[Piece]]:
        width, height = self.size
        if not (width and height):
            return ()
        if self.shown is not None:
            return self.lines(self.shown, width, height)
        said = clean(self.empty if self._known else self._waiting)
        return [[(line, "soft")] for line in textwrap.wrap(said, width)]
