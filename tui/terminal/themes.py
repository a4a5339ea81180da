"""The two themes of the application, made of `tokens` for as many colours as the terminal has."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

from tui.terminal.tokens import Depth, colours, variables

DARK: Final = "arena-dark"
LIGHT: Final = "arena-light"


def theme(name: str, depth: Depth) -> Theme:
    """One of the two, with Textual's own variables set by ours, so that no widget looks foreign."""
    palette = name.removeprefix("arena-")
    c = colours(palette, depth)
    plain = depth in ("16", "mono")
    own = {
        "ansi-background": c["raised"],
        "ansi-foreground": c["text"],
        "foreground-muted": c["soft"],
        "text-muted": c["soft"],
        "text-disabled": c["faint"],
        "text-primary": c["accent"],
        "text-accent": c["accent"],
        "text-success": c["good"],
        "text-warning": c["warn"],
        "text-error": c["bad"],
        "border": c["accent"],
        "border-blurred": c["line"],
        "block-cursor-foreground": "ansi_black" if plain else c["strong"],
        "block-cursor-background": "ansi_white" if plain else c["select"],
        "block-cursor-text-style": "none",
        "input-cursor-foreground": "ansi_black" if plain else c["ground"],
        "input-cursor-background": "ansi_white" if plain else c["accent"],
        "input-cursor-text-style": "none",
        "input-selection-background": "ansi_bright_blue" if plain else c["select"],
        "screen-selection-background": "ansi_bright_blue" if plain else c["select"],
        "scrollbar": c["line"],
        "scrollbar-hover": c["soft"],
        "scrollbar-active": c["accent"],
        "scrollbar-background": c["ground"],
        "scrollbar-background-hover": c["ground"],
        "scrollbar-background-active": c["ground"],
        "scrollbar-corner-color": c["ground"],
    }
    return Theme(
        name=name,
        ansi=plain,
        primary=c["accent"],
        secondary=c["run"],
        warning=c["warn"],
        error=c["bad"],
        success=c["good"],
        accent=c["accent"],
        foreground=c["text"],
        background=c["ground"],
        surface=c["ground"],
        panel=c["panel"],
        boost=c["raised"],
        dark=name == DARK,
        text_alpha=1.0,
        variables={**own, **variables(palette, depth)},
    )
