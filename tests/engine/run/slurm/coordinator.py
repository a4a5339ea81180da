"""A coordinator that waits for little, as `python coordinator.py HOME SELECTION [TASKS]` too."""

from __future__ import annotations

import json
import signal
import sys

from engine.plan.launch import Options, Slurm
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.slurm.coordinator import Pauses
from engine.run.slurm.executor import SlurmExecutor
from engine.run.steering import Steering
from engine.run.supervise import supervise
from store.home import Home, find_home

SHORT = Pauses(read=0.2, ask=0.5, grace=3.0, end=30.0)


def coordinate(home: Home, selection: Selection, tasks: int = 4, slurm: Slurm | None = None, mailbox=None):
    """Run it as an array, in this process; its events."""
    mailbox = mailbox or Steering()
    options = Options(device="cpu", workers=1, threads=1, slurm=slurm or Slurm(array=tasks, time="10"))
    plan = build_plan(selection, home, {})
    return list(supervise(home, plan, mailbox, options, SlurmExecutor(home, options, pauses=SHORT)))


if __name__ == "__main__":
    steering = Steering()
    signal.signal(signal.SIGTERM, lambda *_: steering.stop_soon(leaving=True))
    chosen = Selection.from_json(json.loads(sys.argv[2]))
    coordinate(find_home(sys.argv[1]), chosen, int([*sys.argv, "4"][3]), mailbox=steering)
