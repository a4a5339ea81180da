"""What is drawn as large as its place, or in its place why there is nothing to see.

A subclass makes the lines: `PlotView` those of a plot with axes, `Drawing` those that a function draws.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from textual.content import Content
from textual.geometry import Region, Size
from textual.widget import Widget

from tui.widgets.said import looks_same
from tui.widgets.words import READING, UNREAD, say

Of = TypeVar("Of")


class Picture(Widget, Generic[Of], can_focus=True):
    """A picture of which only lines that differ are repainted."""

    def __init__(self, empty: str, id: str) -> None:
        """Make a place for a picture; `empty` is said if there is none, once that is known."""
        super().__init__(id=id)
        self.empty = empty
        self.shown: Of | None = None
        """What is drawn."""
        self._known = False
        self._waiting = READING
        """What is said before it is known what there is to draw."""
        self._lines: Sequence[Content] = ()
        """As they were rendered last."""
        self._next: tuple[Size, Sequence[Content]] | None = None
        """As they are to be rendered next, in a place so large; None: that is not drawn yet."""

    @abstractmethod
    def lines(self, of: Of, width: int, height: int) -> Sequence[Content]:
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

    def _take(self, of: Of | None, known: bool) -> None:
        self.shown, self._known = of, known
        before, after = self._lines, self._draw()
        self._next = (self.size, after) if of is not None else None
        if len(before) != len(after):
            self.refresh()
            return
        for y, (one, other) in enumerate(zip(before, after, strict=True)):
            if not looks_same(one, other):
                self.refresh(Region(0, y, self.size.width, 1))

    def render(self) -> Content:
        """The picture, or why there is none."""
        size, lines = self._next or (None, ())
        self._lines, self._next = lines if size == self.size else self._draw(), None
        return Content("\n").join(self._lines)

    def _draw(self) -> Sequence[Content]:
        if self.shown is None:
            return [say((self.empty if self._known else self._waiting, "soft"))]
        return self.lines(self.shown, *self.size)
