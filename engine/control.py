"""Where the runner and its viewers meet: small files in one folder, replaced whole or left as requests.

The runner replaces `status.json` at most four times a second and holds `runner.lock`; viewers
queue selections and leave requests. No sockets, no protocol.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from engine.plan import Selection
from store.errors import StoreBusy, StoreError
from store.files import replacing
from store.home import Home

RequestKind = Literal["pause", "resume", "cancel", "drain"]
RunState = Literal["running", "paused", "finished", "failed", "cancelled", "interrupted"]
LIVE: Final = ("running", "paused")


@dataclass(frozen=True, slots=True)
class StageStatus:
    """One bar."""

    stage: str
    label: str
    done: int
    total: int
    rate: float
    eta_s: float | None


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """One unit in flight or just finished."""

    key: str
    model: str
    task: str
    protocol: str
    preset: str
    seed: int
    state: Literal["running", "scored", "failed", "cancelled"]
    auc: float | None = None
    seconds: float | None = None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class EpochStatus:
    """One point of a fine-tuning curve."""

    key: str
    model: str
    task: str
    protocol: str
    seed: int
    stage: int
    epoch: int
    loss: float
    eval_auc: float | None
    learning_rate: float


@dataclass(frozen=True, slots=True)
class LogLine:
    """One sentence of the run's log."""

    time: str
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Status:
    """The latest snapshot of a run."""

    run_id: str
    pid: int
    host: str
    state: RunState
    started_at: str
    updated_at: str
    total: int
    already_done: int
    scored: int = 0
    failed: int = 0
    cancelled: int = 0
    rate: float = 0.0
    """Units a second."""
    eta_s: float | None = None
    stages: tuple[StageStatus, ...] = ()
    running: tuple[UnitStatus, ...] = ()
    recent: tuple[UnitStatus, ...] = ()
    """Newest first, at most 200."""
    epochs: tuple[EpochStatus, ...] = ()
    log: tuple[LogLine, ...] = ()
    """Newest last, at most 200."""
    message: str = ""
    """Why it is paused, or what a reader should know first."""
    device: str = ""
    selection: Mapping[str, Any] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        """Whether a runner is at work on it."""
        return self.state in LIVE


def write_status(home: Home, status: Status) -> None:
    """Replace the snapshot; on a full disk, write a short one over the old, in the space it has."""
    path = home.control / "status.json"
    try:
        _replace(path, asdict(status))
    except StoreError:
        short = replace(status, stages=(), running=(), recent=(), epochs=(), log=status.log[-1:])
        with contextlib.suppress(OSError), path.open("r+b", buffering=0) as file:
            # One write of the old length: a reader sees no half of either.
            file.write(json.dumps(asdict(short)).encode().ljust(path.stat().st_size))


def read_status(home: Home) -> Status | None:
    """The latest snapshot, or None if nothing ever ran here.

    A run that says it is live while no runner holds the lock reads as `interrupted`.
    """
    data = _read_json(home.control / "status.json")
    if data is None:
        return None
    parts: dict[str, type] = {
        "stages": StageStatus,
        "running": UnitStatus,
        "recent": UnitStatus,
        "epochs": EpochStatus,
        "log": LogLine,
    }
    try:
        lists = {name: tuple(part(**item) for item in data[name]) for name, part in parts.items()}
        status = Status(**{**data, **lists})
    except (TypeError, KeyError):
        return None
    if status.live and not runner_alive(home):
        return replace(status, state="interrupted", running=(), message="The runner has gone; resume it.")
    return status


# ------------------------------------------------------------------------------------- the lock


@contextlib.contextmanager
def runner_lock(home: Home) -> Iterator[None]:
    """Hold the one lock that makes this process the runner of `home`.

    The kernel drops it when the process dies, however it dies. Requests that were left to an earlier
    runner are dropped with it.

    Raises:
        StoreBusy: another process holds it.
        StoreError: the folder cannot be written.
    """
    home.create()
    path = home.control / "runner.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StoreError(f"The lock {path} cannot be opened: {error.strerror}.") from error
    try:
        if not _try_lock(descriptor):
            raise StoreBusy(
                f"A run is already going on in {home.data} ({_holder(home)}).",
                "Watch it with `genearena attach`, or end it with `genearena cancel`.",
            )
        os.ftruncate(descriptor, 0)
        with contextlib.suppress(OSError):  # a full disk; only a message names the PID
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        take_requests(home)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    """Lock within half a second: `runner_alive` in another process may hold it for an instant."""
    for _ in range(10):
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.05)
    return False


