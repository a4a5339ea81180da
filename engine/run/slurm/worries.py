"""What somebody should look at among the tasks of an array, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from engine.mailbox import WorkerStatus

_USUAL: Final = ("", "Resources", "Priority", "BeginTime", "Cleaning", "JobArrayTaskLimit")
"""Why tasks wait on any cluster, and not for long."""


def worries(workers: Iterable[WorkerStatus]) -> Iterator[str]:
    """Of each task that is silent, or waits for what may never come."""
    for worker in workers:
        if worker.state == "silent":
            yield f"{worker.name} on {worker.host} is silent. {worker.message}".strip()
        elif worker.state == "waits" and worker.message.split(",")[0] not in _USUAL:
            name = worker.name.partition(" ")[0]
            yield (
                f"Tasks of {name} wait, for which SLURM's reason is {worker.message}. Where that does "
                "not end by itself, `genearena cancel`, and ask for something else."
            )
