"""Job arrays: what a unit costs beside its own work, and cutting a million of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmarks._home import fresh_home

if TYPE_CHECKING:
    from engine.plan.plan import Plan
    from store.home import Home

Row = dict[str, Any]
UNITS = 2000
MANY = (50, 40, 5, 100)
"""Models, tasks, protocols and splits of a large plan."""


def overhead() -> list[Row]:
    """CPU time of units that compute nothing: saved by threads, and by a task and its coordinator."""
    from engine.plan.launch import Options, Slurm
    from engine.run.events import UnitFinished
    from engine.run.runner import run
    from engine.run.shards.array import freeze
    from engine.run.shards.cut import shards_of
    from engine.run.shards.followed import Followed
    from engine.run.shards.task import work
    from engine.run.shards.told import Told, ask
    from engine.run.slurm.script import script
    from engine.run.steering import Steering
    from engine.run.threads import ThreadExecutor
    from store.store import Store

    with fresh_home() as home:
        plan, instant = _plan(home), _instant(home)
        with instant.limits(1):  # loads the libraries, which neither side is charged with
            instant.devices("cpu")
        options = Options("cpu", 1, 1, Slurm(array=1))
        started = time.process_time()
        executor = ThreadExecutor(home, options, instant)
        scored = sum(isinstance(one, UnitFinished) for one in run(plan, Store(home), Steering(), executor))
        threads = time.process_time() - started
        frozen = freeze(home, plan, shards_of(home, plan, plan.todo, options), options, script)
        ask(frozen.folder, "go")
        started = time.process_time()
        work(frozen.folder, 0, Told(frozen.folder), instant)
        task = time.process_time() - started
        started = time.process_time()
        read = sum(isinstance(one, UnitFinished) for one in Followed(frozen).saved())
        reading = time.process_time() - started
    return [
        {
            "work": f"{UNITS:,} units that compute nothing, saved: CPU time of each",
            "reference": f"threads {threads / UNITS * 1e3:.2f} ms",
            "ours": f"task {task / UNITS * 1e3:.2f} ms, coordinator {reading / UNITS * 1e3:.2f} ms",
            "ratio": (task + reading) / threads,
            "equal": scored == read == UNITS,
            "limit": "",
            "note": "a task starts in some seconds more, which go into loading libraries",
        }
    ]


def million() -> list[Row]:
    """A million units cut into 256 shards, and the array's folder written."""
    from engine.plan.launch import Options, Slurm
    from engine.run.shards.array import freeze, read_frozen
    from engine.run.shards.costs import Costs
    from engine.run.shards.cut import cut
    from engine.run.slurm.script import script

    with fresh_home() as home:
        plan = _large()
        started = time.perf_counter()
        shards = cut(plan.units, 256, plan.models, lambda _: 300, Costs())
        frozen = freeze(home, plan, shards, Options(slurm=Slurm(array=256)), script)
        took = time.perf_counter() - started
        size = (frozen.folder / "array.json").stat().st_size
        started = time.perf_counter()
        one = read_frozen(frozen.folder, only=7)
        reading = time.perf_counter() - started
    equal = one is not None and one.shards[7] == shards[7]
    return [
        {
            "work": f"{len(plan.units):,} units cut into {len(shards)} shards and written",
            "reference": "",
            "ours": f"{took:.1f} s, {size / 1e6:.1f} MB; a task reads its own in {reading:.2f} s",
            "ratio": took,
            "equal": equal and sum(len(shard.units) for shard in shards) == len(plan.units),
            "limit": "<= 60",
            "note": "in seconds",
        }
    ]


def _plan(home: Home) -> Plan:
    from benchmarks.classify import BUNDLED, TASKS
    from engine.plan.plan import build_plan
    from engine.plan.selection import Selection

    plan = build_plan(Selection((BUNDLED,), TASKS[-1:], ("lr",), tuple(range(UNITS))), home, {})
    plan.tasks[TASKS[-1]]  # read once, by neither side
    return plan


def _instant(home: Home) -> Any:
    """A compute that gives every unit the same scores at once."""
    import numpy as np

    from engine.environment import now
    from engine.run.compute import Context, LocalCompute, TaskVectors
    from store.records import Metrics, Prediction, Scored, Task, Unit

    rows = tuple(Prediction(place, f"GENE{place}", place % 2, (0.25, 0.75)) for place in range(60))

    class Instant(LocalCompute):
        def embed(self, unit: Unit, model: Any, tasks: Sequence[Task], *_: Any) -> dict[str, TaskVectors]:
            return {task.name: TaskVectors(np.zeros((len(task.genes), 2), "f4"), "h", ()) for task in tasks}

        def classify(self, unit: Unit, task: Task, vectors: TaskVectors, context: Context) -> Scored:
            return Scored(unit, Metrics(*[0.5] * 6), rows, "s", 240, 60, context.environment, now())

    return Instant(home)


def _large() -> Plan:
    from engine.plan.plan import Plan
    from engine.plan.selection import Selection
    from store.records import Audit, Model, Task, Unit
    from store.uncollected import uncollected

    models, tasks, protocols, seeds = MANY
    known = {f"m{n}": Model(f"m{n}", "package", f"m{n}", parameters=10**7 * (n + 1)) for n in range(models)}
    texts = ("A gene.",) * 300
    named = {
        f"t{n}": Task(f"t{n}", "", ("a", "b"), ("g",) * 300, (0,) * 300, texts, Audit(()))
        for n in range(tasks)
    }
    with uncollected():  # as a plan is made
        units = [
            Unit(model, task, f"p{protocol}", "paper", seed, _spec(model, task, protocol, seed))
            for model in known
            for protocol in range(protocols)
            for task in named
            for seed in range(seeds)
        ]
    return Plan(Selection(tuple(known), tuple(named), ("lr",)), tuple(units), known, named)


def _spec(model: str, task: str, protocol: int, seed: int) -> dict[str, Any]:
    return {
        "v": 1,
        "model": {"kind": "package", "source": model},
        "embedding": {"precision": "fp32"},
        "task": task,
        "protocol": {"name": f"p{protocol}"},
        "split": {"scheme": "paper", "seed": seed},
    }


BENCHMARKS = {"array-overhead": overhead, "array-million": million}
