"""What was in flight when a runner died, so that work that kills its runner cannot stop a run.

Work in flight is a file; a runner that finds such files when it starts suspects each piece
of work they name. Suspects run last and alone. Only a death with one piece of work in flight, on a
machine that stayed up, is a strike against it: kills from outside, which hit whatever happens to
run, clear up by themselves.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from store.errors import StoreError
from store.files import read_json, write_json

STRIKES: Final = 3
"""Deaths of the runner, with nothing else in flight, after which a piece of work is given up."""


class Crashes:
    """The suspects of one home; only the holder of the runner's lock may make one.

    Safe to share between threads.
    """

    def __init__(self, folder: Path) -> None:
        """Suspect what an earlier runner left in flight in `folder`."""
        self._marks = folder / "in-flight"
        self._file = folder / "strikes.json"
        self._turn = threading.Condition()
        """Protects what follows; told when something ends."""
        self._flying = 0
        self._strikes: dict[str, int] = {}
        """Suspect -> strikes against it, which may be none."""
        with contextlib.suppress(ValueError, TypeError):
            self._strikes = {key: int(n) for key, n in (read_json(self._file) or {}).items()}
        self._boot = boot_id()
        left = {mark.name: _read(mark) for mark in self._marks.iterdir()} if self._marks.is_dir() else {}
        for key, boot in left.items():
            self._strikes[key] = self._strikes.get(key, 0) + (len(left) == 1 and boot == self._boot)
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
            (self._marks / key).write_text(self._boot, encoding="utf-8")
        try:
            yield
        finally:
            self._unmark(key)

    def cleared(self, key: str) -> None:
        """`key` came to an outcome: it is no suspect."""
        with self._turn:
            if self._strikes.pop(key, None) is not None:
                self._write()

    def _unmark(self, key: str) -> None:
        with contextlib.suppress(OSError):
            (self._marks / key).unlink()

    def _write(self) -> None:
        with contextlib.suppress(StoreError):
            write_json(self._file, self._strikes)


def boot_id() -> str:
    """What tells this start of the machine from every other; empty where nothing does."""
    return _read(Path("/proc/sys/kernel/random/boot_id"))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
