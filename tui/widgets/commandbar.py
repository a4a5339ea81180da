"""The line that opens with `:` and takes a command by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input

from store.errors import nearest, unknown
from tui.widgets.typedline import TypedLine, close
from tui.widgets.wrong import Wrong


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be asked for by name, on the command line or in the palette."""

    name: str
    what: str
    """What it does, in a few words."""
    run: Callable[[str], object]
    """Takes what stands after the name."""
    usage: str = ""
    """What has to stand after the name; empty: nothing."""


class CommandBar(Input):
    """`name argument`, with the names completed while one types."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="command.close"),
        Binding("tab", "complete", "Complete", show=False, id="command.complete"),
    ]

    def __init__(self, commands: Sequence[Command], typed: str = "") -> None:
        """Make the line for these commands; it is gone once one is given.

        Args:
            commands: What can be given.
            typed: What stands in it at first.
        """
        names = [command.name for command in commands]
        super().__init__(
            value=typed,
            placeholder="  ".join(names),
            suggester=SuggestFromList(names, case_sensitive=False),
            compact=True,
            select_on_focus=False,
        )
        self._commands = {command.name: command for command in commands}
        self._before: Widget | None = None
        self._wrong = Wrong(id="command-wrong")

    async def on_mount(self) -> None:
        """Type at once."""
        self._before = self.screen.focused
        self.focus()
        await self.screen.mount(self._wrong)

    @on(Input.Changed)
    def _changed(self) -> None:
        self._wrong.clear()
        self.query_ancestor(TypedLine).remove_class("-wrong")

    def _refuse(self, sentence: str, length: int, instead: str = "") -> None:
        """Say under the line what is wrong with its first word, and stay."""
        self.query_ancestor(TypedLine).add_class("-wrong")
        self._wrong.put(sentence, 0, length, instead)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        typed = event.value.strip().removeprefix(":")
        name, _, argument = typed.partition(" ")
        command = self._commands.get(name) or self._only(name)
        if not name:
            self.action_close()
        elif command is None:
            near = nearest(name, self._commands)
            sentence, _ = unknown("command", name, self._commands)
            there = sentence if near else f"{sentence} ctrl+p lists them all."
            self._refuse(there, len(event.value.partition(" ")[0]), near)
        elif command.usage and not command.usage.startswith("[") and not argument.strip():
            self._refuse(f"It takes more: :{command.name} {command.usage}", len(event.value))
        else:
            self.action_close()
            command.run(argument.strip())

    def _only(self, start: str) -> Command | None:
        """The one command that starts so."""
        found = [command for name, command in self._commands.items() if name.startswith(start)]
        return found[0] if len(found) == 1 else None

    def action_complete(self) -> None:
        """Take the suggestion, in place of what was wrong if something was."""
        if self._wrong.instead:
            _, space, rest = self.value.partition(" ")
            self.value = self._wrong.instead + (space + rest or " ")
            self.action_end()
        else:
            self.action_cursor_right()

    def action_close(self) -> None:
        """Leave, with the focus where it was."""
        # At once: a command is about what had the focus.
        self.screen.set_focus(self._before)
        self._wrong.remove()
        close(self)
