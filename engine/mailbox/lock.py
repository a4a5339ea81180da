"""The one lock that makes a process the runner of a home."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

from engine.mailbox.requests import take_requests
from store.errors import StoreBusy, StoreError
from store.files import read_json
from store.home import Home


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
    path = home.mailbox / "runner.lock"
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
        descriptor = os.open(home.mailbox / "runner.lock", os.O_RDONLY)
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
    status = read_json(home.mailbox / "status.json") or {}
    with contextlib.suppress(OSError):
        pid = (home.mailbox / "runner.lock").read_text().strip()
        since = status.get("started_at", "") if str(status.get("pid")) == pid else ""
        return f"PID {pid}" + (f", since {since}" if since else "")
    return "its PID cannot be read"
