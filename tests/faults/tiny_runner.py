"""The real detached runner with a compute whose units take milliseconds; see `engine.run.detached`.

Environment: TINY_SECONDS, how long a unit takes; TINY_POISON, the key of a unit that crashes its runner;
TINY_FLUSH, seconds between two flushes to the database.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine" / "run"))

from workbench import FakeCompute

import engine.run.supervise
from engine.run.detached import main

PAUSE = float(os.environ.get("TINY_SECONDS", "0.01"))
POISON = os.environ.get("TINY_POISON", "")


def behave(unit, cancel):
    time.sleep(PAUSE)
    if unit.key == POISON:
        os.abort()


if __name__ == "__main__":
    if "TINY_FLUSH" in os.environ:
        engine.run.supervise._FLUSH_INTERVAL = engine.run.supervise._FLUSH_SHARE = float(
            os.environ["TINY_FLUSH"]
        )
    sys.exit(main(sys.argv[1:], FakeCompute(behave)))
