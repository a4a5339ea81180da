"""The command palette: every named command and every key of the screen that is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from tui.screens.base import ArenaScreen


class Palette(CommandPalette):
    """Textual's palette in the arena's look and words."""

    CSS_PATH = Path(__file__).with_name("palette.tcss")

    def __init__(self) -> None:
        """Make it."""
        super().__init__(placeholder="find a command or a key by what it does")


class ArenaCommands(Provider):
    """Commands of the current screen, and its keys by what they do."""

    def _everything(self) -> Iterator[tuple[str, str, Callable[[], Any]]]:
        screen = self.screen
        if not isinstance(screen, ArenaScreen):
            return
        for command in screen.commands():
            start = partial(screen.open_command_line, f"{command.name} ")
            run: Callable[[], Any] = start if command.usage else partial(command.run, "")
            yield f":{command.name} {command.usage}".rstrip(), command.what, run
        seen = set()
        for active in screen.active_bindings.values():
            binding = active.binding
            if binding.description and not binding.system and binding.id not in seen:
                seen.add(binding.id)
                name = f"{binding.description} ({self.app.get_key_display(binding)})"
                yield name, binding.tooltip, partial(self.app.run_action, binding.action, active.node)

    async def discover(self) -> Hits:
        """Everything, before anything is typed."""
        for name, what, run in self._everything():
            yield DiscoveryHit(name, run, help=what)

    async def search(self, query: str) -> Hits:
        """What matches `query`."""
        matcher = self.matcher(query)
        for name, what, run in self._everything():
            score = max(matcher.match(name), matcher.match(what))
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=what)
