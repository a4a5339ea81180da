"""Who runs the tasks of an array on which machine; coordinators ask it by files beside the shared home."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from machines import Machine

from engine.run.shards.array import read_frozen
from engine.run.shards.followed import Queued
from store.files import read_json, write_json

TASK = Path(__file__).with_name("late_task.py")


class Asks:
    """What a coordinator knows of it, in the folder `desk`: a `Scheduler`."""

    def __init__(self, desk: Path) -> None:
        self.desk = desk

    def submit(self, script: Path) -> str:
        """See `Scheduler`."""
        frozen = read_frozen(script.parent)
        job = {"folder": str(frozen.folder), "tasks": len(frozen.shards)}
        write_json(self.desk / f"{frozen.name}.job", job)
        return "1"

    def queued(self, name: str) -> list[Queued]:
        """See `Scheduler`; leaves a mark each time that it answers that none is left."""
        job = read_json(self.desk / f"{name}.job")
        waiting = [[index, "PENDING", ""] for index in range(job["tasks"])] if job else []
        said = read_json(self.desk / f"{name}.said")
        tasks = said["tasks"] if said else waiting
        if said and not tasks:
            with (self.desk / f"{name}.none").open("a") as told:
                told.write(".")
        return [Queued(*task, "None") for task in tasks]

    def cancel(self, name: str, *, waiting_only: bool = False) -> None:
        """See `Scheduler`."""
        if not waiting_only:
            (self.desk / f"{name}.cancel").touch()


@dataclass(slots=True)
class _Task:
    index: int
    machine: int
    process: subprocess.Popen

    @property
    def life(self) -> str:
        """What its journal's name begins with."""
        return f"{self.index:05d}-{self.process.pid}"


@dataclass(slots=True)
class BatchSystem:
    """Does what is asked in its folder `desk`, in a thread of its own; a `with` block."""

    desk: Path
    machines: list[Machine]
    seconds: float
    """That a unit takes; see `late_task`."""
    dice: random.Random
    jobs: dict[str, str] = field(default_factory=dict)
    """Job -> the folder of its array."""
    tasks: dict[str, list[_Task]] = field(default_factory=dict)
    lives: int = 0
    """Of tasks, begun so far."""
    turn: threading.RLock = field(default_factory=threading.RLock)
    over: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def __enter__(self) -> BatchSystem:
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()
        for task in self.running():
            task.process.kill()
            task.process.wait()

    def _serve(self) -> None:
        while not self.over.wait(0.02):
            with self.turn:
                for path in self.desk.glob("*.job"):
                    if path.stem not in self.jobs and (job := read_json(path)):
                        self.jobs[path.stem] = job["folder"]
                        self.tasks[path.stem] = [self._begin(path.stem, i) for i in range(job["tasks"])]
                for name, tasks in self.tasks.items():
                    if (self.desk / f"{name}.cancel").exists():
                        for task in tasks:
                            task.process.terminate()
                    left = [task for task in tasks if task.process.poll() is None]
                    if len(left) < len(tasks) or not (self.desk / f"{name}.said").exists():
                        self.tasks[name] = left
                        self._say(name)

    def _say(self, name: str) -> None:
        told = [[task.index, "RUNNING", f"node{task.machine}"] for task in self.tasks[name]]
        write_json(self.desk / f"{name}.said", {"tasks": told})

    def _begin(self, name: str, index: int) -> _Task:
        self.lives += 1
        machine = self.dice.randrange(len(self.machines))
        log = f"{self.jobs[name]}/logs/{index}.out"
        words = [sys.executable, TASK, self.jobs[name], index, self.seconds]
        process = self.machines[machine].start("sh", "-c", 'exec "$@" >>"$0" 2>&1', log, *words)
        return _Task(index, machine, process)

    def running(self) -> list[_Task]:
        """The tasks that have not ended."""
        with self.turn:
            return [one for tasks in self.tasks.values() for one in tasks if one.process.poll() is None]

    def kill(self, served: Path, *, requeue: bool) -> None:
        """Kill a task that has saved something; `requeue`: it begins again, perhaps on another machine."""
        with self.turn:
            journals = {path.name.rsplit("-", 1)[0] for path in served.rglob("*.jsonl")}
            for name, tasks in self.tasks.items():
                living = [one for one in tasks if one.process.poll() is None and one.life in journals]
                if living:
                    task = self.dice.choice(living)
                    task.process.kill()
                    task.process.wait()
                    if requeue:
                        tasks[tasks.index(task)] = self._begin(name, task.index)
                        self._say(name)
                    return

    def crash(self) -> None:
        """One machine goes down with its tasks, and comes back."""
        with self.turn:
            number = self.dice.randrange(len(self.machines))
            for task in self.running():
                if task.machine == number:
                    task.process.kill()
                    task.process.wait()
            self.machines[number].crash()
            self.machines[number].boot()
