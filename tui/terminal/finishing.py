"""What every finished line passes on its way out: fewer bytes, colours and signs that the terminal has."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from tui.terminal.eightbit import eight_bit
from tui.terminal.tokens import to_ascii


def merge_blanks(segments: list[Segment]) -> list[Segment]:
    """Blanks in the style of what is before them, where they look the same: it saves half the bytes."""
    found: list[Segment] = []
    blank: Segment | None = None
    for segment in segments:
        text, style, control = segment
        if control or not text:
            continue
        if found and style is not None and text.isspace() and _alike(found[-1].style, style):
            found[-1] = Segment(found[-1].text + text, found[-1].style)
        elif found and found[-1].style == style:
            found[-1] = Segment(found[-1].text + text, style)
        elif blank is not None and style is not None and not style.meta and _alike(style, blank.style):
            found[-1] = Segment(blank.text + text, style)
        else:
            found.append(segment)
            blank = segment if text.isspace() else None
            continue
        blank = None
    return found


def _alike(one: Style | None, other: Style | None) -> bool:
    """Whether a blank looks the same in both styles."""
    if one is None or other is None or one.bgcolor != other.bgcolor or one.link or other.link:
        return False
    return not any(
        style.underline or style.reverse or style.strike or style.overline or style.underline2
        for style in (one, other)
    )


class Finish(LineFilter):
    """The last filter of all: blanks merged, and one ASCII character for every other."""

    def __init__(self, ascii: bool, few: bool = False) -> None:
        """Make the filter; `ascii`: anything else than ASCII is replaced, `few`: there are 256 colours."""
        super().__init__()
        self._ascii, self._few = ascii, few

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """A finished line."""
        if self._ascii:
            segments = [
                segment if segment.text.isascii() else Segment(to_ascii(segment.text), segment.style)
                for segment in segments
            ]
        if self._few:
            segments = [
                Segment(text, eight_bit(style) if style else style, control)
                for text, style, control in segments
            ]
        return merge_blanks(segments)
