"""Widgets that draw their lines in pieces of text with a tone: the styles are worked out once."""

from __future__ import annotations

from typing import cast

from rich.style import Style
from textual.widget import Widget

from tui.widgets.words import TONE_STYLES, Tone


class Looks(Widget):
    """Works tones out to styles, and keeps them, because a screenful asks for hundreds."""

    _looks: dict[tuple[str, ...], Style] | None = None

    def notify_style_update(self) -> None:
        """Another theme or focus: forget the colours worked out so far."""
        super().notify_style_update()
        self._looks = None

    def _look(self, *tones: str) -> Style:
        """The widget's own style with these on top."""
        if self._looks is None:
            self._looks = {}
        look = self._looks.get(tones)
        if look is None:
            style = self.visual_style
            for tone in tones:
                style += self.app.stylesheet.parse_style(TONE_STYLES.get(cast(Tone, tone), tone))
            look = self._looks[tones] = style.rich_style
        return look
