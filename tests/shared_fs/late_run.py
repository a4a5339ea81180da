"""A coordinator: `python late_run.py HOME SELECTION DESK SAID TASKS GRACE`; it logs to SAID."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from batch_system import Asks

from engine.plan.launch import Options, Slurm
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.events import Log, UnitFinished
from engine.run.slurm.coordinator import Pauses
from engine.run.slurm.executor import SlurmExecutor
from engine.run.steering import Steering
from engine.run.supervise import supervise
from store.errors import GeneArenaError
from store.home import find_home
from store.records import Cancelled


def main(place: str, selection: str, desk: str, said: str, tasks: str, grace: str) -> int:
    """Run it; 0 once all units have outcomes."""
    mailbox = Steering()
    signal.signal(signal.SIGTERM, lambda *_: mailbox.stop_soon(leaving=True))
    home = find_home(place).create()
    options = Options("cpu", 1, 1, Slurm(array=int(tasks)))
    pauses = Pauses(read=0.1, ask=0.1, grace=float(grace), end=20.0)
    executor = SlurmExecutor(home, options, Asks(Path(desk)), pauses)
    left = False
    with Path(said).open("a") as log:
        try:
            plan = build_plan(Selection.from_json(json.loads(selection)), home, {})
            for event in supervise(home, plan, mailbox, options, executor):
                left |= isinstance(event, UnitFinished) and isinstance(event.outcome, Cancelled)
                if isinstance(event, Log):
                    log.write(f"{event.level} {event.text}\n")
                    log.flush()
        except GeneArenaError as error:
            log.write(f"error {error}\n")
            return 2
    return int(left)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
