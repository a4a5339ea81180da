"""The one sanitiser: every string that comes from data, files, models or libraries passes `clean`."""

from __future__ import annotations

import unicodedata

_HOSTILE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that steer a terminal or hide text: controls, bidi and zero-width marks, halves
of surrogate pairs, private and unassigned characters, line and paragraph separators."""


def clean(value: object, limit: int = 200, *, lines: bool = False) -> str:
    r"""`value` as text that a terminal can only show, never obey.

    Args:
        value: anything; turned into text by `str`.
        limit: most characters kept; what is longer ends in an ellipsis. 0: no limit.
        lines: whether line feeds stay line feeds.

    Returns:
        The text with every steering character as a visible escape such as `\x1b` or `\u202e`.
    """
    text = str(value)
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(character, lines) for character in text)


def _visible(character: str, lines: bool) -> str:
    if lines and character == "\n":
        return character
    if unicodedata.category(character) not in _HOSTILE:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
