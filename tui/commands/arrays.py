"""The options of `run` that hand the work to SLURM, and what a job array would be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import click

from engine.plan.launch import Options, Slurm
from store.errors import UsageError
from tui.commands.common import put, put_table, say
from tui.quantities import duration

if TYPE_CHECKING:
    from engine.plan.plan import Plan
    from store.home import Home

_ASKED: Final = ("partition", "gpus", "array", "time", "account", "mem", "cpus", "sbatch")
_FEW: Final = click.IntRange(1, 1024)

_OPTIONS: Final = (
    click.option(
        "--executor", type=click.Choice(["threads", "slurm"]), default="threads", show_default=True,
        help="Who does the work: threads of this machine, or a SLURM job array; see docs/clusters.md.",
    ),
    click.option("--array", type=click.IntRange(1, 100_000), help="Tasks at most.  [default: 16]"),
    click.option("--partition", metavar="NAME", help="Of SLURM, as are those that follow."),
    click.option("--time", metavar="H:MM:SS", help="Limit of each task; what is left is submitted again."),
    click.option("--gpus", type=_FEW, help="Of each task."),
    click.option("--cpus", type=_FEW, help="Of each task."),
    click.option("--mem", metavar="SIZE", help="Of each task, e.g. 16G."),
    click.option("--account", metavar="NAME", help="Who pays."),
    click.option("--sbatch", multiple=True, metavar="OPTION", help="A further option, e.g. '--qos=long'."),
)  # fmt: skip


def array_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that `with_array` reads."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def with_array(options: Options, chosen: dict[str, Any]) -> Options:
    """`options`, with what is asked of SLURM if it is to do the work.

    Raises:
        UsageError: something is asked of SLURM that is not to do it, or is more than one line.
    """
    asked = {name: chosen[name] for name in _ASKED if chosen[name]}
    if chosen["executor"] != "slurm":
        if asked:
            first = next(iter(asked))
            raise UsageError(f"--{first} goes with --executor slurm.", "Give both, or none.")
        return options
    for name, value in asked.items():
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, str) and (not one.isprintable() or "\n" in one):
                raise UsageError(f"--{name} {one!r} is not one line of text.")
    for option in chosen["sbatch"]:
        if not option.startswith("-"):
            raise UsageError(f"--sbatch {option!r} is not an option.", "Give it as '--qos=long'.")
    return Options(options.device, options.workers, options.threads, Slurm(**asked))


def check_array(options: Options) -> None:
    """Ask SLURM whether it takes such tasks, so that what it refuses is known at once.

    Raises:
        UsageError: it does not, or is not here.
    """
    from engine.run.slurm.scheduler import Commands

    if options.slurm is not None:
        Commands().check(options.slurm)


def put_array(home: Home, plan: Plan, options: Options) -> None:
    """The script that would be submitted, and how long each task would take; nothing is written."""
    from engine.run.slurm.array import draft
    from engine.run.slurm.coordinator import shards_of
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
