"""`status`, `attach`, `pause`, `resume`, `cancel` and `logs`: following and steering the live run."""

from __future__ import annotations

import contextlib
import io
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from engine.mailbox import (
    Status,
    UnitStatus,
    WorkerStatus,
    clear_queue,
    damaged,
    end_runner,
    go_on,
    killable,
    last_launch,
    launch,
    leave_off,
    over,
    read_status,
    request,
    runner_alive,
    start_runner,
    unfinished,
    waiting,
)
from engine.plan.selection import Selection
from store.errors import DataError, StoreBusy, StoreError, UsageError
from store.files import regular
from tui.clock import in_full
from tui.commands.common import Session, command, counted, json_option, put, put_json, say
from tui.commands.narrate import Narrator, stage_line
from tui.commands.select import checked_plan
from tui.quantities import duration

if TYPE_CHECKING:
    from engine.mailbox import Entry
    from engine.plan.launch import Launch
    from store.home import Home

_POLL: Final = 0.5
"""Seconds between two looks at the runner's files."""
_MINUTE: Final = 120
"""Looks in a minute."""


@command("status")
@json_option
def status_command(session: Session, as_json: bool) -> int:
    """What the runner is doing, or did last.

    The exit code is 1 if the run ended with failed units.
    """
    home = session.home
    status = read_status(home)
    if status and status.silent:  # by the clock, perhaps, which may just have been set
        time.sleep(_POLL)
        status = read_status(home)
    ahead, left = len(waiting(home)), len(unfinished(home, runner_alive(home)))
    disputed = _disputed(home)
    if as_json:
        known = {"queued": ahead, "unfinished": left, "conflicts": disputed}
        put_json(None if status is None else {**asdict(status), **known})
    elif status is None:
        say(f"Nothing has run in {home.data} yet; `genearena run` starts.")
    else:
        for line in describe(status, ahead, left):
            put(line)
    if disputed:
        say(
            f"{counted(disputed, 'split')} gave another number when run again; the earliest is kept "
            '(`genearena sql "from conflicts"`).'
        )
    for path in damaged(home):
        say(f"The file {path} should be a launch and cannot be read; `genearena queue clear` removes it.")
    return _exit_code(status, "failed")


def _disputed(home: Home) -> int:
    """Splits that gave another number when they were run again; 0 while the database cannot be read."""
    if home.database.exists():
        from store.database import connect
        from store.queries import disputed

        with contextlib.suppress(StoreError), connect(home) as con:
            return disputed(con)
    return 0


def _exit_code(status: Status | None, *bad: str) -> int:
    """1 if the run, or one that its runner took off the queue before it, did not end well."""
    return 1 if status is not None and (status.state in bad or status.earlier) else 0


def describe(status: Status, waiting: int = 0, left: int = 0) -> list[str]:
    """A status in a few lines."""
    done = status.already_done + status.scored
    lines = [
        f"run {status.run_id}: {status.state}" + (f" ({status.message})" if status.message else ""),
        f"started {in_full(status.started_at)} by PID {status.pid} on {status.host}"
        + (f", device {status.device}" if status.device else ""),
        f"{done}/{status.total} units done ({status.already_done} before this run), "
        f"{status.failed} failed, {status.cancelled} cancelled",
    ]
    if status.live and not status.silent:
        left_s = f", about {duration(status.eta_s)} left" if status.eta_s is not None else ""
        if left_s and status.untimed:
            left_s = f"{left_s} or more: {' and '.join(status.untimed)} not timed yet"
        lines.append(f"the whole run: {status.rate:.2f} units/s{left_s}")
        lines += [stage_line(s.stage, s.label, s.done, s.total, s.rate, s.eta_s) for s in status.stages]
    if status.live:
        lines += [
            f"running: {u.model} {u.task} {u.protocol} seed {u.seed} ({u.key})" for u in status.running
        ]
    lines += map(worker_line, status.workers if status.live else ())
    lines += _reasons(status)
    lines += [f"left out: {counted(part.units, 'unit')}: {part.reason}" for part in status.left_out]
    for run in status.earlier:
        ended = f"{run.failed} failed, {run.scored} scored" if run.run_id else "not run"
        what = Selection.from_json(run.selection).words if run.selection else run.run_id
        lines.append(f"before this run: {what}: {ended}: {run.message}")
    if status.state in ("interrupted", "cancelled"):
        lines.append("`genearena resume` runs exactly what is missing.")
    how = "" if status.live else "; `genearena resume` starts a runner"
    if waiting:
        lines.append(f"In the queue: {counted(waiting, 'more run')}{how}")
    if left and (waiting or left > 1 or status.state not in ("interrupted", "cancelled")):
        lines.append(f"Unfinished: {counted(left, 'run')}{how}")
    if waiting or left:
        lines.append("`genearena queue` lists them.")
    return lines


