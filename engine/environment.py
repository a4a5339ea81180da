"""Where and when a number came from: versions, device, kernels, threads, time. Imports no library."""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import sys
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from store.errors import UsageError
from store.provenance import Environment

LIBRARIES = (
    "genearena",
    "duckdb",
    "numpy",
    "pandas",
    "peft",
    "scikit-learn",
    "scipy",
    "sentence-transformers",
    "tokenizers",
    "torch",
    "transformers",
)
LEVELS = ("AVX512", "AVX2", "SVE256", "DEFAULT")
"""What torch calls the sets of instructions that its kernels are built for, on common processors."""
_SHIFTING = (
    *("MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS", "MKL_DEBUG_CPU_TYPE"),
    *("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_DEFAULT_FPMATH_MODE"),
    *("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES"),
)
"""Variables by which the libraries under torch, numpy and scikit-learn choose other kernels."""


def describe_environment(device: str, threads: int) -> Environment:
    """This process's environment on a kind of device, e.g. `cpu` or `cuda NVIDIA H200`."""
    return Environment(
        platform.python_version(),
        platform.platform(),
        socket.gethostname(),
        device,
        _cpu_name(),
        threads,
        dict(_versions()),
        cpu_kernels(),
    )


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    """Those that are installed; to look them up takes as long as a small unit does."""
    found = []
    for library in LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            found.append((library, version(library)))
    return tuple(found)


def require_folder() -> None:
    """Refuse to load torch where it would end the process: in a folder that was deleted.

    Raises:
        UsageError: this process stands in one.
    """
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise UsageError(
            "The folder that you are in is gone, and PyTorch cannot be loaded from there.",
            "Change to another folder.",
        ) from error


def cpu_kernels(level: str = "") -> str:
    """Which kernels compute on the CPU, e.g. `AVX512` or `AVX2 MKL_CBWR=AVX2`: others round otherwise.

    Args:
        level: torch's word for them; asked of torch if empty, where it is loaded already.
    """
    torch = sys.modules.get("torch")
    if not level and torch is not None:
        level = torch.backends.cpu.get_cpu_capability()
    settings = [f"{name}={value}" for name in _SHIFTING if (value := os.environ.get(name))]
    return " ".join([level or "unknown", *settings])


def now() -> str:
    """UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def usable_cores() -> int:
    """Cores this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
