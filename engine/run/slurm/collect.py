"""What arrays have saved while no coordinator followed them, taken into this process's journal."""

from __future__ import annotations

import shutil
from dataclasses import replace

from engine.run.events import UnitFinished
from engine.run.slurm.array import frozen_arrays
from engine.run.slurm.followed import Followed
from store.home import Home
from store.records import Cancelled, Failed
from store.store import Store


def collect(home: Home, store: Store) -> int:
    """Save the outcomes that tasks of arrays have saved and no journal has; how many these were.

    Each counts once, whoever saw it first. The folder of an array that has ended is removed once all its
    units have outcomes. Only the holder of the runner's lock may do this.

    Raises:
        StoreError: a journal cannot be read or written.
    """
    taken = 0
    for frozen in frozen_arrays(home):
        followed = Followed(frozen)
        finished, attempts = store.finished(), store.attempts()
        for event in followed.saved(closed=frozen.ended):
            if not isinstance(event, UnitFinished) or isinstance(event.outcome, Cancelled):
                continue
            outcome = event.outcome
            if isinstance(outcome, Failed):
                if outcome.unit.key in finished:
                    continue
                outcome = replace(outcome, attempt=attempts.get(outcome.unit.key, 0) + 1)
            elif finished.get(outcome.unit.key) == "scored":
                continue
            store.append(*([event.environment] if event.environment else []), outcome)
            taken += 1
        if frozen.ended and followed.units.keys() <= store.finished().keys():
            shutil.rmtree(frozen.folder, ignore_errors=True)
    return taken
