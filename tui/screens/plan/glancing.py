"""The row of a Plan list that the cursor is on: what is known of it, at a glance and in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from tui.screens.plan import controls
from tui.screens.plan.panes import KINDS
from tui.screens.plan.reading import AuditKey, PlanReading, audit_key
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.said import Said

if TYPE_CHECKING:
    from tui.screens.plan.glance import Audited


class PlanGlancing(PlanReading):
    """A screen that says of the row under the cursor what is read of it, and remembers that."""

    def __init__(self) -> None:
        """Make the screen; nothing is known yet."""
        super().__init__()
        self._tasks: dict[AuditKey, Audited | str] = {}
        """Audits read since the catalog was; a string says why there is none."""
        self._cached: dict[str, str] = {}
        """Model -> how many of the choice's texts it has embedded, in words; read since the last count."""
        self._asked = ""
        """The task whose details are wanted as soon as it is read."""

    def _show_glance(self) -> None:
        grid = self.focused
        if not isinstance(grid, Grid) or grid.current is None or self.selection is None:
            return
        from tui.screens.plan.glance import card, where

        kind, key = where(str(grid.id), grid.current.key, self.selection)
        known = self._known(kind, key)
        pane = self.query_one("#card", Pane)
        pane.name_shown = KINDS[str(grid.id)]
        pane.say(grid.current.key)
        said: list[object] = [card(kind, key, self.catalog, known)]
        if grid.id in ("protocols", "settings"):  # a few words: the model keeps the rest of the room
            said += ["\n\n", card("models", self.under("models"), self.catalog, None)]
        self.query_one("#glance", Said).show(*said)

    def _known(self, kind: str, key: str) -> Audited | str | None:
        """What is known of a row besides the catalog; None while it is being read."""
        assert self.selection is not None
        if kind == "tasks":
            audit = self._tasks.get(audit_key(key, self.selection))
            if audit is None:
                self.read_task(key, self.selection)
            return audit
        if key == controls.ROW:
            return controls.words(self.selection)
        plan = self._counted.plan if self._counted else None
        if kind == "models" and plan is not None and key not in self._cached:
            self.read_cached(key, plan)
        return self._cached.get(key)

    @on(PlanReading.TaskRead)
    def _task_read(self, message: PlanReading.TaskRead) -> None:
        self._tasks[message.key] = message.audit
        self.at_leisure(self._show_glance)
        if self._asked and self._asked == message.key[0] and self.is_current:
            self.action_details()

    @on(PlanReading.CachedRead)
    def _cached_read(self, message: PlanReading.CachedRead) -> None:
        self._cached[message.model] = message.sentence
        self.at_leisure(self._show_glance)

    def action_details(self) -> None:
        """Open all about the row under the cursor."""
        grid = self.focused
        if isinstance(grid, Grid) and grid.current is not None and self.selection is not None:
            from tui.screens.plan.glance import details, where

            kind, key = where(str(grid.id), grid.current.key, self.selection)
            known = self._known(kind, key)
            self._asked = key if kind == "tasks" and known is None else ""
            if not self._asked:
                self.app.push_screen(details(kind, key, self.catalog, known))
