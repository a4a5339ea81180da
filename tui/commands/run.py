"""`genearena run`: the main job without the terminal interface, here or detached."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any

import click

from engine.catalog.controls import Which
from engine.mailbox import RunnerLock, launch, over, queued, runner_alive, start_runner, waiting
from engine.plan.launch import Launch, Options
from engine.plan.names import names
from engine.plan.plan import Plan
from engine.run.compute import LocalCompute
from engine.run.events import Event, RunFinished, UnitFinished
from engine.run.steering import Steering
from engine.run.supervise import supervise, supervise_locked
from store.arm import Arm
from store.errors import StoreBusy, StoreError, UsageError
from store.home import Home
from store.records import Cancelled, Failed
from store.store import Store
from tui.commands.arrays import array_options, check_array, put_array, with_array
from tui.commands.common import Session, command, counted, json_option, put, put_json, say
from tui.commands.early import EarlyTables
from tui.commands.narrate import Narrator, unit_name
from tui.commands.plan import put_plan
from tui.commands.ranking import put_rankings
from tui.commands.select import (
    checked_plan,
    controls_option,
    make_options,
    make_selection,
    protocols_option,
    say_part,
    selection_options,
    start_options,
)
from tui.commands.tables import tables_of_run
from tui.quantities import duration


@command("run")
@protocols_option
@selection_options
@start_options
@array_options
@controls_option
@click.option(
    "--rank",
    is_flag=True,
    help="Print the ranked tables of what was asked for; where standard output is not a terminal, each as "
    "soon as it is complete.",
)
@json_option
def run_command(
    session: Session, protocols: tuple[str, ...], controls: Which, rank: bool, as_json: bool, **chosen: Any
) -> int:
    """Run models x tasks x protocols x seeds; what is done already is skipped.

    The exit code is 1 if units failed, 130 after Ctrl+C (what is scored is kept).
    """
    if rank and (as_json or chosen["dry_run"] or chosen["detach"]):
        raise UsageError(
            "--rank goes with none of --json, --dry-run and --detach.", "Use `genearena rank` afterwards."
        )
    home = session.home if chosen["dry_run"] else session.writable()
    options = with_array(make_options(chosen), chosen)
    selection = replace(make_selection(home, names(protocols), chosen), controls=controls)
    plan = checked_plan(selection, home, chosen["dry_run"])
    say_part(plan.selection)
    if chosen["dry_run"]:
        put_plan(plan, as_json)
        if options.slurm and not as_json:
            put_array(home, plan, options)
        return 0
    if plan.todo:
        check_array(options)
    if chosen["detach"] and plan.todo:
        detach(home, [plan], options)
        if as_json:
            put_json({"detached": True, "units": len(plan.units), "to_run": len(plan.todo)})
        return 0
    early = EarlyTables(session, plan, names(chosen["sets"])) if rank and not sys.stdout.isatty() else None
    ended = run_here(home, plan, options, hear=early.heard if early else None)
    shown = early.close() if early else []
    if ended.finished and not ended.stopped:
        hand_over(home)
    elif ended.stopped and (ahead := len(waiting(home))):
        say(f"Still queued: {counted(ahead, 'run')}; `genearena resume` starts a runner.")
    with contextlib.suppress(OSError):  # the terminal may be gone; the exit code still tells
        if rank and not ended.interrupted:
            _put_ranks(session, plan, names(chosen["sets"]), shown)
        put_ended(ended, as_json)
        _tell_other_names(session, plan)
    return ended.exit_code


def _tell_other_names(session: Session, plan: Plan) -> None:
    """Say under which other names the tables have what was done already."""
    from store import connect
    from store.queries import saved_as

    if not plan.done:
        return
    called = {(unit.model, unit.task) for unit in plan.units}
    other: list[tuple[str, str]] = []
    with contextlib.suppress(StoreError), connect(session.saved) as connection:
        other = [names for names in saved_as(connection, plan.done) if names not in called]
    for model, task in other:
        say(f"Done before as {model} on {task}, the same in all but the name: the tables have it so.")


def _put_ranks(session: Session, plan: Plan, sets: Sequence[str], shown: Collection[Arm]) -> None:
    """The tables that the plan's units stand in, of the sets that were run, but for those shown already."""
    tasks = dict.fromkeys(unit.task for unit in plan.units)
    arms = [arm for arm in dict.fromkeys(map(Arm.of, plan.units)) if arm not in shown]
    if arms:
        put_rankings(tables_of_run(session.saved, arms, tasks, sets), "text")


def detach(home: Home, plans: Sequence[Plan], options: Options) -> None:
    """Leave the selections to a runner of its own, or to the one that is at work.

    Raises:
        StoreError: there is none and none can be started, or another version wrote the database.
    """
    Store(home).recall_refused()
    for plan in plans:
        _check_device(home, plan, options)
    busy = runner_alive(home)
    launch(home, *(Launch(plan.selection, options) for plan in plans))
    todo, units = sum(len(plan.todo) for plan in plans), sum(len(plan.units) for plan in plans)
    what = "wait behind the run that goes on" if busy else "run detached"
    say(f"{todo} of {units} units {what}; `genearena attach` follows them.")


