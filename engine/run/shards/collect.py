"""What arrays have saved while no coordinator followed them, taken into this process's journal."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final

from engine.mailbox import LIVE
from engine.run.events import ModelMeasured, UnitFinished
from engine.run.shards.array import Frozen, frozen_arrays, half_made
from engine.run.shards.followed import Followed
from store.entries import Record
from store.errors import StoreError
from store.files import read_json
from store.home import Home
from store.records import Cancelled, Failed, Unit
from store.store import Store

_HOUR: Final = 3600.0
_BATCH: Final = 256
"""Records that share a sync."""


def collect(home: Home, store: Store) -> int:
    """Save what tasks of arrays have saved and no journal has; how many outcomes these were.

    Each counts once, whoever saw it first. The folder of an array whose tasks have ended is removed once
    all its units have outcomes, and that of one that is not whole. Only the holder of the runner's lock
    may do this.

    Raises:
        StoreError: a journal cannot be read or written.
    """
    taken = 0
    for frozen in frozen_arrays(home):
        followed = Followed(frozen)
        finished, attempts = store.finished(), store.attempts()
        records: list[Record] = []
        for event in followed.saved(closed=frozen.ended):
            if isinstance(event, ModelMeasured):
                records += [event.environment, event.measurement]
                continue
            if not isinstance(event, UnitFinished) or isinstance(event.outcome, Cancelled):
                continue
            outcome = event.outcome
            known = finished.get(outcome.unit.key)
            if known == "scored" or (known and isinstance(outcome, Failed)):
                continue
            if isinstance(outcome, Failed):
                outcome = replace(outcome, attempt=attempts.get(outcome.unit.key, 0) + 1)
            finished[outcome.unit.key] = "failed" if isinstance(outcome, Failed) else "scored"
            records += [*([event.environment] if event.environment else []), outcome]
            taken += 1
            if len(records) >= _BATCH:
                store.append(*records)
                records = []
        store.append(*records)
        if followed.units.keys() <= store.finished().keys() and (frozen.ended or _left(frozen)):
            frozen.remove()
    for folder in half_made(home, _HOUR):
        shutil.rmtree(folder, ignore_errors=True)
    return taken


def held(home: Home, units: Iterable[Unit]) -> Iterator[str]:
    """Of each array that may be at some of these units still: a sentence."""
    keys = {unit.key for unit in units}
    for frozen in frozen_arrays(home):
        mine = keys & {unit.key for shard in frozen.shards for unit in shard.units}
        if mine and not frozen.ended and not _left(frozen):
            yield (
                f"{frozen.name}, an array of an earlier run, may still be at {len(mine)} of these units: "
                f"`genearena run --executor slurm` follows it, `scancel --name={frozen.name}` ends it."
            )


def _left(frozen: Frozen) -> bool:
    """Whether each of its tasks said that it ended, or none has said anything for long."""
    return frozen.quiet_s() > _HOUR or all(_ended(frozen, index) for index in range(len(frozen.shards)))


def _ended(frozen: Frozen, index: int) -> bool:
    """Whether the task said so; a heartbeat that is replaced while it is read says nothing."""
    with suppress(StoreError):
        beat = read_json(frozen.beat(index))
        return beat is not None and beat.get("state") not in LIVE
    return False
