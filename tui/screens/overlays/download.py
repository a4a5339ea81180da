"""The overlay of a download: one bar, and esc to stop it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.worker import Worker, WorkerState

from engine.cancel import Stopped
from tui.quantities import count
from tui.screens.overlays.dialogs import Overlay, error_notice
from tui.widgets.said import Said
from tui.widgets.words import bar, say

if TYPE_CHECKING:
    from tui.questions.arena import Arena


class Fetching(Overlay[str]):
    """A model on its way; gives back the sentence that tells how it ended, or None if it was stopped."""

    title_shown = "Fetching"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape", "stop", "Stop", tooltip="Stop; what has come stays for the next time", id="fetch.stop"
        ),
    ]

    @dataclass
    class Came(Message):
        """More of a file is here."""

        file: str
        done: int
        total: int

        def can_replace(self, message: Message) -> bool:
            """Only the newest number of a file is worth drawing."""
            return isinstance(message, Fetching.Came) and message.file == self.file

    @dataclass
    class Ended(Message):
        """It is here, or was stopped."""

        sentence: str | None

    def __init__(self, arena: Arena, model: str) -> None:
        """Fetch `model`."""
        super().__init__()
        self.arena = arena
        self.model = model
        self.cancel = threading.Event()

    def compose_box(self) -> ComposeResult:
        """The file, the bar, the key."""
        yield Said(say(self.model), classes="box-text")
        yield Said(say(("asking for it", "dim")), id="fetch-bar", classes="box-text")
        yield Said(say(("esc stops; what has come stays for the next time", "dim")), classes="box-keys")

    def on_mount(self) -> None:
        """Start."""
        self.fetch()

    @work(thread=True, group="fetch", exit_on_error=False)
    def fetch(self) -> None:
        """Fetch in a thread."""
        try:
            sentence = self.arena.fetch_model(self.model, self.cancel, self._progress)
        except Stopped:
            self.post_message(self.Ended(None))
        else:
            self.post_message(self.Ended(sentence))

    def _progress(self, file: str, done: int, total: int) -> None:
        self.post_message(self.Came(file, done, total))

    @on(Came)
    def _came(self, message: Came) -> None:
        width = max(min(self.size.width - 40, 40), 10)
        line = bar(message.done, message.total, width)
        self.query_one("#fetch-bar", Said).show(
            line, f" {count(message.done >> 20)}/{count(message.total >> 20)} MiB\n{message.file}"
        )

    @on(Ended)
    def _ended(self, message: Ended) -> None:
        self.dismiss(message.sentence)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A failure takes the overlay's place."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.dismiss(None)
            self.app.push_screen(error_notice(event.worker.error, self.arena.home.log))

    def action_stop(self) -> None:
        """Stop the download; the thread ends at its next block."""
        self.cancel.set()

    def on_unmount(self) -> None:
        """Stop it however this is left: the process ends only when its threads have."""
        self.cancel.set()
