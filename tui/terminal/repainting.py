"""Repaints of just what has changed: Textual's begin at the left edge of the pane and draw every pane
between two that have changed.

Over a slow line that is most of the bytes of a live screen: a cell of a table costs its whole row. And a
key that moves a cursor would wait for what it did not change.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from rich.console import Console
from rich.control import Control
from textual._compositor import Compositor, CompositorMap, CompositorUpdate, LayoutUpdate, ReflowResult
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui.terminal.leisure import LATEST
from tui.terminal.sparing import sparing

SLICE: Final = 0.003
"""Seconds of repainting after which a key may come between."""
PARTS: Final = 2
"""Parts of lines that are repainted between two looks at the clock."""
Spans = dict[int, list[tuple[int, int]]]
"""Line -> spans of cells in it, from the first to before the last."""


class Piece(NamedTuple):
    """A part of a line as it is to be painted."""

    y: int
    x: int
    strip: Strip


class Pieces(CompositorUpdate):
    """Parts of lines."""

    def __init__(self, pieces: list[Piece]) -> None:
        """Make the update."""
        self.pieces = sorted(pieces, key=lambda piece: piece[:2])

    def render_segments(self, console: Console) -> str:
        """What is written to the terminal."""
        written: list[str] = []
        for y, x, strip in self.pieces:
            written.append(Control.move_to(x, y).segment.text)
            written.append(strip.render(console))
        return sparing("".join(written))


class Whole(LayoutUpdate):
    """All lines."""

    def render_segments(self, console: Console) -> str:
        """What is written to the terminal."""
        return sparing(super().render_segments(console))


class SparingCompositor(Compositor):
    """A compositor that draws and writes only what has changed, and is spare with styles."""

    hurried = False
    """Whether a key is being answered: what is not where the focus is waits."""
    _laid_out: CompositorMap | None = None
    """Where everything was when all was laid out last."""
    _left_since: float | None = None
    """Since when something has been left to be repainted, by the monotonic clock."""

    def clear(self) -> None:
        """Know of no widget any more."""
        super().clear()
        self._laid_out = None

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Lay out all of it, and mark what differs from the last time.

        Textual compares with a map that it makes anew whenever one is asked for after something scrolled:
        what was taken away before that, and not painted over yet, would stay on the screen.
        """
        if self._laid_out is not None:
            self._full_map = self._laid_out
        result = super().reflow(parent, size)
        self._laid_out, self._full_map_invalidated = self._full_map, False
        return result

    def render_full_update(self, simplify: bool = False) -> LayoutUpdate:
        """The whole screen."""
        update = super().render_full_update(simplify)
        return Whole(update.strips, update.region)

    def render_partial_update(self) -> Pieces | None:  # type: ignore[override]
        """What is to be repainted where the focus is, else as much of the rest as takes `SLICE`.

        The rest waits for the focus while a key is answered, but not for keys that keep coming.
        """
        screen, first = self.size.region, self._focused
        dirty = [region.intersection(screen) for region in self._dirty_regions]
        spans = [Region(start, y, end - start, 1) for y, start, end in self._regions_to_spans(dirty)]
        before = [span for span in spans if span.overlaps(first)]
        pieces = list(self._pieces(before))
        rest = [span for span in spans if not span.overlaps(first)]
        now = time.monotonic()
        late = self._left_since is not None and now - self._left_since >= LATEST
        waits = bool(first) and (bool(before) or self.hurried) and not late
        while rest and not waits and time.monotonic() - now < SLICE:
            pieces += self._pieces(rest[:PARTS])
            del rest[:PARTS]
        self._dirty_regions = set(rest)
        self._left_since = (self._left_since or now) if rest else None
        return Pieces(pieces) if pieces else None

    @property
    def unpainted(self) -> bool:
        """Whether something is left to be repainted."""
        return bool(self._dirty_regions)

    @property
    def _focused(self) -> Region:
        focused = self.root.focused if isinstance(self.root, Screen) else None
        return self.visible_widgets[focused][0] if focused in self.visible_widgets else Region()

    def _pieces(self, spans: Sequence[Region]) -> Iterator[Piece]:
        """What stands in these parts of lines."""
        left: Spans = {}
        for x, y, width, _ in spans:
            left.setdefault(y, []).append((x, x + width))
        for widget, (region, clip) in self.visible_widgets.items():  # the foremost first
            seen = region.intersection(clip)
            for y, strip in _lines_of(widget, region, seen, left):
                uncovered = []
                for start, end in left[y]:
                    first, last = max(start, seen.x), min(end, seen.right)
                    if first >= last:
                        uncovered.append((start, end))
                        continue
                    yield Piece(y, first, strip.crop(first - seen.x, last - seen.x))
                    uncovered += [part for part in ((start, first), (last, end)) if part[0] < part[1]]
                left[y] = uncovered


def _lines_of(widget: Widget, region: Region, seen: Region, wanted: Spans) -> Iterator[tuple[int, Strip]]:
    """The lines of a widget in which something is wanted, each from its first cell that is seen."""
    lines = [
        y
        for y, spans in wanted.items()
        if seen.y <= y < seen.bottom and any(start < seen.right and end > seen.x for start, end in spans)
    ]
    for _, together in groupby(enumerate(lines), key=lambda pair: pair[1] - pair[0]):
        block = [y for _, y in together]
        part = Region(seen.x - region.x, block[0] - region.y, seen.width, len(block))
        yield from zip(block, widget.render_lines(part), strict=True)
