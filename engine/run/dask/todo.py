"""What is still to be done on a cluster, in order: models to embed with, and units that can begin."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from engine.catalog.protocols import PROTOCOLS, listed
from engine.run.jobs import Job, jobs_of
from store.records import Unit

_AHEAD: Final = 8
"""Units for each worker that are ready, from which on no further model is embedded with."""


@dataclass(slots=True)
class Piece:
    """One task of the cluster's: a job to embed, or units to bring to their outcomes."""

    job: Job
    units: Sequence[Unit]
    """Those that it brings to outcomes; none if it embeds."""
    card: bool = False
    """Whether it is for a worker with a card, where there are any."""
    deaths: int = 0
    """Workers that died while they were at it."""
    duds: int = 0
    """Times that nothing came of it from a worker that lives."""
    embeds: bool = False

    @property
    def suspected(self) -> bool:
        """Whether it is tried alone, and never beside others again."""
        return self.deaths + self.duds > 0

    @property
    def words(self) -> str:
        """What people know it by."""
        unit = (self.units or self.job.units)[0]
        if self.embeds:
            return f"the embedding of {unit.model}"
        if len(self.units) > 1:
            return self.job.label
        return f"{unit.model} {unit.task} {unit.protocol} seed {unit.seed}"


@dataclass(slots=True)
class Todo:
    """The pieces of one run; for one thread."""

    stacks: bool
    """Whether units that train as one go to a card together."""
    _to_embed: deque[Piece] = field(default_factory=deque)
    _suspects: deque[Piece] = field(default_factory=deque)
    """What workers died of, or sent nothing of: last, and alone."""
    _without: dict[str, list[Piece]] = field(default_factory=dict)
    """Job that has no vectors -> its units that wait for them."""
    _ready: list[tuple[bool, int, int, Piece]] = field(default_factory=list)
    """A heap: whether it is late, the place of its protocol, when it came."""
    _to_train: deque[Piece] = field(default_factory=deque)
    _came: int = 0
    _left: Counter[str] = field(default_factory=Counter)
    """Job -> its units without an outcome."""

    def fill(self, units: Sequence[Unit], light: set[str]) -> None:
        """Put in all units of a run; models of these names need no card to embed."""
        for job in jobs_of(units, lambda _: False):
            self._left[job.key] = len(job.units)
            if not job.finetune:
                self._to_embed.append(Piece(job, (), card=job.units[0].model not in light, embeds=True))
                self._without[job.key] = [Piece(job, (unit,)) for unit in job.units]
                continue
            together = [job.units] if self.stacks else [[unit] for unit in job.units]
            self._to_train += (Piece(job, part, card=True) for part in together)

    def embedded(self, job: Job) -> None:
        """The units of `job` can begin."""
        for piece in self._without.pop(job.key):
            self._put(piece)

    def lost(self, embedding: Piece) -> None:
        """The vectors that `embedding` made are gone: it is done again, and units wait for that."""
        key = embedding.job.key
        self._without[key] = [entry[-1] for entry in self._ready if entry[-1].job.key == key]
        self._ready = [entry for entry in self._ready if entry[-1].job.key != key]
        heapq.heapify(self._ready)
        self._to_embed.appendleft(embedding)

    def _put(self, piece: Piece) -> None:
        if piece.job.key in self._without:
            self._without[piece.job.key].append(piece)
            return
        protocol = piece.units[0].protocol
        self._came += 1
        entry = (PROTOCOLS[protocol].slow, listed(protocol), self._came, piece)
        heapq.heappush(self._ready, entry)

    def next(self, workers: int, free: Callable[[bool], bool]) -> Piece | None:
        """What to begin next; None if nothing can be.

        Args:
            workers: pieces of work that can go on at once.
            free: whether a worker is, with a card or not; where none has any, all count as if.
        """
        only_late = not self._ready or self._ready[0][0]
        if only_late or len(self._ready) < workers * _AHEAD:
            for place, piece in enumerate(self._to_embed):
                if free(piece.card):
                    del self._to_embed[place]
                    return piece
        if self._to_train and free(True) and (self.stacks or not (self._ready or self._to_embed)):
            return self._to_train.popleft()
        if self._ready and free(False):
            return heapq.heappop(self._ready)[-1]
        return None

    def next_suspect(self) -> Piece | None:
        """What was put off to the end; for when nothing else is left, nor in flight."""
        if self._to_embed or self._to_train or self._ready:
            return None
        for place, piece in enumerate(self._suspects):
            if piece.embeds or piece.job.key not in self._without:
                del self._suspects[place]
                return piece
        return None

    def again(self, piece: Piece) -> None:
        """Its worker let go of it, though it is wanted, or is unfit."""
        if piece.suspected:
            self.suspect(piece)
        elif piece.embeds:
            self._to_embed.appendleft(piece)
        elif piece.job.finetune:
            self._to_train.appendleft(piece)
        else:
            self._put(piece)

    def suspect(self, piece: Piece) -> None:
        """A worker died of it, or it came to nothing: it is tried again, last, unit by unit."""
        parts: Sequence[Sequence[Unit]] = [(unit,) for unit in piece.units] or [()]
        self._suspects += (replace(piece, units=part) for part in parts)

    def ended(self, job: Job) -> bool:
        """One of its units has an outcome; whether it was the last."""
        self._left[job.key] -= 1
        return not self._left[job.key]
