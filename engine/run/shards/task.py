"""One task of an array: works its shard off with threads, and saves what comes of it in its own journal.

Nothing of it is shared with another process but by files that one of them writes: no lock, no claim, no
database. What an earlier life of the task has saved is not done again.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
import threading
from contextlib import closing, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from engine.environment import usable_cores
from engine.mailbox import RunState
from engine.plan.launch import Options
from engine.run.compute import Compute
from engine.run.crashes import Crashes, hold_deaths
from engine.run.events import Log, UnitFinished
from engine.run.monitor import Monitor
from engine.run.runner import saved
from engine.run.shards.array import Frozen, read_frozen
from engine.run.shards.told import Told
from engine.run.threads import ThreadExecutor
from store.entries import Record, entry_of
from store.errors import GeneArenaError, StoreError
from store.files import write_json
from store.journal import Damaged, JournalWriter, read_journal
from store.records import Cancelled
from store.rows import this_version

BEAT: Final = 5.0
"""Seconds between two heartbeats."""


class NoSuchArray(GeneArenaError):
    """The folder that a task was given holds no array that it can work on."""


def work(folder: Path, index: int, told: Told, compute: Compute | None = None) -> bool:
    """Work shard `index` of the array in `folder` off; whether all of it has an outcome now.

    Raises:
        NoSuchArray: there is none here, or one of another version.
        StoreError: what comes of units cannot be saved.
    """
    frozen = read_frozen(folder, only=index)
    if frozen is None:
        raise NoSuchArray(
            f"There is no array in {folder} on {socket.gethostname()}.",
            "The home has to lie in a file system that this machine and all nodes share.",
        )
    name = f"{frozen.journal(index)}{os.getpid()}-{secrets.token_hex(4)}"
    done = _saved_before(frozen, index)
    hold_deaths(frozen.marks(index))
    plan = frozen.plan(index, done)
    monitor = Monitor(plan)
    beat = _Beat(frozen.beat(index), monitor, name)
    with (
        closing(_Outbox(JournalWriter(frozen.journals, name))) as outbox,
        beat,
        told.listening(),
    ):
        try:
            if frozen.version != this_version():
                version = this_version()
                here = f"version {version}" if version else f"not installed for {sys.executable}"
                raise NoSuchArray(
                    f"genearena is {here} on {socket.gethostname()}, and version "
                    f"{frozen.version} where the array was submitted.",
                    "Install the same one there.",
                )
            crashes = frozen.marks(index)
            executor = ThreadExecutor(
                frozen.home, _options(frozen.launch.options), compute, lambda: Crashes(crashes, final=True)
            )
            missing = 0
            for event in saved(plan, outbox, told, executor):
                monitor.feed(event)
                missing += isinstance(event, UnitFinished) and isinstance(event.outcome, Cancelled)
        except GeneArenaError as error:
            monitor.feed(Log("error", str(error)))
            beat.end("failed", str(error))
            raise
        beat.end("cancelled" if missing else "finished")
    return not missing


class _Outbox:
    """Saves what comes of units for the coordinator; knows nothing of what others have saved."""

    def __init__(self, writer: JournalWriter) -> None:
        self._writer = writer

    def append(self, *records: Record) -> None:
        """Save `records`; on return they are on the disk.

        Raises:
            DiskFull: no space is left; nothing was saved.
            StoreError: the journal cannot be written; nothing was saved.
        """
        self._writer.append([entry_of(record) for record in records])

    def attempts(self) -> dict[str, int]:
        """None that this process knows of: the coordinator counts them."""
        return {}

    def close(self) -> None:
        """Let go of the journal."""
        self._writer.close()


class _Beat:
    """A thread that says every few seconds what the task is doing."""

    def __init__(self, path: Path, monitor: Monitor, name: str) -> None:
        self._path, self._monitor, self._name = path, monitor, name
        self._over = threading.Event()
        self._end: tuple[RunState, str] = ("failed", "It ended on an unforeseen error.")
        self._thread = threading.Thread(target=self._go, name="beat", daemon=True)

    def __enter__(self) -> _Beat:
        self._say()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._say(*self._end)

    def end(self, state: RunState, message: str = "") -> None:
        """What the last beat says."""
        self._end = (state, message)

    def _go(self) -> None:
        while not self._over.wait(BEAT):
            self._say()

    def _say(self, state: RunState | None = None, message: str = "") -> None:
        status = self._monitor.snapshot()
        status = replace(
            status,
            run_id=self._name,
            state=state or status.state,
            message=message or status.message,
            recent=(),
            selection={},
        )
        with suppress(StoreError):  # a full disk: outcomes wait, too
            write_json(self._path, asdict(status))


def _saved_before(frozen: Frozen, index: int) -> set[str]:
    """Keys of the units whose outcomes earlier lives of the task have saved, as far as is seen here."""
    done: set[str] = set()
    for path in sorted(frozen.journals.glob(f"{frozen.journal(index)}*.jsonl")):
        with suppress(StoreError):  # what cannot be read now is done again, and counts once
            lines = (line for line in read_journal(path, 0) if not isinstance(line, Damaged))
            done.update(line.key for line in lines if line.kind in ("scored", "failed"))
    return done


def _options(asked: Options) -> Options:
    """As asked, on no more cores than the task was given."""
    given = os.environ.get("SLURM_CPUS_ON_NODE", "")
    cores = min(usable_cores(), int(given)) if given.isdigit() and int(given) else usable_cores()
    return replace(asked, workers=asked.workers or cores, threads=asked.threads or cores)
