"""Text that a terminal, a log or a record can only show, never obey."""

from __future__ import annotations

import unicodedata
from typing import Final

_HOSTILE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that steer a terminal or hide text: controls, bidi and zero-width marks, halves
of surrogate pairs, private and unassigned characters, line and paragraph separators."""


def visible(text: str, *, lines: bool = False) -> str:
    r"""`text` with every steering character as an escape such as `\x1b` or `\u202e`.

    Args:
        text: any text; one that went through here before is left as it is.
        lines: whether line feeds stay line feeds.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character, lines) for character in text)


def _shown(character: str, lines: bool) -> str:
    if lines and character == "\n":
        return character
    if unicodedata.category(character) not in _HOSTILE:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
