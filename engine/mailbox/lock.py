"""The one lock that makes a process the runner of a home, and what is known where the lock says nothing."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from engine.mailbox.claim import Claim
from engine.mailbox.requests import take_requests
from store.errors import StoreBusy, StoreError
from store.files import read_json
from store.home import Home

HELD: Final = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}
"""What flock says of a lock that another process holds; anything else says nothing of a holder."""
YOUNG: Final = 10.0
"""Seconds after its last word for which a runner that cannot be seen from here is taken to live."""
LIVE: Final = ("running", "paused")
"""States of a run that a runner is at work on."""
_NO_LOCKS: Final = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL}
"""What flock says where the file system has no locks; anything else is a fault of its own."""
_FULL: Final = {errno.ENOSPC, errno.EDQUOT}
_DENIED: Final = {errno.EACCES, errno.EPERM}
_ELSEWHERE: Final = "Move the folder to a local disk and name it with --home DIR or GENEARENA_HOME."
_FLAGS: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NoLocks(StoreError):
    """The file system has no locks, so nothing could keep a second runner out."""


class LockLost(StoreBusy):
    """Another process has become the runner meanwhile."""


class RunnerLock:
    """The lock of one home, while this process holds it."""

    def __init__(self, home: Home) -> None:
        """Take it.

        Raises:
            StoreBusy: another process is the runner.
            NoLocks: the file system has none.
            StoreError: the file cannot be opened or locked.
        """
        self.lost = False
        """Whether `keep` found another runner in its place."""
        self._path = lock_path(home)
        self._claim = Claim.mine()
        self._descriptor = _take(home, self._path)
        self._sign()

    def keep(self) -> str:
        """Look whether the file is still this lock, and take it again where somebody removed it.

        Returns:
            A sentence if it had to be taken again, or cannot be; else nothing.

        Raises:
            LockLost: another process is the runner now.
        """
        try:
            if _is_at(self._descriptor, self._path):
                return self._look_who_signed()
            return self._take_again()
        except LockLost:
            self.lost = True
            raise
        except StoreError as error:
            return str(error)
        except OSError:
            return ""  # a network that is away for a moment says nothing of the lock

    def release(self) -> None:
        """Let go of it, and claim it no more."""
        with contextlib.suppress(OSError):
            if _signed(self._descriptor) == self._claim:
                os.ftruncate(self._descriptor, 0)
        _close(self._descriptor)

    def _sign(self) -> None:
        with contextlib.suppress(OSError):  # a full disk: the lock is held all the same
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, self._claim.line().encode(), 0)

    def _look_who_signed(self) -> str:
        """Where locks do not reach the other side, whoever wrote last is the runner."""
        who = _signed(self._descriptor)
        if who is not None and who != self._claim:
            if who.lives() is not False:
                raise self._gone(who)
            self._sign()
        return ""

    def _take_again(self) -> str:
        fresh = _open(self._path, os.O_RDWR | os.O_CREAT)
        try:
            who = _signed(fresh)
            other = who is not None and who != self._claim and who.lives()
            if other or not (_lock(fresh, fcntl.LOCK_EX) and _is_at(fresh, self._path)):
                raise self._gone(who)
        except BaseException:
            _close(fresh)
            raise
        before, self._descriptor = self._descriptor, fresh
        _close(before)
        self._sign()
        return f"The runner's lock {self._path} was removed or replaced; this run has taken it again."

    def _gone(self, who: Claim | None) -> LockLost:
        name = f"Another runner ({who})" if who else "Another runner"
        return LockLost(
            f"{name} has taken the lock {self._path}, so this run stops.",
            "What is scored is kept; somebody must have removed or replaced the lock.",
        )


@contextlib.contextmanager
def runner_lock(home: Home) -> Iterator[RunnerLock]:
    """Hold the one lock that makes this process the runner of `home`.

    The kernel drops it when the process dies, however it dies. Requests that were left to an earlier
    runner are dropped with it.

    Raises:
        StoreBusy: another process is the runner.
        NoLocks: the file system has no locks.
        StoreError: the folder cannot be written.
    """
    home.create()
    lock = RunnerLock(home)
    try:
        take_requests(home)
        yield lock
    finally:
        lock.release()


def runner_alive(home: Home) -> bool:
    """Whether some process is the runner: it holds the lock, or says that it is and lives."""
    return _held(home) or witness(home) is not None


def runner_of(home: Home) -> Claim | None:
    """The process that is the runner; None if there is none, or it cannot be told which."""
    if _held(home):
        claims = (claim for claim, _ in _claims(home))
        return next((claim for claim in claims if claim.lives() is not False), None)
    return witness(home)


def witness(home: Home) -> Claim | None:
    """Another process that says it is the runner and seems to live, whatever the lock says."""
    mine = Claim.mine()
    for claim, age in _claims(home):
        lives = claim.lives() if claim.born else False
        if claim != mine and (lives or (lives is None and age < YOUNG)):
            return claim
    return None


def lock_fault(home: Home) -> StoreError | None:
    """What is wrong with the lock, or with all locks of the file system; None if nothing, or unknown.

    Tried on the home's stamp, which nobody else locks.
    """
    with contextlib.ExitStack() as stack:
        try:
            _close(_open(lock_path(home), os.O_RDWR))
        except FileNotFoundError:
            pass
        except StoreError as error:
            return error
        except OSError as error:
            return _untaken(lock_path(home), error)
        try:
            one, other = (os.open(home.format_file, os.O_RDWR | _FLAGS) for _ in range(2))
        except OSError:
            return None
        stack.callback(_close, one)
        stack.callback(_close, other)
        try:
            _lock(one, fcntl.LOCK_EX)
            if _lock(other, fcntl.LOCK_EX):
                return NoLocks(f"Locks on the file system of {home.data} keep nobody out.", _ELSEWHERE)
        except NoLocks as error:
            return error
        except OSError as error:
            return _untaken(home.format_file, error)
    return None


def lock_path(home: Home) -> Path:
    """The file that is locked."""
    return home.mailbox / "runner.lock"


# ---------------------------------------------------------------------------- the file


def _take(home: Home, path: Path) -> int:
    """A descriptor of the file at `path`, locked."""
    while True:
        try:
            descriptor = _open(path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise _untaken(path, error) from error
        try:
            if not _lock_soon(descriptor):
                raise _busy(home, runner_of(home))
            if (other := witness(home)) is not None:
                raise _busy(home, other, "Its lock does not reach this process.")
            if _is_at(descriptor, path):  # else it was replaced before it was locked
                return descriptor
        except OSError as error:
            _close(descriptor)
            raise _untaken(path, error) from error
        except BaseException:
            _close(descriptor)
            raise
        _close(descriptor)


def _open(path: Path, flags: int) -> int:
    """Open a regular file that is not a link.

    Raises:
        StoreError: something else is there.
        OSError: it cannot be opened.
    """
    with contextlib.suppress(FileNotFoundError):
        kind = path.lstat().st_mode
        if not stat.S_ISREG(kind):
            what = "a symbolic link, which is not followed" if stat.S_ISLNK(kind) else "not a regular file"
            remove = "rm -r" if stat.S_ISDIR(kind) else "rm"
            raise StoreError(f"The runner's lock {path} is {what}.", f"Remove it: `{remove} {path}`")
    return os.open(path, flags | _FLAGS, 0o600)


def _untaken(path: Path, error: OSError) -> StoreError:
    hint = "Check that its disk is there and sound, then try again."
    if error.errno in _DENIED:
        hint = "Check who owns it."
    elif error.errno in _FULL:
        hint = "Free some space."
    elif error.errno == errno.EROFS:
        hint = "Name a folder that can be written with --home DIR or GENEARENA_HOME."
    return StoreError(f"The lock {path} cannot be taken: {error.strerror}.", hint)


def _close(descriptor: int) -> None:
    """Close a file, and drop the lock that is on it.

    An error, as of a full or vanished network disk, is of what was written last: the file is closed all the
    same, and who finds a claim there that could not be taken back asks whether its process lives.
    """
    with contextlib.suppress(OSError):
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file is the one at `path`."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _lock(descriptor: int, kind: int) -> bool:
    """Whether the open file could be locked; False: another process holds it.

    Raises:
        NoLocks: the file system has no locks.
        OSError: it cannot be locked for another reason, as a disk that is away.
    """
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in HELD:
            return False
        if error.errno not in _NO_LOCKS:
            raise
        raise NoLocks(
            f"The file system that the results are kept on has no locks ({error.strerror}), "
            "so a second runner could not be kept out.",
            _ELSEWHERE,
        ) from error
    return True


def _lock_soon(descriptor: int) -> bool:
    """Lock within half a second: `runner_alive` in another process may hold it for an instant."""
    for _ in range(10):
        if _lock(descriptor, fcntl.LOCK_EX):
            return True
        time.sleep(0.05)
    return False


def _held(home: Home) -> bool:
    """Whether another process, or another part of this one, holds the lock."""
    try:
        descriptor = _open(lock_path(home), os.O_RDONLY)
    except (OSError, StoreError):
        return False
    try:
        # A shared lock: two viewers that look at once do not take each other for a runner.
        return not _lock(descriptor, fcntl.LOCK_SH)
    except (OSError, NoLocks):
        return False
    finally:
        _close(descriptor)


# ---------------------------------------------------------------------------- who says so


def _claims(home: Home) -> Iterator[tuple[Claim, float]]:
    """Who the lock and a live status name, each with the seconds since it was written."""
    path = lock_path(home)
    with contextlib.suppress(OSError, StoreError):
        descriptor = _open(path, os.O_RDONLY)
        try:
            claim, age = _signed(descriptor), time.time() - os.fstat(descriptor).st_mtime
        finally:
            _close(descriptor)
        if claim:
            yield claim, abs(age)
    path = home.mailbox / "status.json"
    with contextlib.suppress(OSError, StoreError):
        said = read_json(path) or {}
        if said.get("state") in LIVE:
            claim = Claim.read(f"{said.get('pid')} {said.get('host')} {said.get('born', '')}")
            if claim:
                yield claim, abs(time.time() - path.stat().st_mtime)


def _signed(descriptor: int) -> Claim | None:
    """Who wrote into the lock."""
    return Claim.read(os.pread(descriptor, 4096, 0).decode("utf-8", "replace"))


def _busy(home: Home, who: Claim | None, why: str = "") -> StoreBusy:
    """The sentence that a run is going on."""
    said: dict[str, Any] = {}
    with contextlib.suppress(StoreError):
        said = read_json(home.mailbox / "status.json") or {}
    since = f", since {said.get('started_at')}" if who and said.get("pid") == who.pid else ""
    name = f"{who}{since}" if who else "its PID cannot be read"
    hint = "Watch it with `genearena attach`, or end it with `genearena cancel`."
    if who and who.lives() is None:
        hint += f" If it has ended, this goes on {YOUNG:.0f} s after its last word."
    return StoreBusy(f"A run is already going on in {home.data} ({name}). {why}".rstrip(), hint)
