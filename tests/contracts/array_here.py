"""A scheduler whose tasks are threads of this process, so that an array can be given any computation."""

from __future__ import annotations

import threading
from pathlib import Path

from engine.plan.launch import Options, Slurm
from engine.run.compute import Compute
from engine.run.shards.array import frozen_arrays, read_frozen
from engine.run.shards.followed import Queued
from engine.run.shards.task import work
from engine.run.shards.told import Told, asked
from engine.run.slurm.coordinator import Pauses
from engine.run.slurm.executor import SlurmExecutor
from engine.run.steering import Steering
from store.home import Home

SHORT = Pauses(read=0.01, ask=0.01, grace=0.5, end=20.0)


class ThreadScheduler:
    """Runs each task of an array at once, as a thread."""

    def __init__(self, compute: Compute | None) -> None:
        self.compute = compute
        self.arrays: dict[str, list[tuple[threading.Thread, Told]]] = {}

    def submit(self, script: Path) -> str:
        folder = script.parent
        frozen = read_frozen(folder)
        tasks = self.arrays[frozen.name] = []
        for index in range(len(frozen.shards)):
            told = Told(folder)
            thread = threading.Thread(target=work, args=(folder, index, told, self.compute), daemon=True)
            tasks.append((thread, told))
        for thread, _ in tasks:
            thread.start()
        return "1"

    def queued(self, name: str) -> list[Queued]:
        tasks = enumerate(self.arrays.get(name, ()))
        return [Queued(index, "RUNNING", "here", "None") for index, (task, _) in tasks if task.is_alive()]

    def cancel(self, name: str, *, waiting_only: bool = False) -> None:
        for _, told in () if waiting_only else self.arrays.get(name, ()):
            told.stop()


def array_of(tasks: int):
    def make(home: Home, compute: Compute) -> SlurmExecutor:
        options = Options(device="cpu", workers=1, slurm=Slurm(array=tasks))
        return SlurmExecutor(home, options, ThreadScheduler(compute), SHORT)

    return make


def heard(home: Home, mailbox: Steering) -> bool:
    """Whether what is asked of a run has come to all who work on it: at once, but for tasks of arrays."""
    state = "drain" if mailbox.drained.is_set() else "pause" if mailbox.paused else "go"
    living = [frozen for frozen in frozen_arrays(home) if not frozen.ended]
    return all((asked(frozen.folder) or ("",))[0] == state for frozen in living)
