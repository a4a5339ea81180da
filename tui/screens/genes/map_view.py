"""The map of genes as a widget: keys and the mouse move a cursor from dot to dot."""

from __future__ import annotations

import textwrap
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.screens.genes.map_text import UNDER, Colour, Ground, drawn, ground, towards
from tui.widgets.lines import ByLine
from tui.widgets.words import READING, UNREAD

if TYPE_CHECKING:
    from tui.questions.maps import GeneMap


class MapView(ByLine, can_focus=True):
    """A dot for each gene; only lines that change are repainted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "towards(-1, 0)", "Left", show=False, id="map.left"),
        Binding("right,l", "towards(1, 0)", "Right", show=False, id="map.right"),
        Binding("up,k", "towards(0, -1)", "Up", show=False, id="map.up"),
        Binding("down,j", "towards(0, 1)", "Down", show=False, id="map.down"),
    ]

    @dataclass
    class Went(Message):
        """The user put the cursor on another dot."""

        place: int

    def __init__(self, id: str) -> None:
        """Make a place for a map."""
        super().__init__(id=id)
        self.map: GeneMap | None = None
        self.cursor: int | None = None
        self._said = READING
        self._colour: Colour = "class"
        self._family: frozenset[str] = frozenset()
        self._kept: frozenset[tuple[str, int]] | None = None
        self._ground: Ground | None = None

    def show(
        self,
        of: GeneMap | None,
        cursor: int | None,
        colour: Colour,
        family: Collection[str] = (),
        kept: Collection[tuple[str, int]] | None = None,
    ) -> None:
        """Draw this map with the cursor on a dot; see `map_text.ground`."""
        its_family = frozenset(family) if colour == "family" else frozenset()
        its_kept = None if kept is None else frozenset(kept)
        looks = (colour, its_family, its_kept)
        if of is not self.map or looks != (self._colour, self._family, self._kept):
            self.map, self._colour, self._family, self._kept = of, colour, its_family, its_kept
            self._ground = None
        self.cursor = cursor
        self._draw()

    def say(self, sentence: str) -> None:
        """Say why there is no map."""
        self.map, self._ground, self.cursor, self._said = None, None, None, sentence
        self._draw()

    def give_up(self) -> None:
        """Say that what was being read could not be."""
        if self.map is None and self._said == READING:
            self.say(UNREAD)

    def on_resize(self, _event: events.Resize) -> None:
        """Draw for the new size."""
        self._ground = None
        self._draw()

    def _draw(self) -> None:
        width, height = self.size
        if width < 8 or height < UNDER + 2:
            self.put(())
            return
        if self.map is None:
            self.put([[(line, "soft")] for line in textwrap.wrap(self._said, max(width - 2, 10))])
            return
        if self._ground is None:
            self._ground = ground(
                self.map, self._colour, self._family, self._kept, width - 1, height - UNDER, self.charset
            )
        bare = self.app.native_ansi_color or self.app.no_color
        chip = "reverse bold" if bare else "$ga-ground on $ga-accent bold"
        self.put(drawn(self._ground, self.cursor, width, chip))

    # ------------------------------------------------------------------ moving

    def action_towards(self, across: int, down: int) -> None:
        """Go to the next dot in a direction."""
        if self._ground is None or not self._ground.cells:
            return
        place = 0 if self.cursor is None else towards(self._ground, self.cursor, across, down)
        if place != self.cursor:
            self.post_message(self.Went(place))

    def on_click(self, event: events.Click) -> None:
        """Go to the dot nearest to the click."""
        if self._ground is not None and self._ground.cells:
            cells, x, y = self._ground.cells, event.x - 1, event.y
            far = [(column - x) ** 2 + (2 * (row - y)) ** 2 for column, row in cells]
            self.post_message(self.Went(far.index(min(far))))
