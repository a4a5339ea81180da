"""`genearena sweep`: fine-tuning over the paper's values of its settings, one at a time or as a grid."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import click

from engine.catalog.protocols import PROTOCOLS
from engine.mailbox import runner_lock
from engine.plan.launch import Options
from engine.plan.names import names
from engine.plan.plan import Plan
from engine.plan.sweep import FACTORS, sweep_overrides
from store.errors import UsageError, unknown
from store.home import Home
from tui.commands.arrays import array_options, check_array, with_array
from tui.commands.common import Session, command, json_option, put_json, put_table, say
from tui.commands.plan import UNKNOWN
from tui.commands.run import detach, hand_over, run_here
from tui.commands.select import (
    checked_plan,
    make_options,
    make_selection,
    say_part,
    selection_options,
    start_options,
)

_TUNED: Final = [name for name, known in PROTOCOLS.items() if known.finetunes]


@command("sweep")
@click.option("--protocol", default="finetune", show_default=True, help=f"One of {', '.join(_TUNED)}.")
@click.option(
    "--factors", multiple=True, metavar="A,B", help=f"Some of {', '.join(FACTORS)}; by default all."
)
@click.option("--grid", is_flag=True, help="Every combination instead of one setting at a time.")
@selection_options
@start_options
@array_options
@json_option
def sweep_command(
    session: Session, protocol: str, factors: tuple[str, ...], grid: bool, as_json: bool, **chosen: Any
) -> int:
    """Fine-tune with each value the paper tried of each setting, and tell each mean AUC.

    The exit codes are those of `run`.
    """
    if protocol not in _TUNED:
        raise UsageError(*unknown("protocol that fine-tunes", protocol, _TUNED))
    home = session.home if chosen["dry_run"] else session.writable()
    options = with_array(make_options(chosen), chosen)
    base = make_selection(home, (protocol,), chosen)
    settings = {**PROTOCOLS[protocol].params, **base.params}
    overrides = sweep_overrides(settings, names(factors), grid)
    dry = chosen["dry_run"]
    plans = [checked_plan(replace(base, params={**base.params, **one}), home, dry) for one in overrides]
    say_part(base)
    if dry:
        _put_plans(overrides, plans, as_json)
        return 0
    if any(plan.todo for plan in plans):
        check_array(options)
    titled = [(_title(override), plan) for override, plan in zip(overrides, plans, strict=True)]
    if chosen["detach"] and any(plan.todo for plan in plans):
        for title, plan in titled:
            _say_todo(title, plan)
        detach(home, plans, options)
        return 0
    code = _run_all(home, titled, options)
    if code <= 1:
        _put_means(session.saved, overrides, plans, as_json)
    return code


def _run_all(home: Home, titled: Sequence[tuple[str, Plan]], options: Options) -> int:
    """Run one configuration after the other, and then what a window queued meanwhile; the exit code.

    This process stays the runner in between: another that began there would end the sweep.
    """
    code = 0
    runs = any(plan.todo for _, plan in titled)
    with runner_lock(home) if runs else contextlib.nullcontext() as lock:
        for title, plan in titled:
            _say_todo(title, plan)
            ended = run_here(home, plan, options, lock)
            code = max(code, ended.exit_code)
            if ended.stopped:
                return code
    if runs:
        hand_over(home)
    return code


def _say_todo(title: str, plan: Plan) -> None:
    say(f"{title}: {len(plan.todo)} of {len(plan.units)} units to run")


def _put_plans(overrides: Sequence[dict[str, Any]], plans: Sequence[Plan], as_json: bool) -> None:
    """What the sweep would run, one line a configuration."""
    lines: list[dict[str, Any]] = [
        {
            "changed": override,
            "units": len(plan.units) + plan.unknown,
            "to_run": UNKNOWN if plan.unknown else len(plan.todo),
        }
        for override, plan in zip(overrides, plans, strict=True)
    ]
    if as_json:
        put_json(lines)
        return
    rows = [(_title(line["changed"]), line["units"], line["to_run"]) for line in lines]
    put_table(("changed", "units", "to run"), rows, right={1, 2})


def _title(override: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value:g}" for name, value in override.items()) or "base"


def _put_means(
    home: Home, overrides: Sequence[dict[str, Any]], plans: Sequence[Plan], as_json: bool
) -> None:
    """One line a configuration: its mean AUC over everything it scored."""
    from store import connect

    lines: list[dict[str, Any]] = []
    with connect(home) as connection:
        for override, plan in zip(overrides, plans, strict=True):
            [(mean, deviation, count)] = connection.execute(
                "select avg(auc), stddev_samp(auc), count(auc) from scores where list_contains(?, key)",
                [[unit.key for unit in plan.units]],
            ).fetchall()
            lines.append({"changed": override, "auc": mean, "sd": deviation, "splits": count})
    if as_json:
        put_json(lines)
        return
    shown = [
        (
            _title(line["changed"]),
            "-" if line["auc"] is None else f"{line['auc']:.3f}",
            "-" if line["sd"] is None else f"{line['sd']:.3f}",
            line["splits"],
        )
        for line in lines
    ]
    put_table(("changed", "mean AUC", "SD", "splits"), shown, right={1, 2, 3})
