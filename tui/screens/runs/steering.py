"""The keys of Runs that ask something of the runner: pause, resume, cancel, remove, retry, detach."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.mailbox import Entry, RequestKind, Status, UnitStatus, WorkerStatus
from tui.questions.runs import PastRun
from tui.screens.copy_export import TakingScreen
from tui.screens.overlays.dialogs import Ask
from tui.screens.runs import lists_text, progress_text

STEERING: Final = ("runs.pause", "runs.resume", "runs.cancel", "runs.remove", "runs.retry")


class SteeringScreen(TakingScreen):
    """A screen over a run that can be steered; what is shown of it is a subclass's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "Pause", tooltip="Pause after the units in work", id="runs.pause"),
        Binding("p", "resume", "Resume", tooltip="Go on with what is missing", id="runs.resume"),
        Binding("x", "cancel", "Cancel", tooltip="Cancel a unit or the run", id="runs.cancel"),
        Binding("x", "remove", "Remove", tooltip="Forget the queue's row", id="runs.remove"),
        Binding("R", "retry", "Retry", tooltip="Run what failed once more", id="runs.retry"),
        Binding("D", "detach", "Detach", tooltip="Leave; the run goes on", id="runs.detach"),
    ]

    @dataclass
    class Asked(Message):
        """The runner has the request."""

        sentence: str

    _status: Status | None = None
    _waiting = 0
    _queue: tuple[Entry, ...] = ()

    @abstractmethod
    def _unit(self) -> UnitStatus | None:
        """The unit under the cursor."""

    @abstractmethod
    def _worker(self) -> WorkerStatus | None:
        """The shard or worker under the cursor, if their list has the focus."""

    @abstractmethod
    def _entry(self) -> Entry | None:
        """The launch under the cursor, if the queue has the focus."""

    @abstractmethod
    def _past_run(self) -> PastRun | None:
        """The earlier run under the cursor, if their list has the focus."""

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

    @on(Asked)
    def _asked(self, message: Asked) -> None:
        self.tell(message.sentence, good=True)

    # ------------------------------------------------------------------ what a key may do

    def why_not(self, action: str) -> str:
        """Keys that steer a run need one."""
        status = self._status
        if action in STEERING and self.arena.readonly:
            return "This window was opened with --readonly; it can only watch."
        if action == "runs.open":
            there = self._entry() or self._unit() or self._past_run() or self._worker()
            return "" if there else "There is no unit under the cursor yet."
        if action == "runs.pause" and (status is None or not status.live):
            return "There is no run to pause or resume."
        if action in ("runs.cancel", "runs.detach") and (status is None or not status.live):
            return "There is no live run."
        if action == "runs.retry" and (status is None or not status.failed):
            return "Nothing has failed in this run."
        return ""

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

    # ------------------------------------------------------------------ actions

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
        answers = [("s", "stop after the units in work", "drain"), ("c", "cancel the whole run", "run")]
        if unit is not None and unit.state in ("running", "queued"):
            answers.append(("u", f"give up {lists_text.unit_name(unit)}", unit.key))
        self.app.push_screen(
            Ask("Cancel what?", progress_text.what_stays(self._waiting), answers), self._cancel
        )

    def action_remove(self) -> None:
        """Ask whether the launch under the cursor is to be forgotten."""
        entry = self._entry()
        if entry is None or self.refused("runs.remove"):
            return

        def answered(answer: str | None) -> None:
            if answer:
                self.drop_entry(entry)

        sentence = f"{lists_text.launched(entry)}\nWhat is scored of it stays."
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
