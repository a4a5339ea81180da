"""What waits while somebody types: panes beside the one with the cursor, and garbage.

A key that comes while a pane is drawn or garbage is collected waits for that to end.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Final

from textual.message_pump import MessagePump

from tui.terminal.timing import once

REST: Final = 0.03
"""Seconds since the last key was answered after which there is time to draw."""
LATEST: Final = 0.1
"""Seconds after which something is drawn even if keys keep coming."""
SLICE: Final = 0.002
"""Seconds of drawing after which what was drawn is painted, and a key may come between."""
FRAME: Final = 1 / 60
"""Seconds in which that is painted."""
LONG: Final = 1.0
"""Seconds since the last key after which there is time for garbage."""
EVERY: Final = 10.0
"""Seconds between looks whether there is something to collect."""
YOUNG: Final = 2_000
"""New objects after which those of them that are garbage are collected while nobody types."""
MANY: Final = 20_000
"""New objects after which they are, whatever happens."""
_DUE: Final = 10
"""Collections of the young after which one in full is due, as by Python's own rule."""
_NEVER: Final = 1_000_000


def collect_at_leisure() -> None:
    """Leave it to `tidy` when garbage is collected in full, and mostly to `Leisure` when the young is."""
    _, middle, _ = gc.get_threshold()
    gc.set_threshold(MANY, middle, _NEVER)


def tidy(typed_at: float) -> None:
    """Collect all garbage of this process if that is due and no key was answered of late."""
    if time.monotonic() - typed_at > LONG and gc.get_count()[2] >= _DUE:
        gc.collect()


class Leisure:
    """Draws what it is asked for while nobody types, in slices between which keys are answered."""

    def __init__(self, app: MessagePump, typed_at: Callable[[], float]) -> None:
        """Make it, with nothing to do.

        Args:
            app: Whose timers it sets.
            typed_at: When the last key was answered, by the monotonic clock; infinity while one is.
        """
        self._app = app
        self._typed_at = typed_at
        self._asked: dict[Callable[[], object], Callable[[], bool]] = {}
        """What draws, in the order in which it was asked for, and whether it is possible."""
        self._since = 0.0
        """When something was drawn last, or first asked for."""
        self._waits = False
        """Whether it is going to go on by itself."""
        self.drawing = False
        """Whether what it was asked for is being drawn: what that asks for in turn can wait its turn."""

    def ask(self, draw: Callable[[], object], possible: Callable[[], bool]) -> None:
        """Draw this, if it is possible then; once, also if it is asked for again before that."""
        self._asked[draw] = possible
        if not self._waits:
            self._waits, self._since = True, time.monotonic()
            self._app.call_later(self._go_on)

    def _go_on(self) -> None:
        """Draw, or wait until the keys rest."""
        now = time.monotonic()
        rest = min(self._typed_at() + REST, self._since + LATEST) - now
        if rest > 0:
            once(self._app, rest, self._go_on)
            return
        self.drawing = True
        try:
            while self._asked and time.monotonic() - now < SLICE:
                draw = next(iter(self._asked))
                if self._asked.pop(draw)():
                    draw()
        finally:
            self.drawing = False
        self._waits, self._since = bool(self._asked), time.monotonic()
        if self._waits:
            once(self._app, FRAME, self._go_on)
        elif gc.get_count()[0] > YOUNG:
            gc.collect(1)
