"""What viewers leave to the runner, a small file each: requests and the queue of launches."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from engine.plan.launch import Launch
from store.errors import StoreError
from store.files import read_json, write_json
from store.home import Home

RequestKind = Literal["pause", "resume", "cancel", "drain"]


def request(home: Home, what: RequestKind, key: str = "") -> None:
    """Ask the runner for something; `key` narrows `cancel` to one unit."""
    _leave(home.mailbox / "requests", {"what": what, "key": key})


def take_requests(home: Home) -> list[tuple[str, str]]:
    """Every request left so far as (what, key), oldest first; each is taken once."""
    taken = []
    for path in _numbered(home.mailbox / "requests"):
        data = None
        with contextlib.suppress(StoreError):
            data = read_json(path)
        if _take(path) and data:
            taken.append((str(data.get("what", "")), str(data.get("key", ""))))
    return taken


def enqueue(home: Home, launch: Launch, *, first: bool = False) -> None:
    """Put a launch at the end of the runner's queue, or before all that wait."""
    _leave(home.mailbox / "queue", launch.to_json(), first)


def queued(home: Home) -> list[Path]:
    """The waiting launches' files, oldest first."""
    return _numbered(home.mailbox / "queue")


def waiting(home: Home) -> list[Launch]:
    """The launches that wait, oldest first; a file that is none is left out."""
    return [launch for path in queued(home) if (launch := _read(path))]


def take_queued(home: Home) -> Launch | None:
    """The oldest waiting launch, taken off the queue and remembered as the last one.

    Raises:
        StoreError: it cannot be remembered; it stays in the queue.
    """
    for path in queued(home):
        launch = _read(path)
        if launch:
            # In this order: whenever the runner is killed, the launch is in one place or both.
            remember(home, launch)
        _take(path)
        if launch:
            return launch
    return None


def clear_queue(home: Home) -> None:
    """Forget the waiting launches."""
    for path in queued(home):
        _take(path)


def remember(home: Home, launch: Launch) -> None:
    """Keep the launch that is about to run, so that an interrupted run can be resumed."""
    write_json(home.mailbox / "last.json", launch.without_retries.to_json())


def last_launch(home: Home) -> Launch | None:
    """The launch that ran last, finished or not."""
    return _read(home.mailbox / "last.json")


def _read(path: Path) -> Launch | None:
    from engine.plan.launch import (
        Launch,  # with the catalog, which who only looks for a runner need not load
    )

    data = read_json(path)
    with contextlib.suppress(TypeError, KeyError):
        if data:
            return Launch.from_json(data)
    return None


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The folder {folder} cannot be made: {error.strerror}.") from error


def _leave(folder: Path, data: Mapping[str, Any], first: bool = False) -> None:
    """Add a file that comes after those already there, or before, whatever the clock does."""
    _make(folder)
    there = [_number(path) for path in _numbered(folder)]
    number = max(min(there) - 1, 0) if first and there else max(time.time_ns(), max(there, default=0) + 1)
    write_json(folder / f"{number}-{os.getpid()}-{secrets.token_hex(3)}.json", data)


def _take(path: Path) -> bool:
    """Remove a file that was left; False if that cannot be, as then it would be taken again."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _numbered(folder: Path) -> list[Path]:
    """The files that were left in `folder`, in order."""
    files = (path for path in folder.glob("[0-9]*.json") if path.is_file())
    return sorted(files, key=lambda path: (_number(path), path.name))


def _number(path: Path) -> int:
    digits = re.match(r"\d+", path.name, re.ASCII)
    return int(digits[0][:30]) if digits else 0
