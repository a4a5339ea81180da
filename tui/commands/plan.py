"""`genearena plan`: what a run would do, how long it takes elsewhere, and its script for a batch system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

import click

from engine.catalog.controls import Which
from engine.environment import usable_cores
from engine.plan.launch import Options, Slurm
from engine.plan.names import names
from engine.plan.plan import Plan
from store.errors import UsageError
from store.home import Home
from tui.commands.arrays import array_options, put_array, with_array
from tui.commands.common import Session, command, counted, json_option, put, put_json, put_table, say
from tui.commands.select import (
    checked_plan,
    controls_option,
    make_options,
    make_selection,
    protocols_option,
    say_part,
    selection_options,
)
from tui.quantities import duration

if TYPE_CHECKING:
    from engine.run.shards.simulate import Simulated


@command("plan")
@protocols_option
@selection_options
@array_options
@controls_option
@click.option(
    "--simulate",
    metavar="CLUSTER",
    help="How long it takes on machines such as hosts=8,gpus=4,cores=32 (of each host), by what units took "
    "here.",
)
@click.option(
    "--export",
    "form",
    type=click.Choice(["sbatch", "snakemake"]),
    help="Freeze the shards in the home and print the script that works them off.",
)
@json_option
def plan_command(
    session: Session,
    protocols: tuple[str, ...],
    controls: Which,
    simulate: str | None,
    form: str | None,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Show what a run would do; size it for a cluster; write it for a batch system.

    Takes what `run` takes, and runs nothing.
    """
    if form and as_json:
        raise UsageError("--export prints a script, not JSON.", "Leave one of the two out.")
    if form:
        chosen["executor"] = "slurm"  # whose shards and resources they are
    home = session.writable() if form else session.home
    options = with_array(make_options(chosen), chosen)
    selection = replace(make_selection(home, names(protocols), chosen), controls=controls)
    plan = checked_plan(selection, home, dry=True)
    say_part(plan.selection)
    if form:
        _export(home, plan, options, form)
        return 0
    simulated = _simulated(home, plan, options, simulate) if simulate is not None else None
    put_plan(plan, as_json, {"simulated": asdict(simulated)} if simulated else {})
    if options.slurm and not as_json:
        put_array(home, plan, options)
    if simulated and not as_json:
        _put_simulated(simulated)
    return 0


UNKNOWN: Final = "unknown until fetched"
"""How many units of a model that is not on this machine are done: their keys hold its files' digest."""


def put_plan(plan: Plan, as_json: bool, more: Mapping[str, Any] | None = None) -> None:
    """What a run would do, model x protocol; in the JSON, beside `more`, model x task x protocol."""
    todo = {unit.key for unit in plan.todo}
    units = len(plan.units) + plan.unknown
    if as_json:
        put_json(
            {
                "selection": plan.selection.to_json(),
                "units": units,
                "to_run": len(todo),
                "unknown": plan.unknown,
                "cells": _cells(plan, todo),
                "blocked": [asdict(part) for part in plan.blocked],
                **(more or {}),
            }
        )
        return
    protocols = plan.selection.protocols
    rows = [(model, *map(_left, counts)) for model, counts in _by_protocol(plan, todo).items()]
    put_table(("units to run", *protocols), rows, right=range(1, len(protocols) + 1))
    failed = len(plan.failed - todo)
    put(
        f"{units} units, {len(todo)} to run"
        + (f", {failed} failed before (--retry-failed runs them again)" if failed else "")
        + (f", {plan.unknown} {UNKNOWN}" if plan.unknown else "")
    )


def _cells(plan: Plan, todo: Collection[str]) -> list[dict[str, object]]:
    """Counts of each model x task x protocol."""
    cells: dict[tuple[str, str, str], Counter[str]] = {}
    for unit in plan.units:
        counts = cells.setdefault((unit.model, unit.task, unit.protocol), Counter())
        counts["units"] += 1
        counts["done"] += unit.key in plan.done
        counts["failed"] += unit.key in plan.failed
        counts["to_run"] += unit.key in todo
    names, numbers = ("model", "task", "protocol"), ("units", "done", "failed", "to_run")
    known = [
        dict(zip((*names, *numbers), (*cell, *(counts[name] for name in numbers)), strict=True))
        for cell, counts in cells.items()
    ]
    return known + [
        {
            **{name: getattr(part, name) for name in (*names, "units")},
            **dict.fromkeys(numbers[1:], UNKNOWN),
        }
        for part in plan.blocked
        if part.unfetched
    ]


