"""A screen whose panes do not all fit: pages of them, which a key turns."""

from __future__ import annotations

from typing import ClassVar

from tui.screens.copy_export import TakingScreen
from tui.widgets.pane import Pane

Pages = tuple[tuple[str, frozenset[str]], ...]
"""Each page: what it is called, and the panes it shows, by their ids without `-pane`."""


class TurningScreen(TakingScreen):
    """Shows one page of its panes; which there are depends on the terminal's size."""

    HOLDERS: ClassVar[str] = ""
    """Selects what holds panes and is hidden while it has none to show, the innermost first."""
    ALWAYS: ClassVar[frozenset[str]] = frozenset()
    """Panes of every page."""

    page = 0
    """Which page is shown."""

    def pages_now(self) -> Pages:
        """The pages there are."""
        raise NotImplementedError

    def give_room(self) -> None:
        """Share the lines out among the panes of the page."""

    def turn(self, by: int = 0) -> None:
        """Show the panes of the page so many further, and of what holds panes that which has one."""
        found = self.pages_now()
        self.page = (self.page + by) % len(found)
        _, named = found[self.page]
        for pane in self.query(Pane):
            pane.display = (pane.id or "").removesuffix("-pane") in named | self.ALWAYS
        for holder in self.query(self.HOLDERS):
            holder.display = any(pane.display for pane in holder.query(Pane))
        self.give_room()
        self.call_after_refresh(self.give_room)  # with the widths that they have then
        focused = self.focused
        if focused is not None and not all(widget.display for widget in focused.ancestors_with_self):
            shown = (pane.inside for pane in self.query(Pane) if pane.display)
            next(inside for inside in shown if inside.can_focus).focus()
