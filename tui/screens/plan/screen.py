"""Plan: choose models, tasks, protocols, a preset and splits; see what that comes to; start it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.timer import Timer

from tui.questions.arena import Pulse
from tui.screens.base import SETTLE
from tui.screens.plan import controls
from tui.screens.plan import text as plan_text
from tui.screens.plan.glancing import PlanGlancing
from tui.screens.plan.reading import AuditKey, PlanReading, chosen_again, facts_key
from tui.screens.plan.text import CHOICES, COLUMNS
from tui.terminal.timing import once
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.said import Said
from tui.widgets.words import UNREAD

if TYPE_CHECKING:
    from engine.plan.selection import Selection
    from tui.screens.plan.cost import Tally
    from tui.widgets.rows import Row

NEW: Final = {"task": "tasks", "model": "models"}
"""What an import is chosen as -> the list that has it."""
AGAIN: Final = 5.0
"""Seconds after which a choice is counted again: during a run, or if it could not be counted in full."""


class PlanScreen(PlanGlancing):
    """Lists to choose from, the row under the cursor, and the sum of it all."""

    MODE = "plan"
    CSS_PATH = None
    ABOUT = (
        "Choose models, tasks and protocols; space gives a setting its next value, : takes any other. "
        "What is already saved is never run again; Enter runs the rest."
    )
    FOOTER = ("plan.launch", "grid.mark", "plan.step", "filter", "pane.next", "plan.import")

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter,r",
            "launch",
            "Run",
            tooltip="Start what is chosen and not yet done",
            id="plan.launch",
        ),
        Binding("space", "step", "Change", tooltip="The next value of the setting", id="plan.step"),
        Binding(
            "t",
            "next_set",
            "Set of tasks",
            show=False,
            tooltip="Choose the tasks of the next set and no others; :set NAME chooses those of one",
            id="plan.set",
        ),
        Binding(
            "c",
            "controls",
            "Controls",
            show=False,
            tooltip="Controls beside the models: none, the usual ones or all; :controls all chooses them",
            id="plan.controls",
        ),
        Binding("i", "details", "Details", tooltip="All about the row under the cursor", id="plan.details"),
    ]

    def __init__(self) -> None:
        """Make the screen; its lists fill once the catalog is read."""
        super().__init__()
        self._wanted = False
        """Whether the choice is to be started as soon as it is counted."""
        self._store = 0
        self._shelf = 0
        """What the pulse said last of results, and of what can be chosen."""
        self._settling: Timer | None = None
        self._facts_of: AuditKey = ()
        """What the facts of tasks were read for."""

    def begin(self) -> None:
        """Take the focus and read the catalog."""
        self.query_one("#models-pane", Pane).open()
        self.show_sum()
        self.read_catalog()

    # ------------------------------------------------------------------ reading

    @on(PlanReading.CatalogRead)
    def _catalog_read(self, message: PlanReading.CatalogRead) -> None:
        self.catalog = message.catalog
        self._tasks.clear()
        self._facts_of = ()
        first = chosen_again(message.last, message.catalog) or message.catalog.first
        if self.selection is not None:
            self._touched = self._touched or self.came_in is not None
            self.choose(self.selection)
            self._go_to_new()
        elif first is not None:
            self.choose(first)
            for name, chosen in (("models", first.models), ("tasks", first.tasks)):
                self.query_one(f"#{name}", Grid).go_to(chosen[0] if chosen else "")

    def _go_to_new(self) -> None:
        """Put the cursor on what has just been imported."""
        came_in, self.came_in = self.came_in, None
        name = NEW.get(came_in.change) if came_in else None
        if came_in and name:
            self.query_one(f"#{name}-pane", Pane).open()
            self.query_one(f"#{name}", Grid).go_to(came_in.name)

    @on(PlanReading.SetsRead)
    def _sets_read(self, message: PlanReading.SetsRead) -> None:
        self._sets = message.sets
        self.show_titles()

    @on(PlanReading.Counted)
    def _units_counted(self, message: PlanReading.Counted) -> None:
        if message.tally.selection == self.selection:
            if self._counted is None or not self._live:  # else the glance would blink during a run
                self._cached.clear()
            self._counted = message.tally
            self.show_sum()
            self._show_glance()
            if message.tally.passing or (self._live and self.is_current):
                self._count_in(AGAIN)
            if self._wanted and self.is_current:
                self.action_launch()
            self._wanted = False

    @on(PlanReading.FactsRead)
    def _facts_read(self, message: PlanReading.FactsRead) -> None:
        if self.selection is not None and message.key == facts_key(self.selection):
            self._facts, self._printed = message.facts, message.printed
            self.fill()
            self.show_pictures()

    @on(PlanReading.Launched)
    def _launched(self, message: PlanReading.Launched) -> None:
        if message.waits:
            self.tell("Queued; it follows the run that goes on.", good=True)
        self.app.switch_mode("runs")

    def unread(self, group: str) -> None:
        """Without a catalog there is nothing to choose from."""
        from tui.widgets.drawing import Drawing

        if group == "catalog":
            for drawing in self.query(Drawing):
                drawing.give_up()
            self.query_one("#sum", Said).show((UNREAD, "warn"))

    # ------------------------------------------------------------------ following the user

    @on(Grid.Marked)
    def _choice_changed(self) -> None:
        if self.selection is None:
            return
        grids = {name: self.query_one(f"#{name}", Grid) for name in CHOICES[:-1]}
        order = {name: [row.key for row in rows] for name, rows in self._rows().items()}
        marked: dict[str, Any] = {
            name: tuple(key for key in order[name] if key in grid.marked) for name, grid in grids.items()
        }
        self.choose(replace(self.selection, **marked))

    def _rows(self) -> dict[str, list[Row]]:
        assert self.selection is not None
        return plan_text.rows(self.catalog, self.selection)

    @on(Grid.SortAsked)
    def _sort(self, message: Grid.SortAsked) -> None:
        """By the column whose head was clicked; the key goes through the columns, each both ways."""
        name = str(message.grid.id)
        last = len(COLUMNS[name]) - 1
        column, down = self._order.get(name, (-1, True))
        if message.column:
            self._order[name] = (message.column, not down if column == message.column else True)
        elif not down:
            self._order[name] = (column, True)
        elif column < last:
            self._order[name] = (column + 1, False)
        else:
            self._order.pop(name)
        self.fill()

    def choose(self, selection: Selection) -> None:
        """Make this the choice: show it, and count what it comes to."""
        self._touched = self._touched or self.selection not in (None, selection)
        self.selection = selection
        self.fill()
        self.mark()
        self._recount()
        self._show_glance()

    def _recount(self) -> None:
        self._counted = None
        self._wanted = False
        self.show_sum()
        self._count_in(SETTLE)

    def _count_in(self, seconds: float) -> None:
        """Count after a while; what was counted shows until then."""
        if self._settling is not None:
            self._settling.stop()
        self._settling = once(self, seconds, self._count_now)

    def _count_now(self) -> None:
        if self.selection is None:
            return
        self.count_units(self.selection)
        if (facts_of := facts_key(self.selection)) != self._facts_of:
            self._facts_of = facts_of
            self.read_facts(self.selection, self.catalog)

    @on(Grid.Moved)
    def _moved(self) -> None:
        self.at_leisure(self._show_glance)
        self.at_leisure(self.show_pictures)

    def on_descendant_focus(self) -> None:
        """The glance, the room and the keys beside titles follow the focus."""
        if self._completed:
            self.fit()
            self.show_titles()
            self._show_glance()

    def follow(self, pulse: Pulse) -> None:
        """Count again when a run has begun, added or ended something, or the results have vanished."""
        if self._shelf and pulse.shelf != self._shelf:
            self.read_catalog()
        self._shelf = pulse.shelf
        live = pulse.status is not None and pulse.status.live
        began_or_ended = live != self._live
        vanished = self._store > 0 and pulse.store == 0
        self._live, self._store = live, pulse.store
        moved = began_or_ended or vanished or (pulse.status is not None and not live)
        if self._counted is not None and moved:
            self.show_sum()
            self._count_in(SETTLE)

    def on_screen_resume(self) -> None:
        """Count again what a run may have done while another screen was shown."""
        if self._counted is not None:
            self._count_in(SETTLE)

    # ------------------------------------------------------------------ actions

    def why_not(self, action: str) -> str:
        """A run needs something to run."""
        if action == "plan.set" and not any(self._sets.values()):
            return "The sets of tasks are still being read; try again in a moment."
        if action != "plan.launch":
            return super().why_not(action)
        if self.arena.readonly:
            return "This window was opened with --readonly; open another one to start a run."
        if self.selection is None:
            return "The catalog is still being read; try again in a moment."
        if self._counted is None:
            return ""
        if self._counted.plan is None:
            return self._counted.trouble
        if not (self._counted.plan.todo or self._counted.questions):
            return plan_text.why_nothing(self._counted.plan)
        return ""

    def action_launch(self) -> None:
        """Start what is to run and show it running; a choice that is being counted, once that is done."""
        if self.refused("plan.launch"):
            return
        self._wanted = self._counted is None
        if self._counted is None:
            self.tell("The choice is being counted; then it starts.", good=True)
        else:
            self.ask_and_start(self._counted)

    @work(exclusive=True, group="ask", exit_on_error=False)
    async def ask_and_start(self, tally: Tally) -> None:
        """Start once it is agreed to each host that texts would be sent to."""
        from tui.screens.overlays.dialogs import Ask

        for host, question in tally.questions.items():
            answers = [("y", f"agree: send them to {host}", "yes")]
            if not await self.app.push_screen_wait(
                Ask("Texts would leave this machine", question, answers)
            ):
                return
        self.start(tally.selection, tally.questions)

    def action_step(self) -> None:
        """Give the setting under the cursor its next value."""
        from tui.screens.plan import settings

        grid = self.query_one("#settings", Grid)
        if grid.current is not None and self.selection is not None and grid.has_focus:
            self.choose(settings.stepped(self.catalog, self.selection, grid.current.key))

    def action_controls(self) -> None:
        """Choose none of the controls, the usual ones, or all."""
        if self.selection is not None:
            self.choose(controls.stepped(self.selection))

    def action_next_set(self) -> None:
        """Choose the tasks of the set after the one that is chosen, or of the first."""
        if self.selection is not None and not self.refused("plan.set"):
            tasks = plan_text.next_set(self._sets, self.selection.tasks)
            self.choose(replace(self.selection, tasks=tasks))


SCREEN = PlanScreen
