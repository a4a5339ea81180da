"""What was in flight when a runner died, so that work that kills its runner cannot stop a run.

Work in flight is a file that names its runner; a runner that finds such files when it starts suspects
each piece of work they name, and runs suspects last and alone. A strike is written only by a parent that
survived and saw how the runner died (`engine.run.__main__`): kills from outside and machines that go down
leave suspects, who clear themselves by coming to an outcome, and convict nobody.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from engine.mailbox.claim import birth
from store.errors import StoreError
from store.files import read_json, write_json

_MARKS: Final = "in-flight"
_STRIKES: Final = "strikes.json"
STRIKES: Final = 3
"""Deaths of the runner by its own doing, with nothing else in flight, after which work is given up."""


class Crashes:
    """The suspects of one home; only the holder of the runner's lock may make one.

    Safe to share between threads.
    """

    def __init__(self, folder: Path, *, final: bool = False) -> None:
        """Suspect what an earlier runner left in flight in `folder`.

        Args:
            folder: where the work is marked.
            final: whether what is given up is a failure, and not left for the next run.
        """
        self.final = final
        self._marks = folder / _MARKS
        self._file = folder / _STRIKES
        self._turn = threading.Condition()
        """Protects what follows; told when something ends."""
        self._flying = 0
        self._born = birth(os.getpid())
        self._strikes = read_strikes(folder)
        """Suspect -> strikes against it, which may be none."""
        left = in_flight(folder)
        for key in left:
            self._strikes.setdefault(key, 0)
        if left:
            self._write()
        for key in left:
            self._unmark(key)
        with contextlib.suppress(OSError):
            self._marks.mkdir(parents=True, exist_ok=True)

    def suspected(self, key: str) -> bool:
        """Whether a runner died while this was in flight."""
        with self._turn:
            return key in self._strikes

    def strikes(self, key: str) -> int:
        """How often a runner died while this alone was in flight."""
        with self._turn:
            return self._strikes.get(key, 0)

    @contextlib.contextmanager
    def turn(self, key: str) -> Iterator[None]:
        """Hold while `key` is worked on; a suspect waits until it is alone, and others wait for it."""
        with self._turn:
            suspect = key in self._strikes
            self._turn.wait_for(lambda: self._flying == 0 if suspect else self._flying >= 0)
            self._flying = -1 if suspect else self._flying + 1
        try:
            yield
        finally:
            with self._turn:
                self._flying = 0 if suspect else self._flying - 1
                self._turn.notify_all()

    @contextlib.contextmanager
    def in_flight(self, key: str) -> Iterator[None]:
        """Mark `key` as in flight; best effort, a full disk must not stop it."""
        with contextlib.suppress(OSError):
            (self._marks / key).write_text(self._born, encoding="ascii")
        try:
            yield
        finally:
            self._unmark(key)

    def cleared(self, key: str) -> None:
        """`key` came to an outcome: it is not a suspect."""
        with self._turn:
            if self._strikes.pop(key, None) is not None:
                self._write()

    def forgive(self) -> None:
        """A run came to its end: what it gave up stays suspected, and the next run tries it again.

        Not before, or two pieces of work that kill their runner would take turns for ever.
        """
        with self._turn:
            if given_up := [key for key, number in self._strikes.items() if number >= STRIKES]:
                self._strikes |= dict.fromkeys(given_up, 0)
                self._write()

    def _unmark(self, key: str) -> None:
        with contextlib.suppress(OSError):
            (self._marks / key).unlink()

    def _write(self) -> None:
        with contextlib.suppress(StoreError):
            write_json(self._file, self._strikes)


def strike(folder: Path, born: str) -> None:
    """Hold the death of a runner by its own doing against the work in flight, if it was a single piece.

    Args:
        folder: Where the work is marked.
        born: Which process has died; what another runner left there is not held against anything.
    """
    left = in_flight(folder)
    if len(left) == 1 and _whose(folder, left[0]) == born:
        strikes = read_strikes(folder)
        with contextlib.suppress(StoreError):
            write_json(folder / _STRIKES, {**strikes, left[0]: strikes.get(left[0], 0) + 1})


def hold_deaths(folder: Path, deaths: Mapping[str, int] | None = None) -> None:
    """Hold it against all work that is marked as in flight in `folder` that its process has gone.

    Args:
        folder: where no process marks work any more.
        deaths: what is held against work already; None: what `folder` says.
    """
    left = in_flight(folder)
    if not left and not deaths:
        return
    known = Counter(read_strikes(folder) if deaths is None else deaths)
    known.update(left)
    with contextlib.suppress(StoreError, OSError):
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / _STRIKES, known)
        for key in left:
            (folder / _MARKS / key).unlink()


def in_flight(folder: Path) -> list[str]:
    """Keys of the work that is marked as in flight."""
    try:
        return sorted(mark.name for mark in (folder / _MARKS).iterdir() if _is_there(mark))
    except OSError:
        return []


def _is_there(mark: Path) -> bool:
    """Whether what is listed can be opened: a client of NFS lists a file for a minute after it is gone."""
    try:
        os.close(os.open(mark, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as error:
        return error.errno not in (errno.ENOENT, errno.ESTALE)
    return True


def _whose(folder: Path, key: str) -> str:
    try:
        return (folder / _MARKS / key).read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


def read_strikes(folder: Path) -> dict[str, int]:
    """Suspect -> strikes against it; a damaged file is no evidence."""
    with contextlib.suppress(ValueError, TypeError, StoreError):
        return {key: int(number) for key, number in (read_json(folder / _STRIKES) or {}).items()}
    return {}
