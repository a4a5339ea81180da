"""A Dask cluster whose workers are threads of this process, so that it can be given any computation."""

from __future__ import annotations

import contextlib
import functools
import time

from engine.plan.launch import Dask, Options
from engine.run.compute import Compute
from engine.run.dask import computing
from engine.run.dask.cluster import GPU, _library
from engine.run.dask.executor import DaskExecutor
from store.home import Home

WORKERS = 4


@functools.cache
def cluster(workers: int = WORKERS, cards: int = 0, threads: int = 1):
    """Started once for all tests of a process; it ends with that."""
    from distributed import Client, LocalCluster

    _library()
    started = LocalCluster(
        n_workers=workers,
        threads_per_worker=threads,
        processes=False,
        dashboard_address="127.0.0.1:0",
        memory_limit=0,
        resources={GPU: cards} if cards else None,
    )
    with Client(started, set_as_default=False) as client:  # threads that Dask keeps from the first task on
        client.gather(client.map(time.sleep, [0.05] * 4 * WORKERS, pure=False))
    return started


def dask_of(workers: int = WORKERS, cards: int = 0, threads: int = 1):
    """Makes executors on a cluster of so many workers, each of which has so many cards and threads."""

    @contextlib.contextmanager
    def reach(_: Options):
        from distributed import Client

        with Client(cluster(workers, cards, threads), set_as_default=False) as client:
            yield client, 1

    def make(home: Home, compute: Compute) -> DaskExecutor:
        computing.compute_of = lambda _: compute
        return DaskExecutor(home, Options(device="cpu", dask=Dask()), reach)

    return make
