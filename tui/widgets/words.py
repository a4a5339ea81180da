"""How things are said on screen: cleaned text with a tone, states as glyph and colour, bars.

What comes from data is cleaned and drawn as `Content`, never as markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from textual.content import Content

from tui.widgets.text import clean

Tone = Literal["", "dim", "good", "bad", "warn", "accent", "strong"]
"""What a piece of text means; a theme gives it a colour, and no meaning rests on colour alone."""

TONE_STYLES: Final[Mapping[Tone, str]] = {
    "": "",
    "dim": "$foreground-muted",
    "good": "$text-success",
    "bad": "$text-error bold",
    "warn": "$text-warning",
    "accent": "$text-accent",
    "strong": "bold",
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
    "scored": ("#", "good", "done"),
    "finished": ("#", "good", "finished"),
    "running": ("@", "accent", "running"),
    "queued": (".", "dim", "queued"),
    "failed": ("!", "bad", "failed"),
    "cached": ("~", "dim", "already done"),
    "interrupted": ("?", "warn", "interrupted"),
    "cancelled": ("-", "warn", "cancelled"),
    "paused": ("=", "warn", "paused"),
}

LEGEND: Final = "# done  @ running  . queued  ! failed  ~ cached  - cancelled  ? interrupted"


def state_glyph(state: str) -> tuple[str, Tone]:
    """The glyph of a state and its tone; `?` for a state this version does not know."""
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


READING: Final = "Reading."
UNREAD: Final = "It could not be read."
"""What stands where something is shown once it has been read."""

UNICODE: Final = Charset(full="━", empty="─", rule="─", ellipsis="…", dot="●", line="─", spread="±")
ASCII: Final = Charset(
    full="=", empty=".", rule="-", ellipsis="~", dot="o", line="-", spread="+-", ascii=True
)


def bar(done: float, total: float, width: int, charset: Charset = UNICODE) -> Content:
    """A bar `width` cells wide, filled to `done / total`; empty while `total` is not known."""
    inner = max(width - 2, 1)
    share = min(max(done / total, 0.0), 1.0) if total > 0 else 0.0
    filled = int(share * inner)
    return Content.assemble(
        "[",
        (charset.full * filled, "$text-success"),
        (charset.empty * (inner - filled), "$foreground-muted"),
        "]",
    )
