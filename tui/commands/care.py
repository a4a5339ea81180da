"""`verify`, `repair` and `doctor`: is everything still what it was, and what mends it."""

from __future__ import annotations

import contextlib
from dataclasses import asdict

import click

from engine.doctor import Problem, examine
from store.errors import StoreError
from tui.commands.common import Session, command, counted, json_option, put, put_json, put_table, say

_DEVICE_HELP = "auto, cpu, mps or cuda:N."


@command("verify")
@click.option("--sample", type=click.IntRange(1), default=20, show_default=True, help="How many splits.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which ones are drawn.")
@click.option(
    "--tolerance", type=click.FloatRange(0), default=1e-9, show_default=True, help="Between two AUCs."
)
@click.option("--device", default="auto", show_default=True, help=_DEVICE_HELP)
@json_option
def verify_command(
    session: Session, sample: int, seed: int, tolerance: float, device: str, as_json: bool
) -> int:
    """Recompute some saved splits and compare; saves nothing.

    The exit code is 1 if a number differs or cannot be recomputed.
    """
    from engine.verify import verify

    verdicts = []
    for verdict in verify(session.saved, sample, seed, device):
        verdicts.append(verdict)
        say(f"{len(verdicts)}: {verdict.model} {verdict.task} {verdict.protocol} seed {verdict.seed}")
    same = [verdict.same(tolerance) for verdict in verdicts]
    if as_json:
        put_json([{**asdict(one), "same": good} for one, good in zip(verdicts, same, strict=True)])
    else:
        columns = ("model", "task", "protocol", "seed", "kept", "now", "largest", "")
        rows = [
            (
                one.model,
                one.task,
                one.protocol,
                one.seed,
                f"{one.kept:.9f}",
                "-" if one.now is None else f"{one.now:.9f}",
                "-" if one.largest is None else f"{one.largest:.1e}",
                one.reason or ("same" if good else "differs"),
            )
            for one, good in zip(verdicts, same, strict=True)
        ]
        put_table(columns, rows, right={3, 4, 5, 6}, limit=200)
        put(f"{sum(same)} of {len(same)} splits are the same")
    return 0 if all(same) else 1


@command("repair")
@click.option("--force", is_flag=True, help="Also where a newer version of genearena wrote the database.")
@json_option
def repair_command(session: Session, force: bool, as_json: bool) -> None:
    """Rebuild the database from the journals; the old file is kept beside it."""
    home = session.writable()
    from store.repair import repair  # with DuckDB, which a home that is refused need not load

    done = repair(home, force=force)
    from engine.verdicts.keep import refresh  # with NumPy, once it is sure that there is memory for it

    with contextlib.suppress(StoreError):  # another process may hold it by now
        refresh(home)
    if as_json:
        put_json(asdict(done))
        return
    put(f"{done.scored} scored splits, {done.failed} failed attempts, {done.conflicts} conflicts")
    if done.damaged:
        lines = counted(done.damaged, "damaged journal line")
        say(f"Left out {lines}; `genearena run` computes again what stands nowhere else.")
    if done.refused:
        lines = counted(done.refused, "line")
        say(f"Left {lines} in the journals that this version cannot read; `genearena doctor` names them.")
    if done.unfinished:
        lines = counted(done.unfinished, "unfinished line")
        say(f"Left out {lines} at a journal's end, never told as saved.")
    if done.kept:
        say(f"The old database is kept as {done.kept}; `genearena clean old-databases` removes it.")


@command("doctor")
@json_option
def doctor_command(session: Session, as_json: bool) -> int:
    """Versions, devices, disk, store, caches and downloads, and what is wrong with them.

    The exit code is 3 if the store is damaged, 1 if something else is wrong.
    """
    findings = examine(session.home)
    problems = [finding for finding in findings if isinstance(finding, Problem)]
    facts = [finding for finding in findings if not isinstance(finding, Problem)]
    if as_json:
        put_json({"facts": [asdict(fact) for fact in facts], "problems": [asdict(one) for one in problems]})
    else:
        rows = [(fact.topic, fact.name, fact.value) for fact in facts]
        put_table(("topic", "what", "found"), rows, limit=400)
        put("")
        for problem in problems:
            put(f"{problem.topic}: {problem.sentence}")
            put(f"    mend with: {problem.remedy}")
        put(counted(len(problems), "problem") if problems else "Nothing is wrong.")
    if any(problem.topic == "store" for problem in problems):
        return 3
    return 1 if problems else 0
