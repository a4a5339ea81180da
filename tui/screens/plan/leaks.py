"""The leak auditor on the Plan screen: asked for by a key, and after each import."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui.screens.copy_export import TakingScreen
from tui.widgets.grid import Grid

if TYPE_CHECKING:
    from engine.plan.selection import Selection


class AuditingScreen(TakingScreen):
    """A screen with a choice, of whose tasks it can be asked what gives their labels away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "L",
            "leaks",
            "Leaks",
            show=False,
            tooltip="What may give the labels of the task under the cursor away",
            id="plan.leaks",
        ),
    ]
    selection: Selection | None

    def why_not(self, action: str) -> str:
        """Only a task has labels."""
        if action == "plan.leaks" and not self._task_here():
            return "Put the cursor on a task first."
        return super().why_not(action)

    def _task_here(self) -> str:
        grid = self.query_one("#tasks", Grid)
        return grid.current.key if grid.has_focus and grid.current else ""

    def action_leaks(self) -> None:
        """Ask of the task under the cursor."""
        if self.selection is not None and not self.refused("plan.leaks"):
            self.show_leaks(self._task_here(), self.selection, f"Leaks: {self._task_here()}")

    def show_leaks(
        self, task: str, selection: Selection, title: str, sentence: str = "", hint: str = ""
    ) -> None:
        """Let the auditor look at a task as `selection` would use it, over the screen."""
        from tui.screens.overlays.leaks import Leaks

        look = partial(self.arena.leaks, task, selection)
        self.app.push_screen(Leaks(title, look, self.arena.home.log, sentence, hint))
