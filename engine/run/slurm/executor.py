"""The executor that lets a job array do the work: freezes shards, submits, follows, and plans again.

Arrays outlive it. One that an earlier coordinator left behind is followed like its own, so that a
coordinator that dies takes nothing with it; what no living array has is put into a new one.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.plan.launch import Options, Slurm
from engine.plan.plan import Plan
from engine.run.contract import Mailbox
from engine.run.events import Event
from engine.run.slurm.coordinator import Coordinator, Pauses
from engine.run.slurm.scheduler import Commands, Scheduler
from store.home import Home


class SlurmExecutor:
    """Does the work in job arrays over a shared home; see `contract.Executor`."""

    def __init__(
        self,
        home: Home,
        options: Options | None = None,
        scheduler: Scheduler | None = None,
        pauses: Pauses | None = None,
    ) -> None:
        """For one home.

        Args:
            home: which this machine and all nodes share.
            options: how the work is done, with what is asked of SLURM.
            scheduler: stands in for the commands of this machine.
            pauses: how long it waits.
        """
        self._home = home
        self._options = options or Options(slurm=Slurm())
        self._scheduler = scheduler or Commands()
        self._pauses = pauses or Pauses()

    def work(self, plan: Plan, mailbox: Mailbox) -> Iterator[Event]:
        """Submit, follow and pass on, until every unit has an outcome or is left out."""
        return Coordinator(self._home, self._options, self._scheduler, self._pauses, plan, mailbox).work()
