"""Runs: what the runner is doing now, what failed, what is left, and how earlier runs went."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from engine.mailbox import Entry, UnitStatus, WorkerStatus
from tui.questions.runs import PastRun
from tui.screens.overlays.dialogs import Notice
from tui.screens.runs import lists_text, side_text, workers_text
from tui.screens.runs.reading import RunReading
from tui.screens.runs.units import UnitGrid
from tui.screens.runs.workers import WorkersPane
from tui.widgets.grid import Grid
from tui.widgets.lines import Lines
from tui.widgets.pane import Pane


class RunsScreen(RunReading):
    """Sentence, stages, units and the rest of the run, as the runner's snapshot says them."""

    MODE = "runs"
    ABOUT = (
        "Watch the run, steer it, and open what failed. "
        "The run is a process of its own: it survives this window."
    )
    FOOTER = (
        "runs.open",
        "runs.pause",
        "runs.resume",
        "runs.cancel",
        "runs.remove",
        "runs.retry",
        "runs.detach",
        "runs.log",
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="The unit's outcome, or its failure", id="runs.open"),
        Binding("l", "log", "Log", tooltip="What the run has said, or back", id="runs.log"),
    ]

    def begin(self) -> None:
        """Open the list of units; their grid once there is one."""
        self.watch_machine()
        self.watch(self, "maximized", self._lay_out, init=False)  # a pane alone has all lines
        self.query_one("#throughput", Lines).frame("Throughput", "units a second")
        self.query_one("#machine", Lines).frame("Machine", side_text.machine_title())
        self.query_one("#by-task", Lines).frame("AUC by task", "means so far, by protocol")
        self.query_one("#by-task", Lines).border_subtitle = "● model  ∅ control  ┊ chance"
        self.query_one("#newest-pane", Pane).open()

    # ------------------------------------------------------------------ under the cursor

    def _unit(self) -> UnitStatus | None:
        if not self.stands_whole:
            return None
        worker = self._worker()
        if worker is not None and self._status is not None:
            return workers_text.unit_of(worker, self._status)
        newest = self.query_one("#newest", Grid)
        if not newest.has_focus and self._arranged is not None and self._arranged.lines:
            return self.query_one("#units", UnitGrid).current
        row = newest.current
        if row is None or self._status is None:
            return None
        now = (*self._status.running, *self._status.recent)
        return next((unit for unit in now if unit.key == row.key), self._units.get(row.key))

    def _worker(self) -> WorkerStatus | None:
        return self.query_one(WorkersPane).current if self.stands_whole else None

    def _entry(self) -> Entry | None:
        if not self.stands_whole:
            return None
        queue = self.query_one("#queue", Grid)
        row = queue.current if queue.has_focus else None
        return next((entry for entry in self._queue if row and entry.id == row.key), None)

    def _past_run(self) -> PastRun | None:
        if not self.stands_whole:
            return None
        past = self.query_one("#past", Grid)
        row = past.current if past.has_focus else None
        return next((run for run in self._past if row and run.id == row.key), None)

    def main_table(self) -> Grid:
        """The list of units."""
        return self.query_one("#newest", Grid)

    # ------------------------------------------------------------------ actions

    def receive(self, argument: str) -> None:
        """Show only the units that match."""
        self.query_one("#newest", Grid).filter = argument
        self._go("newest-pane")

    @on(Grid.SortAsked, "#newest")
    def _sort(self, message: Grid.SortAsked) -> None:
        """Sort the list of units by a column, or by the next one."""
        self._order.next(lists_text.UNIT_COLUMNS[message.column].key)
        self._show()

    def action_open(self) -> None:
        """Open the unit under the cursor: its outcome, or why it failed; or what else is there."""
        if said := self.query_one(WorkersPane).notice():
            self.app.push_screen(Notice(*said))
            return
        if entry := self._entry():
            self.app.push_screen(Notice(f"Run {entry.id} of the queue", *lists_text.entry_notice(entry)))
            return
        if run := self._past_run():
            live = bool(self._status and self._status.live and self._status.run_id == run.id)
            self.app.push_screen(Notice(f"Run {run.id}", *lists_text.past_notice(run, live)))
            return
        unit = self._unit()
        if unit is None or self.refused("runs.open"):
            return
        if unit.state == "failed":
            self.read_failure(unit)
        else:
            self.app.push_screen(Notice(lists_text.unit_name(unit), lists_text.outcome(unit)))

    def action_filter(self) -> None:
        """Filter the focused list; the grid of marks has none, so that of the units."""
        if not isinstance(self.focused, Grid):
            self._go("newest-pane")
        super().action_filter()

    def action_log(self) -> None:
        """Show the log, or go back from it."""
        self._go(self._home if self._has_focus("log-pane") else "log-pane")

    def action_back(self) -> None:
        """From a pane that stands in another's place, back to that; else drop the filter."""
        if self._places.slot:
            self._go(self._home)
        else:
            super().action_back()

    def action_pane(self, step: int) -> None:
        """Open the next pane, or the one before; one that is not shown takes the list's place."""
        names = self._places.reachable
        here = next((i for i, name in enumerate(names) if self._has_focus(name)), -step)
        self._go(names[(here + step) % len(names)])


SCREEN = RunsScreen
