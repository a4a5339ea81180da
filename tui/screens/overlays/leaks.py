"""The overlay in which the leak auditor speaks: what may give a task's labels away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.worker import Worker, WorkerState

from engine.cancel import Progress, Stopped
from store.errors import GeneArenaError
from tui.screens.overlays.dialogs import Overlay, error_notice
from tui.widgets.said import Said
from tui.widgets.words import bar, say

if TYPE_CHECKING:
    from engine.leaks.finding import Finding

Look = Callable[[threading.Event, Progress], "Sequence[Finding]"]
_BAR = 30


class Leaks(Overlay[None]):
    """What the auditor says, once it has looked; esc closes it, and stops the auditor."""

    closes = "esc or enter closes; j and k scroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,q", "dismiss(None)", "Close", id="leaks.close"),
    ]

    @dataclass
    class Looked(Message):
        """The auditor has come further."""

        done: int
        total: int

        def can_replace(self, message: Message) -> bool:
            """Only the newest is worth drawing."""
            return isinstance(message, Leaks.Looked)

    @dataclass
    class Found(Message):
        """The auditor is done, or says in the pane why it could not be."""

        content: Content

    def __init__(self, title: str, look: Look, log: Path, sentence: str = "", hint: str = "") -> None:
        """Make the overlay.

        Args:
            title: Over the box.
            look: Asks the auditor; runs in a thread.
            log: The folder of what goes wrong unforeseen.
            sentence: What to say before the auditor speaks.
            hint: What to do next.
        """
        super().__init__()
        self.title_shown = title
        self.look = look
        self.log_folder = log
        self.sentence = sentence
        self.hint = hint
        self.cancel = threading.Event()

    def compose_box(self) -> ComposeResult:
        """What was to be said before, and the auditor's pane."""
        if self.hint:
            yield Said(say((self.hint, "accent")), classes="box-text")
        with VerticalScroll(classes="box-body", can_focus=False):
            if self.sentence:
                yield Said(say(self.sentence), classes="box-text")
            yield Said(say(("What may give the labels away", "strong")), classes="box-text")
            yield Said(say(("Looking.", "dim")), id="leaks")

    def on_mount(self) -> None:
        """Start looking."""
        self.look_for_leaks()

    @work(thread=True, group="leaks", exit_on_error=False)
    def look_for_leaks(self) -> None:
        """Ask the auditor in a thread."""
        try:
            content = told(self.look(self.cancel, self._progress))
        except Stopped:
            return
        except GeneArenaError as error:
            content = say((error.message, "warn"), "\n", error.hint)
        self.post_message(self.Found(content))

    def _progress(self, done: int, total: int) -> None:
        self.post_message(self.Looked(done, total))

    @on(Looked)
    def _looked(self, message: Looked) -> None:
        self.query_one("#leaks", Said).show(bar(message.done, message.total, _BAR), ("  looking", "dim"))

    @on(Found)
    def _found(self, message: Found) -> None:
        self.query_one("#leaks", Said).show(message.content)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What nobody foresaw takes the overlay's place."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.dismiss(None)
            self.app.push_screen(error_notice(event.worker.error, self.log_folder))

    def on_unmount(self) -> None:
        """Stop it however this is left: the process ends only when its threads have."""
        self.cancel.set()


def told(findings: Sequence[Finding]) -> Content:
    """The findings, one below the other: the alarming ones first, with what to do."""
    alarming = sum(finding.alarming for finding in findings)
    parts: list[object] = [] if alarming else [("Nothing alarming.\n", "good")]
    for finding in findings:
        parts += (
            [("! ", "warn"), finding.sentence] if finding.alarming else [("  " + finding.sentence, "dim")]
        )
        parts += ["\n", (f"  {finding.advice}\n", "accent") if finding.advice else ""]
    return say(*parts)
