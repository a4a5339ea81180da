"""Every launch that is not finished: those that wait, and those that were begun.

A launch is one file, whose name stays its own; how it stands is the folder in which it lies, and every
change is a rename. So whatever dies, a launch is in one place, and what two processes do to it at once
is done by one of them. It is removed when it has run to its end.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from engine.mailbox.left import leave, left_in, make, read, take
from store.errors import StoreError, UsageError
from store.files import read_json, write_json
from store.home import Home

if TYPE_CHECKING:
    from engine.plan.launch import Launch

State = Literal["waits", "running", "interrupted", "failed", "cancelled"]
_logger = logging.getLogger("engine")
_LEFT: Final[tuple[State, ...]] = ("interrupted", "failed", "cancelled")
"""What becomes of a launch that does not come to its end."""
_DAMAGED: Final = ".damaged"


@dataclass(frozen=True, slots=True)
class Entry:
    """A launch that is not finished."""

    path: Path
    state: State
    """One whose runner has gone is `interrupted`."""
    launch: Launch
    launched_at: str
    """UTC, ISO 8601."""
    why: str = ""
    """Why it could not be run, if it failed."""

    @property
    def id(self) -> str:
        """What people call it by; no later launch is given the same."""
        return self.path.stem.rpartition("-")[2]


# ---------------------------------------------------------------------------- what there is


def queued(home: Home) -> list[Path]:
    """The files that the runner will take, in order; some may turn out to be no launch."""
    return left_in(_folder(home, "waits"))


def waiting(home: Home) -> list[Entry]:
    """The launches that wait, in the order in which they will be run."""
    return _entries(home, "waits")


def unfinished(home: Home, alive: bool) -> list[Entry]:
    """The launches that were begun and did not come to their end, oldest first.

    Args:
        home: Whose.
        alive: Whether a runner is; the launch it is at work on is left out.
    """
    found = [entry for state in _LEFT for entry in _entries(home, state)]
    if not alive:
        found += (replace(entry, state="interrupted") for entry in _entries(home, "running"))
    return sorted(found, key=lambda entry: entry.path.name)


def damaged(home: Home) -> list[Path]:
    """Files that should be launches and cannot be read, with those that were set aside."""
    found: list[Path] = []
    for state in ("waits", "running", *_LEFT):
        folder = _folder(home, state)
        found += (path for path in left_in(folder) if _read(path, state) is None)
        found += folder.glob(f"[0-9]*.json{_DAMAGED}")
    return sorted(found)


def last_launch(home: Home) -> Launch | None:
    """The launch that ran last, finished or not.

    Raises:
        StoreError: the file that names it cannot be read.
    """
    return _launch(read_json(home.mailbox / "last.json"))


# ---------------------------------------------------------------------------- what viewers do


def enqueue(home: Home, launch: Launch, *, first: bool = False) -> Path:
    """Put a launch at the end of the runner's queue, or before all that wait; its file."""
    return leave(_folder(home, "waits"), _kept(launch), first=first)


def drop(home: Home, *ids: str) -> list[Entry]:
    """Forget the launches of these ids, which no runner has begun; what is scored of them stays.

    Raises:
        UsageError: there is none of one of the ids, or it has begun meanwhile; the others are dropped.
        StoreError: the file that names the last launch cannot be read.
    """
    from engine.mailbox.lock import runner_alive

    there = [*waiting(home), *unfinished(home, runner_alive(home))]
    dropped: list[Entry] = []
    missing: list[str] = []
    for wanted in dict.fromkeys(ids):
        found = [entry for entry in there if entry.id == wanted]
        if len(found) == 1 and _drop(home, found[0]):
            dropped += found
        else:
            missing.append(wanted)
    if missing:
        raise UsageError(
            f"Nothing that waits here is called {', '.join(missing)}; it may have begun meanwhile.",
            "`genearena queue` lists what waits, `genearena cancel` gives up what runs.",
        )
    return dropped


def _drop(home: Home, entry: Entry) -> bool:
    """Remove the file; False if it has been moved meanwhile."""
    last = last_launch(home)
    try:
        entry.path.unlink()
    except OSError:
        return False
    if last == entry.launch.without_retries:
        take(home.mailbox / "last.json")  # or `resume` would bring it back
    return True


def clear_queue(home: Home) -> None:
    """Forget the waiting launches, and the files that should be launches."""
    for path in (*queued(home), *damaged(home)):
        take(path)


