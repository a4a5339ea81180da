"""A program behind a pty: when which frame was painted, and when which key was pressed."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pexpect
import pyte

ROOT: Final = Path(__file__).parents[1]
ARENA: Final = "import sys; from tui.cli import main; main()"
"""What the installed command `genearena` runs."""


UNUSUAL: Final = ("SSH_CONNECTION", "TMUX", "PYTHONDONTWRITEBYTECODE")
"""Variables that no program is started with: without bytecode, the arena alone would be compiled at
every start, while the libraries have been since they were installed."""


def environment() -> dict[str, str]:
    """The variables that every program is started with."""
    kept = {name: value for name, value in os.environ.items() if name not in UNUSUAL}
    return {**kept, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}


_SCHEDULED: Final = 2
"""The clock of a process's scheduled time, as Linux numbers clocks of other processes."""


class Terminal:
    """A program with a terminal of its own, whose output is stamped as it arrives."""

    def __init__(self, program: str, *arguments: str, columns: int = 120, lines: int = 40) -> None:
        """Start `python -c program arguments`."""
        import sys

        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._read: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        self.received = 0
        """Bytes that it wrote so far."""
        self.started = time.perf_counter()
        self._child = pexpect.spawn(
            sys.executable,
            ["-c", program, *arguments],
            dimensions=(lines, columns),
            env=environment(),
        )
        sys.setswitchinterval(1e-4)  # else what arrives is stamped after what is being drawn here
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        while True:
            try:
                data = os.read(self._child.child_fd, 1 << 16)
            except (OSError, ValueError):
                return
            if not data:
                return
            self.received += len(data)
            self._read.put((time.perf_counter(), data))

    @property
    def cpu(self) -> float:
        """CPU seconds that it took so far, its threads' included (Linux)."""
        return time.clock_gettime((~self._child.pid << 3) | _SCHEDULED)

    def press(self, keys: str) -> float:
        """Send `keys`; the time."""
        at = time.perf_counter()
        os.write(self._child.child_fd, keys.encode())
        return at

    def when(self, shown: Callable[[pyte.Screen], object], seconds: float = 30.0) -> float:
        """The time of the output that made `shown(screen)` true; now, if it is true already."""
        at = time.perf_counter()
        end = at + seconds
        while not shown(self.screen):
            try:
                at, data = self._read.get(timeout=max(end - time.perf_counter(), 0.001))
            except queue.Empty:
                picture = "\n".join(line for line in self.screen.display if line.strip())
                raise RuntimeError(f"what was waited for never showed:\n{picture}") from None
            self._stream.feed(data)
        return at

    def settle(self, seconds: float) -> None:
        """Take in everything painted for `seconds`."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            try:
                self._stream.feed(self._read.get(timeout=left)[1])
            except queue.Empty:
                return

    def close(self) -> None:
        """End the program."""
        self._child.close(force=True)


def text(*wanted: str) -> Callable[[pyte.Screen], bool]:
    """Whether a screen shows all of `wanted`."""

    def shown(screen: pyte.Screen) -> bool:
        picture = "\n".join(screen.display)
        return all(item in picture for item in wanted)

    return shown


def medians(pairs: Sequence[Sequence[float]]) -> list[float]:
    """The median of each column."""
    import statistics

    return [statistics.median(column) for column in zip(*pairs, strict=True)]
