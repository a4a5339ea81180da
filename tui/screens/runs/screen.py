"""Runs: what the runner is doing now, what failed, what is left; pause, cancel, retry, detach."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.worker import get_current_worker

from engine.machine import Load, Machine
from engine.mailbox import Entry, RequestKind, Status, UnitStatus
from store.errors import DataError, UsageError
from tui.questions.arena import Pulse
from tui.screens.copy_export import TakingScreen
from tui.screens.overlays.dialogs import Ask, Notice
from tui.screens.runs import text as runs_text
from tui.widgets.grid import Grid
from tui.widgets.headed import Tail
from tui.widgets.pane import Pane
from tui.widgets.plot import PlotView
from tui.widgets.said import Said

SPAN: Final = 100
"""Units that end between two readings of the whole list: fewer than a snapshot keeps."""
LOOK: Final = 2.0
"""Seconds between looks at the machine."""


class RunsScreen(TakingScreen):
    """Bars, units and log of the run, as the runner's snapshot tells them."""

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
        "pane.next",
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="The unit's outcome, or its failure", id="runs.open"),
        Binding("p", "pause", "Pause", tooltip="Pause after the units in work", id="runs.pause"),
        Binding("p", "resume", "Resume", tooltip="Go on with what is missing", id="runs.resume"),
        Binding("x", "cancel", "Cancel", tooltip="Cancel a unit or the run", id="runs.cancel"),
        Binding("x", "remove", "Remove", tooltip="Forget the queue's row", id="runs.remove"),
        Binding("R", "retry", "Retry", tooltip="Run what failed once more", id="runs.retry"),
        Binding("D", "detach", "Detach", tooltip="Leave; the run goes on", id="runs.detach"),
    ]

    @dataclass
    class FailureRead(Message):
        """A unit's failure is there, if it has one."""

        unit: UnitStatus
        failure: Mapping[str, str]

    @dataclass
    class UnitsRead(Message):
        """Every unit of the run is there, as the store knows it, and its row."""

        units: Mapping[str, UnitStatus]
        rows: Tail

    @dataclass
    class Looked(Message):
        """The machine's load is there."""

        load: Load

    @dataclass
    class Asked(Message):
        """The runner has the request."""

        sentence: str

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._status: Status | None = None
        self._waiting = 0
        self._queue: tuple[Entry, ...] = ()
        self._damaged = 0
        self._units: Mapping[str, UnitStatus] = {}
        """Key -> unit, of every unit of the run, as the store knew it when `_read` was last set."""
        self._rows = Tail()
        """Their rows, made once: a run may have 100,000."""
        self._read: tuple[str, bool, int] = ("", False, 0)
        """The run, whether it was live, and how many spans of `SPAN` units had ended."""

    def compose_body(self) -> Iterable[Widget]:
        """Sentence and bars over units and log."""
        yield Said(id="run-head", classes="head")
        yield Said(id="run-bars")
        yield Said(id="run-machine")
        with Horizontal(classes="panes ruled"):
            with Vertical(classes="column -open"):
                units = Grid(runs_text.UNIT_COLUMNS, id="units", empty=runs_text.NO_RUN)
                yield Pane("Units", units, id="units-pane", first=True)
            with Vertical(classes="column"):
                queue = Grid(runs_text.QUEUE_COLUMNS, id="queue")
                yield Pane("Queue", queue, id="queue-pane")
                yield Pane("Curves", PlotView("No epoch has ended yet.", id="curves"), id="curves-pane")
                log = Grid(runs_text.LOG_COLUMNS, id="log", empty="Nothing has been logged yet.")
                yield Pane("Log", log, id="log-pane", first=True)

    def begin(self) -> None:
        """Open the list of units."""
        self.watch_machine()
        self.query_one("#units-pane", Pane).open()

    def on_resize(self) -> None:
        """Bars are as wide as the terminal."""
        if self.stands_whole and self.shell.pulse.looked:
            self._show()

    # ------------------------------------------------------------------ following the run

    def follow(self, pulse: Pulse) -> None:
        """Show the snapshot."""
        self._status = status = pulse.status
        self._waiting, self._queue, self._damaged = pulse.waiting, pulse.queue, pulse.damaged
        if status is not None:
            ended = status.scored + status.failed + status.cancelled
            before, self._read = self._read, (status.run_id, status.live, ended // SPAN)
            if self._read != before and status.selection:
                self.read_units(status.selection)
        self._show()
        self.refresh_bindings()

    def _show(self) -> None:
        status = self._status
        charset = self.shell.charset
        begun = sum(entry.state != "waits" for entry in self._queue)
        head = runs_text.head(status, self._waiting, self.size.width - 2, begun)
        self.query_one("#run-head", Said).show(head)
        self.query_one("#run-bars", Said).show(runs_text.bars(status, self.size.width - 2, charset))
        units = self.query_one("#units", Grid)
        units.empty = runs_text.empty(status)
        self._show_queue()
        self._show_curves()
        if status is None:
            units.show(())
            self.query_one("#log", Grid).show(())
            return
        at_top = units.cursor == 0
        units.show(runs_text.unit_rows(status, self._rows))
        if at_top:
            # A row that was newest sinks; who has not moved wants to see the newest.
            units.cursor = 0
        self.query_one("#units-pane", Pane).say(*runs_text.units_title(status))
        self.query_one("#log-pane", Pane).say(*runs_text.log_title(status))
        log = self.query_one("#log", Grid)
        at_end = not log.has_focus or log.cursor >= len(log.shown) - 1
        log.show(runs_text.log_rows(status))
        if at_end:
            log.cursor = len(log.shown) - 1

    def _show_queue(self) -> None:
        """What waits and what is unfinished, where there is anything."""
        pane, queue = self.query_one("#queue-pane", Pane), self.query_one("#queue", Grid)
        queue.show(runs_text.queue_rows(self._queue))
        pane.say(*runs_text.queue_title(self._queue, self._damaged))
        if queue.has_focus and not self._queue:
            self.query_one("#units-pane", Pane).open()
        pane.display = bool(self._queue or self._damaged)

    @on(Grid.Moved, "#units")
    def _show_curves(self) -> None:
        """The learning curve of the unit under the cursor, else of the one whose epoch ended last."""
        epochs = self._status.epochs if self._status else ()
        pane = self.query_one("#curves-pane", Pane)
        pane.display = bool(epochs)
        if not epochs:
            return
        row = self.query_one("#units", Grid).current
        keys = {epoch.key for epoch in epochs}
        key = row.key if row and row.key in keys else epochs[-1].key
        mine = [epoch for epoch in epochs if epoch.key == key]
        pane.say(*runs_text.curves_title(mine[-1]))
        self.query_one(PlotView).show(runs_text.curves(mine))

    @work(thread=True, exclusive=True, group="units", exit_on_error=False)
    def read_units(self, selection: Mapping[str, Any]) -> None:
        """Read every unit of the run; those of a task or model that is gone are not known any more."""
        with contextlib.suppress(UsageError, DataError):
            units = self.arena.run_units(selection)
            rows = Tail(runs_text.rows_of(units))
            self.post_message(self.UnitsRead({unit.key: unit for unit in units}, rows))

    @on(UnitsRead)
    def _units_read(self, message: UnitsRead) -> None:
        self._units, self._rows = message.units, message.rows
        self._show()

    @work(thread=True, exclusive=True, group="machine", exit_on_error=False)
    def watch_machine(self) -> None:
        """Look at the machine while the screen is shown."""
        worker = get_current_worker()
        machine = Machine()
        while self.app.is_running and not worker.is_cancelled:
            if self.is_current:
                self.post_message(self.Looked(machine.look()))
            worker.cancelled_event.wait(LOOK)

    @on(Looked)
    def _looked(self, message: Looked) -> None:
        self.query_one("#run-machine", Said).show(runs_text.machine(message.load))

    # ------------------------------------------------------------------ asking the runner

    @work(thread=True, group="request", exit_on_error=False)
    def ask_runner(self, what: RequestKind, sentence: str, key: str = "") -> None:
        """Leave a request."""
        self.arena.request(what, key)
        self.post_message(self.Asked(sentence))

    @work(thread=True, group="request", exit_on_error=False)
    def start_again(self, retry_failed: bool, sentence: str) -> None:
        """Start the last selection once more; behind a live run, it waits."""
        self.arena.relaunch(retry_failed)
        self.post_message(self.Asked(sentence))

    @work(thread=True, group="request", exit_on_error=False)
    def drop_entry(self, entry: Entry) -> None:
        """Forget one launch of the queue: this one, wherever it stands by now."""
        self.arena.drop(entry.id)
        self.post_message(self.Asked(f"Removed: {entry.launch.selection.words}."))

    @work(thread=True, exclusive=True, group="failure", exit_on_error=False)
    def read_failure(self, unit: UnitStatus) -> None:
        """Read why a unit failed."""
        self.post_message(self.FailureRead(unit, self.arena.failure(unit.key)))

    @on(Asked)
    def _asked(self, message: Asked) -> None:
        self.tell(message.sentence, good=True)

    @on(FailureRead)
    def _failure_read(self, message: FailureRead) -> None:
        unit = message.unit
        sentence = message.failure.get("sentence") or unit.sentence or "It has not said why."
        body = message.failure.get("traceback", "")
        self.app.push_screen(Notice(runs_text.unit_name(unit), sentence, "R runs what failed again.", body))

    # ------------------------------------------------------------------ actions

    def receive(self, argument: str) -> None:
        """Show only the units that match."""
        self.query_one("#units", Grid).filter = argument

    def why_not(self, action: str) -> str:
        """Keys that steer a run need one."""
        status = self._status
        steering = ("runs.pause", "runs.resume", "runs.cancel", "runs.remove", "runs.retry")
        if action in steering and self.arena.readonly:
            return "This window was opened with --readonly; it can only watch."
        if action == "runs.open" and self._entry():
            return ""
        if action == "runs.open":
            return "" if self._unit() else "There is no unit under the cursor yet."
        if action == "runs.pause" and (status is None or not status.live):
            return "There is no run to pause or resume."
        if action in ("runs.cancel", "runs.detach") and (status is None or not status.live):
            return "There is no live run."
        if action == "runs.retry" and (status is None or not status.failed):
            return "Nothing has failed in this run."
        return ""

    def _unit(self) -> UnitStatus | None:
        if not self.stands_whole:
            return None
        row = self.query_one("#units", Grid).current
        if row is None or self._status is None:
            return None
        now = (*self._status.running, *self._status.recent)
        return next((unit for unit in now if unit.key == row.key), self._units.get(row.key))

    def _entry(self) -> Entry | None:
        """The launch under the cursor, if the queue has the focus."""
        if not self.stands_whole:
            return None
        queue = self.query_one("#queue", Grid)
        row = queue.current if queue.has_focus else None
        return next((entry for entry in self._queue if row and entry.id == row.key), None)

    def action_open(self) -> None:
        """Open the unit under the cursor: its outcome, or why it failed; or a launch of the queue."""
        if entry := self._entry():
            self.app.push_screen(Notice(f"Run {entry.id} of the queue", *runs_text.entry_notice(entry)))
            return
        unit = self._unit()
        if unit is None or self.refused("runs.open"):
            return
        if unit.state == "failed":
            self.read_failure(unit)
        else:
            self.app.push_screen(Notice(runs_text.unit_name(unit), runs_text.outcome(unit)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """One key pauses a run that is at work and resumes one that is not; one cancels or removes."""
        if action in ("pause", "resume"):
            return self._stands() == (action == "resume")
        if action in ("cancel", "remove"):
            return (self._entry() is not None) == (action == "remove")
        return True

    def _stands(self) -> bool:
        """Whether something is there to be resumed."""
        if self._status is None or not self._status.live:
            return bool(self._queue) or (self._status is not None and self._status.state == "interrupted")
        return self._status.state == "paused"

    def action_pause(self) -> None:
        """Pause a running run."""
        if not self.refused("runs.pause"):
            self.ask_runner("pause", "Pausing after the units in work.")

    def action_resume(self) -> None:
        """Let a paused run go on, start an interrupted one again."""
        if self.refused("runs.resume"):
            return
        if self._status is not None and self._status.state == "paused":
            self.ask_runner("resume", "Going on.")
        else:
            begun = any(entry.state != "waits" for entry in self._queue)
            rest = "only what is missing is run" if begun or not self._queue else "what waits is run"
            self.start_again(False, f"Resuming: {rest}.")

    def action_cancel(self) -> None:
        """Ask what to cancel."""
        if self.refused("runs.cancel"):
            return
        unit = self._unit()
        answers = [("c", "cancel the whole run", "run"), ("s", "stop after the units in work", "drain")]
        if unit is not None and unit.state in ("running", "queued"):
            answers.append(("u", f"give up {runs_text.unit_name(unit)}", unit.key))
        self.app.push_screen(
            Ask("Cancel what?", runs_text.what_stays(self._waiting), answers), self._cancel
        )

    def action_remove(self) -> None:
        """Ask whether the launch under the cursor is to be forgotten."""
        entry = self._entry()
        if entry is None or self.refused("runs.remove"):
            return

        def answered(answer: str | None) -> None:
            if answer:
                self.drop_entry(entry)

        sentence = f"{runs_text.launched(entry)}\nWhat is scored of it stays."
        ask = Ask("Remove it from the queue?", sentence, [("r", "remove it", "remove")])
        self.app.push_screen(ask, answered)

    def _cancel(self, answer: str | None) -> None:
        if answer == "run":
            self.ask_runner("cancel", "Cancelling the run.")
        elif answer == "drain":
            self.ask_runner("drain", "Stopping after the units in work.")
        elif answer:
            self.ask_runner("cancel", "Cancelling the unit.", answer)

    def action_retry(self) -> None:
        """Run what failed once more, after the run that is going on."""
        if self.refused("runs.retry") or self._status is None:
            return
        after = "What failed waits in the queue to be run again after this run."
        self.start_again(True, after if self._status.live else "Running what failed again.")

    def action_detach(self) -> None:
        """Leave the application; the runner goes on."""
        if not self.refused("runs.detach"):
            self.shell.leave()


SCREEN = RunsScreen
