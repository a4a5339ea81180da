"""A grid of marks: many small things a line, each with a place of its own for the cursor."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from tui.widgets.lines import Lines
from tui.widgets.moving import moves


class MarkGrid(Lines, can_focus=True):
    """The keys and clicks of a grid of marks; how it is laid out and drawn is a subclass's."""

    BINDINGS: ClassVar[list[BindingType]] = moves("right")  # l shows the log

    @dataclass
    class Moved(Message):
        """The cursor is on another mark."""

        grid: MarkGrid

        @property
        def control(self) -> MarkGrid:
            """The grid, for `@on` selectors."""
            return self.grid

    @abstractmethod
    def step(self, lines: int, marks: int) -> None:
        """Move the cursor by so many lines and marks, as far as there are any."""

    @abstractmethod
    def point(self, x: int, y: int) -> None:
        """Put the cursor on what is in a cell of the widget."""

    def action_move(self, lines: int) -> None:
        """Move the cursor by so many lines."""
        self.step(lines, 0)
        self.post_message(self.Moved(self))

    def action_column(self, marks: int) -> None:
        """Move the cursor by so many marks."""
        self.step(0, marks)
        self.post_message(self.Moved(self))

    def action_page(self, pages: float) -> None:
        """Move the cursor by so many pages."""
        self.action_move(int(pages * max(self.size.height - 2, 2)))

    def action_edge(self, last: bool) -> None:
        """Move the cursor to the first or the last line."""
        self.action_move(1_000_000 if last else -1_000_000)

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor on its mark."""
        self.point(event.x, event.y)
        self.post_message(self.Moved(self))

    def on_mouse_scroll_down(self) -> None:
        """The wheel moves the cursor."""
        self.action_move(1)

    def on_mouse_scroll_up(self) -> None:
        """The wheel moves the cursor."""
        self.action_move(-1)

    def watch_has_focus(self, value: bool) -> None:
        """The cursor looks different in the focused grid."""
        super().watch_has_focus(value)
        self.redraw()
