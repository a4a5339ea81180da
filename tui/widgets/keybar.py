"""The bottom line: the keys that matter here, never more than fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual import events
from textual.content import Content
from textual.keys import format_key
from textual.screen import Screen
from textual.widget import Widget

from tui.widgets.words import TONE_STYLES


class KeyBar(Widget):
    """Keys and what they do, from the bindings that are active now.

    A key that would refuse is dimmed; pressing it says why.
    """

    def __init__(self, actions: Sequence[str], refuses: Callable[[str], str]) -> None:
        """Make the line.

        Args:
            actions: Ids of the bindings to show, most useful first.
            refuses: Binding id -> why it would do nothing now; empty if it would.
        """
        super().__init__()
        self._actions = tuple(actions)
        self._refuses = refuses
        self._spots: list[tuple[range, str]] = []

    def on_mount(self) -> None:
        """Follow the screen's bindings, which change with the focus."""
        screen: Screen[Any] = self.screen
        screen.bindings_updated_signal.subscribe(self, lambda _screen: self.refresh())

    def render(self) -> Content:
        """As many of the keys as fit in the width, whole."""
        bindings = {item.binding.id: item.binding for item in self.screen.active_bindings.values()}
        pieces: list[tuple[str, str]] = []
        self._spots = []
        used = 0
        for name in self._actions:
            binding = bindings.get(name)
            if binding is None:
                continue
            key = self.app.get_key_display(binding)
            text = f" {key} {binding.description} "
            if used + len(text) > self.size.width:
                continue
            off = bool(self._refuses(name))
            pieces.append((f" {key}", TONE_STYLES["dim" if off else "accent"] + " bold"))
            pieces.append((f" {binding.description} ", TONE_STYLES["dim"] if off else ""))
            self._spots.append((range(used, used + len(text)), binding.key))
            used += len(text)
        return Content.assemble(*pieces)

    def on_click(self, event: events.Click) -> None:
        """Clicking a key presses it."""
        for spot, key in self._spots:
            if event.x in spot:
                self.app.simulate_key(key)


def key_name(key: str) -> str:
    """A key as people write it: `space`, `ctrl+p`, `?`."""
    return format_key(key)
