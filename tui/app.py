"""The application: its screens, what it follows in the background, and how it is left."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import work
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, Provider
from textual.filter import Monochrome, NoColor
from textual.keys import key_to_character
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input
from textual.worker import Worker, WorkerState, get_current_worker

from tui.questions.arena import Arena, Pulse
from tui.screens.base import EXPORTING, ArenaScreen
from tui.settings import Settings, check_name, read_settings
from tui.shell import Shell
from tui.terminal import suspending
from tui.terminal.finishing import Finish
from tui.terminal.leaving import leaving_in_order
from tui.terminal.leisure import EVERY, collect_at_leisure, tidy
from tui.terminal.themes import DARK, LIGHT, theme
from tui.terminal.timing import once
from tui.terminal.tokens import Depth, depth_of, variables
from tui.widgets.header import SCREENS, TITLES
from tui.widgets.words import FEW, UNICODE

if TYPE_CHECKING:
    from tui.widgets.commandbar import Command

BEAT: Final = 1.0 if os.environ.get("SSH_CONNECTION") else 0.25
"""Seconds between looks at the run's snapshot."""

FIRST: Final = SCREENS[0]
"""The mode that the application starts in."""

BREATH: Final = 0.05
"""Seconds after the first frame in which only keys are answered."""


def _screen(name: str) -> Callable[[], Screen[Any]]:
    """A factory that imports the screen's module when it is first shown."""

    def make() -> Screen[Any]:
        import importlib

        module = importlib.import_module(f"tui.screens.{name}.screen")
        screen: Screen[Any] = module.SCREEN()
        return screen

    return make


def _commands() -> type[Provider]:
    from tui.screens.palette import ArenaCommands

    return ArenaCommands


