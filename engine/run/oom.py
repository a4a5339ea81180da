"""What the kernel's killer has done for want of memory, and whom it should take first."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
GROUPS: Final = Path("/sys/fs/cgroup")


def kills() -> int:
    """How many processes the kernel has killed for want of memory; 0 if unknown.

    Counted in this control group, or, where there is none, on the whole machine.
    """
    for path in _counters():
        with contextlib.suppress(OSError, ValueError):
            found = re.search(r"^oom_kill (\d+)$", path.read_text(encoding="ascii"), re.MULTILINE)
            if found:
                return int(found[1])
    return 0


def volunteer() -> None:
    """Let the kernel take this process first where memory is short, rather than the one that saves."""
    with contextlib.suppress(OSError):
        (PROC / "self" / "oom_score_adj").write_text("1000", encoding="ascii")


def _counters() -> Iterator[Path]:
    """Files that count the kills, the nearest first."""
    with contextlib.suppress(OSError, ValueError):
        for line in (PROC / "self" / "cgroup").read_text(encoding="utf-8").splitlines():
            _, kinds, group = line.split(":", 2)
            group = group.lstrip("/")
            if not kinds:
                yield from (GROUPS / group / "memory.events", GROUPS / "memory.events")
            elif "memory" in kinds.split(","):
                yield GROUPS / "memory" / group / "memory.oom_control"
                yield GROUPS / "memory" / "memory.oom_control"
    yield PROC / "vmstat"
