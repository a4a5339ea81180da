"""Preloaded by the workers of tests: they compute instantly but for a moment's sleep, or die of a seed."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from engine.run.dask import computing, worker

DEADLY = 13
UNREADABLE = 14
"""The seed whose units give what cannot be sent."""
ENDLESS = 99
"""The seed whose units take for ever, while the file that the environment names is there."""
ENDLESS_WHILE = "GENEARENA_TEST_ENDLESS"
OTHER_VERSION = "GENEARENA_TEST_VERSION"
MISSING = "GENEARENA_TEST_MISSING"
DIES_LOADING = "GENEARENA_TEST_DIES_LOADING"


def behave(unit, cancel) -> None:
    if unit.seed == DEADLY:
        os.abort()
    if unit.seed == ENDLESS and Path(os.environ.get(ENDLESS_WHILE, "/nowhere")).exists():
        cancel.wait(3600)
    time.sleep(0.05)


class Unreadable:
    """What no process can send to another."""

    def __reduce__(self):
        raise TypeError("This is not to be sent.")


def dask_setup(_) -> None:
    from workbench import FakeCompute

    class Behaving(FakeCompute):
        def devices(self, wanted):
            if os.environ.get(DIES_LOADING):
                os.abort()  # as of a library that the processor cannot run
            return super().devices(wanted)

        def classify(self, unit, *arguments):
            scored = super().classify(unit, *arguments)
            return replace(scored, split_hash=Unreadable()) if unit.seed == UNREADABLE else scored

    computing.compute_of = lambda home: Behaving(behave)
    if os.environ.get(MISSING):
        sys.modules[worker.__name__] = None
    if version := os.environ.get(OTHER_VERSION):
        worker.this_version = lambda: version
