"""The workers of a cluster, as one run sees them: who is free, what each is at, and whether it is heard."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.mailbox import WorkerStatus
from engine.run.crashes import STRIKES
from engine.run.dask.cluster import GPU
from store.records import Unit

SILENT: Final = 60.0
"""Seconds without a heartbeat before a worker is called silent; Dask gives it up after five minutes."""


@dataclass(slots=True)
class Worker:
    """One of them."""

    address: str
    host: str = ""
    threads: int = 1
    """Pieces of work that it does at once."""
    cards: int = 0
    here: bool = True
    """Whether the scheduler has it."""
    ready: bool = False
    """Whether it has loaded what computes, so that it can be given work."""
    unfit: str = ""
    """Why it can be given none, in a sentence or two."""
    died: bool = False
    """Whether it died while it loaded: who has its address from then on is another."""
    seen: float = 0.0
    """When the scheduler last heard of it, by the scheduler's clock."""
    heard: float = field(default_factory=time.monotonic)
    """When that was seen to change, by this process's."""
    since: float = field(default_factory=time.monotonic)
    given: int = 0
    """Pieces of work that it was given, and has not done."""
    given_cards: int = 0
    """Those of them that need a card."""
    done: int = 0
    device: str = ""
    lost: str = ""
    """What it was at when it went."""

    @property
    def loads(self) -> bool:
        """Whether it has yet to load what computes."""
        return not self.ready and not self.unfit


@dataclass(slots=True)
class Crew:
    """All of them; for one thread."""

    workers: dict[str, Worker] = field(default_factory=dict)
    at: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """Piece of work in flight -> the worker that it was given to, and whether it needs a card."""
    units: dict[str, tuple[str, Unit]] = field(default_factory=dict)
    """Key of a unit that has started -> its worker, and the unit."""
    words: dict[str, str] = field(default_factory=dict)
    """Piece of work in flight -> what people know it by."""
    deaths: Counter[str] = field(default_factory=Counter)
    """Host -> looks at which workers there had died while they loaded, since one there last did load."""

    def look(self, known: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Take in the workers that the scheduler knows; the addresses of those that have come."""
        here = [worker for worker in self.workers.values() if worker.here]
        same = {worker.address for worker in here if worker.address in known and not worker.died}
        new = [address for address in known if address not in same]
        self.deaths.update({worker.host for worker in here if worker.loads and worker.address not in same})
        for address, about in known.items():
            worker = self.workers.setdefault(address, Worker(address, about["host"]))
            if address in new:
                worker.ready, worker.unfit, worker.died = False, "", False
            worker.threads = about["nthreads"]
            worker.cards = int(about["resources"].get(GPU, 0))
            if about["last_seen"] != worker.seen:
                worker.seen, worker.heard = about["last_seen"], time.monotonic()
        for address, worker in self.workers.items():
            if worker.here and address not in known:
                worker.lost = next(iter(self._at(address)), "")
            worker.here = address in known
        return new

    def deadly(self, address: str) -> str:
        """The host of a worker, if workers there die again and again while they load; else nothing."""
        host = self.workers[address].host
        return host if self.deaths[host] >= STRIKES else ""

    @property
    def present(self) -> list[Worker]:
        """Those that the scheduler has and that do the work, or will once they have loaded."""
        return [worker for worker in self.workers.values() if worker.here and not worker.unfit]

    @property
    def unfit(self) -> list[Worker]:
        """Those that the scheduler has and that are left out."""
        return [worker for worker in self.workers.values() if worker.here and worker.unfit]

    def judge(self, address: str, unfit: str = "") -> None:
        """The worker at `address` can be given work from here on, or is `unfit` for it."""
        if worker := self.workers.get(address):
            worker.ready, worker.unfit = not unfit, unfit
            if worker.ready:
                del self.deaths[worker.host]

    @property
    def threads(self) -> int:
        """Pieces of work that go on at once."""
        return sum(worker.threads for worker in self.present)

    @property
    def cards(self) -> int:
        """Of all workers that declare any."""
        return sum(worker.cards for worker in self.present)

    def free(self, card: bool) -> Worker | None:
        """The one that is to take a piece of work: with a free card, or best without any; the idlest."""
        needs = card and self.cards > 0
        able = [
            worker
            for worker in self.present
            if worker.ready
            and worker.given < worker.threads
            and (not needs or worker.given_cards < worker.cards)
        ]
        return min(able, key=lambda one: (not needs and one.cards, one.given - one.threads), default=None)

    def take(self, piece: str, worker: Worker, card: bool) -> None:
        """`worker` is given a piece of work."""
        self.at[piece] = (worker.address, card)
        worker.given += 1
        worker.given_cards += card

    def release(self, piece: str) -> None:
        """A piece of work is nobody's any more."""
        address, card = self.at.pop(piece, ("", False))
        if worker := self.workers.get(address):
            worker.given -= 1
            worker.given_cards -= card

    def started(self, address: str, unit: Unit) -> None:
        """A unit was begun."""
        self.units[unit.key] = (address, unit)

    def ended(self, key: str, device: str = "") -> None:
        """A unit is not worked on any more; `device`: and has an outcome from there."""
        address, _ = self.units.pop(key, ("", None))
        if device and address in self.workers:
            self.workers[address].done += 1
            self.workers[address].device = device

    def statuses(self) -> tuple[WorkerStatus, ...]:
        """How each stands; those that have gone without having been at anything are left out."""
        return tuple(self._status(one) for one in self.workers.values() if one.here or one.done or one.lost)

    def _at(self, address: str) -> list[str]:
        """What a worker is at, in words: first what has started, then all that it was given."""
        flying = [unit for of, unit in self.units.values() if of == address]
        words = [f"{unit.model} {unit.task} {unit.protocol} seed {unit.seed}" for unit in flying]
        given = [piece for piece, (of, _) in self.at.items() if of == address and piece in self.words]
        loads = any(one.address == address and not one.ready for one in self.present)
        return words + [self.words[piece] for piece in given] + ["loading its libraries"] * loads

    def _status(self, worker: Worker) -> WorkerStatus:
        silence = time.monotonic() - worker.heard
        flying = [key for key, (address, _) in self.units.items() if address == worker.address]
        state = "silent" if silence > SILENT else "runs"
        why = ""
        if worker.here and worker.unfit:
            state, why = "unfit", worker.unfit
        elif not worker.here and worker.lost:
            state, why = "died", f"It was lost at {worker.lost}."
        elif not worker.here:
            state, why = "ended", "It is not on the cluster any more."
        return WorkerStatus(
            worker.address,
            state,
            worker.host,
            worker.device,
            tuple(flying) if worker.here else (),
            next(iter(self._at(worker.address)), "") if worker.here else "",
            worker.done,
            rate=round(worker.done / max(time.monotonic() - worker.since, 1.0), 2),
            heard_s=float(int(silence)),
            message=why,
        )