class ArenaApp(Shell):
    """The arena in a terminal."""

    TITLE = "genearena"
    CSS_PATH = "app.tcss"
    COMMANDS = {_commands}
    DEFAULT_MODE = FIRST
    # The first mode is added when it is there: for one of these textual parses the stylesheet twice
    # and draws what it does not show, an eighth of the time to the first frame.
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        name: _screen(name) for name in SCREENS if name != FIRST
    }
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-medium"), (160, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high"), (40, "-tall"), (52, "-full")]

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(number), f"switch_mode({mode!r})", title, show=False, id=f"go.{mode}")
            for number, (mode, title) in enumerate(TITLES.items(), 1)
        ),
        Binding("q,ctrl+c", "quit", "Quit", tooltip="Leave; a live run goes on if you say so", id="quit"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="quit.always"),
        Binding(
            "escape",
            "read",
            "Read",
            show=False,
            priority=True,
            tooltip="Take away what is said in passing",
            id="toast.read",
        ),
        Binding(
            "ctrl+z",
            "put_aside",
            "Suspend",
            show=False,
            priority=True,
            tooltip="Back to the shell; its fg brings this back",
            id="suspend",
        ),
    ]

    _ends = False
    """Whether the runner was asked to end when this window did."""

    class Beat(Message):
        """The run or the database has moved."""

        def __init__(self, pulse: Pulse) -> None:
            super().__init__()
            self.pulse = pulse

    class Stopping(Message):
        """The runner was asked to end after the units in work."""

    def __init__(
        self, arena: Arena, ascii: bool = False, settings: Settings | None = None, beat: float = BEAT
    ) -> None:
        """Make the application.

        Args:
            arena: The engine and the store.
            ascii: Whether to draw with ASCII characters only.
            settings: What the user set; None: the defaults.
            beat: Seconds between looks at the run's snapshot.

        Raises:
            UsageError: a theme or a binding that the user names does not exist.
        """
        super().__init__(arena, ascii, settings)
        self.beat = beat
        self._signals = contextlib.ExitStack()
        if self.depth == "16" and self.charset is UNICODE:
            self.charset = FEW
        for name in (DARK, LIGHT):
            self.register_theme(theme(name, self.depth))
        wanted = self.settings.theme or DARK
        check_name(wanted, list(self.available_themes), "theme")
        self.theme = wanted
        self.stylesheet.set_variables(self.get_css_variables())
        self._next_callbacks.clear()  # nothing is there yet that would have to be styled anew
        if self.no_color:
            # Textual chose greys, which are colours too.
            self._filters = [NoColor() if isinstance(one, Monochrome) else one for one in self._filters]
        self._filters.append(Finish(ascii, self.depth == "256"))
        if self.settings.keymap:
            from tui.keys import every_binding

            for name in self.settings.keymap:
                check_name(name, every_binding(type(self)), "binding")
            self.set_keymap(dict(self.settings.keymap))

    def on_ready(self) -> None:
        """Paint the first frame; only then complete its screen and follow the run."""
        self.started = True
        self.screen.call_after_refresh(once, self, BREATH, partial(self._go_on, self.screen))
        self.screen.call_later(self.screen._on_timer_update)  # Textual would wait for its next tick

    def _go_on(self, first: Screen[Any]) -> None:
        if isinstance(first, ArenaScreen):
            first.call_later(first.complete)
        self.watch_the_run()

    def get_default_screen(self) -> Screen[Any]:
        """The screen of the first mode, as wide as the terminal before it is laid out."""
        screen = _screen(FIRST)()
        screen._css_update_count = self._css_update_count  # styled by this theme from the beginning
        for breakpoints, cells in zip(
            (self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS), self.size, strict=True
        ):
            screen.add_class([name for least, name in breakpoints if cells >= least][-1], update=False)
        return screen

    def on_mount(self) -> None:
        """Leave in order when the terminal goes away."""
        self.add_mode(FIRST, _screen(FIRST))
        self.set_interval(EVERY, lambda: tidy(self.typed_at))
        self._signals.enter_context(leaving_in_order(self.exit))
        self._signals.enter_context(suspending.suspending_in_order(self))

    def on_unmount(self) -> None:
        """Leave the signals to whoever had them."""
        self._signals.close()

    @work(thread=True, group="pulse", exit_on_error=False)
    def watch_the_run(self) -> None:
        """Look at the snapshot and tell when it differs from the last look."""
        worker = get_current_worker()
        last: Pulse | None = None
        # Leaving cancels the workers there are; one that starts after that has to see it by itself.
        while self.is_running and not worker.is_cancelled:
            pulse = self.arena.pulse()
            if pulse != last:
                self.post_message(self.Beat(pulse))
                last = pulse
            worker.cancelled_event.wait(self.beat)

    def on_arena_app_beat(self, message: Beat) -> None:
        """Hand the pulse to every screen."""
        self.pulse = message.pulse

    @property
    def depth(self) -> Depth:
        """How many colours the terminal has."""
        console = getattr(self, "console", None)  # asked for before there is one
        return depth_of(console.color_system if console else None, self.no_color)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What the stylesheet draws lines with, and our colours for a theme that has none."""
        dark = self.current_theme.dark
        tokens = variables("dark" if dark else "light", self.depth)
        if self.charset.ascii:
            return tokens | {"rule": "ascii", "frame": "ascii", "thickness": "0", "overflow": "clip"}
        return tokens | {"rule": "solid", "frame": "round", "thickness": "1", "overflow": "ellipsis"}

    def get_key_display(self, binding: Binding) -> str:
        """A key as people write it: `space`, `ctrl+p`, `?`."""
        character = key_to_character(binding.key) or ""
        if binding.key == "escape":
            return "esc"
        shown = character.isprintable() and character.strip()
        return binding.key_display or (character if shown else binding.key)

    def commands(self) -> list[Command]:
        """What can be asked for by name on every screen."""
        from tui.widgets.commandbar import Command

        places = [
            Command(mode, f"go to {title}", partial(self.go, mode), "[what]")
            for mode, title in TITLES.items()
        ]
        return [
            *places,
            Command("theme", "colours: a name, or none for the next", self.set_theme, "[name]"),
            Command("keys", "every key, by the name that config.toml takes", self.show_keys),
            Command("quit", "leave", lambda _: self.call_later(self.action_quit)),
        ]

    def go(self, mode: str, argument: str = "") -> None:
        """Show a screen and hand it what was asked for there."""
        if argument and mode != self.current_mode:
            self.came_from[mode] = self.current_mode
        self.switch_mode(mode)
        screen = self.screen
        if argument and isinstance(screen, ArenaScreen):
            screen.call_after_refresh(screen.receive, argument)

    def action_command_palette(self) -> None:
        """Open the palette, saying in the arena's words what it finds."""
        if not isinstance(self.screen, CommandPalette):
            from tui.screens.palette import Palette

            self.push_screen(Palette())

    def set_theme(self, name: str) -> None:
        """Change the colours to those of a named theme, or of the next one."""
        names = list(self.available_themes)
        known = name in names
        if known or not name:
            self.theme = name or names[(names.index(self.theme) + 1) % len(names)]
        others = "" if known else f" There are {', '.join(names)}."
        self.notify(f"The theme is {self.theme}.{others}", markup=False)

    def show_keys(self, _: str = "") -> None:
        """List every binding by the name under which [keymap] remaps it."""
        from tui.keys import every_binding
        from tui.screens.overlays.dialogs import Notice

        lines = [
            f"{name:<20} {binding.key:<24} {binding.tooltip or binding.description}"
            for name, binding in sorted(every_binding(type(self)).items())
        ]
        hint = 'In config.toml: [keymap], then "plan.launch" = "ctrl+g".'
        self.push_screen(Notice("Every key", "", hint, "\n".join(lines)))

    async def action_quit(self) -> None:
        """Leave; with a live run, ask what becomes of it."""
        status = self.pulse.status
        if status is None or not status.live or self.arena.readonly:
            self.leave()
            return
        from tui.screens.overlays.dialogs import Ask

        self.push_screen(
            Ask(
                "A run is going on",
                "It belongs to a process of its own, so leaving does not stop it.",
                [
                    ("D", "detach: leave it running", "detach"),
                    ("x", "stop it after the units in work", "stop"),
                ],
            ),
            self._leave_run,
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where text is edited, ctrl+z takes back what was typed, and esc leaves it."""
        if action == "read":
            typing = isinstance(self.focused, Input) or hasattr(self.focused, "action_undo")
            return bool(len(self._notifications)) and not typing and not self.screen.is_modal
        return not (action == "put_aside" and hasattr(self.focused, "action_undo"))

    def action_put_aside(self) -> None:
        """Give the terminal back to the shell, or say why not."""
        if reason := suspending.why_not(self):
            self.notify(reason, severity="warning", markup=False)
        else:
            suspending.put_aside(self)

    def leave(self) -> None:
        """Exit; while a file is being written, only if it may be given up."""
        if not any(worker.group == EXPORTING and not worker.is_finished for worker in self.workers):
            self.exit(0, message=self._farewell())
            return
        from tui.screens.overlays.dialogs import Ask

        self.push_screen(
            Ask(
                "A file is being written",
                "Leaving now may give it up; what was there before stays.",
                [("x", "leave now", "leave")],
            ),
            lambda answer: self.exit(0, message=self._farewell()) if answer else None,
        )

    def _farewell(self) -> str | None:
        """What becomes of a live run, and how to come back to it."""
        status = self.pulse.status
        if status is None or not status.live:
            return None
        if self._ends:
            return "The run ends after the units in work; `genearena resume` goes on with the rest."
        return (
            "The run goes on by itself: `genearena` comes back to it, `genearena status` says how far it "
            "is, `genearena attach` follows it here."
        )

    def _leave_run(self, answer: str | None) -> None:
        if answer == "detach":
            self.leave()
        elif answer == "stop":
            self._stop_run()

    @work(thread=True, group="stop", exit_on_error=False)
    def _stop_run(self) -> None:
        self.arena.request("drain")
        self.post_message(self.Stopping())

    def on_arena_app_stopping(self) -> None:
        """The runner has been asked to end; only a file may hold us here."""
        self._ends = True
        self.leave()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """An exception in a worker becomes a dialog; the application goes on, and so does the watch."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.show_error(event.worker.error)
            if event.worker.group == "pulse":
                once(self, 10 * self.beat, self.watch_the_run)

    def show_error(self, error: BaseException) -> None:
        """A sentence on screen, once however often it comes; what nobody foresaw goes to the log."""
        from tui.screens.overlays.dialogs import Notice, error_notice

        notice = error_notice(error, self.arena.home.log)
        if not (isinstance(self.screen, Notice) and self.screen.sentence == notice.sentence):
            self.push_screen(notice)


def run_app(arena: Arena, ascii: bool = False) -> int:
    """Run the application on the arena of a home, which exists, until it is left; the exit code.

    Raises:
        UsageError: config.toml cannot be used.
    """
    # What was imported lives as long as the process: no collection need look at it again.
    gc.freeze()
    collect_at_leisure()
    # Hand the interpreter to the screen after 1 ms of a worker's Python rather than 5.
    sys.setswitchinterval(0.001)
    settings = read_settings(arena.home.config_file)
    app = ArenaApp(arena, ascii, settings)
    app.run(mouse=settings.mouse)
    return app.return_value or app.return_code or 0
