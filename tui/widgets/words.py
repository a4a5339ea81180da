"""How things are said on screen: cleaned text with a tone, states as glyph and colour, bars.

What comes from data is cleaned and drawn as `Content`, never as markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from textual.content import Content

from tui.widgets.text import clean

Tone = Literal[
    "",
    "faint",
    "soft",
    "dim",
    "text",
    "strong",
    "accent",
    "a",
    "b",
    "both",
    "good",
    "warn",
    "bad",
    "run",
    "line",
]
"""What a piece of text means; a theme gives it a colour, and no meaning rests on colour alone.

`faint` ticks and types, `soft` (also `dim`) labels and printed rows, `strong` the one number that matters,
`a` and `b` the two sides or classes, `both` where they meet, `run` what is in work, `line` furniture;
`accent` is for focus and keys, never for data.
"""

TONE_STYLES: Final[Mapping[Tone, str]] = {
    "": "",
    "faint": "$say-faint",
    "soft": "$say-soft",
    "dim": "$say-soft",
    "text": "$say-text",
    "strong": "$say-strong bold",
    "accent": "$say-accent",
    "a": "$say-a",
    "b": "$say-b",
    "both": "$say-both",
    "good": "$say-good",
    "warn": "$say-warn",
    "bad": "$say-bad bold",
    "run": "$say-run",
    "line": "$say-line",
}

SAID: Final = 20_000
"""Longest text drawn in one piece, such as a traceback, in characters."""


def say(*parts: object) -> Content:
    """Text made of parts, each a thing or a `(thing, tone)` pair; every part is cleaned."""
    pieces: list[Any] = []
    for part in parts:
        thing, tone = part if isinstance(part, tuple) else (part, "")
        pieces.append(
            thing if isinstance(thing, Content) else (clean(thing, SAID, lines=True), TONE_STYLES[tone])
        )
    return Content.assemble(*pieces)


# ---------------------------------------------------------------------------- states

_STATES: Final[Mapping[str, tuple[str, Tone, str]]] = {
    "scored": ("✓", "good", "done"),
    "finished": ("✓", "good", "finished"),
    "running": ("▶", "run", "running"),
    "queued": ("·", "soft", "queued"),
    "failed": ("✗", "bad", "failed"),
    "cached": ("✓", "soft", "already done"),
    "interrupted": ("◐", "warn", "interrupted"),
    "cancelled": ("╌", "warn", "cancelled"),
    "paused": ("◐", "warn", "paused"),
}

LEGEND: Final = "✓ done  ▶ running  · queued  ✗ failed", "◐ interrupted or paused  ╌ cancelled or blocked"


def state_glyph(state: str) -> tuple[str, Tone]:
    """The glyph of a state and its tone; that of an interrupted one if this version does not know it."""
    glyph, tone, _ = _STATES.get(state, _STATES["interrupted"])
    return glyph, tone


def state_word(state: str) -> str:
    """The word a person would use for a state."""
    return _STATES[state][2] if state in _STATES else clean(state, 20)


# ---------------------------------------------------------------------------- numbers and bars


@dataclass(frozen=True, slots=True)
class Charset:
    """The characters that differ between a full terminal and `--ascii`."""

    full: str
    empty: str
    rule: str
    ellipsis: str
    dot: str
    line: str
    spread: str
    """What stands before a standard deviation."""
    ascii: bool = False
    points: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Tone -> sign of a scattered point, where no colour tells; empty: braille dots."""
    bars: str = "▄"
    """What the classes of a bar are drawn with, in turn."""

    def point(self, tone: str) -> str:
        """The sign of a point in a legend."""
        return self.points.get(tone, "·") if self.points else "●"


READING: Final = "Reading."
UNREAD: Final = "It could not be read."
"""What stands where something is shown once it has been read."""

UNICODE: Final = Charset(full="━", empty="─", rule="─", ellipsis="…", dot="●", line="─", spread="±")
BARE: Final = replace(
    UNICODE,
    points={"a": "□", "b": "■", "run": "◆", "warn": "○", "both": "◉"},
    bars="▄▁▆▂",
)
"""Where there are no colours, classes are told by signs."""
FEW: Final = replace(UNICODE, bars=BARE.bars)
"""Where there are sixteen, the cursor's row has none: the classes of a bar are told there by signs."""
ASCII: Final = Charset(
    full="=",
    empty="-",
    rule="-",
    ellipsis="~",
    dot="*",
    line="-",
    spread="~",
    ascii=True,
    points={"a": "o", "b": "#", "run": "%", "warn": "o", "both": "8"},
    bars=BARE.bars,
)


def tint(tone: str, plain: bool) -> Content:
    """How a band of a plot looks, for its legend; `plain`: where there are no tints."""
    return Content.styled("░░", "$say-line") if plain else Content.styled(" tint ", f"$say-{tone}")


def bar(done: float, total: float, width: int, charset: Charset = UNICODE) -> Content:
    """A bar `width` cells wide, filled to `done / total`; empty while `total` is not known."""
    share = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
    filled = int(share * width)
    tone: Tone = "good" if share == 1 else "run"
    return Content.assemble(
        (charset.full * filled, TONE_STYLES[tone]),
        (charset.empty * (width - filled), TONE_STYLES["line"]),
    )