def _check_device(home: Home, plan: Plan, options: Options) -> None:
    """Refuse a device that is not here before every unit fails on it; asks torch only if one is named."""
    here = options.slurm is None and options.dask is None
    if plan.todo and here and options.device not in ("auto", "cpu"):
        LocalCompute(home).devices(options.device)


# ---------------------------------------------------------------------------- in this process


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run in this process ended."""

    plan: Plan
    finished: RunFinished | None
    """None if there was nothing to run."""
    failures: tuple[Failed, ...]
    seconds: float
    interrupted: bool
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Why units were left out, and how many for each reason."""

    @property
    def failed_before(self) -> int:
        """Units that failed in an earlier run and were not tried again."""
        return 0 if self.plan.selection.retry_failed else len(self.plan.failed)

    @property
    def stopped(self) -> bool:
        """Whether a signal or somebody at another terminal ended it early."""
        finished = self.finished
        given_up = finished is not None and finished.cancelled > sum(self.left_out.values())
        return self.interrupted or given_up

    @property
    def exit_code(self) -> int:
        """130 if a signal ended it, 1 if any unit of the selection stands as failed or was left out."""
        if self.interrupted:
            return 130
        return 1 if self.failures or self.failed_before or self.left_out else 0


def run_here(
    home: Home,
    plan: Plan,
    options: Options,
    lock: RunnerLock | None = None,
    hear: Callable[[Event], None] | None = None,
) -> Ended:
    """Run in this process and report on standard error what happens.

    Args:
        home: where.
        plan: what.
        options: how.
        lock: that of the runner, if this process is it already.
        hear: is given every event, too.
    """
    if not plan.todo:
        over(home, Launch(plan.selection, options))
        # A run that was killed may have left rows in the journal that no flush has applied yet.
        with contextlib.closing(Store(home)) as store, contextlib.suppress(StoreBusy):
            store.flush()
        return Ended(plan, None, (), 0.0, False)
    _check_device(home, plan, options)
    say(f"{len(plan.todo)} of {len(plan.units)} units to run in {home.data}")
    mailbox = Steering()
    started = time.monotonic()
    failures: list[Failed] = []
    left_out: Counter[str] = Counter()
    finished: RunFinished | None = None
    with contextlib.closing(Narrator()) as narrator, stopped_by_signals(mailbox, narrator) as signals:
        events = (
            supervise(home, plan, mailbox, options)
            if lock is None
            else supervise_locked(home, plan, mailbox, lock, options)
        )
        for event in events:
            narrator.tell(event)
            if hear:
                hear(event)
            match event:
                case UnitFinished(Failed() as failed):
                    failures.append(failed)
                case UnitFinished(Cancelled(reason=reason)) if reason:
                    left_out[reason] += 1
                case RunFinished():
                    finished = event
    return Ended(plan, finished, tuple(failures), time.monotonic() - started, bool(signals), left_out)


def hand_over(home: Home) -> None:
    """Start a detached runner for what a window queued meanwhile."""
    if queued(home):
        start_runner(home)
        say("What was queued meanwhile runs detached; `genearena attach` follows it.")


@contextlib.contextmanager
def stopped_by_signals(mailbox: Steering, narrator: Narrator) -> Iterator[list[int]]:
    """Let Ctrl+C, SIGTERM and a lost terminal end the run cleanly; a second Ctrl+C ends it at once.

    Yields:
        The signals that have come.
    """
    came: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        if came and number == signal.SIGINT:
            raise KeyboardInterrupt
        came.append(number)
        mailbox.stop_soon(leaving=number != signal.SIGINT)
        narrator.line("stopping; what is scored is kept")

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def put_ended(ended: Ended, as_json: bool) -> None:
    """The run's summary."""
    plan, finished = ended.plan, ended.finished
    counts = {
        "units": len(plan.units),
        "already_done": len(plan.done),
        "failed_before": ended.failed_before,
        "scored": finished.scored if finished else 0,
        "failed": finished.failed if finished else 0,
        "cancelled": finished.cancelled if finished else 0,
    }
    if as_json:
        failures = [
            {"unit": unit_name(one.unit), "key": one.unit.key, "sentence": one.sentence}
            for one in ended.failures
        ]
        put_json({**counts, "seconds": round(ended.seconds, 3), "failures": failures})
    elif finished is None:
        put(f"All {counts['already_done']} units are done already; `genearena rank` shows them.")
    else:
        put(
            f"{counts['units']} units: {counts['already_done']} already done, {counts['scored']} scored, "
            f"{counts['failed']} failed, {counts['cancelled']} cancelled in {duration(ended.seconds)}"
        )
    for reason, units in ended.left_out.items():
        say(f"{counted(units, 'unit')} left out: {reason} The next `genearena run` tries again.")
    if ended.failed_before:
        say(f"{ended.failed_before} units failed in an earlier run; --retry-failed runs them again.")
