"""A titled box with one thing in it; on a narrow terminal only the open one shows its inside."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Click
from textual.widget import Widget

from tui.widgets.said import Said
from tui.widgets.words import say


class PaneTitle(Said):
    """The line over a pane's inside; a click opens the pane."""

    def on_click(self, event: Click) -> None:
        """Give the pane's inside the focus."""
        event.stop()
        if isinstance(self.parent, Pane):
            self.parent.open()


class Pane(Vertical):
    """A title line over a widget that takes the focus."""

    ALLOW_MAXIMIZE = True

    def __init__(self, title: str, inside: Widget, id: str, first: bool = False) -> None:
        """Make a pane.

        Args:
            title: What stands first on its title line.
            inside: What it holds.
            id: The widget's id.
            first: Whether it is open from the start.
        """
        super().__init__(id=id, classes="-open" if first else "")
        self.name_shown = title
        self.inside = inside
        inside.add_class("inside")

    def compose(self) -> ComposeResult:
        """The title and the inside."""
        yield PaneTitle(say((self.name_shown, "strong")))
        yield self.inside

    def say(self, *parts: object) -> None:
        """Put these parts after the title."""
        self.query_one(PaneTitle).show((self.name_shown, "strong"), "  ", *parts)

    def open(self) -> None:
        """Show the inside, close the neighbours where there is no room for them, take the focus."""
        for pane in self.screen.query(Pane):
            pane.set_class(pane is self, "-open")
        for holder in self.screen.query(".column"):
            holder.set_class(self in holder.query(Pane), "-open")
        self.inside.focus()

    @property
    def title(self) -> Content:
        """What the title line says now."""
        content = self.query_one(PaneTitle).content
        return content if isinstance(content, Content) else say(content)
