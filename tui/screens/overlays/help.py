"""The help overlay: the keys that are active now, made from the bindings themselves."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.screens.overlays.dialogs import Overlay
from tui.widgets.words import LEGEND, say

GROUPS: Final = {
    "Move": ("grid.", "pane.", "back"),
    "Take and find": ("yank", "export", "filter", "zoom", "help"),
    "Everywhere": ("go.", "command", "palette", "suspend", "quit", "toast."),
}
"""Heading -> how the ids of its bindings begin; all others are the screen's own."""
CHOOSING: Final = ("grid.mark", "grid.all", "grid.none", "grid.sort")
"""What a table does with its rows, which stands with the screen's own keys."""
MOST: Final = 3
LEAST: Final = 44
GAP: Final = 3
"""Columns at most, the cells of one at least, and blank cells between them."""

ALSO: Final = ((":theme", "accent"), " changes the colours, ", ("ctrl+p", "accent"), " finds all by name")
"""What no key of its own leads to."""

Group = tuple[str, Sequence[tuple[str, str]]]
"""A heading, and keys with what they do."""


class Help(Overlay[None]):
    """What this screen is for, its keys, and what the glyphs mean."""

    closes = "esc closes; j and k scroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,q,question_mark", "dismiss(None)", "Close", id="help.close"),
    ]

    def __init__(self, title: str, about: str, bindings: Sequence[tuple[str, Binding]]) -> None:
        """Make the overlay.

        Args:
            title: The pane or screen it is about.
            about: What one does there.
            bindings: Key as people write it, and the binding.
        """
        super().__init__()
        self.title_shown = f"Keys on {title}"
        self.about = about
        self.groups = grouped(title, bindings)

    def compose_box(self) -> ComposeResult:
        """The sentence, the keys, the glyphs."""
        yield Static(say(self.about), classes="box-text")
        with VerticalScroll(classes="box-body", can_focus=False), Horizontal(classes="box-columns"):
            for column, width in in_columns(self.groups, int(self.app.size.width * 0.9) - 8):
                yield Static(key_table(column, width))
        between = "\n" if self.app.size.width < 110 else "  "
        yield Static(say(*ALSO, (f"\n{between.join(LEGEND)}", "soft")), classes="box-keys")


def grouped(title: str, bindings: Sequence[tuple[str, Binding]]) -> list[Group]:
    """The screen's own keys first, then those of every screen; what Textual itself binds is left out."""
    found: dict[str, dict[tuple[str, str], list[str]]] = {name: {} for name in (title, *GROUPS)}
    for key, binding in bindings:
        if name := binding.id:
            what, action = binding.tooltip or binding.description, binding.action
            if name.startswith("go."):
                what, action = "The screens, in the order of their tabs", "go"
            own = name.startswith(CHOOSING)
            heading = next(
                (one for one, starts in GROUPS.items() if name.startswith(starts) and not own), title
            )
            keys = found[heading].setdefault((action, what), [])
            if key not in keys:
                keys.append(key)
    return [
        (heading, [(" ".join(keys), what) for (_, what), keys in actions.items()])
        for heading, actions in found.items()
        if actions
    ]


def in_columns(groups: Sequence[Group], room: int) -> list[tuple[list[Group], int]]:
    """The groups in order, in as many columns as there is room for, each with its width in cells."""
    for count in range(min(MOST, len(groups)), 1, -1):
        width = (room - GAP * (count - 1)) // count
        if width >= LEAST:
            columns = min(_divided(groups, count), key=lambda one: max(_height(c, width) for c in one))
            return [(column, width) for column in columns]
    return [(list(groups), room)]


def _divided(groups: Sequence[Group], count: int) -> list[list[list[Group]]]:
    """Every way to cut the groups in so many columns."""
    if count == 1:
        return [[list(groups)]]
    return [
        [list(groups[:first]), *rest]
        for first in range(1, len(groups) - count + 2)
        for rest in _divided(groups[first:], count - 1)
    ]


def _height(column: Sequence[Group], width: int) -> int:
    return key_table(column, width).plain.count("\n")


def key_table(groups: Sequence[Group], width: int) -> Content:
    """A heading, and each action after its keys, on as many lines as it takes at this width."""
    wide = max((len(key) for _, keys in groups for key, _ in keys), default=0)
    parts: list[object] = []
    for heading, keys in groups:
        parts += ["\n" if parts else "", (f" {heading}\n", "soft")]
        for key, what in keys:
            first, *others = textwrap.wrap(what, max(width - wide - 3, 12))
            parts += [(f" {key:>{wide}}  ", "accent"), f"{first}\n"]
            parts += [f"{'':{wide + 3}}{line}\n" for line in others]
    return say(*parts)
