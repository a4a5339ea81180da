"""Which units were in flight when a runner died, so that one that kills its worker cannot stop a run.

A unit in flight is an empty file; a runner that finds such files when it starts adds a strike to
each. Units with strikes run last and one at a time, so that an innocent neighbour is cleared.
"""

from __future__ import annotations

import contextlib
import json
import threading
from pathlib import Path
from typing import Final

STRIKES: Final = 3
"""Deaths of its worker after which a unit becomes a failure."""


class Crashes:
    """The strikes of one home; only the holder of the runner's lock may make one."""

    def __init__(self, folder: Path) -> None:
        self._marks = folder / "in-flight"
        self._file = folder / "strikes.json"
        self.alone = threading.Lock()
        """Held while a unit with strikes runs."""
        self._marks.mkdir(parents=True, exist_ok=True)
        self._strikes: dict[str, int] = {}
        with contextlib.suppress(OSError, ValueError):
            self._strikes = dict(json.loads(self._file.read_text()))
        left = [mark.name for mark in self._marks.iterdir()]
        for key in left:
            self._strikes[key] = self._strikes.get(key, 0) + 1
        if left:
            self._write()
            for key in left:
                self.ended(key)

    def strikes(self, key: str) -> int:
        """How often a runner died while this unit was in flight."""
        return self._strikes.get(key, 0)

    def started(self, key: str) -> None:
        """Unit `key` is in flight; best effort, a full disk must not stop the unit."""
        with contextlib.suppress(OSError):
            (self._marks / key).touch()

    def ended(self, key: str) -> None:
        """Unit `key` is no longer in flight."""
        (self._marks / key).unlink(missing_ok=True)

    def cleared(self, key: str) -> None:
        """Unit `key` came to an outcome: forget its strikes."""
        if self._strikes.pop(key, None) is not None:
            self._write()

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            self._file.write_text(json.dumps(self._strikes))
