"""Which process says that it is the runner, and whether that process still lives.

A lock can be missing, replaced, or not reach the other side of a network. What a process has for itself
is the moment at which it began: no other with its number, now or later, shares that.
"""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Claim:
    """One process that says it is the runner."""

    pid: int
    host: str = field(compare=False)
    born: str
    """Where and when it began, as `birth` tells it; empty if that was not written down."""

    @classmethod
    def mine(cls) -> Claim:
        """This process's."""
        return cls(os.getpid(), socket.gethostname(), birth(os.getpid()))

    @classmethod
    def read(cls, text: str) -> Claim | None:
        """The claim that `line` wrote; None if `text` holds none."""
        pid, host, born, *_ = (*text.split(), "", "", "")
        return cls(int(pid), host, born) if pid.isascii() and pid.isdigit() else None

    def line(self) -> str:
        """As a lock file holds it."""
        return f"{self.pid} {self.host} {self.born}\n"

    @property
    def seen_from_here(self) -> bool:
        """Whether its number means the same process to this one."""
        return self.born.rsplit("/", 2)[0] == place()

    def lives(self) -> bool | None:
        """Whether the process lives; None if that cannot be seen from this machine and container."""
        if not self.seen_from_here:
            return None
        return birth(self.pid) == self.born

    def __str__(self) -> str:
        return f"PID {self.pid}" + (f" on {self.host}" if self.host else "")


def birth(pid: int) -> str:
    """Where and when process `pid` began; empty if there is no such process, or it has ended."""
    began = _began_on_linux(pid) if sys.platform == "linux" else _began_elsewhere(pid)
    return f"{place()}/{pid}/{began}" if began else ""


def place() -> str:
    """What this process shares with those whose numbers mean the same to it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def _began_on_linux(pid: int) -> str:
    """Clock ticks from boot to its start, which no change of the clock moves."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return "" if fields[0] in (b"Z", b"X") else fields[19].decode("ascii")
    except (OSError, IndexError):
        return ""


def _began_elsewhere(pid: int) -> str:
    import psutil

    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return ""