def _reasons(status: Status) -> Iterator[str]:
    """Why units failed or were left out, each reason once; not what the status itself says already."""
    alike: dict[tuple[str, str], list[UnitStatus]] = {}
    for unit in status.recent:
        if unit.sentence and (unit.state == "failed" or unit.sentence not in status.message):
            alike.setdefault((unit.state, unit.sentence), []).append(unit)
    for (state, sentence), (first, *others) in alike.items():
        more = f" and {len(others)} more" if others else ""
        yield f"{state}: {first.model} {first.task} {first.protocol} seed {first.seed}{more}: {sentence}"


def worker_line(worker: WorkerStatus) -> str:
    """One of several processes that do the work, in words."""
    where = f" on {worker.host}" + (f" ({worker.device})" if worker.device else "") if worker.host else ""
    done = f"{worker.done}/{worker.total}" if worker.total else str(worker.done)
    line = f"{worker.name}: {worker.state}{where}, {done} units"
    if worker.rate > 0 and worker.state == "runs":
        line += f", {worker.rate:.2f}/s"
    if worker.unit:
        line += f", at {worker.unit}"
    if worker.heard_s is not None and worker.state in ("runs", "silent"):
        line += f", heard {duration(worker.heard_s)} ago"
    return line + (f" ({worker.message})" if worker.message else "")


@command("attach")
def attach_command(session: Session) -> int:
    """Follow the live run until it ends; Ctrl+C leaves and lets it go on.

    The exit code is 1 if units failed.
    """
    if not runner_alive(session.home):
        raise UsageError(
            f"Nothing is running in {session.home.data}.",
            "`genearena run --detach` starts, `genearena resume` goes on with an interrupted run.",
        )
    try:
        return follow(session.home)
    except KeyboardInterrupt:
        say("Detached; the run goes on. `genearena attach` follows it again.")
        return 0


def follow(home: Home, sleep: Callable[[float], None] = time.sleep) -> int:
    """Tell the runner's progress until no runner is left; 1 if units failed."""
    seen, silent = "", 0
    with contextlib.closing(Narrator()) as narrator:
        while runner_alive(home):
            status = read_status(home)
            if status is not None:
                seen = _tell_new(narrator, status, seen)
                silent = _tell_silence(narrator, status, silent)
            sleep(_POLL)
    status = read_status(home)
    if status is None:
        return 0
    for line in describe(status):
        put(line)
    return _exit_code(status, "failed", "interrupted")


def _tell_new(narrator: Narrator, status: Status, seen: str) -> str:
    """Say the log's lines after `seen` and where the stages stand; the last line's time and text."""
    stamps = [f"{line.time} {line.text}" for line in status.log]
    fresh = stamps[stamps.index(seen) + 1 :] if seen in stamps else stamps
    for line in fresh:
        narrator.line(line)
    for stage in status.stages:
        narrator.stage(stage.stage, stage.label, stage.done, stage.total, stage.rate, stage.eta_s)
    return stamps[-1] if stamps else seen


def _tell_silence(narrator: Narrator, status: Status, before: int) -> int:
    """Say that the runner is silent, once that is sure, and each minute; how often it looked so."""
    if not status.silent:
        if before > 1:
            narrator.line("The runner speaks again.")
        return 0
    if before % _MINUTE == 1:
        narrator.line(status.message)
    return before + 1


# ---------------------------------------------------------------------------- steering


def _need_runner(home: Home) -> None:
    if not runner_alive(home):
        raise UsageError(f"Nothing is running in {home.data}.", "`genearena status` tells what ran last.")


@command("pause")
def pause_command(session: Session) -> None:
    """Finish the units in flight and start no other until `resume`."""
    _need_runner(session.home)
    request(session.home, "pause")
    say("Asked the runner to pause; `genearena resume` goes on.")
    last = last_launch(session.home)
    if last and last.options.while_paused:
        say(last.options.while_paused)


