"""Tasks that are killed and coordinators that come and go, at random: each unit counts once."""

from __future__ import annotations

import random
import threading
from collections import Counter

import pytest
from processes import SHORT, ProcessScheduler
from workbench import write_task

from engine.plan.launch import Options, Slurm
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.slurm.executor import SlurmExecutor
from engine.run.steering import Steering
from engine.run.supervise import supervise
from store.home import find_home
from store.journal import Entry, read_journals
from store.store import Store


@pytest.mark.slow
@pytest.mark.parametrize("seed", [13, 14])
def test_whatever_happens_each_unit_counts_once(tmp_path, seed):
    home = find_home(tmp_path / "home").create()
    tasks = tuple(write_task(tmp_path, name) for name in ("one", "two"))
    selection = Selection(("all-MiniLM-L6-v2",), tasks, ("lr", "rf"), tuple(range(41, 341)))
    options, scheduler = Options("cpu", 1, 1, Slurm(array=4)), ProcessScheduler()
    dice = random.Random(seed)
    plan = build_plan(selection, home, {})
    while (rest := plan.against(Store(home).finished())).todo:
        mailbox, over = Steering(), threading.Event()
        trouble = threading.Thread(target=make, args=(dice, scheduler, mailbox, over))
        trouble.start()
        list(supervise(home, rest, mailbox, options, SlurmExecutor(home, options, scheduler, SHORT)))
        over.set()
        trouble.join()
    lines = (line for line in read_journals(home.journals, {}) if isinstance(line, Entry))
    found = Counter(line.key for line in lines if line.kind in ("scored", "failed"))
    assert found == Counter(unit.key for unit in plan.units)


def make(dice, scheduler: ProcessScheduler, mailbox: Steering, over: threading.Event) -> None:
    """Kill a task, have the coordinator leave, or pause, every second or so."""
    while not over.wait(dice.uniform(0.8, 1.6)):
        what = dice.random()
        if what < 0.5:
            for _, process in list(scheduler.running.values()):
                process.kill()
        elif what < 0.65:
            mailbox.stop(leaving=True)
            return
        elif what < 0.8:
            mailbox.pause()
            over.wait(0.2)
            mailbox.resume()
