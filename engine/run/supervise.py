"""One run as the outside sees it: lock held, status and database kept fresh, requests obeyed.

`genearena run` and the detached runner are both a `for event in supervise(...)` loop.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from engine.mailbox import (
    EarlierRun,
    LockLost,
    RunnerLock,
    begin,
    clear_queue,
    leave_off,
    over,
    runner_lock,
    take_requests,
    write_status,
)
from engine.plan.launch import Launch, Options
from engine.plan.plan import Plan
from engine.run.contract import Executor
from engine.run.events import Event, Log, RunFinished
from engine.run.executors import executor_of
from engine.run.monitor import Monitor
from engine.run.runner import run
from engine.run.shards.collect import collect, held
from engine.run.shortage import shortage
from engine.run.steering import Steering
from store.errors import StoreBusy, StoreError
from store.home import Home
from store.store import Store

_STATUS_INTERVAL: Final = 0.25
_FLUSH_INTERVAL: Final = 2.0
_FLUSH_SHARE: Final = 20.0
"""A flush waits at least this many times its own last cost, so that readers meet it rarely."""
_FLUSH_PATIENCE: Final = 10.0
"""Seconds that rows wait at most, also after the first flush, which loads DuckDB and makes the file."""
_JUDGING: Final = 30.0
"""Seconds at least between two times that intervals are worked out; a flush's share holds for them, too."""
_BRIEFLY: Final = 2.0
"""Seconds for which somebody may hold the database file before it is worth a word: readers are quick."""
_LAST_FLUSH: Final = 10.0
"""Seconds the last flush of a run tries for, if somebody holds the database file."""


def supervise(
    home: Home,
    plan: Plan,
    mailbox: Steering,
    options: Options | None = None,
    executor: Executor | None = None,
) -> Iterator[Event]:
    """Run `plan` in this process and yield what happens.

    What is finished by now is looked up once the lock is held; nothing else of the plan is made again.

    Args:
        home: Where results are kept.
        plan: What to run.
        mailbox: How the run is steered from this process; requests from others are passed on to it.
        options: How the work is done; remembered with the selection.
        executor: Does the work; None: the one that `options` ask for.

    Raises:
        StoreBusy: another process is the runner.
        StoreError: the store cannot be opened or written.
    """
    with runner_lock(home) as lock:
        yield from supervise_locked(home, plan, mailbox, lock, options, executor)


def supervise_locked(
    home: Home,
    plan: Plan,
    mailbox: Steering,
    lock: RunnerLock,
    options: Options | None = None,
    executor: Executor | None = None,
    earlier: Sequence[EarlierRun] = (),
) -> Iterator[Event]:
    """`supervise` for a caller that holds the runner's lock already; the status names `earlier` runs.

    A run whose lock another process has taken stops within a tick and leaves the status to it.

    Raises:
        LockLost: another process has taken the lock; what is scored is kept.
    """
    lock.keep()
    options = options or Options()
    executor = executor or executor_of(home, options)
    with contextlib.closing(Store(home)) as store:
        store.recall_refused()
        taken = collect(home, store)
        plan = plan.against(store.finished())
        launch = Launch(plan.selection, options)
        begin(home, launch)
        monitor = Monitor(plan, earlier, options.while_paused)
        keeper = _Keeper(home, store, mailbox, monitor, lock)
        keeper.start()
        try:
            for event in chain(_arrays(home, plan, options, taken), run(plan, store, mailbox, executor)):
                monitor.feed(event)
                if isinstance(event, RunFinished) and event.run.state != "cancelled":
                    over(home, launch)
                yield event
                yield from keeper.news()
            collect(home, store)
        finally:
            keeper.stop()
        yield from keeper.news()
        if keeper.lost is not None:
            raise keeper.lost


def _arrays(home: Home, plan: Plan, options: Options, taken: int) -> Iterator[Event]:
    """What is to be said of job arrays of earlier runs."""
    if taken:
        yield Log("info", f"Outcomes that job arrays of earlier runs had saved were collected: {taken}.")
    if options.slurm is None:
        yield from (Log("warning", sentence) for sentence in held(home, plan.todo))


