"""Text that costs nothing while it stays the same."""

from __future__ import annotations

from typing import Self

from textual.content import Content
from textual.geometry import Region
from textual.widgets import Static

from tui.widgets.words import READING, UNREAD, say


def looks_same(one: Content, other: Content) -> bool:
    """Whether two texts are drawn alike; comparing them with `==` leaves their colours out."""
    return one.plain == other.plain and one.spans == other.spans


class Said(Static):
    """A Static that repaints only the lines of its text that change.

    Static lays the whole screen out at every update and so repaints it: four updates a second cost
    60 KiB/s at 120x40.
    """

    _changed: tuple[Region, ...] = ()
    """The lines that alone are to be repainted, while they are."""

    def show(self, *parts: object) -> None:
        """Say these parts, as `words.say` takes them; laid out again only if there are other lines."""
        content = say(*parts)
        before = self.content
        if isinstance(before, Content) and looks_same(before, content):
            return
        lines = before.plain.split("\n") if isinstance(before, Content) else []
        grows = self._may_grow(lines, content.plain.split("\n"))
        if not grows and isinstance(before, Content):
            self._changed = self._differing(before, content)
        self.update(content, layout=grows)
        self._changed = ()
        if grows:
            self.call_after_refresh(self._lay_out, self.size.height)

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Repaint what is named, or the lines that an update changes."""
        regions = regions or self._changed
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _differing(self, before: Content, after: Content) -> tuple[Region, ...]:
        """The lines that differ; none, which is all of them, where lines may wrap."""
        width = self.content_size.width
        old, new = (text.split("\n", allow_blank=True) for text in (before, after))
        if len(old) != len(new) or any(line.cell_length > width for line in (*old, *new)):
            return ()
        return tuple(
            Region(0, y, width, 1)
            for y, (one, other) in enumerate(zip(old, new, strict=True))
            if not looks_same(one, other)
        )

    def give_up(self) -> None:
        """Where it says that something is being read: say that it could not be."""
        content = self.content
        if isinstance(content, Content) and content.plain.endswith(READING):
            self.show(content.right_crop(len(READING)), (UNREAD, "warn"))

    def _lay_out(self, before: int) -> None:
        """Ask for room again if none came: Textual keeps the height of the last layout where another
        widget has it laid out between two updates of one turn.
        """
        if self.size.height == before:
            self.refresh(layout=True)

    def _may_grow(self, before: list[str], after: list[str]) -> bool:
        """Whether the height may have to change: it is not fixed, and lines were added or may wrap."""
        height = self.styles.height
        if height is not None and not height.is_auto:
            return False
        width = self.size.width
        return len(before) != len(after) or any(len(line) > width for line in (*before, *after))
