"""What `plan --simulate` foretells of the grid, beside what it then takes: threads, and tasks of an array.

The unit times are those that the same run has left in its store, so that only the simulation is tried, and
not how well one run's times stand for another's. Tasks of an array are processes that are started here, as
SLURM would start them; what a queue adds to them is not foretold.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from benchmarks._home import fresh_home
from benchmarks.classify import TASKS

if TYPE_CHECKING:
    from engine.plan.plan import Plan
    from store.home import Home

PROTOCOLS: Final = ("lr", "rf", "lr-cv", "rf-cv")
SEEDS: Final = (41, 42, 43)
TASKS_OF_ARRAY: Final = 2


def foretold() -> list[dict[str, Any]]:
    ways: dict[str, tuple[Callable[[Home, Plan], None], int, int]] = {
        "threads, 1 worker": (lambda home, plan: _threads(home, plan, 1), 1, 1),
        "threads, 2 workers": (lambda home, plan: _threads(home, plan, 2), 1, 2),
        f"array, {TASKS_OF_ARRAY} tasks of 1 core": (_array, TASKS_OF_ARRAY, 1),
    }
    return [_compared(name, *way) for name, way in ways.items()]


def _compared(name: str, way: Callable[[Home, Plan], None], hosts: int, cores: int) -> dict[str, Any]:
    from engine.plan.plan import build_plan
    from engine.plan.selection import Selection
    from engine.run.shards.costs import known_costs
    from engine.run.shards.cut import cut
    from engine.run.shards.simulate import Cluster, simulate
    from store.store import Store
    from tui.commands.select import DEFAULT_MODELS

    chosen = Selection(DEFAULT_MODELS, TASKS, PROTOCOLS, SEEDS, controls="none")
    with fresh_home() as home:
        plan = build_plan(chosen, home, {})
        texts = {name: len(task.texts) for name, task in plan.tasks.items()}
        started = time.perf_counter()
        way(home, plan)
        real = time.perf_counter() - started
        store = Store(home)
        store.flush()
        done = store.finished()
        store.close()
        costs = known_costs(home)
    shards = cut(plan.units, hosts, plan.models, texts.__getitem__, costs)
    found = simulate(shards, Cluster(hosts, 0, cores), plan.models, texts.__getitem__, costs)
    return {
        "work": f"{len(plan.units)} units, {name}",
        "reference": f"took {real:.1f} s",
        "ours": f"foretold {found.seconds:.1f} s",
        "ratio": found.seconds / real,
        "equal": len(done) == len(plan.units) and found.measured == 1,
        "limit": "",
        "note": f"to lie within 0.7 and 1.4; load of the machine meanwhile {os.getloadavg()[0]:.1f}",
    }


def _threads(home: Home, plan: Plan, workers: int) -> None:
    """As who starts it from a shell: a process of its own."""
    chosen = {
        "models": plan.selection.models,
        "tasks": plan.selection.tasks,
        "protocols": plan.selection.protocols,
        "seeds": map(str, plan.selection.seeds),
    }
    options = ["--controls", "none", "--device", "cpu", "--threads", "1", "--workers", str(workers)]
    for name, values in chosen.items():
        options += [f"--{name}", ",".join(values)]
    given = {**os.environ, "GENEARENA_HOME": str(home.data.parent)}
    _ended(
        [
            subprocess.Popen(
                [sys.executable, "-m", "tui", "run", *options], env=given, stderr=subprocess.DEVNULL
            )
        ]
    )


def _array(home: Home, plan: Plan) -> None:
    from engine.plan.launch import Options, Slurm
    from engine.run.shards.array import freeze
    from engine.run.shards.collect import collect
    from engine.run.shards.cut import shards_of
    from engine.run.shards.told import ask
    from engine.run.slurm.script import script
    from store.store import Store

    options = Options("cpu", 1, 1, Slurm(array=TASKS_OF_ARRAY))
    frozen = freeze(home, plan, shards_of(home, plan, plan.todo, options), options, script)
    ask(frozen.folder, "go")
    command = [sys.executable, "-m", "engine.run.shards", str(frozen.folder)]
    given = {**os.environ, "SLURM_CPUS_ON_NODE": "1"}
    tasks = [subprocess.Popen([*command, str(index)], env=given) for index in range(len(frozen.shards))]
    _ended(tasks)
    frozen.end()
    store = Store(home)
    collect(home, store)
    store.close()


def _ended(tasks: Sequence[subprocess.Popen[bytes]]) -> None:
    codes = [task.wait() for task in tasks]
    if any(codes):
        raise RuntimeError(f"tasks ended with {codes}")


BENCHMARKS = {"simulate": foretold}
