"""A picture of its own kind, such as a card, a histogram or dumbbells, drawn anew for the room that it has.

    Drawing("There is no split.", id="dumbbells").show(lambda width, height: lines)

`lines` are pieces of text with a tone or style, as cells of a grid have them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter

from rich.cells import cell_len, set_cell_size

from tui.widgets.picture import Picture
from tui.widgets.rows import Piece
from tui.widgets.text import clean
from tui.widgets.words import Tone

Lines = Sequence[Sequence[Piece]]
Drawer = Callable[[int, int], Lines]
"""Draws for so many cells and lines."""


class Drawing(Picture[Drawer]):
    """Lines that a function draws, cut to their place."""

    def lines(self, of: Drawer, width: int, height: int) -> Lines:
        """What the function draws."""
        return [in_cells(line, width) for line in of(width, height)[:height]]


def in_cells(line: Sequence[Piece], width: int) -> list[Piece]:
    """A line of pieces in at most `width` cells, cut with an ellipsis; neighbours alike become one."""
    pieces: list[Piece] = []
    for tone, together in groupby(line, key=itemgetter(1)):
        text = clean("".join(text for text, _ in together), 0)
        long = cell_len(text)
        if long > width:
            pieces.append((set_cell_size(text, max(width - 1, 0)) + "…"[: max(width, 0)], tone))
            break
        pieces.append((text, tone))
        width -= long
    return pieces


def wrapped(parts: Sequence[tuple[str, Tone]], width: int, indent: int = 0) -> list[list[Piece]]:
    """Words of parts in lines of at most `width` cells; lines after the first are indented."""
    lines: list[list[Piece]] = [[]]
    used = 0
    for text, tone in parts:
        for number, word in enumerate(text.split(" ")):
            gap = " " if number else ""
            if used + len(gap) + cell_len(word) > width and used:
                lines.append([(" " * indent, "")] if indent else [])
                used, gap = indent, ""
            if word or gap:
                lines[-1].append((gap + word, tone))
                used += len(gap) + cell_len(word)
    return lines
