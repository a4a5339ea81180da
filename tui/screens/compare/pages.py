"""Which panes of a comparison are shown together, by the terminal's size; `v` goes through the pages."""

from __future__ import annotations

from typing import Final

Page = frozenset[str]
"""The panes that are shown beside the verdict, without `-pane`."""
WIDE: Final = (160, 46)
"""Cells and lines from which on everything is shown at once."""
MEDIUM: Final = (110, 30)
PAIRS: Final = "all pairs"
"""The page that shows more than two rows, where not everything is shown."""


def pages(width: int, height: int) -> tuple[tuple[str, Page], ...]:
    """The pages of a terminal of this size, each with what it is called."""
    if width >= WIDE[0] and height >= WIDE[1]:
        found = [("everything", "contrasts pairs differences sure every")]
    elif width >= MEDIUM[0] and height >= MEDIUM[1]:
        found = [("splits", "contrasts differences sure"), (PAIRS, "pairs every")]
    else:
        found = [
            ("splits", "contrasts differences"),
            ("how sure", "contrasts sure"),
            (PAIRS, "pairs every"),
        ]
    return tuple((name, frozenset(panes.split())) for name, panes in found)
