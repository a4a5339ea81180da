"""What screens need of the application, so that they need not know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.reactive import reactive

from tui.questions.arena import Arena, Pulse
from tui.settings import Settings
from tui.terminal.typeahead import TypeAhead
from tui.widgets.words import ASCII, UNICODE, Charset

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
        self.charset: Charset = ASCII if ascii else UNICODE
        super().__init__()
        self.arena = arena
        self.settings = settings or Settings()

    def yank(self, text: str) -> str:
        """Copy `text` to where the user sits; how it went, in one sentence."""
        from tui.terminal.clipboard import yank

        # The driver's queue takes writes from any thread.
        file = self.arena.home.cache / "yank.txt"
        return yank(text, file, self.copy_to_clipboard, self.settings.clipboard)

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
