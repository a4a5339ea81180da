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
    """Why a worker cannot do anything, in a sentence or two that follow one which names it."""
    if isinstance(error, GeneArenaError):
        return Broken(error.message, error.hint)
    if isinstance(error, ImportError) or "deserializ" in str(error):
        cause = error if isinstance(error, ImportError) else error.__cause__ or error
        said = str(cause).partition("\n")[0] or type(cause).__name__
        return Broken(
            f"It, or the scheduler, cannot load what the run needs ({said}).",
            "Install the same genearena there as here.",
        )
    return Broken(shortage(error) or unforeseen(error))


def deadly(host: str) -> Broken:
    """Why workers that come to a host are not tried any more."""
    return Broken(
        f"Workers on {host} die again and again while they load what the run needs.",
        "See their logs, and whether they have memory enough.",
    )


def says_of_worker(error: BaseException) -> bool:
    """Whether an error of a piece of work is held against its worker rather than against the piece."""
    return isinstance(error, GeneArenaError) or "deserializ" in str(error) or bool(shortage(error))
