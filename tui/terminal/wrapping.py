"""Sentences as wide as the terminal that reads them; whole where none does."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import Final, TextIO

from tui.terminal.ink import plain

_LEAST: Final = 20
"""Columns that a line takes at least."""


def width_of(stream: TextIO) -> int:
    """Columns of the terminal that reads `stream`; no end to them on a pipe and in plain mode."""
    return shutil.get_terminal_size().columns if stream.isatty() and not plain() else sys.maxsize


def wrapped(text: str, stream: TextIO, long: bool = True) -> str:
    """`text` in lines that its terminal need not wrap, each indented as the first one is.

    Args:
        text: One line, however long.
        stream: Where it goes.
        long: Whether a word longer than a line is parted too.
    """
    width = max(width_of(stream), _LEAST)
    if len(text) <= width:
        return text
    indent = text[: len(text) - len(text.lstrip())]
    return textwrap.fill(
        text, width, subsequent_indent=indent, break_on_hyphens=False, break_long_words=long
    )
