"""What every screen shares: the top and bottom lines, panes, the filter, and how errors are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import MountError, Widget
from textual.worker import Worker, WorkerState

from tui.terminal.repainting import SparingCompositor
from tui.widgets.grid import Grid
from tui.widgets.header import TITLES, StatusLine
from tui.widgets.keybar import KeyBar
from tui.widgets.pane import Pane
from tui.widgets.words import say

if TYPE_CHECKING:
    from textual.binding import ActiveBinding

    from tui.questions.arena import Arena, Pulse
    from tui.shell import Shell
    from tui.widgets.commandbar import Command


EXPORTING: Final = "export"
"""The group of the workers that write what a screen shows to a file."""
SETTLE: Final = 0.15
"""Seconds a choice or a cursor must rest before it is read about, so that holding a key reads once."""


class ArenaScreen(Screen[None]):
    """A numbered screen. Blocking calls run in thread workers and come back as messages.

    What only a key brings up (help, filter, command line) is imported when it is pressed: the first
    frame does not wait for it.
    """

    CSS_PATH: ClassVar[Path | None] = Path(__file__).with_name("screens.tcss")
    MODE: ClassVar[str] = ""
    """Its name among the application's modes."""
    NAME: ClassVar[str] = ""
    """What it is called where it has no tab of its own."""
    ABOUT: ClassVar[str] = ""
    """What one does on it, in one or two sentences."""
    FOOTER: ClassVar[tuple[str, ...]] = ()
    """Ids of the bindings shown at the bottom, most useful first; at most nine with help and quit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "pane(1)", "Pane", show=False, tooltip="Next pane", id="pane.next"),
        Binding("shift+tab", "pane(-1)", "Previous pane", show=False, id="pane.previous"),
        Binding(
            "slash", "filter", "Filter", tooltip="Show only rows that match", key_display="/", id="filter"
        ),
        Binding("colon", "command_line", "Command", show=False, tooltip="A command by name", id="command"),
        Binding("question_mark,f1", "help", "Help", tooltip="The keys that are active now", id="help"),
        Binding(
            "plus,z",
            "zoom",
            "Zoom",
            show=False,
            tooltip="The focused pane alone, or all again",
            key_display="z",
            id="zoom",
        ),
        Binding("escape", "back", "Back", show=False, tooltip="One level back", id="back"),
    ]

    _completed = False
    """Whether every widget is mounted."""
    _held = True
    """Whether painting waits for the next tick: as the application starts, and as the screen is shown."""
    _failed = False
    """Whether something went wrong since this screen was last resumed."""

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._compositor = self._painter = SparingCompositor()

    def compose(self) -> ComposeResult:
        """Top line, the screen's own content, filter line, bottom line."""
        yield StatusLine(self.MODE)
        yield from self.compose_body()
        yield KeyBar(lambda: (*self.footer(), "help", "quit"), self.why_not)

    def compose_body(self) -> Iterable[Widget]:
        """What is between the lines."""
        return ()

    def footer(self) -> tuple[str, ...]:
        """Ids of the bindings shown at the bottom now, most useful first."""
        return self.FOOTER

    @property
    def arena(self) -> Arena:
        """The engine and the store; its methods block."""
        return self.shell.arena

    @property
    def shell(self) -> Shell:
        """The application, as far as screens know it."""
        from tui.shell import Shell

        assert isinstance(self.app, Shell)
        return self.app

    @property
    def is_current(self) -> bool:
        """Whether it can be seen: it is shown, or stands behind a dialog.

        Textual takes what stands right behind a screen that hides all of it for seen too, and paints both.
        """
        return super().is_current and (self.app.screen is self or self.app.screen.is_modal)

    def _on_timer_update(self) -> None:
        """Paint what has changed since the last tick."""
        self._held = not self.shell.started
        if self._painter.unpainted:
            self._dirty_widgets.add(self)
        super()._on_timer_update()

    def _compositor_refresh(self) -> None:
        """Paint, unless all of it is going to be painted at the next tick; once, if all of it is."""
        if self._held:
            return
        if self._compositor.size.region in self._compositor._dirty_regions:
            self._repaint_required = False
        self._painter.hurried = self.shell.answering
        super()._compositor_refresh()
        if self._painter.unpainted:
            self.shell.at_leisure(self._update_timer.resume, lambda: self._whole)

    def on_mount(self) -> None:
        """Paint the first frame, then complete the screen; the first screen waits for the application."""
        if self.shell.started:
            self.call_after_refresh(self.complete)

    def at_leisure(self, draw: Callable[[], object]) -> None:
        """Draw something once the keys rest; once, however often it is asked for until then."""
        self.shell.at_leisure(draw, lambda: self.stands_whole)

    async def complete(self) -> None:
        """Mount the rest and follow the run, unless the application is being left already."""
        if not all(widget.is_mounted for widget in self.walk_children(Widget)):
            await asyncio.sleep(0)  # where nothing is to be painted, the rounds would let nobody else go on
            self.call_after_refresh(self.complete)  # panes within panes take another round
            return
        try:
            await self.mount_rest()
        except MountError:
            return
        if not self._whole:  # taken down meanwhile
            return
        self._completed = True
        before = self.focused
        self.begin()
        if before is not None and self.query("TypedLine"):  # opened by a key that came so soon
            before.focus()
        self._follow()
        self.watch(self.app, "pulse", self._on_pulse, init=False)

    @property
    def stands_whole(self) -> bool:
        """Whether every widget is there: not while they are mounted, nor while they are taken down."""
        return self._completed and self._whole

    @property
    def _whole(self) -> bool:
        return not self._pruning and self.app.is_running

    async def mount_rest(self) -> None:
        """Mount what the first frame did not wait for."""

    def begin(self) -> None:
        """Start reading; every widget is there."""

    def _on_pulse(self) -> None:
        if self.is_current:
            self.at_leisure(self._follow)

    def _follow(self) -> None:
        """Show what the run has come to; a screen that is not shown catches up when it is."""
        pulse = self.shell.pulse
        if self.is_current:
            self.query_one(StatusLine).pulse = pulse
            if pulse.looked:
                self.follow(pulse)

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was shown."""
        self._held = True  # Textual paints here, and again in full at the next tick
        if self._completed:
            if not self._failed:  # else what failed would fail again behind the dialog that says so
                self.look_again()
            self._failed = False
            self._follow()

    def look_again(self) -> None:
        """Read what another screen may have changed."""

    def follow(self, pulse: Pulse) -> None:
        """Take in the run's latest snapshot; called only while the screen is shown."""

    # ------------------------------------------------------------------ refusing and failing

    def why_not(self, action: str) -> str:
        """Why the binding with this id would do nothing now; empty if it would do something."""
        return ""

    def refused(self, action: str) -> bool:
        """Whether the binding with this id is refused now; if so, the user is told why."""
        reason = self.why_not(action)
        if reason:
            self.tell(reason)
        return bool(reason)

    def tell(self, sentence: str, good: bool = False) -> None:
        """Show one passing sentence in the place of the one before."""
        self.app.notify(
            say(sentence).plain,
            severity="information" if good else "warning",
            timeout=4 if good else 8,
            markup=False,
        )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """An exception in a worker becomes a dialog; the application goes on."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.shell.show_error(event.worker.error)
            self._failed = True
            self.unread(event.worker.group)
            self._give_up()

    def _give_up(self) -> None:
        """Say wherever something is being read that it could not be."""
        from tui.widgets.picture import Picture
        from tui.widgets.rowview import RowView
        from tui.widgets.said import Said

        for view in self.query(Widget):
            if isinstance(view, RowView | Picture | Said):
                view.give_up()

    def unread(self, group: str) -> None:
        """Drop what a worker of this group read before, and could not read again."""

    # ------------------------------------------------------------------ panes and filter

    def action_pane(self, step: int) -> None:
        """Open the next pane, or the one before."""
        panes = [
            pane
            for pane in self.query(Pane)
            if pane.inside.can_focus
            and all(node.display for node in pane.ancestors_with_self if isinstance(node, Widget))
        ]
        if not panes:
            return
        here = next((i for i, pane in enumerate(panes) if pane.has_focus_within), -step)
        panes[(here + step) % len(panes)].open()

    def action_filter(self) -> None:
        """Filter the focused grid."""
        if isinstance(self.focused, Grid):
            from tui.widgets.filterbar import FilterBar
            from tui.widgets.typedline import TypedLine

            self.mount(TypedLine("/", FilterBar(self.focused)))

    def action_back(self) -> None:
        """Drop the filter, or go back to the screen that sent something here."""
        if isinstance(self.focused, Grid) and self.focused.filter:
            self.focused.filter = ""
        elif self.maximized is not None:
            self.minimize()
        elif before := self.shell.came_from.pop(self.MODE, ""):
            self.app.switch_mode(before)

    def action_zoom(self) -> None:
        """Show the focused pane alone, or all panes again."""
        pane = next((pane for pane in self.query(Pane) if pane.has_focus_within), None)
        if self.maximized is not None:
            self.minimize()
        elif pane is not None:
            self.maximize(pane)

    # ------------------------------------------------------------------ help and commands

    def action_help(self) -> None:
        """Tell the keys of the focused pane, the screen and the application."""
        from tui.screens.overlays.help import Help

        # What one came to look up first: the bottom line's keys, then the screen's others.
        own = (*self.footer(), f"{self.MODE}.")

        def place(active: ActiveBinding) -> int:
            name = active.binding.id or ""
            return next((i for i, start in enumerate(own) if name.startswith(start)), len(own))

        active = sorted(self.active_bindings.values(), key=place)
        bindings = [(self.app.get_key_display(item.binding), item.binding) for item in active]
        self.app.push_screen(Help(self.NAME or TITLES[self.MODE], self.ABOUT, bindings))

    def commands(self) -> list[Command]:
        """What can be asked for by name here."""
        return self.shell.commands()

    def receive(self, argument: str) -> None:
        """Take what stood after this screen's name on the command line."""

    def action_command_line(self) -> None:
        """Open the command line."""
        self.open_command_line()

    def open_command_line(self, typed: str = "") -> None:
        """Open the command line with something typed already."""
        from tui.widgets.commandbar import CommandBar
        from tui.widgets.typedline import TypedLine

        self.mount(TypedLine(":", CommandBar(self.commands(), typed)))


def brackets(action: str, on: tuple[str, str, str], back: tuple[str, str]) -> list[BindingType]:
    """`]` and `[`, which do `action` with 1 and with -1; help and the bottom line show the first.

    Args:
        action: The action's name.
        on: Of `]`, the binding's id, what it is called, and what it does.
        back: Of `[`, the binding's id, and what it is called.
    """
    name, title, tooltip = on
    return [
        Binding("right_square_bracket", f"{action}(1)", title, tooltip=tooltip, id=name, key_display="]"),
        Binding("left_square_bracket", f"{action}(-1)", back[1], show=False, id=back[0], key_display="["),
    ]
