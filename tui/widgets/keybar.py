"""The bottom line: the keys that matter here, never more than fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from tui.widgets.said import looks_same
from tui.widgets.words import TONE_STYLES

ALWAYS: Final = ("help", "quit")
"""Bindings that are shown however narrow it is."""


class KeyBar(Widget):
    """Keys and what they do, from the bindings that are active now.

    A key that would refuse is dimmed; pressing it says why.
    """

    def __init__(self, actions: Callable[[], Sequence[str]], refuses: Callable[[str], str]) -> None:
        """Make the line.

        Args:
            actions: Gives the ids of the bindings to show now, most useful first.
            refuses: Binding id -> why it would do nothing now; empty if it would.
        """
        super().__init__()
        self._actions = actions
        self._refuses = refuses
        self._spots: list[tuple[range, str]] = []
        self._drawn = Content()

    def on_mount(self) -> None:
        """Follow the screen's bindings, which change with the focus."""
        screen: Screen[Any] = self.screen
        screen.bindings_updated_signal.subscribe(self, lambda _screen: self._refresh_if_changed())

    def _refresh_if_changed(self) -> None:
        if not looks_same(self._drawn, self._compose_line()):
            self.refresh()

    def render(self) -> Content:
        """The line."""
        self._drawn = self._compose_line()
        return self._drawn

    def _compose_line(self) -> Content:
        """As many of the keys as fit in the width, whole; help and quit always."""
        bindings: dict[str | None, Binding] = {}
        for active in self.screen.active_bindings.values():
            bindings.setdefault(active.binding.id, active.binding)
        pieces: list[tuple[str, str]] = []
        self._spots = []
        # Where a letter is typed as text, a key of the same action that is none stands in for it.
        for name in ALWAYS:
            if name not in bindings and f"{name}.always" in bindings:
                bindings[name] = bindings[f"{name}.always"]
        texts = {
            name: (f" {self.app.get_key_display(bindings[name])}", f" {bindings[name].description} ")
            for name in self._actions()
            if name in bindings
        }
        room = self.size.width - sum(len("".join(texts[name])) for name in ALWAYS if name in texts)
        used = 0
        for name, (key, what) in texts.items():
            binding = bindings[name]
            if name not in ALWAYS:
                room -= len(key + what)
                if room < 0:
                    continue
            off = bool(self._refuses(name))
            pieces.append((key, TONE_STYLES["faint" if off else "accent"] + ("" if off else " bold")))
            pieces.append((what, TONE_STYLES["faint" if off else "soft"]))
            self._spots.append((range(used, used + len(key + what)), binding.key))
            used += len(key + what)
        return Content.assemble(*pieces)

    def on_click(self, event: events.Click) -> None:
        """Clicking a key presses it."""
        for spot, key in self._spots:
            if event.x in spot:
                self.app.simulate_key(key)
