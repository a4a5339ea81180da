"""What screens need of the application, so that they need not know it."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ScreenStackError
from textual.css.query import NoMatches
from textual.notifications import Notify
from textual.reactive import reactive
from textual.widgets._toast import ToastRack

from tui.questions.arena import Arena, Pulse
from tui.settings import Settings
from tui.terminal.timing import once
from tui.terminal.typeahead import TypeAhead
from tui.widgets import toast
from tui.widgets.words import ASCII, BARE, UNICODE, Charset

if TYPE_CHECKING:
    from tui.widgets.commandbar import Command


class Shell(TypeAhead):
    """An application around screens: its home, its look, the run it follows, and where it can go."""

    pulse: reactive[Pulse] = reactive(Pulse(looked=False), repaint=False)
    """The run's latest snapshot, as the background worker last saw it."""

    beat = 0.25
    """Seconds between looks at the run's snapshot."""

    started = False
    """Whether the batch of updates in which the application starts is over, so that frames are painted."""

    def __init__(self, arena: Arena, ascii: bool = False, settings: Settings | None = None) -> None:
        """Make the application.

        Args:
            arena: The engine and the store.
            ascii: Whether to draw with ASCII characters only.
            settings: What the user set; None: the defaults.
        """
        # Before the stylesheet is made, which asks for variables.
        self.charset: Charset = ASCII if ascii else BARE if "NO_COLOR" in os.environ else UNICODE
        super().__init__()
        self.arena = arena
        self.settings = settings or Settings()
        self.came_from: dict[str, str] = {}
        """Screen -> the one that sent something to it, to which `esc` goes back."""

    def yank(self, text: str) -> str:
        """Copy `text` to where the user sits; how it went, in one sentence."""
        from tui.terminal.clipboard import yank

        # The driver's queue takes writes from any thread.
        file = self.arena.home.cache / "yank.txt"
        return yank(text, file, self.copy_to_clipboard, self.settings.clipboard)

    # ------------------------------------------------------------------ what is said in passing

    def _on_notify(self, event: Notify) -> None:
        """Take a sentence in the place of the last; only what is bad stays until it is read."""
        for one in list(self._notifications):
            if one.severity != "error":
                del self._notifications[one]
        if event.notification.severity == "error":
            event.notification.timeout = toast.FOR_EVER
        else:
            once(self, event.notification.timeout, partial(self._unnotify, event.notification))
        self._notifications.add(event.notification)
        self._refresh_notifications()

    def _refresh_notifications(self) -> None:
        """Show it on the screen there is, if that has a place for it."""
        try:
            rack = self.screen.get_child_by_type(ToastRack)
        except (ScreenStackError, NoMatches):
            return
        self.call_later(toast.show, rack, self._notifications)

    def action_read(self) -> None:
        """Take away what is said in passing."""
        said = toast.to_show(self._notifications)
        if said is not None:
            self._unnotify(said)

    # ------------------------------------------------------------------ what the application gives

    def commands(self) -> list[Command]:
        """What can be asked for by name on every screen."""
        raise NotImplementedError

    def go(self, mode: str, argument: str = "") -> None:
        """Show a screen and hand it what was asked for there."""
        raise NotImplementedError

    def show_error(self, error: BaseException) -> None:
        """A sentence on screen, once however often it comes; what nobody foresaw goes to the log."""
        raise NotImplementedError

    def leave(self) -> None:
        """Exit; while a file is being written, only if it may be given up."""
        raise NotImplementedError
