"""Runs: what the runner is doing now, what failed, what is left, and how earlier runs went."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.worker import get_current_worker

from engine.machine import Load, Machine
from engine.mailbox import Entry, Status, UnitStatus
from store.errors import DataError, UsageError
from tui.quantities import count
from tui.questions.arena import Pulse
from tui.questions.runs import PastRun, RunRead
from tui.screens.overlays.dialogs import Notice
from tui.screens.runs import lists_text, progress_text, side_text, units_text
from tui.screens.runs.arranged import Arranged
from tui.screens.runs.order import Order
from tui.screens.runs.places import PANES, Places, Wanted
from tui.screens.runs.pulse import Ended, Trend
from tui.screens.runs.steering import SteeringScreen
from tui.screens.runs.units import UnitGrid
from tui.widgets.grid import Grid
from tui.widgets.headed import Tail
from tui.widgets.lines import Lines
from tui.widgets.marks import MarkGrid
from tui.widgets.pane import Pane
from tui.widgets.plot import PlotView
from tui.widgets.rows import Piece
from tui.widgets.words import READING

SPAN: Final = 100
"""Units that end between two readings of the whole list: fewer than a snapshot keeps."""
LOOK: Final = 2.0
"""Seconds between looks at the machine."""
PACE: Final = 1.0
"""Seconds between repaints of numbers alone."""

Drawn = Sequence[Sequence[Piece]]


class RunsScreen(SteeringScreen):
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

    @dataclass
    class FailureRead(Message):
        """A unit's failure is there, if it has one."""

        unit: UnitStatus
        failure: Mapping[str, str]

    @dataclass
    class RunWasRead(Message):
        """Every unit of the run is there, as the store knows it, and its row."""

        read: RunRead
        rows: Tail

    @dataclass
    class PastRead(Message):
        """The earlier runs are there."""

        runs: Sequence[PastRun]

    @dataclass
    class Looked(Message):
        """The machine's load is there."""

        load: Load

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._damaged = 0
        self._read: RunRead | None = None
        """The run, as the store knew it when `_read_of` was last set."""
        self._arranged: Arranged | None = None
        self._units: Mapping[str, UnitStatus] = {}
        self._rows = Tail()
        """The units' rows, made once: a run may have 100,000."""
        self._read_of: tuple[str, bool, int] = ("", False, 0)
        """The run, whether it was live, and how many spans of `SPAN` units had ended."""
        self._past: Sequence[PastRun] = ()
        self._order = Order()
        self._ended = Ended()
        self._busy, self._taken = Trend(), Trend()
        self._load: Load | None = None
        self._shown_at = 0.0
        self._told: object = None
        """What is shown at once when it changes."""
        self._places = Places()
        self._begun = False
        """Whether the grid of units was opened by itself, as soon as there was one."""

    def compose_body(self) -> Iterable[Widget]:
        """Sentence and stages over units, the newest of them, and what goes on beside them."""
        yield Lines(id="run", classes="framed", draw=self._run)
        with Container(id="runs-grid"):
            yield Pane("Units", UnitGrid(id="units"), id="units-pane")
            with Vertical(id="newest-side"):
                newest = Grid(
                    lists_text.UNIT_COLUMNS, id="newest", empty=progress_text.NO_RUN, sortable=True
                )
                newest.ways_out = progress_text.WAYS_OUT
                yield Pane("Newest", newest, id="newest-pane")
                log = Grid(lists_text.LOG_COLUMNS, id="log", empty="Nothing has been logged yet.")
                yield Pane("Log", log, id="log-pane")
            with Vertical(id="side"):
                queue = Grid(lists_text.QUEUE_COLUMNS, id="queue")
                yield Pane("Queue", queue, id="queue-pane")
                yield Lines(id="throughput", classes="framed", draw=self._throughput)
                yield Lines(id="machine", classes="framed", draw=self._machine)
                yield Pane(
                    "Fine-tuning", PlotView("No epoch has ended yet.", id="curves"), id="curves-pane"
                )
                yield Lines(id="by-task", classes="framed", draw=self._by_task)
                past = Grid(lists_text.PAST_COLUMNS, id="past", empty="Nothing ever ran here.")
                yield Pane("Runs", past, id="past-pane")
        yield Lines(id="unit-line", draw=lambda _width, _height: [units_text.unit_line(self._unit())])

    def begin(self) -> None:
        """Open the list of units; their grid once there is one."""
        self.watch_machine()
        self.query_one("#throughput", Lines).frame("Throughput", "units a second")
        self.query_one("#machine", Lines).frame("Machine", side_text.machine_title())
        self.query_one("#by-task", Lines).frame("AUC by task", "means so far, by protocol")
        self.query_one("#by-task", Lines).border_subtitle = "● model  ∅ control  ┊ chance"
        self.query_one("#newest-pane", Pane).open()

    def on_resize(self) -> None:
        """Everything has another place."""
        if self.stands_whole and self.shell.pulse.looked:
            self._show()

    # ------------------------------------------------------------------ following the run

    def follow(self, pulse: Pulse) -> None:
        """Show the snapshot: what is new at once, numbers alone once a second."""
        self._status = status = pulse.status
        self._waiting, self._queue, self._damaged = pulse.waiting, pulse.queue, pulse.damaged
        told: object = (pulse.waiting, pulse.queue, pulse.damaged)
        if status is not None:
            ended = status.scored + status.failed + status.cancelled
            before, self._read_of = self._read_of, (status.run_id, status.live, ended // SPAN)
            if before[0] != status.run_id:
                self._read, self._arranged, self._ended = None, None, Ended()
            if self._read_of != before and status.selection:
                self.read_run(status.selection, status.started_at)
            if self._read_of[:2] != before[:2]:
                self.read_past()
            told = (told, status.run_id, status.state, status.message, status.failed, status.epochs)
        elif not self._past:
            self.read_past()
        pace = min(PACE, 4 * self.shell.beat)
        if told != self._told or time.monotonic() - self._shown_at >= pace:
            self._told = told
            self._show()
            self.refresh_bindings()
        else:
            self.catch_up_in(pace)

    def catch_up_in(self, seconds: float) -> None:
        """Show what was passed over, once; what comes until then is shown with it."""
        if not self._catching_up:
            self._catching_up = True
            self.set_timer(seconds, self._catch_up)

    _catching_up = False

    def _catch_up(self) -> None:
        self._catching_up = False
        if self.stands_whole and self.is_current:
            self._show()

    def _show(self) -> None:
        status = self._status
        self._shown_at = time.monotonic()
        self._arrange(status)
        self._show_lists(status)
        self._lay_out()
        self._show_run()
        self._show_side()
        self._show_unit()

    def _arrange(self, status: Status | None) -> None:
        """Put every unit in its place."""
        if status is None:
            self._arranged = None
        elif self._arranged is None or not self._arranged.lay_over(status):
            self._arranged = Arranged(self._read, status.selection, status)
            self._arranged.lay_over(status)
        if status is not None:
            self._ended.follow(status.scored + status.failed, progress_text.elapsed(status))

    def _lay_out(self) -> None:
        """Give every pane its place; those that cannot be seen are not drawn."""
        status, arranged = self._status, self._arranged
        frame = 2 if self._places.framed(self.size.width) else 0
        wanted = Wanted(
            run=2 + len(progress_text.together(status.stages) if status else ()) + frame,
            units=units_text.natural(arranged),
            queue=len(self._queue) if not self._damaged else len(self._queue) + 1,
            log=len(status.log) if status else 0,
            machine=2 + max(len(self._load.gpus) if self._load else 0, 1),
            curves=bool(status and status.epochs),
            by_task=side_text.by_task_natural(arranged),
            past=len(self._past),
        )
        here = next(filter(self._has_focus, PANES), "")
        if self._places.lay_out(self, wanted) and (
            here not in self._places.reachable or (self._home == "units-pane" and not self._begun)
        ):
            self._begun = self._home == "units-pane"
            self.query_one(f"#{self._home}", Pane).open()

    def _show_run(self) -> None:
        """The sentence and the stages."""
        run = self.query_one("#run", Lines)
        run.frame("Run", self._status.run_id if self._status else "")
        run.redraw()

    def _run(self, width: int, _height: int) -> Drawn:
        if not self.shell.pulse.looked:
            return [[(READING, "soft")]]
        status = self._status
        begun = sum(entry.state != "waits" for entry in self._queue)
        lines = progress_text.head(status, self._waiting, begun, width)
        if status is not None and status.live:
            rates = self._ended.rates(progress_text.elapsed(status), progress_text.SPARK, live=True)
            lines[:2] = progress_text.with_spark(lines[:2], rates, width)
        return [*lines, *progress_text.stages(status, width, self.shell.charset)]

    def _show_lists(self, status: Status | None) -> None:
        """Units and their list, queue, log and earlier runs."""
        units, newest = self.query_one("#units", UnitGrid), self.query_one("#newest", Grid)
        live = status is not None and status.live
        units.show_units(self._arranged)
        newest.empty = lists_text.NO_UNIT if live else progress_text.NO_RUN
        at_top = newest.cursor == 0
        newest.show(
            self._order.rows(status, self._rows, self._units) if status else (), self._order.columns
        )
        if at_top:
            # A row that was newest sinks; who has not moved wants to see the newest.
            newest.cursor = 0
        busy = len(status.running) if status else 0
        pane = self.query_one("#units-pane", Pane)
        pane.say(units_text.title(self._arranged))
        pane.legend(*units_text.legend(self.shell.charset, self._places.framed(self.size.width)))
        self.query_one("#newest-pane", Pane).say(*self._newest_title(busy, live))
        queue = self.query_one("#queue", Grid)
        queue.show(lists_text.queue_rows(self._queue))
        self.query_one("#queue-pane", Pane).say(*lists_text.queue_title(self._queue, self._damaged))
        self.query_one("#past", Grid).show(lists_text.past_rows(self._past, status))
        log = self.query_one("#log", Grid)
        at_end = not log.has_focus or log.cursor >= len(log.shown) - 1
        log.show(lists_text.log_rows(status) if status else ())
        self.query_one("#log-pane", Pane).say(*(lists_text.log_title(status) if status else ()))
        if at_end:
            log.cursor = len(log.shown) - 1

    def _newest_title(self, busy: int, live: bool) -> tuple[object, ...]:
        pane = self.query_one("#newest-pane", Pane)
        pane.name_shown = self._order.words
        short = self._load and not self._places.framed(self.size.width)
        pane.legend(*(side_text.machine_short(self._load) if short and self._load else ()))
        working = f"{busy} in work" if busy else "none in work" if live else ""
        every = count(len(self._units), "unit") if self._units else ""
        sorts = "s sorts on" if self._order.by else ""
        return (", ".join(part for part in (every, working, sorts) if part),)

    def _show_side(self) -> None:
        """What is drawn rather than listed, where it can be seen."""
        self.query_one("#throughput", Lines).redraw()
        self.query_one("#machine", Lines).redraw()
        self.query_one("#by-task", Lines).redraw()
        self._show_curves()

    def _throughput(self, width: int, height: int) -> Drawn:
        if self._status is None:
            return []
        until = progress_text.elapsed(self._status)
        return side_text.throughput(self._ended.times, until, self._status.live, width, height)

    def _machine(self, width: int, _height: int) -> Drawn:
        if self._load is None:
            return []
        return side_text.machine(self._load, self._busy.values, self._taken.values, width)

    def _by_task(self, width: int, height: int) -> Drawn:
        return side_text.by_task(self._arranged, width, height) if self._arranged else []

    def _show_curves(self) -> None:
        """The learning curve of the unit under the cursor, else of the one whose epoch ended last."""
        epochs = self._status.epochs if self._status else ()
        if not epochs:
            return
        unit = self._unit()
        keys = {epoch.key for epoch in epochs}
        key = unit.key if unit and unit.key in keys else epochs[-1].key
        mine = [epoch for epoch in epochs if epoch.key == key]
        self.query_one("#curves-pane", Pane).say(side_text.curves_title(mine))
        self.query_one("#curves-pane", Pane).legend(("◆", "strong"), " kept so far")
        self.query_one("#curves", PlotView).show(side_text.curves(mine))

    @on(Grid.Moved, "#newest")
    @on(MarkGrid.Moved)
    def _show_unit(self) -> None:
        """What is under the cursor, in words; the curve follows it."""
        self.query_one("#unit-line", Lines).redraw()
        self._show_curves()

    def on_descendant_focus(self) -> None:
        """Another list, another unit."""
        if self.stands_whole:
            self._show_unit()

    # ------------------------------------------------------------------ reading

    @work(thread=True, exclusive=True, group="units", exit_on_error=False)
    def read_run(self, selection: Mapping[str, Any], started_at: str) -> None:
        """Read every unit of the run; those of a task or model that is gone are not known any more."""
        with contextlib.suppress(UsageError, DataError):
            read = self.arena.read_run(selection, started_at)
            self.post_message(self.RunWasRead(read, Tail(lists_text.rows_of(read.units))))

    @on(RunWasRead)
    def _run_was_read(self, message: RunWasRead) -> None:
        self._read, self._rows = message.read, message.rows
        self._units = {unit.key: unit for unit in message.read.units}
        self._order.forget()
        self._ended.take(message.read.ended)
        self._arranged = None
        self._show()

    @work(thread=True, exclusive=True, group="past", exit_on_error=False)
    def read_past(self) -> None:
        """Read the earlier runs."""
        self.post_message(self.PastRead(self.arena.past_runs()))

    @on(PastRead)
    def _past_read(self, message: PastRead) -> None:
        if message.runs != self._past:
            self._past = message.runs
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
        first, self._load = self._load is None, message.load
        self._busy.add(message.load.cpu / 100)
        self._taken.add(message.load.used / max(message.load.memory, 1))
        if not self.shell.pulse.looked:
            return
        if first:
            self._lay_out()
        busy = len(self._status.running) if self._status else 0
        self._newest_title(busy, bool(self._status and self._status.live))
        self._show_side()

    @work(thread=True, exclusive=True, group="failure", exit_on_error=False)
    def read_failure(self, unit: UnitStatus) -> None:
        """Read why a unit failed."""
        self.post_message(self.FailureRead(unit, self.arena.failure(unit.key)))

    @on(FailureRead)
    def _failure_read(self, message: FailureRead) -> None:
        unit = message.unit
        sentence = message.failure.get("sentence") or unit.sentence or "It has not said why."
        body = message.failure.get("traceback", "")
        self.app.push_screen(
            Notice(lists_text.unit_name(unit), sentence, "R runs what failed again.", body)
        )

    # ------------------------------------------------------------------ under the cursor

    def _unit(self) -> UnitStatus | None:
        if not self.stands_whole:
            return None
        newest = self.query_one("#newest", Grid)
        if not newest.has_focus and self._arranged is not None and self._arranged.lines:
            return self.query_one("#units", UnitGrid).current
        row = newest.current
        if row is None or self._status is None:
            return None
        now = (*self._status.running, *self._status.recent)
        return next((unit for unit in now if unit.key == row.key), self._units.get(row.key))

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
        """Open the unit under the cursor: its outcome, or why it failed; or a launch, or an earlier run."""
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

    def _has_focus(self, name: str) -> bool:
        return self.query_one(f"#{name}", Pane).has_focus_within

    @property
    def _home(self) -> str:
        """Where one is unless one goes elsewhere."""
        return "units-pane" if "units-pane" in self._places.reachable else "newest-pane"

    def _go(self, name: str) -> None:
        self._places.bring(name)
        self._lay_out()
        self.query_one(f"#{name}", Pane).open()


SCREEN = RunsScreen
