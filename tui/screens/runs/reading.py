"""What Runs follows and reads: the snapshot; units, earlier runs, the machine and failures in workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from textual import on, work
from textual.message import Message
from textual.worker import get_current_worker

from engine.machine import Load, Machine
from engine.mailbox import UnitStatus
from store.errors import DataError, StoreBusy, UsageError
from tui.questions.arena import Pulse
from tui.questions.runs import PastRun, RunRead
from tui.screens.overlays.dialogs import Notice
from tui.screens.runs import lists_text
from tui.screens.runs.panes import RunPanes
from tui.screens.runs.pulse import Ended
from tui.terminal.timing import once
from tui.widgets.headed import Tail

SPAN: Final = 100
"""Units that end between two readings of the whole list: fewer than a snapshot keeps."""
LOOK: Final = 2.0
"""Seconds between looks at the machine."""
AGAIN: Final = 1.0
"""Seconds until what could not be read is read again."""
PACE: Final = 1.0
"""Seconds between repaints of numbers alone."""


class RunReading(RunPanes):
    """A screen that follows a run; every read comes back as a message."""

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

    @dataclass
    class WasHeld(Message):
        """The database was in other hands, as the runner's that fills it: nothing could be read."""

        read: Callable[[], object]

    def __init__(self) -> None:
        """Make the screen; nothing is known yet."""
        super().__init__()
        self._read_of: tuple[str, bool, int] = ("", False, 0)
        """The run, whether it was live, and how many spans of `SPAN` units had ended."""
        self._told: object = None
        """What is shown at once when it changes."""

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
            once(self, seconds, self._catch_up)

    _catching_up = False

    def _catch_up(self) -> None:
        self._catching_up = False
        if self.stands_whole and self.is_current:
            self._show()

    # ------------------------------------------------------------------ in workers

    @work(thread=True, exclusive=True, group="units", exit_on_error=False)
    def read_run(self, selection: Mapping[str, Any], started_at: str) -> None:
        """Read every unit of the run; those of a task or model that is gone are not known any more."""
        try:
            read = self.arena.read_run(selection, started_at)
        except StoreBusy:
            self.post_message(self.WasHeld(partial(self.read_run, selection, started_at)))
        except (UsageError, DataError):
            return
        else:
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
        try:
            self.post_message(self.PastRead(self.arena.past_runs()))
        except StoreBusy:
            self.post_message(self.WasHeld(self.read_past))

    @on(PastRead)
    def _past_read(self, message: PastRead) -> None:
        if message.runs != self._past:
            self._past = message.runs
            self._show()

    @on(WasHeld)
    def _was_held(self, message: WasHeld) -> None:
        self.set_timer(AGAIN, message.read)

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
        if message.load.cpu is not None:
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
