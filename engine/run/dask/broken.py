"""Why a cluster, or this run's part of it, cannot go on, in a sentence or two."""

from __future__ import annotations

from engine.run.shortage import shortage
from store.errors import GeneArenaError, unforeseen


class Broken(GeneArenaError):
    """The cluster, or this run's part of it, cannot go on."""


def gone(where: str) -> Broken:
    """The scheduler does not answer any more."""
    return Broken(f"The Dask scheduler of {where} is gone.", "Start it again; what is scored is kept.")


def unfit(error: BaseException) -> Broken:
    """Why a worker cannot do anything, in a sentence or two."""
    if isinstance(error, GeneArenaError):
        return Broken(error.message, error.hint)
    if type(error).__name__ == "KilledWorker":
        return Broken("It died while it loaded what the run needs.", "See its log.")
    if isinstance(error, ImportError) or "deserializ" in str(error):
        cause = error if isinstance(error, ImportError) else error.__cause__ or error
        return Broken(
            f"The scheduler or a worker cannot load what the run needs ({str(cause).splitlines()[0]}).",
            "Install the same genearena there as here.",
        )
    return Broken(shortage(error) or unforeseen(error))