@command("resume")
def resume_command(session: Session) -> None:
    """Go on after a pause; or start the interrupted run's missing units, detached."""
    home = session.home
    if runner_alive(home):
        _ask_to_go_on(home)
        return
    begun, last = unfinished(home, alive=False), last_launch(home)
    if begun or last:
        session.writable()
    entries, missing = _still_missing(home, begun)
    ahead = [entry.launch.without_retries for entry in waiting(home)]
    try:
        if entries:
            go_on(home, entries)
        elif not begun and last and last not in ahead and (missing := _missing(home, last)):
            launch(home, last, first=True)
        elif ahead:
            start_runner(home)
        elif last:
            say("Nothing is missing from the last run; `genearena rank` shows it.")
            return
        else:
            raise UsageError(f"There is no run to resume in {home.data}.", "`genearena run` starts one.")
    except StoreBusy:  # somebody else was faster
        _ask_to_go_on(home)
        return
    what = f"{missing} missing units" if missing else "The waiting runs"
    say(f"{what} run detached; `genearena attach` follows them.")


def _ask_to_go_on(home: Home) -> None:
    request(home, "resume")
    say("Asked the runner to go on.")


def _missing(home: Home, wanted: Launch) -> int:
    return len(checked_plan(wanted.selection, home).todo)


def _still_missing(home: Home, begun: Sequence[Entry]) -> tuple[list[Entry], int]:
    """The launches with units that are missing, and how many; those with none are over.

    Raises:
        UsageError, DataError: there is but one, and it cannot be run.
    """
    found: list[Entry] = []
    units = 0
    for entry in begun:
        try:
            missing = _missing(home, entry.launch)
        except (UsageError, DataError) as error:
            if len(begun) == 1:
                raise
            say(f"Left as it is: {entry.launch.selection.words}: {error} (`genearena queue` lists it.)")
            continue
        units += missing
        if missing:
            found.append(entry)
        else:
            over(home, entry.launch)
    return found, units


@command("cancel")
@click.option("--key", default="", help="Give up only the unit with this key, as `genearena status` tells.")
@click.option("--drain", is_flag=True, help="Finish the units in flight first.")
@click.option("--now", is_flag=True, help="Kill the runner if it does not end within a few seconds.")
def cancel_command(session: Session, key: str, drain: bool, now: bool) -> None:
    """Give up the live run and what waits after it; everything already scored is kept.

    With --drain, what waits goes on waiting.
    """
    if key and drain:
        raise UsageError("--key and --drain do not go together.", "Give one of them.")
    if now and (key or drain):
        raise UsageError("--now goes with neither --key nor --drain.", "It ends the whole run.")
    _need_runner(session.home)
    if now:
        _end_now(session.home)
        return
    request(session.home, "drain" if drain else "cancel", key)
    ahead = len(waiting(session.home))
    if drain:
        rest = f"; {counted(ahead, 'run')} that waited go on waiting" if ahead else ""
        say(f"Asked the runner to stop after the units in flight{rest}. `genearena resume` goes on.")
    elif ahead and not key:
        say(f"Asked the runner to cancel, and to forget {counted(ahead, 'run')} that waited.")
    else:
        say("Asked the runner to cancel.")
    status = read_status(session.home)
    if status and status.silent:
        say(status.message)


def _end_now(home: Home) -> None:
    """Ask the runner to end; kill it if it does not."""
    who = killable(home)
    request(home, "cancel")
    if end_runner(home, who):
        clear_queue(home)
        leave_off(home, "cancelled")
        say(f"The runner ({who}) did not answer and was killed. `genearena resume` runs what is missing.")
    else:
        say("The run has ended; everything already scored is kept.")


@command("logs")
@click.option(
    "-n", "--lines", type=click.IntRange(1), default=50, show_default=True, help="How many lines."
)
@click.option("-f", "--follow", "keep_on", is_flag=True, help="Go on with new lines until Ctrl+C.")
def logs_command(session: Session, lines: int, keep_on: bool) -> None:
    """The end of the runner's log."""
    path = session.home.log / "runner.log"
    try:
        with io.TextIOWrapper(regular(path), encoding="utf-8", errors="replace") as stream:
            for line in deque(stream, maxlen=lines):
                put(line.rstrip("\n"))
            while keep_on:
                line = stream.readline()
                if line:
                    put(line.rstrip("\n"))
                else:
                    time.sleep(_POLL)
    except FileNotFoundError:
        say(f"There is no log yet: {path}.")
    except OSError as error:
        raise DataError(f"The log {path} cannot be read: {error.strerror}.") from error
