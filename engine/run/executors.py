"""Which executor does the work of a run: the one that its options ask for."""

from __future__ import annotations

from engine.plan.launch import Options
from engine.run.compute import Compute
from engine.run.contract import Executor
from engine.run.threads import ThreadExecutor
from store.home import Home


def executor_of(home: Home, options: Options, compute: Compute | None = None) -> Executor:
    """Threads of this process, a job array or a Dask cluster.

    `compute` stands in for this machine's own libraries.
    """
    if options.slurm is not None:
        from engine.run.slurm.executor import SlurmExecutor

        return SlurmExecutor(home, options)
    if options.dask is not None:
        from engine.run.dask.executor import DaskExecutor

        return DaskExecutor(home, options)
    return ThreadExecutor(home, options, compute)
