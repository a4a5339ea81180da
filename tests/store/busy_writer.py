"""Saves split after split, telling each key once it is saved, and flushes as often as it may."""

from __future__ import annotations

import contextlib
import sys

from fake_records import failed, scored, unit

from store.errors import StoreBusy
from store.home import find_home
from store.store import Store

saved = Store(find_home(sys.argv[1]))
for seed in range(int(sys.argv[2]), 1_000_000_000):
    work = unit(seed=seed)
    record = failed(work) if seed % 7 == 0 else scored(work)
    saved.append(record)
    sys.stdout.write(work.key + "\n")
    sys.stdout.flush()
    if seed % 5 == 0:
        with contextlib.suppress(StoreBusy):
            saved.flush()
