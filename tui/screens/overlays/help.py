"""The help overlay: the keys that are active now, made from the bindings themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.screens.overlays.dialogs import Overlay
from tui.widgets.words import LEGEND, say


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
        self.title_shown = f"Keys on {title.capitalize()}"
        self.about = about
        self.bindings = tuple(bindings)

    def compose_box(self) -> ComposeResult:
        """The sentence, the keys, the glyphs."""
        yield Static(say(self.about), classes="box-text")
        with VerticalScroll(classes="box-body", can_focus=False):
            yield Static(key_table(self.bindings))
        yield Static(say((LEGEND, "dim")), classes="box-text")


def key_table(bindings: Sequence[tuple[str, Binding]]) -> Content:
    """One line for each action, its keys first; what Textual itself binds is left out."""
    actions: dict[tuple[str, str], list[str]] = {}
    for key, binding in bindings:
        if binding.id:
            what = binding.tooltip or binding.description
            actions.setdefault((binding.action, what), []).append(key)
    wide = max((len("  ".join(keys)) for keys in actions.values()), default=0)
    parts: list[object] = []
    for (_, what), keys in actions.items():
        parts += [(f" {'  '.join(keys):<{wide}}  ", "accent"), f"{what}\n"]
    return say(*parts)
