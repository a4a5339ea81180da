"""Pieces of work that a run has given to a cluster: each is one of its tasks, on a worker that is free."""

from __future__ import annotations

import asyncio
import queue
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from engine.run.dask import worker
from engine.run.dask.cluster import GPU
from engine.run.dask.crew import Crew
from engine.run.dask.todo import Piece
from engine.run.dask.worker import WorkerUnfit

if TYPE_CHECKING:
    from distributed import Client, Future

_QUIET: Final = 0.3
"""Seconds without a word after which those who are at nothing are at nothing."""
_ANSWER: Final = 60.0
"""Seconds within which the scheduler has to say who is there."""
_END: Final = 10.0
"""Seconds for workers to let go of what is not wanted any more."""


@dataclass(slots=True)
class Flight:
    """All of them; for one thread."""

    client: Client
    topic: str
    """Under which workers say what they are at."""
    crew: Crew = field(default_factory=Crew)
    pieces: dict[str, tuple[Piece, Future]] = field(default_factory=dict)
    """Those without a result, by the key of their task."""
    at_work: set[str] = field(default_factory=set)
    """Those that workers are at, as they say."""
    _loading: list[Future] = field(default_factory=list)
    _inbox: queue.SimpleQueue[tuple[str, Any]] = field(default_factory=queue.SimpleQueue)
    """What came of pieces, and under "" what workers say meanwhile."""

    def listen(self) -> None:
        """Hear from here on what workers say."""
        self.client.subscribe_topic(self.topic, lambda event: self._inbox.put(("", event[1])))

    def look(self) -> None:
        """See who is there.

        Raises:
            WorkerUnfit: somebody new has no genearena. Sent a piece of work, it would end without a word.
        """
        new = self.crew.look(self._known())
        found = self.client.run(find_spec, worker.__name__, workers=new, on_error="return") if new else {}
        for address, spec in found.items():
            if spec is None or isinstance(spec, ImportError):
                raise WorkerUnfit(
                    f"The worker {address} of Dask has no genearena, or another version.",
                    "Install the same one there as here.",
                )

    def _known(self) -> dict[str, Any]:
        """The workers that the scheduler has.

        It is asked itself: what a client keeps of it is replaced now and then by what names no workers.
        """
        asked = self.client.sync(self.client.scheduler.identity, callback_timeout=_ANSWER)
        found: dict[str, Any] = asked["workers"]
        return found

    def load(self, function: Callable[..., object], order: object) -> None:
        """Have each worker call `function` first; what comes of that is not asked."""
        self._loading = [
            self.client.submit(function, order, pure=False, workers=[one.address])
            for one in self.crew.present
        ]

    def begin(self, piece: Piece, function: Callable[..., object], *arguments: object) -> None:
        """Have a worker call `function`.

        A unit is for one worker alone, which is free: if that dies, it is not done elsewhere before the
        coordinator knows. What embeds is Dask's to place, and to do again when its vectors are lost.
        """
        free = self.crew.free(piece.card)
        card = piece.card and self.crew.cards > 0
        name = f"{self.topic}-{secrets.token_hex(8)}"
        future = self.client.submit(
            function,
            *arguments,
            key=name,
            pure=False,
            workers=[free.address] if free and not piece.embeds else None,
            resources={GPU: 1} if card else None,
        )
        self.pieces[name] = (piece, future)
        if piece.embeds:
            self.crew.words[name] = piece.words
        if free:
            self.crew.take(name, free, card)
        loop = self.client.loop.asyncio_loop
        asyncio.run_coroutine_threadsafe(self._fetch(name, future, gathers=not piece.embeds), loop)

    async def _fetch(self, name: str, future: Future, *, gathers: bool) -> None:
        """Put what comes of a task into the inbox; vectors stay where they are."""
        try:
            result = await future.exception()
            if result is None and gathers:
                result = await future
        except BaseException as error:  # noqa: BLE001 - the coordinator's thread judges it
            result = error
        self._inbox.put((name, result))

    def next(self, patience: float) -> tuple[str, Any] | None:
        """What is next in the inbox, waited for so many seconds; None: nothing is."""
        try:
            name, what = self._inbox.get(timeout=patience) if patience else self._inbox.get_nowait()
        except queue.Empty:
            return None
        if not name and what["what"] == "begun":
            self.at_work.add(what["piece"])
            self.crew.moved(what["piece"], what["worker"])
        elif not name and what["what"] == "over":
            self.at_work.discard(what["piece"])
        return name, what

    def landed(self, name: str) -> None:
        """A piece of work is not waited for any more."""
        piece, _ = self.pieces.pop(name)
        self.crew.release(name)
        self.crew.words.pop(name, None)
        for unit in piece.units:
            self.crew.ended(unit.key)

    def give_up(self, name: str) -> None:
        """Have its worker let go of a piece of work, and wait for nothing of it."""
        self.pieces[name][1].cancel()
        self.landed(name)

    def stranded(self) -> list[str]:
        """Units whose workers have gone."""
        here = {worker.address for worker in self.crew.present}
        lost = [name for name, (address, _) in self.crew.at.items() if address not in here]
        self.at_work.difference_update(lost)
        return [name for name in lost if not self.pieces[name][0].embeds]

    def call_off(self) -> None:
        """Have workers let go of everything, and wait until they have."""
        for future in self._loading:
            future.cancel()
        for name in list(self.pieces):
            self.give_up(name)
        end = time.monotonic() + _END
        while self.client.status == "running" and time.monotonic() < end:
            if self.next(_QUIET) is None and not self.at_work:
                return
