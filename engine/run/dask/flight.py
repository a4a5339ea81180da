"""Pieces of work that a run has given to a cluster: each is one of its tasks, for one free worker."""

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
from engine.run.dask.broken import deadly, unfit
from engine.run.dask.cluster import GPU
from engine.run.dask.crew import Crew
from engine.run.dask.todo import Piece
from engine.run.dask.worker import Order, WorkerUnfit

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
    order: Order
    crew: Crew = field(default_factory=Crew)
    pieces: dict[str, tuple[Piece, Future]] = field(default_factory=dict)
    """Those without a result, by the key of their task."""
    at_work: set[str] = field(default_factory=set)
    """Those that workers are at, as they say."""
    _loading: dict[str, tuple[str, Future]] = field(default_factory=dict)
    """Workers that load what computes, by the key of that task."""
    _inbox: queue.SimpleQueue[tuple[str, Any]] = field(default_factory=queue.SimpleQueue)
    """What came of pieces, and under "" what workers say meanwhile."""

    def listen(self) -> None:
        """Hear from here on what workers say."""
        self.client.subscribe_topic(self.order.topic, lambda event: self._inbox.put(("", event[1])))

    def look(self) -> None:
        """See who is there, and have those who have come load what computes: whoever cannot is unfit.

        So is who comes where workers die again and again while they load, as with a library that the
        processor cannot run: a nanny starts them anew at other addresses, so that none is known again.
        """
        known = self._known()
        new = self.crew.look(known)
        for name, (address, future) in list(self._loading.items()):
            if address not in known:
                future.cancel()
                del self._loading[name]
        for address in new:
            if host := self.crew.deadly(address):
                self.crew.judge(address, str(deadly(host)))
        new = [address for address in new if self.crew.workers[address].loads]
        found = self.client.run(find_spec, worker.__name__, workers=new, on_error="return") if new else {}
        for address, spec in found.items():
            if spec is None or isinstance(spec, ImportError):  # sent a task, it would end without a word
                missing = WorkerUnfit(
                    f"The worker {address} of Dask has no genearena, or another version.",
                    "Install the same one there as here.",
                )
                self.crew.judge(address, str(missing))
            else:
                self._load(address)

    def _known(self) -> dict[str, Any]:
        """The workers that the scheduler has.

        It is asked itself: what a client keeps of it is replaced now and then by what names no workers.
        """
        asked = self.client.sync(self.client.scheduler.identity, callback_timeout=_ANSWER)
        found: dict[str, Any] = asked["workers"]
        return found

    def _load(self, address: str) -> None:
        name, future = self._submit(worker.load, address)
        self._loading[name] = (address, future)
        self._await(name, future)

    def begin(self, piece: Piece, function: Callable[..., object], *arguments: object) -> None:
        """Have a worker that is free call `function` with what all pieces share, and `arguments`.

        It is for that worker alone: if that dies, it is not done elsewhere before the coordinator knows,
        and nobody who is unfit is ever given it.
        """
        free = self.crew.free(piece.card)
        assert free is not None, "a piece is begun only where somebody is free"
        card = piece.card and self.crew.cards > 0
        name, future = self._submit(function, free.address, *arguments, card=card)
        self.pieces[name] = (piece, future)
        self.crew.words[name] = piece.words
        self.crew.take(name, free, card)
        self._await(name, future, gathers=not piece.embeds)

    def _submit(
        self, function: Callable[..., object], address: str, *arguments: object, card: bool = False
    ) -> tuple[str, Future]:
        name = f"{self.order.topic}-{secrets.token_hex(8)}"
        return name, self.client.submit(
            function,
            self.order,
            *arguments,
            key=name,
            pure=False,
            workers=[address],
            resources={GPU: 1} if card else None,
        )

    def _await(self, name: str, future: Future, *, gathers: bool = True) -> None:
        loop = self.client.loop.asyncio_loop
        asyncio.run_coroutine_threadsafe(self._fetch(name, future, gathers=gathers), loop)

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
        elif not name and what["what"] == "over":
            self.at_work.discard(what["piece"])
        elif name in self._loading:
            address, _ = self._loading.pop(name)
            if type(what).__name__ == "KilledWorker":
                self.crew.workers[address].died = True
            else:
                self.crew.judge(address, "" if what is None else str(unfit(what)))
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
        """Pieces of work whose workers have gone."""
        here = {worker.address for worker in (*self.crew.present, *self.crew.unfit)}
        lost = [name for name, (address, _) in self.crew.at.items() if address not in here]
        self.at_work.difference_update(lost)
        return lost

    def call_off(self) -> None:
        """Have workers let go of everything, and wait until they have."""
        for _, future in self._loading.values():
            future.cancel()
        for name in list(self.pieces):
            self.give_up(name)
        end = time.monotonic() + _END
        while self.client.status == "running" and time.monotonic() < end:
            if self.next(_QUIET) is None and not self.at_work:
                return
