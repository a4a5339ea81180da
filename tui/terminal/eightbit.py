"""Colours for a terminal of 256: each gets the number that shows it, or the nearest one.

Rich's own rounding misses by a step for every grey from the middle on, so that what is emitted would be
no colour of the table.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rich.color import Color
from rich.style import Style

_LEVELS: Final = (0, 95, 135, 175, 215, 255)
_COLOURS: Final = (
    *((red, green, blue) for red in _LEVELS for green in _LEVELS for blue in _LEVELS),
    *((8 + 10 * step,) * 3 for step in range(24)),
)
"""What a terminal shows for the numbers from 16 on; those before are the user's own."""


@lru_cache(4096)
def number(red: int, green: int, blue: int) -> int:
    """The number, 16 to 255, whose colour is nearest to one whose parts are 0 to 255."""
    far = [(red - r) ** 2 + (green - g) ** 2 + (blue - b) ** 2 for r, g, b in _COLOURS]
    return 16 + far.index(min(far))


@lru_cache(4096)
def eight_bit(style: Style) -> Style:
    """A style whose true colours are numbers instead; the sixteen stay what they are."""
    return style + Style(color=_numbered(style.color), bgcolor=_numbered(style.bgcolor))


def _numbered(color: Color | None) -> Color | None:
    return color if color is None or color.triplet is None else Color.from_ansi(number(*color.triplet))