class _Keeper:
    """Two helper threads: one for status and requests, one that fills the database."""

    def __init__(
        self, home: Home, store: Store, mailbox: Steering, monitor: Monitor, lock: RunnerLock
    ) -> None:
        self._home, self._store, self._mailbox, self._monitor = home, store, mailbox, monitor
        self._lock = lock
        self.lost: LockLost | None = None
        """Set once another process has taken the lock."""
        self._said = ""
        """What was last wrong with the mailbox."""
        self._over = threading.Event()
        self._message = ""
        """Why the database lags behind."""
        self._busy_since = 0.0
        """Since when it does because somebody holds the file; 0: nobody does."""
        self._news: deque[Log] = deque()
        self._threads = (
            threading.Thread(target=self._tell_and_listen, name="status", daemon=True),
            threading.Thread(target=self._fill, name="database", daemon=True),
        )

    def start(self) -> None:
        """Write a first status and start both threads."""
        self._tell()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Apply the rest, tell the end, and join."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self.lost is None:
            self._tell()

    def news(self) -> Iterator[Event]:
        """What the helpers had to say since the last call."""
        while self._news:
            yield self._news.popleft()

    def _tell(self) -> None:
        status = self._monitor.snapshot(paused=self._mailbox.paused, store_message=self._message)
        write_status(self._home, status)

    def _tell_and_listen(self) -> None:
        while not self._over.wait(_STATUS_INTERVAL):
            try:
                self._complain(self._lock.keep())
                for what, key in take_requests(self._home):
                    self._obey(what, key)
                self._tell()
            except LockLost as error:
                self._mailbox.stop(leaving=True)  # what is in flight, the other does
                self.lost = error
                return
            except (StoreError, OSError) as error:
                self._complain(f"The mailbox cannot be used: {error}")

    def _complain(self, sentence: str) -> None:
        """Log what is wrong with the mailbox, once for as long as it lasts."""
        if sentence and sentence != self._said:
            event = Log("warning", sentence)
            self._monitor.feed(event)
            self._news.append(event)
        self._said = sentence

    def _obey(self, what: str, key: str) -> None:
        match what:
            case "pause":
                self._mailbox.pause()
            case "resume":
                self._mailbox.resume()
            case "drain":
                self._mailbox.drain()
            case "cancel" if key:
                self._mailbox.cancel_unit(key)
            case "cancel":
                clear_queue(self._home)
                self._mailbox.stop()
                with contextlib.suppress(StoreError):
                    leave_off(self._home, "cancelled")
        self._monitor.log("info", f"Asked to {what}{f' unit {key[:8]}' if key else ''}.")

    def _fill(self) -> None:
        """Apply the journals now and then, and once more at the end."""
        pause = _FLUSH_INTERVAL
        judging = time.monotonic() + _JUDGING
        while not self._over.wait(pause):
            pause = min(max(_FLUSH_INTERVAL, _FLUSH_SHARE * self._flush()), _FLUSH_PATIENCE)
            if time.monotonic() > judging:
                judging = time.monotonic() + max(_JUDGING, _FLUSH_SHARE * self._judge())
        deadline = time.monotonic() + _LAST_FLUSH
        self._flush()
        while self._busy_since and time.monotonic() < deadline:
            time.sleep(0.2)
            self._flush()
        self._judge()

    def _judge(self) -> float:
        """Work out intervals of what has changed; its cost in seconds. What fails waits for the next."""
        from engine.verdicts.keep import refresh

        started = time.monotonic()
        try:
            refresh(self._home)
        except (StoreError, OSError) as error:
            self._log(f"Intervals are not up to date: {error}")
        except Exception as error:  # noqa: BLE001 - the thread's boundary, as of `_flush`
            self._log(shortage(error) or f"Intervals are not up to date: {type(error).__name__}: {error}.")
        return time.monotonic() - started

    def _flush(self) -> float:
        """One flush; its cost in seconds. A file in other hands or damaged delays it and is told."""
        started = time.monotonic()
        busy_since, self._busy_since = self._busy_since, 0.0
        try:
            self._store.flush()
            self._message = ""
            for sentence in self._store.said():
                self._log(sentence)
        except StoreBusy as error:
            self._busy_since = busy_since or started
            if started - self._busy_since >= _BRIEFLY:
                self._say(str(error))
            return 0.0
        except (StoreError, OSError) as error:
            self._say(str(error))
        except Exception as error:  # noqa: BLE001 - the thread's boundary: a library that does not load, too
            self._say(shortage(error) or f"{type(error).__name__}: {error}.")
        return time.monotonic() - started

    def _say(self, message: str) -> None:
        if message != self._message:
            self._log(f"{message} Results stay in the journal meanwhile.")
        self._message = message

    def _log(self, sentence: str) -> None:
        event = Log("warning", sentence)
        self._monitor.feed(event)
        self._news.append(event)
