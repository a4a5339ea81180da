"""Removing a task, a model or descriptions of one's own on the Plan screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.screens.copy_export import TakingScreen
from tui.widgets.grid import Grid

if TYPE_CHECKING:
    from engine.homes.removal import Own
    from engine.plan.selection import Selection
    from store.records import Brought


class RemovingScreen(TakingScreen):
    """A screen with lists of what can be chosen, some of which users brought in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "x",
            "remove",
            "Remove",
            show=False,
            tooltip="Remove the task, model or descriptions of your own under the cursor",
            id="plan.remove",
        ),
    ]

    @dataclass
    class FoundOwn(Message):
        """It is known what would be removed."""

        own: Own

    @dataclass
    class TookBack(Message):
        """Something is not here any more."""

        own: Own
        sentences: tuple[str, ...]

    def __init__(self) -> None:
        """Make the screen, with nothing chosen yet."""
        super().__init__()
        self.selection: Selection | None = None

    def read_catalog(self) -> object:
        """Read again what can be chosen."""

    def why_not(self, action: str) -> str:
        """Only a task, a model or chosen descriptions can be removed, and by no watcher."""
        if action != "plan.remove":
            return super().why_not(action)
        if self.arena.readonly:
            return "This window was opened with --readonly; nothing can be removed here."
        return (
            ""
            if self._to_remove()
            else "Put the cursor on a task, a model or descriptions of your own first."
        )

    def _to_remove(self) -> tuple[Brought, str] | None:
        """What the cursor is on: of the settings, the descriptions chosen instead of a text recipe."""
        grid = self.focused
        if not isinstance(grid, Grid) or grid.current is None or self.selection is None:
            return None
        from tui.screens.plan.settings import TEXT

        key = grid.current.key
        if grid.id == "settings" and key == TEXT and self.selection.descriptions:
            return "descriptions", Path(self.selection.descriptions).stem
        return {"tasks": ("task", key), "models": ("model", key)}.get(str(grid.id))  # type: ignore[return-value]

    def action_remove(self) -> None:
        """Ask whether to remove what the cursor is on."""
        if not self.refused("plan.remove") and (found := self._to_remove()):
            self.find_own(*found)

    @work(thread=True, exclusive=True, group="remove", exit_on_error=False)
    def find_own(self, kind: Brought, name: str) -> None:
        """See what would be removed; what comes with the program is refused."""
        self.post_message(self.FoundOwn(self.arena.own(kind, name)))

    @on(FoundOwn)
    def _ask_first(self, message: FoundOwn) -> None:
        from tui.screens.overlays.dialogs import Ask

        def answered(answer: str | None) -> None:
            if answer:
                self.take_back(message.own)

        own = message.own
        self.app.push_screen(Ask(f"Remove {own.name}?", own.warning, [("y", "remove it", "yes")]), answered)

    @work(thread=True, exclusive=True, group="remove", exit_on_error=False)
    def take_back(self, own: Own) -> None:
        """Remove it."""
        self.post_message(self.TookBack(own, self.arena.take_back(own.kind, own.name)))

    @on(TookBack)
    def _took_back(self, message: TookBack) -> None:
        if self.selection is not None:
            self.selection = _without(self.selection, message.own)
        self.read_catalog()
        done, *needed = message.sentences
        if needed:
            from tui.screens.overlays.dialogs import Notice

            self.app.push_screen(Notice("Removed", done, " ".join(needed)))
        else:
            self.tell(done, good=True)


def _without(selection: Selection, own: Own) -> Selection:
    """`selection` without what was removed."""
    match own.kind:
        case "task":
            return replace(selection, tasks=tuple(name for name in selection.tasks if name != own.name))
        case "descriptions":
            return replace(selection, descriptions="")
        case _:
            models = tuple(name for name in selection.models if name not in own.models)
            return replace(selection, models=models)
