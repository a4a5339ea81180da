"""Preloaded by the workers of tests: they compute instantly but for a moment's sleep, or die of a seed."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from engine.run.dask import computing, worker

DEADLY = 13
ENDLESS = 99
"""The seed whose units take for ever, while the file that the environment names is there."""
ENDLESS_WHILE = "GENEARENA_TEST_ENDLESS"
OTHER_VERSION = "GENEARENA_TEST_VERSION"
MISSING = "GENEARENA_TEST_MISSING"


def behave(unit, cancel) -> None:
    if unit.seed == DEADLY:
        os.abort()
    if unit.seed == ENDLESS and Path(os.environ.get(ENDLESS_WHILE, "/nowhere")).exists():
        cancel.wait(3600)
    time.sleep(0.05)


def dask_setup(_) -> None:
    from workbench import FakeCompute

    computing.compute_of = lambda home: FakeCompute(behave)
    if os.environ.get(MISSING):
        sys.modules[worker.__name__] = None
    if version := os.environ.get(OTHER_VERSION):
        worker.this_version = lambda: version
