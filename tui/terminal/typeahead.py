"""Keys one at a time: what a key opens gets the next one, however fast they come."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from textual import events, work
from textual.app import App, ScreenStackError
from textual.message_pump import MessagePump

PATIENCE: Final = 1.0
"""Seconds that a key waits at most for what the one before it set off."""


class TypeAhead(App[int]):
    """An application whose keys and pastes are answered one after the other."""

    def __init__(self) -> None:
        """Make the application, with nothing typed yet."""
        super().__init__()
        self._typed: asyncio.Queue[events.Event] = asyncio.Queue()
        """Keys and pastes whose turn has not come."""
        self._turn: events.Event | None = None
        """The key or paste whose turn it is."""
        self._since = 0.0
        """What was typed before this moment is not answered."""

    def on_mount(self) -> None:
        """Answer what is typed."""
        self._take_turns()

    async def on_event(self, event: events.Event) -> None:
        """Let keys and pastes wait for their turn."""
        typed = isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded
        if typed and event is not self._turn:
            if event.time >= self._since:
                self._typed.put_nowait(event)
        else:
            await super().on_event(event)

    def forget_typed(self) -> None:
        """Answer nothing of what was typed so far."""
        self._since = events.Event().time
        while not self._typed.empty():
            self._typed.get_nowait()

    @work(group="keys")
    async def _take_turns(self) -> None:
        while True:
            self._turn = await self._typed.get()
            self.post_message(self._turn)
            await settled(self)


async def settled(app: App[Any]) -> None:
    """Wait until what the last key set off is over and it is known what the next one goes to.

    A key climbs from the focused widget to the application through a queue of each on the way, and
    so does what it sets off: a line that is mounted, the focus, an answer. All of it is over once
    those queues were gone through twice and the focus stayed where it is.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            still = 0
            while still < 2:
                target = app.focused or app.screen
                for node in target.ancestors_with_self:
                    await _gone_through(node)
                still = still + 1 if target is (app.focused or app.screen) else 0
    except (TimeoutError, ScreenStackError):  # ScreenStackError: the application is being left
        return


async def _gone_through(node: MessagePump) -> None:
    """Wait until a node has handled every message it has now."""
    handled = asyncio.Event()
    if node.call_later(handled.set):
        await handled.wait()
