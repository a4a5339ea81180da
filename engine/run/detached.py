"""The detached runner: works off the queue of launches, with no terminal, until it is empty.

The child of `engine.run.__main__`, as `python -m engine.run.detached DATA CACHE CONFIG LOG`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType

from engine.environment import now
from engine.mailbox import (
    EarlierRun,
    LockLost,
    LogLine,
    RunnerLock,
    Status,
    leave_off,
    queued,
    read_status,
    runner_lock,
    take_queued,
    write_status,
)
from engine.plan.launch import Launch
from engine.plan.plan import build_plan
from engine.run.compute import Compute
from engine.run.events import Event, Log, RunFinished, RunPaused, RunStarted, UnitFinished
from engine.run.executors import executor_of
from engine.run.steering import Steering
from engine.run.supervise import supervise_locked
from store.errors import GeneArenaError, StoreError, UsageError, unforeseen
from store.files import regular
from store.home import Home
from store.logs import rotating_log
from store.records import Failed, Scored

_logger = logging.getLogger("engine")


def main(arguments: list[str], compute: Compute | None = None) -> int:
    """Run every queued launch; 0 if all were run, 1 if one could not be, 3 if another runs."""
    home = Home(*map(Path, arguments[:4]))
    try:
        _log_to(home)
    except (OSError, StoreError) as error:
        return _refuse(StoreError(f"The log in {home.log} cannot be written: {error}"))
    _be_quiet()
    signals = _Signals()
    code = 0
    # The queue is looked at again after the lock is let go: a launch queued by somebody who
    # still saw the lock held is not left behind.
    untaken: list[Path] = []
    earlier: list[EarlierRun] = []
    while not signals.came and (waiting := queued(home)) and waiting != untaken:
        untaken = waiting
        try:
            with runner_lock(home) as lock:
                while not signals.came and (launch := _next(home, lock)):
                    mailbox = signals.reach(Steering())  # what was given up in another run is not
                    code = max(code, _run(home, launch, mailbox, lock, compute, earlier))
                    earlier += _ended_badly(home)
                    if mailbox.drained.is_set() and not mailbox.stopped.is_set():
                        return code  # what waits goes on waiting; a cancel clears the queue
        except (StoreError, OSError) as error:
            return _refuse(error if isinstance(error, StoreError) else StoreError(str(error)))
    return code


def _next(home: Home, lock: RunnerLock) -> Launch | None:
    """The next launch of the queue, which is this process's for as long as the lock is."""
    lock.keep()
    return take_queued(home)


def _refuse(error: StoreError) -> int:
    """Say why this process is not the runner, where `engine.mailbox.runner_error` looks; its exit code."""
    _logger.warning("%s", error)
    sys.stderr.write(f"{error}\n")
    return error.exit_code


class _Signals:
    """SIGTERM and SIGINT end the run that goes on, cleanly, and none begins after; SIGHUP is nothing."""

    def __init__(self) -> None:
        self.came: list[int] = []
        self._mailbox = Steering()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def reach(self, mailbox: Steering) -> Steering:
        """`mailbox`, which signals reach from now on."""
        self._mailbox = mailbox
        if self.came:
            mailbox.stop(leaving=True)
        return mailbox

    def _stop(self, number: int, _: FrameType | None) -> None:
        self.came.append(number)
        self._mailbox.stop_soon(leaving=True)


def _run(
    home: Home,
    launch: Launch,
    mailbox: Steering,
    lock: RunnerLock,
    compute: Compute | None,
    earlier: Sequence[EarlierRun],
) -> int:
    try:
        plan = build_plan(launch.selection, home, {})
        if plan.blocked and not plan.units:
            raise UsageError(plan.blocked[0].reason)
        executor = executor_of(home, launch.options, compute)
        _log_events(supervise_locked(home, plan, mailbox, lock, launch.options, executor, earlier))
    except LockLost:
        raise  # the status is the other runner's
    except GeneArenaError as error:
        _logger.error("%s", error)
        _show_failure(home, launch, str(error), earlier)
    except Exception as error:
        _logger.exception("The runner stopped on an unforeseen error")
        _show_failure(home, launch, unforeseen(error), earlier)
    else:
        return 0
    return 1


def _ended_badly(home: Home) -> Iterator[EarlierRun]:
    """The run that has just ended here, as later ones' statuses name it; nothing if all is well."""
    status = _last_status(home)
    if status is not None and status.pid == os.getpid() and status.state == "failed":
        failure = next((unit.sentence for unit in status.recent if unit.state == "failed"), "")
        yield EarlierRun(
            status.run_id,
            status.state,
            status.updated_at,
            status.scored,
            status.failed,
            status.message or failure,
            status.selection,
        )


def _last_status(home: Home) -> Status | None:
    with contextlib.suppress(StoreError):
        return read_status(home)
    return None


def _show_failure(home: Home, launch: Launch, message: str, earlier: Sequence[EarlierRun]) -> None:
    """Let viewers see why this launch was not run to its end, and keep it, so that it can go on."""
    with contextlib.suppress(StoreError):
        leave_off(home, "failed", message)
    before = _last_status(home)
    if before is None or before.pid != os.getpid() or not before.live:
        before = Status("", os.getpid(), socket.gethostname(), "failed", now(), now(), 0, 0)
    line = LogLine(now(), "error", message)
    write_status(
        home,
        replace(
            before,
            state="failed",
            updated_at=now(),
            running=(),
            message=message,
            log=(*before.log, line),
            selection=launch.selection.to_json(),
            earlier=tuple(earlier),
        ),
    )


def _log_events(events: Iterable[Event]) -> None:
    for event in events:
        match event:
            case RunStarted(run):
                _logger.info("run %s: %d units, %d already done", run.id, run.total, run.already_done)
            case UnitFinished(Scored() as scored):
                unit = scored.unit
                _logger.info(
                    "%s %s %s %d: AUC %.4f",
                    unit.model,
                    unit.task,
                    unit.protocol,
                    unit.seed,
                    scored.metrics.auc,
                )
            case UnitFinished(Failed() as failed):
                _logger.error("%s\n%s", failed.sentence, failed.traceback)
            case RunPaused(reason):
                _logger.warning("paused: %s", reason)
            case Log(level, text):
                _logger.log(logging.getLevelNamesMapping()[level.upper()], "%s", text)
            case RunFinished(run, scored_n, failed_n, cancelled_n):
                _logger.info(
                    "run %s %s: %d scored, %d failed, %d cancelled",
                    run.id,
                    run.state,
                    scored_n,
                    failed_n,
                    cancelled_n,
                )


def _log_to(home: Home) -> None:
    with contextlib.suppress(FileNotFoundError):
        regular(home.log / "runner.log").close()  # a pipe would be waited for
    handler = rotating_log(home.log / "runner.log", 5_000_000, 5)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _be_quiet() -> None:
    """Libraries draw no bars, ask no network and start no processes of their own."""
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
