"""Keys one at a time: what a key opens gets the next one, however fast they come."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from textual import events, work
from textual.app import App, ScreenStackError
from textual.message_pump import MessagePump
from textual.screen import Screen

from tui.terminal.leisure import Leisure
from tui.terminal.pasting import guard, refusal
from tui.terminal.writing import write_at_once

MOST: Final = 1000
"""Keys that wait at most; those after them are lost."""
TOGETHER: Final = 1.0
"""Seconds between pastes that are pieces of one."""
PATIENCE: Final = 3.0
"""Seconds that a key waits at most for what the one before it set off."""
BEATS: Final = 30
"""Parts of that time; what keeps this process from going on, such as a busy machine, takes one at most."""


class TypeAhead(App[int]):
    """An application whose keys and pastes are answered one after the other."""

    def __init__(self) -> None:
        """Make the application, with nothing typed yet."""
        super().__init__()
        guard(self.driver_class)
        write_at_once(self.driver_class)
        self._typed: asyncio.Queue[events.Event] = asyncio.Queue()
        """Keys and pastes whose turn has not come."""
        self._turn: events.Event | None = None
        """The key or paste whose turn it is."""
        self._refused = -TOGETHER
        """When the last paste was refused."""
        self._since = 0.0
        """What was typed before this moment is not answered."""
        self.typed_at = 0.0
        """When the last key was answered, by the monotonic clock; infinity while one is."""
        self.leisure = Leisure(self, lambda: self.typed_at)

    def on_mount(self) -> None:
        """Answer what is typed."""
        self._take_turns()

    async def on_event(self, event: events.Event) -> None:
        """Let keys and pastes wait for their turn."""
        typed = isinstance(event, (events.Key, events.Paste))
        if typed and not self.is_running:  # being left: no screen is there to answer
            return
        if typed and not event.is_forwarded and event is not self._turn:
            if event.time >= self._since and self._typed.qsize() < MOST:
                self._typed.put_nowait(event)
        else:
            await super().on_event(event)

    def forget_typed(self) -> None:
        """Answer nothing of what was typed so far."""
        self._since = events.Event().time
        while not self._typed.empty():
            self._typed.get_nowait()

    def _refuses(self, paste: events.Paste) -> bool:
        """Whether a paste does not fit where it goes; said once for all pieces that come together."""
        reason = refusal(self.focused, paste.text)
        if reason and paste.time - self._refused > TOGETHER:
            self.notify(reason, severity="warning", markup=False)
        self._refused = paste.time if reason else self._refused
        return bool(reason)

    @work(group="keys")
    async def _take_turns(self) -> None:
        while True:
            self._turn = await self._typed.get()
            if isinstance(self._turn, events.Paste) and self._refuses(self._turn):
                continue
            if not self.screen_stack:  # being left
                return
            self.typed_at = math.inf
            self.post_message(self._turn)
            await settled(self, partial(_paint, self, self.screen))
            self.typed_at = time.monotonic()

    @property
    def answering(self) -> bool:
        """Whether a key is being answered."""
        return self.typed_at == math.inf

    def at_leisure(self, draw: Callable[[], object], possible: Callable[[], bool]) -> None:
        """Draw something once the keys rest, if it is possible then; once, however often asked for."""
        self.leisure.ask(draw, possible)


def _paint(app: App[Any], screen: Screen[Any]) -> None:
    """Paint what a key has changed on a screen, unless it is another now or all of it is laid out anew;
    Textual would wait for its next tick.
    """
    if not app.is_running or app.screen is not screen:
        return
    focused = screen.focused
    if focused is not None and focused._repaint_regions:  # it reports that to the screen a little later
        screen._dirty_widgets.add(focused)
    if screen._dirty_widgets and not (screen._layout_required or screen._scroll_required):
        screen._on_timer_update()


async def settled(app: App[Any], look: Callable[[], None] = lambda: None) -> None:
    """Wait until what the last key set off is over and it is known what the next one goes to.

    `look` is called after each round of that.

    A key climbs from the focused widget to the application through a queue of each on the way, and
    so does what it sets off: a line that is mounted, the focus, an answer. All of it is over once
    those queues were gone through twice and the focus stayed where it is.
    """
    try:
        async with _patience():
            still = 0
            while still < 2:
                target = app.focused or app.screen
                for node in target.ancestors_with_self:
                    await _gone_through(node)
                look()
                still = still + 1 if target is (app.focused or app.screen) else 0
    except (TimeoutError, ScreenStackError):  # ScreenStackError: the application is being left
        return


@asynccontextmanager
async def _patience() -> AsyncIterator[None]:
    """Raise TimeoutError once `PATIENCE` is over, not counting when this process was kept from going on."""
    loop, beats = asyncio.get_running_loop(), itertools.count(1)
    timer: asyncio.TimerHandle
    async with asyncio.timeout(None) as limit:

        def beat() -> None:
            nonlocal timer
            if next(beats) < BEATS:
                timer = loop.call_later(PATIENCE / BEATS, beat)
            else:
                limit.reschedule(loop.time())

        timer = loop.call_later(PATIENCE / BEATS, beat)
        try:
            yield
        finally:
            timer.cancel()


async def _gone_through(node: MessagePump) -> None:
    """Wait until a node has handled every message it has now."""
    handled = asyncio.Event()
    if node.call_later(handled.set):
        await handled.wait()
