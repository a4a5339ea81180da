"""What is wrong with what was typed, under it: `▔▔▔` under the span, and the sentence on the line below.

yield Wrong(id="command-wrong")
wrong.put("There is no command named 'bord'.", 0, 4, "board")   # tab puts board
wrong.clear()                                                   # what is typed next is not wrong yet
"""

from __future__ import annotations

from typing import NamedTuple

from tui.widgets.said import Said


class Fault(NamedTuple):
    """What is wrong with a line."""

    sentence: str
    instead: str = ""
    """What the whole line would better be; empty if nothing suggests itself."""
    start: int = 0
    length: int = 0
    """The span that is wrong, in cells; 0: the whole line."""


class Wrong(Said):
    """Two lines under a line to type in; none while nothing is wrong."""

    DEFAULT_CSS = """
    Wrong { display: none; height: auto; max-height: 3; }
    Wrong#command-wrong { dock: bottom; height: 2; margin-bottom: 1; background: $boost; padding: 0 1; }
    """

    instead = ""
    """What tab puts in place of the span."""

    def put(self, sentence: str, start: int, length: int, instead: str = "") -> None:
        """Say what is wrong with so many cells from `start` on, and what tab would put there."""
        self.instead = instead
        key = (("  tab", "accent"), f" puts {instead}") if instead else ()
        self.show(" " * start, ("▔" * max(length, 1), "bad"), "\n", (sentence, "bad"), *key)
        self.display = True

    def clear(self) -> None:
        """Take it away."""
        self.instead, self.display = "", False
