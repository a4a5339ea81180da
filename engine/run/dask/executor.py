"""The executor that lets a Dask cluster do the work.

Each embedding and each unit is a task of Dask's, and the vectors are its data: what a worker that died was
at, or had, is done again elsewhere, and what belongs to a coordinator that died is dropped. So nothing has
to be cleared up. A worker is given work once it has loaded what computes; one that cannot is left out.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.plan.launch import Dask, Options
from engine.plan.plan import Plan
from engine.run.contract import Mailbox
from engine.run.dask.attendance import Attendance
from engine.run.dask.cluster import cluster
from engine.run.dask.coordinator import Coordinator
from engine.run.dask.flight import Flight
from engine.run.dask.worker import Order
from engine.run.events import Event, StageProgress
from engine.run.left_out import left_out
from store.errors import GeneArenaError
from store.home import Home
from store.rows import this_version

if TYPE_CHECKING:
    from distributed import Client

Reach = Callable[[Options], AbstractContextManager[tuple["Client", int]]]


class DaskExecutor:
    """Does the work on a Dask cluster; see `contract.Executor`."""

    def __init__(self, home: Home, options: Options | None = None, reach: Reach = cluster) -> None:
        """For one home.

        Args:
            home: where models are, on workers too, unless they have one of their own.
            options: how the work is done, with the cluster.
            reach: gives a client of the cluster and the threads of each piece, as `cluster` does.
        """
        self._home = home
        self._options = options or Options(dask=Dask())
        self._reach = reach

    def work(self, plan: Plan, mailbox: Mailbox) -> Iterator[Event]:
        """Give out, follow and take in, until every unit has an outcome or is left out."""
        where = (self._options.dask or Dask()).scheduler or "processes of this machine"
        yield StageProgress("load", "the cluster", 0, 1, 0.0, None)
        try:
            reached = self._reach(self._options)
            client, threads = reached.__enter__()
        except GeneArenaError as error:
            yield from left_out(plan.todo, str(error))
            return
        try:
            yield StageProgress("load", "the cluster", 1, 1, 0.0, 0.0)
            options = replace(self._options, threads=self._options.threads or threads)
            order = Order(f"genearena-{secrets.token_hex(4)}", this_version(), self._home, options)
            flight = Flight(client, order)
            yield from Coordinator(plan, mailbox, Attendance(where, flight), flight).work()
        finally:
            reached.__exit__(None, None, None)
