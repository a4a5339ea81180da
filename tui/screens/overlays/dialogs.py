"""The small overlays: a notice, a question, the way out of a live run."""

from __future__ import annotations

import contextlib
import logging
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from store.errors import GeneArenaError, unforeseen
from tui.widgets.words import say

LOG: Final = logging.getLogger("genearena.tui")
LOG_NAME: Final = "tui.log"
"""The terminal application's own log, in the log folder."""

ANSWER: Final = 54
"""Cells of a line of an answer, behind its key."""

Answer = TypeVar("Answer")


class Overlay(ModalScreen[Answer]):
    """A box over the screen; esc closes it with no answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", id="overlay.back"),
        Binding("down,j", "scroll(1)", "Down", show=False, id="overlay.down"),
        Binding("up,k", "scroll(-1)", "Up", show=False, id="overlay.up"),
    ]

    CSS_PATH = Path(__file__).parents[1] / "screens.tcss"
    title_shown: str = ""
    closes: ClassVar[str] = ""
    """What the bottom edge says of the keys that close it."""

    def compose(self) -> ComposeResult:
        """A titled box."""
        with Vertical(classes="box") as box:
            yield from self.compose_box()
        box.border_title = say(self.title_shown)
        box.border_subtitle = say((self.closes, "soft")) if self.closes else None

    def compose_box(self) -> ComposeResult:
        """What is in the box."""
        yield from ()

    def action_scroll(self, lines: int) -> None:
        """Scroll what does not fit."""
        for long in self.query(VerticalScroll):
            long.scroll_relative(y=lines, animate=False)


class Notice(Overlay[None]):
    """Something to read: a title, a sentence, what to do, and perhaps a long text."""

    closes = "esc or enter closes; j and k scroll"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,q", "dismiss(None)", "Close", id="notice.close"),
    ]

    def __init__(self, title: str, sentence: str, hint: str = "", body: str | Content = "") -> None:
        """Make a notice; `body` may be text or content with tones."""
        super().__init__()
        self.title_shown = title
        self.sentence = sentence
        self.hint = hint
        self.body = body

    def compose_box(self) -> ComposeResult:
        """Sentence, hint, text."""
        if self.sentence:
            yield Static(say(self.sentence), classes="box-text")
        if self.hint:
            yield Static(say((self.hint, "accent")), classes="box-text")
        if self.body:
            with VerticalScroll(classes="box-body", can_focus=False):
                yield Static(say(self.body))


class Ask(Overlay[str]):
    """A question answered by one key; esc answers nothing."""

    def __init__(self, title: str, sentence: str, answers: Sequence[tuple[str, str, str]]) -> None:
        """Make a question.

        Args:
            title: What is asked.
            sentence: What follows from it.
            answers: (key, what it does, the answer given back), first the one that loses least.
        """
        super().__init__()
        self.title_shown = title
        self.sentence = sentence
        self.answers = tuple(answers)

    def on_mount(self) -> None:
        """Bind the answers' keys."""
        for key, what, answer in self.answers:
            self._bindings.bind(key, f"dismiss({answer!r})", what)

    def compose_box(self) -> ComposeResult:
        """The sentence and the keys."""
        if self.sentence:
            yield Static(say(self.sentence), classes="box-text")
        parts: list[object] = []
        wide = max(len(key) for key, _, _ in (*self.answers, ("esc ", "", "")))
        for number, (key, what, _) in enumerate(self.answers):
            first = number == 0
            parts.append((f"{'▌' if first else ' '} {key:<{wide}} ", "accent"))
            words = f"\n{'':{wide + 3}}".join(textwrap.wrap(what, ANSWER))
            parts.append((f"{words}\n", "strong" if first else ""))
        yield Static(say(*parts, (f"  {'esc':<{wide}} ", "accent"), ("stay", "soft")), classes="box-keys")


def error_notice(error: BaseException, log: Path) -> Notice:
    """The dialog for an error: its own sentence and hint, or where the traceback is."""
    if isinstance(error, GeneArenaError):
        return Notice("Not possible", error.message, error.hint)
    _write_log(error, log / LOG_NAME)
    return Notice(
        "Something unforeseen went wrong",
        unforeseen(error),
        f"The arena goes on. The traceback is in {log / LOG_NAME}.",
    )


def _write_log(error: BaseException, path: Path) -> None:
    """Add a traceback to the log, which is made when there is something to keep."""
    from store.logs import rotating_log

    if not LOG.handlers:
        with contextlib.suppress(OSError):
            LOG.addHandler(rotating_log(path, 1_000_000, 2))
    LOG.error("a worker failed", exc_info=error)