def runner_alive(home: Home) -> bool:
    """Whether some process holds the runner's lock."""
    try:
        descriptor = os.open(home.control / "runner.lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        # A shared lock: two viewers that look at once do not take each other for a runner.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _holder(home: Home) -> str:
    status = _read_json(home.control / "status.json") or {}
    with contextlib.suppress(OSError):
        pid = (home.control / "runner.lock").read_text().strip()
        since = status.get("started_at", "") if str(status.get("pid")) == pid else ""
        return f"PID {pid}" + (f", since {since}" if since else "")
    return "its PID cannot be read"


# ------------------------------------------------------------------------- requests and the queue


def request(home: Home, what: RequestKind, key: str = "") -> None:
    """Ask the runner for something; `key` narrows `cancel` to one unit."""
    _leave(home.control / "requests", {"what": what, "key": key})


def take_requests(home: Home) -> list[tuple[str, str]]:
    """Every request left so far as (what, key), oldest first; each is taken once."""
    taken = []
    for path in _numbered(home.control / "requests"):
        data = _read_json(path)
        if _take(path) and data:
            taken.append((str(data.get("what", "")), str(data.get("key", ""))))
    return taken


def enqueue(home: Home, selection: Selection) -> None:
    """Put a selection at the end of the runner's queue."""
    _leave(home.control / "queue", selection.to_json())


def queued(home: Home) -> list[Path]:
    """The waiting selections' files, oldest first."""
    return _numbered(home.control / "queue")


def take_queued(home: Home) -> Selection | None:
    """The oldest waiting selection, taken off the queue and remembered as the last one.

    Raises:
        StoreError: it cannot be remembered; it stays in the queue.
    """
    for path in queued(home):
        data = _read_json(path)
        with contextlib.suppress(TypeError, KeyError):
            if data:
                selection = Selection.from_json(data)
                # In this order: whenever the runner is killed, the selection is in one place or both.
                remember(home, selection)
                _take(path)
                return selection
        _take(path)
    return None


def clear_queue(home: Home) -> None:
    """Forget the waiting selections."""
    for path in queued(home):
        _take(path)


def remember(home: Home, selection: Selection) -> None:
    """Keep the selection that is about to run, so that an interrupted run can be resumed."""
    _replace(home.control / "last.json", replace(selection, retry_failed=False).to_json())


def last_selection(home: Home) -> Selection | None:
    """The selection that ran last, finished or not."""
    data = _read_json(home.control / "last.json")
    with contextlib.suppress(TypeError, KeyError):
        if data:
            return Selection.from_json(data)
    return None


def launch(home: Home, selection: Selection, extra: tuple[str, ...] = ()) -> None:
    """Queue `selection` and start a detached runner if none is alive.

    The runner is a session of its own with no terminal, so nothing a terminal does can hurt it.
    `extra` are further arguments of `python -m engine`.
    """
    home.create()
    enqueue(home, selection)
    start_runner(home, extra)


def start_runner(home: Home, extra: tuple[str, ...] = ()) -> None:
    """Start a detached runner for what is queued, unless one is alive."""
    if runner_alive(home):
        return
    places = [str(home.data), str(home.cache), str(home.config), str(home.log)]
    try:
        with (home.log / "runner.out").open("ab") as output:
            subprocess.Popen(
                # -P: a folder named `engine` where the user happens to stand is not ours.
                [sys.executable, "-P", "-m", "engine", *places, *extra],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
            )
    except OSError as error:
        raise StoreError(f"The runner of {home.data} cannot be started: {error.strerror}.") from error


# ------------------------------------------------------------------------------------- small files


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The folder {folder} cannot be made: {error.strerror}.") from error


def _leave(folder: Path, data: Mapping[str, Any]) -> None:
    """Add a file that comes after those already there, even when the clock stands still or goes back."""
    _make(folder)
    newest = max(map(_number, _numbered(folder)), default=0)
    number = max(time.time_ns(), newest + 1)
    _replace(folder / f"{number}-{os.getpid()}-{secrets.token_hex(3)}.json", data)


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


def _replace(path: Path, data: Mapping[str, Any]) -> None:
    try:
        with replacing(path) as fresh:
            fresh.write_text(json.dumps(data))
    except OSError as error:
        raise StoreError(f"The file {path} cannot be written: {error.strerror}.") from error


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None
