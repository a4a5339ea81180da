"""A Dask cluster of this machine's processes: what a unit costs beside its own work, and what two bring."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from benchmarks._home import fresh_home

if TYPE_CHECKING:
    from engine.plan.plan import Plan
    from store.home import Home

Row = dict[str, Any]
SMALL = 100
"""Units of the comparison of overheads."""
TUNED = 8
"""Tuned forests that one worker, and two, are given."""


def overhead() -> list[Row]:
    """Wall time of a small unit on one process of Dask, and on one thread, once the first is done."""
    from engine.plan.launch import Options
    from engine.run.threads import ThreadExecutor

    with fresh_home() as home:
        plan = _plan(home, "lr", SMALL)
        on_a_thread, wanted = _timed(ThreadExecutor(home, Options("cpu", 1, 1)), plan)
        on_dask, rows = _on(home, 1, plan)
    threads, one = _each(on_a_thread), _each(on_dask)
    return [
        {
            "work": f"{SMALL} logistic regressions",
            "reference": f"one thread {threads * 1e3:.0f} ms each",
            "ours": f"one process of Dask {one * 1e3:.0f} ms each",
            "ratio": one / threads,
            "equal": rows == wanted,
            "limit": "",
            "note": "a thread has a process of its own that classifies meanwhile, and so two cores",
        }
    ]


def two_workers() -> list[Row]:
    """Wall time of tuned forests on two processes of Dask, and on one."""
    with fresh_home() as home:
        plan = _plan(home, "rf-cv", TUNED)
        one, wanted = _on(home, 1, plan)
        two, rows = _on(home, 2, plan)
    return [
        {
            "work": f"{TUNED} tuned forests",
            "reference": f"one process {one[-1]:.1f} s",
            "ours": f"two processes {two[-1]:.1f} s",
            "ratio": two[-1] / one[-1],
            "equal": rows == wanted,
            "limit": "<= 0.65",
        }
    ]


def _each(ends: list[float]) -> float:
    """Seconds of a unit, but the first, before which processes start and texts are embedded."""
    return (ends[-1] - ends[0]) / (len(ends) - 1)


def _on(home: Home, processes: int, plan: Plan) -> tuple[list[float], dict[str, Any]]:
    """As `_timed`, on processes that have done something before."""
    import contextlib

    from engine.plan.launch import Dask, Options
    from engine.run.dask.cluster import cluster
    from engine.run.dask.executor import DaskExecutor

    options = Options("cpu", threads=1, dask=Dask(processes=processes))
    with cluster(options) as reached:
        executor = DaskExecutor(home, options, lambda _: contextlib.nullcontext(reached))
        _timed(executor, _plan(home, "rf", 2 * processes))
        return _timed(executor, plan)


def _timed(executor: Any, plan: Plan) -> tuple[list[float], dict[str, Any]]:
    """When the units of `plan` ended, in seconds from the begin, and their rows."""
    from engine.run.events import UnitFinished
    from engine.run.steering import Steering

    started, ends, rows = time.perf_counter(), [], {}
    for event in executor.work(plan, Steering()):
        if isinstance(event, UnitFinished):
            ends.append(time.perf_counter() - started)
            rows[event.outcome.unit.key] = (event.outcome.metrics, event.outcome.predictions)
    return ends, rows


def _plan(home: Home, protocol: str, units: int) -> Plan:
    from benchmarks.classify import BUNDLED, TASKS
    from engine.plan.plan import build_plan
    from engine.plan.selection import Selection

    return build_plan(Selection((BUNDLED,), TASKS[-1:], (protocol,), tuple(range(units))), home, {})


BENCHMARKS = {"dask-overhead": overhead, "dask-workers": two_workers}
