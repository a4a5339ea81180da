"""Where and when a number came from: versions, device, threads, time. Imports none of the libraries."""

from __future__ import annotations

import os
import platform
import socket
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from store.records import Environment

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


def describe_environment(device: str, threads: int) -> Environment:
    """This process's environment on a kind of device, e.g. `cpu` or `cuda NVIDIA H200`."""
    versions = {}
    for library in LIBRARIES:
        try:
            versions[library] = version(library)
        except PackageNotFoundError:
            continue
    return Environment(
        platform.python_version(),
        platform.platform(),
        socket.gethostname(),
        device,
        _cpu_name(),
        threads,
        versions,
    )


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
