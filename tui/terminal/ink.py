"""The screens' tokens on the command line: as many colours as the terminal has, none where none is wanted.

Rich is asked only where a terminal with colours reads what is printed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from rich.color import ColorSystem

PLAIN: Final = "GENEARENA_PLAIN"
"""Set by `--plain`: one thing a line, for screen readers and logs."""
_LIGHT: Final = ("7", "15")
"""Grounds that COLORFGBG calls light."""


def plain() -> bool:
    """Whether nothing is to be drawn or redrawn, and one thing said a line."""
    return bool(os.environ.get(PLAIN)) or os.environ.get("TERM") == "dumb"


@dataclass(frozen=True, slots=True)
class Look:
    """How a cell looks where there are colours."""

    token: str = ""
    """A tone or `fill-3`, `ink-3`; empty: as it comes."""
    bold: bool = False
    underline: bool = False


class Ink:
    """Colours for one stream; none at all on a pipe, in plain mode, or on a terminal that has none."""

    def __init__(self, stream: TextIO) -> None:
        """Find out what `stream` can show."""
        self._styles: Mapping[str, str] = {}
        self._system: ColorSystem | None = None
        if plain() or not stream.isatty():
            return
        from rich.color import ColorSystem
        from rich.console import Console

        from tui.terminal.tokens import depth_of, variables

        console = Console(file=stream)
        if console.color_system is None and not console.no_color:
            return
        light = os.environ.get("COLORFGBG", "").rpartition(";")[2] in _LIGHT
        depth = depth_of(console.color_system, console.no_color)
        self._styles = variables("light" if light else "dark", depth)
        self._system = {"true": ColorSystem.TRUECOLOR, "256": ColorSystem.EIGHT_BIT}.get(
            depth, ColorSystem.STANDARD
        )

    @property
    def shows(self) -> bool:
        """Whether there is any."""
        return self._system is not None

    def __call__(self, text: str, look: Look) -> str:
        """`text` as it is to look; as it is where nothing can be shown."""
        if self._system is None or look == Look():
            return text
        from rich.color import ColorSystem
        from rich.style import Style

        from tui.terminal.eightbit import eight_bit

        words = self._styles.get(f"say-{look.token}", "").replace("ansi_", "")
        if look.token in ("soft", "faint", "line"):
            words = "dim"  # on whatever ground the terminal has
        words += " bold" * look.bold + " underline" * look.underline
        style = Style.parse(words.strip() or "none")
        if self._system is ColorSystem.EIGHT_BIT:
            style = eight_bit(style)
        return style.render(text, color_system=self._system)
