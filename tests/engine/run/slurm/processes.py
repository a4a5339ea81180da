"""A scheduler whose tasks are processes of this machine, which compute instantly, or die of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from workbench import FakeCompute

from engine.plan.launch import Options, Slurm
from engine.run.shards.array import read_frozen
from engine.run.shards.followed import Queued
from engine.run.shards.task import work
from engine.run.shards.told import Told
from engine.run.slurm.coordinator import Pauses
from engine.run.slurm.executor import SlurmExecutor
from engine.run.slurm.scheduler import SchedulerError
from store.home import Home

SHORT = Pauses(read=0.02, ask=0.02, grace=0.5, end=20.0)
DEADLY = "GENEARENA_TEST_DEADLY"
"""The seed whose unit ends the process that computes it."""


class ProcessScheduler:
    """Runs the tasks of an array one after the other."""

    def __init__(self, deadly: int = 0) -> None:
        self.deadly = deadly
        self.submitted: list[Path] = []
        self.refuses = ""
        self.waiting: dict[str, list[int]] = {}
        self.running: dict[str, tuple[int, subprocess.Popen]] = {}

    def submit(self, script: Path) -> str:
        if self.refuses:
            raise SchedulerError(self.refuses)
        frozen = read_frozen(script.parent)
        self.submitted.append(script.parent)
        self.waiting[frozen.name] = list(range(len(frozen.shards)))
        return str(len(self.submitted))

    def queued(self, name: str) -> list[Queued]:
        index, process = self.running.get(name, (0, None))
        if process is not None and process.poll() is not None:
            del self.running[name]
            process = None
        if process is None and self.waiting.get(name):
            index = self.waiting[name].pop(0)
            self.running[name] = (index, self._start(name, index))
        found = [Queued(self.running[name][0], "RUNNING", "here", "None")] if name in self.running else []
        return found + [Queued(one, "PENDING", "", "Resources") for one in self.waiting.get(name, [])]

    def cancel(self, name: str, *, waiting_only: bool = False) -> None:
        self.waiting[name] = []
        if name in self.running and not waiting_only:
            self.running[name][1].terminate()

    def _start(self, name: str, index: int) -> subprocess.Popen:
        [folder] = [one for one in self.submitted if name.endswith(one.name)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), DEADLY: str(self.deadly)}
        with (folder / "logs" / f"{index}.out").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, __file__, str(folder), str(index)], stdout=log, stderr=log, env=environment
            )


def executor(home: Home, scheduler: ProcessScheduler, tasks: int = 1) -> SlurmExecutor:
    return SlurmExecutor(home, Options("cpu", 1, 1, Slurm(array=tasks)), scheduler, SHORT)


def _die(unit, cancel) -> None:
    if unit.seed == int(os.environ[DEADLY]):
        os.abort()


if __name__ == "__main__":
    place = Path(sys.argv[1])
    work(place, int(sys.argv[2]), Told(place), FakeCompute(_die))
