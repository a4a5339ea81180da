"""What embedding texts costs: a model's true size, time, and memory at its peak. Imports nothing heavy."""

from __future__ import annotations

import contextlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROCESS: Final = Path("/proc/self")
_PEAK: Final = re.compile(r"^VmHWM:\s*(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cost:
    """Measured while one model embedded texts on one device."""

    texts: int
    seconds: float
    """Wall time, loading not included."""
    parameters: int | None
    """Weights that were loaded; None where the model is elsewhere."""
    peak_memory: int | None
    """Bytes: of tensors on a GPU, of the whole process on a CPU; None where neither can be told."""


def forget_peak(device: str) -> None:
    """Let `peak_memory` tell of what comes from now on, where the system can."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.init()  # the allocator refuses the reset before
        torch.cuda.reset_peak_memory_stats(device)
        return
    with contextlib.suppress(OSError):
        (_PROCESS / "clear_refs").write_text("5")  # the kernel's word for: forget the peak


def peak_memory(device: str) -> int | None:
    """Bytes at the most since `forget_peak`: of tensors on a GPU, of the whole process on a CPU."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.max_memory_allocated(device))
    with contextlib.suppress(OSError):
        if found := _PEAK.search((_PROCESS / "status").read_text(encoding="ascii", errors="replace")):
            return 1024 * int(found[1])
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)
