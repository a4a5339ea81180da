"""The options of `run` that hand the work to SLURM or Dask, and what a job array would be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from engine.plan.launch import Dask, Options, Slurm
from store.errors import UsageError
from tui.commands.common import put, put_table, say
from tui.quantities import duration

if TYPE_CHECKING:
    from engine.plan.plan import Plan
    from store.home import Home

_ASKED: Final = ("partition", "gpus", "array", "time", "account", "mem", "cpus", "sbatch")
_ASKED_OF_DASK: Final = ("scheduler", "processes", "tls_ca", "tls_cert", "tls_key", "insecure")
_FILES: Final = ("tls_ca", "tls_cert", "tls_key")
_FEW: Final = click.IntRange(1, 1024)

_OPTIONS: Final = (
    click.option(
        "--executor", type=click.Choice(["threads", "slurm", "dask"]), default="threads", show_default=True,
        help="Who does the work: threads of this machine, a SLURM job array, or a Dask cluster; see "
        "docs/clusters.md.",
    ),
    click.option("--array", type=click.IntRange(1, 100_000), help="Tasks at most.  [default: 16]"),
    click.option("--partition", metavar="NAME", help="Of SLURM, as are those that follow."),
    click.option("--time", metavar="H:MM:SS", help="Limit of each task; what is left is submitted again."),
    click.option("--gpus", type=_FEW, help="Of each task."),
    click.option("--cpus", type=_FEW, help="Of each task."),
    click.option("--mem", metavar="SIZE", help="Of each task, e.g. 16G."),
    click.option("--account", metavar="NAME", help="Who pays."),
    click.option("--sbatch", multiple=True, metavar="OPTION", help="A further option, e.g. '--qos=long'."),
    click.option("--scheduler", metavar="ADDRESS", help="Of a Dask cluster, e.g. tls://host:8786."),
    click.option("--processes", type=_FEW, help="A Dask cluster of so many on this machine, for this run."),
    click.option("--tls-ca", metavar="FILE", help="Of the scheduler; else what Dask's own settings say."),
    click.option("--tls-cert", metavar="FILE", help="Ours, as is the key that follows."),
    click.option("--tls-key", metavar="FILE", help="Unless the certificate's file has it, too."),
    click.option("--insecure", is_flag=True, help="Let a scheduler speak in the clear."),
)  # fmt: skip


def array_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that `with_array` reads."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def with_array(options: Options, chosen: dict[str, Any]) -> Options:
    """`options`, with what is asked of SLURM or Dask if it is to do the work.

    Raises:
        UsageError: something is asked of one that is not to do it, or cannot be asked.
    """
    asked = {}
    for executor, names in (("slurm", _ASKED), ("dask", _ASKED_OF_DASK)):
        asked[executor] = {name: chosen[name] for name in names if chosen[name]}
        if asked[executor] and chosen["executor"] != executor:
            first = next(iter(asked[executor])).replace("_", "-")
            raise UsageError(f"--{first} goes with --executor {executor}.", "Give both, or none.")
    if chosen["executor"] == "dask":
        return replace(options, dask=_dask(asked["dask"]))
    if chosen["executor"] == "slurm":
        return replace(options, slurm=_slurm(asked["slurm"]))
    return options


def _slurm(asked: dict[str, Any]) -> Slurm:
    for name, value in asked.items():
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, str) and (not one.isprintable() or "\n" in one):
                raise UsageError(f"--{name} {one!r} is not one line of text.")
    for option in asked.get("sbatch", ()):
        if not option.startswith("-"):
            raise UsageError(f"--sbatch {option!r} is not an option.", "Give it as '--qos=long'.")
    return Slurm(**asked)


def _dask(asked: dict[str, Any]) -> Dask:
    from engine.run.dask.cluster import check_address

    if "scheduler" in asked and "processes" in asked:
        raise UsageError("--processes are of a cluster that is started here.", "Leave out one of the two.")
    if "scheduler" not in asked and (asked.keys() - {"processes"}):
        first = min(asked.keys() - {"processes"}).replace("_", "-")
        raise UsageError(f"--{first} goes with --scheduler.", "Give both, or none.")
    for name in _FILES:
        if name in asked:  # a runner that is detached stands in another folder
            asked[name] = str(Path(asked[name]).absolute())
    dask = Dask(**asked)
    check_address(dask)
    return dask


def check_array(options: Options) -> None:
    """Ask SLURM or Dask whether it takes such work, so that what it refuses is known at once.

    Raises:
        UsageError: it does not, or is not here.
    """
    if options.slurm is not None:
        from engine.run.slurm.scheduler import Commands

        Commands().check(options.slurm)
    if options.dask is not None:
        from engine.run.dask.cluster import check

        check(options)


def put_array(home: Home, plan: Plan, options: Options) -> None:
    """The script that would be submitted, and how long each task would take; nothing is written."""
    from engine.run.shards.array import draft
    from engine.run.shards.cut import shards_of
    from engine.run.slurm.script import script, sizes

    shards = shards_of(home, plan, plan.todo, options)
    if not shards:
        say("Nothing is left to run, so no job would be submitted.")
        return
    for line in script(draft(home, plan, shards, options)).splitlines():
        put(line)
    rows = [(index, units, duration(seconds), models) for index, units, seconds, models in sizes(shards)]
    put_table(("task", "units", "about", "models"), rows, right={0, 1, 2})
    longest = max(shard.seconds for shard in shards)
    say(
        f"{len(plan.todo)} units in {len(shards)} tasks, the longest of about {duration(longest)} on one "
        "core or card; nothing was submitted."
    )