def put_back(home: Home, entries: Sequence[Entry]) -> None:
    """Let launches that were begun wait again, before those that came after them.

    For a holder of the runner's lock: no launch is at work.

    Raises:
        StoreError: one cannot be moved.
    """
    for entry in entries:
        _move(home, entry.path, "waits")


# ---------------------------------------------------------------------------- what the runner does


def take_queued(home: Home) -> Launch | None:
    """The first launch that waits, which is begun from now on, and remembered as the last one.

    Files that cannot be read are set aside.

    Raises:
        StoreError: it cannot be moved or remembered; it stays where it is.
    """
    _settle(home)
    for path in queued(home):
        entry = _read(path, "waits")
        if entry is None:
            with contextlib.suppress(OSError):
                path.rename(path.with_name(path.name + _DAMAGED))
            _logger.warning("The file %s should be a launch and cannot be read; it is set aside.", path)
        elif _move(home, path, "running"):
            remember(home, entry.launch)
            return entry.launch
    return None


def begin(home: Home, launch: Launch) -> None:
    """Keep `launch`, which is run from now on, until it is `over`; what was cancelled before is forgotten.

    Raises:
        StoreError: it cannot be written.
    """
    remember(home, launch)
    if _as_read(launch) not in (entry.launch for entry in _entries(home, "running")):
        _settle(home)
        leave(_folder(home, "running"), _kept(launch))
    for entry in _entries(home, "cancelled"):
        take(entry.path)


def over(home: Home, launch: Launch) -> None:
    """Forget a launch that was begun, and its like: everything of it has been done."""
    launch = _as_read(launch)
    done = (launch.selection, launch.without_retries.selection)
    for state in ("running", *_LEFT):
        for entry in _entries(home, state):
            if entry.launch.selection in done:
                take(entry.path)


def leave_off(home: Home, state: State, why: str = "") -> None:
    """Keep what became of the launch that this runner is at work on.

    Raises:
        StoreError: it cannot be written or moved.
    """
    for entry in _entries(home, "running"):
        if why:
            write_json(entry.path, {**_kept(entry.launch), "launched_at": entry.launched_at, "why": why})
        _move(home, entry.path, state)


def remember(home: Home, launch: Launch) -> None:
    """Keep the launch that is about to run as the last one, so that it can be run again."""
    write_json(home.mailbox / "last.json", launch.without_retries.to_json())


def _settle(home: Home) -> None:
    """Those that a runner before this one was at work on were interrupted."""
    for entry in _entries(home, "running"):
        _move(home, entry.path, "interrupted")


# ---------------------------------------------------------------------------- files


def _folder(home: Home, state: State) -> Path:
    return home.mailbox / ("queue" if state == "waits" else state)


def _entries(home: Home, state: State) -> list[Entry]:
    return [entry for path in left_in(_folder(home, state)) if (entry := _read(path, state))]


def _read(path: Path, state: State) -> Entry | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return _parsed(path, state, stat.st_mtime_ns, stat.st_ino, stat.st_size)


@functools.lru_cache(maxsize=4096)
def _parsed(path: Path, state: State, *_stamp: int) -> Entry | None:
    """The launch in a file, which viewers look at four times a second."""
    data = read(path) or {}
    launch = _launch(data)
    said = (str(data.get(name, "")) for name in ("launched_at", "why"))
    return Entry(path, state, launch, *said) if launch else None


def _launch(data: dict[str, Any] | None) -> Launch | None:
    # With the catalog, which who only looks for a runner need not load.
    from engine.plan.launch import Launch

    with contextlib.suppress(TypeError, KeyError):
        return Launch.from_json(data) if data else None
    return None


def _kept(launch: Launch) -> dict[str, Any]:
    return {**launch.to_json(), "launched_at": datetime.now(UTC).isoformat(timespec="seconds")}


def _as_read(launch: Launch) -> Launch:
    """The launch as a file gives it back, for comparing."""
    return launch.from_json(json.loads(json.dumps(launch.to_json())))


def _move(home: Home, path: Path, state: State) -> bool:
    """Move a launch's file under its own name; False if somebody else has moved or dropped it."""
    folder = _folder(home, state)
    make(folder)
    try:
        path.rename(folder / path.name)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(f"The file {path} cannot be moved: {error.strerror}.") from error
    return True