def _by_protocol(plan: Plan, todo: Collection[str]) -> dict[str, list[Counter[str]]]:
    """Model -> for each protocol that is chosen: its units of all tasks, by what is to be done."""
    place = {name: at for at, name in enumerate(plan.selection.protocols)}
    counts: dict[str, list[Counter[str]]] = {}

    def of(model: str, protocol: str) -> Counter[str]:
        return counts.setdefault(model, [Counter() for _ in place])[place[protocol]]

    for unit in plan.units:
        of(unit.model, unit.protocol)["to_run" if unit.key in todo else "left"] += 1
    for part in plan.blocked:
        if part.unfetched:
            of(part.model, part.protocol)["unknown"] += part.units
    return counts


def _left(counts: Counter[str]) -> str:
    """What a cell says: `40`, `12 of 40`, `? of 40` where that is unknown, a dash where there are none."""
    units = counts.total()
    if counts["unknown"]:
        return f"? of {units}"
    return str(units or "–") if counts["to_run"] == units else f"{counts['to_run']} of {units}"


def _simulated(home: Home, plan: Plan, options: Options, wanted: str) -> Simulated:
    from engine.run.shards.costs import known_costs
    from engine.run.shards.cut import cut
    from engine.run.shards.simulate import parse_cluster, simulate

    cluster = parse_cluster(wanted, options.workers or usable_cores())
    most = options.slurm.array if options.slurm else cluster.slots
    costs = known_costs(home)

    def texts(task: str) -> int:
        return len(plan.tasks[task].texts)

    return simulate(cut(plan.todo, most, plan.models, texts, costs), cluster, plan.models, texts, costs)


def _put_simulated(simulated: Simulated) -> None:
    cluster = simulated.cluster
    cards = f"{counted(cluster.gpus, 'GPU')} and " if cluster.gpus else ""
    put("")
    put(
        f"On {counted(cluster.hosts, 'host')} of {cards}{counted(cluster.cores, 'core')} each, "
        f"{counted(simulated.shards, 'shard')}:"
    )
    rows = [
        ("until all is done", duration(simulated.seconds)),
        ("longest shard", duration(simulated.longest)),
        ("core hours of classifying", f"{simulated.core_hours:.2f}"),
    ]
    if cluster.gpus:
        rows[2:2] = [
            ("GPU hours held", f"{simulated.gpu_hours:.2f}"),
            ("GPU hours at work", f"{simulated.gpu_hours_busy:.2f}"),
        ]
    put_table(("what", "about"), rows, right={1})
    guessed = 1 - simulated.measured
    say(
        "Unit times are those of this store"
        + (
            f"; {guessed:.0%} of the units are of protocols that it has not timed, and are guessed."
            if guessed
            else "."
        )
    )


def _export(home: Home, plan: Plan, options: Options, form: str) -> None:
    from engine.run.shards.array import freeze
    from engine.run.shards.cut import shards_of
    from engine.run.shards.snakefile import snakefile
    from engine.run.slurm.script import script

    slurm = options.slurm or Slurm()
    if not plan.todo:
        raise UsageError("Nothing is left to run, so there is nothing to export.")
    if form == "snakemake" and not options.workers:
        options = replace(options, workers=slurm.cpus or 1)
    shards = shards_of(home, plan, plan.todo, options)
    write, name = (script, "array.sh") if form == "sbatch" else (snakefile, "Snakefile")
    frozen = freeze(home, plan, shards, options, write, name)
    for line in write(frozen).splitlines():
        put(line)
    submit = (
        f"sbatch {frozen.folder / name}"
        if form == "sbatch"
        else f"snakemake --cores 16 -s {frozen.folder / name}"
    )
    say(f"{counted(len(plan.todo), 'unit')} are frozen in {counted(len(shards), 'shard')}: {frozen.folder}")
    say(f"Work them off with `{submit}`; the next `genearena run` takes in what they saved.")
