"""Repaints that begin where something has changed: Textual's begin at the left edge of the pane.

Over a slow line that is most of the bytes of a live screen: a cell of a table costs its whole row.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate

from tui.terminal.sparing import sparing


class Cropped(ChopsUpdate):
    """Spans of lines, cut at both ends."""

    def render_segments(self, console: Console) -> str:
        """What is written to the terminal."""
        written: list[str] = []
        for y, start, end in self.spans:
            for right, (left, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or left >= end or right <= start:
                    continue
                first, last = max(left, start), min(right, end)
                if (first, last) != (left, right):
                    strip = strip.crop(first - left, last - left)
                written.append(Control.move_to(first, y).segment.text)
                written.append(strip.render(console))
        return sparing("".join(written))


class Whole(LayoutUpdate):
    """All lines."""

    def render_segments(self, console: Console) -> str:
        """What is written to the terminal."""
        return sparing(super().render_segments(console))


class CroppingCompositor(Compositor):
    """A compositor whose partial updates are no wider than what has changed, and spare with styles."""

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        """The whole screen."""
        update = super().render_full_update(simplify)
        return Whole(update.strips, update.region)

    def render_partial_update(self) -> ChopsUpdate | None:
        """The regions that are to be repainted; None if there are none."""
        update = super().render_partial_update()
        return update and Cropped(update.chops, update.spans, update.chop_ends)
