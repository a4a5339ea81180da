"""What is known beside outcomes: where numbers came from, what they cost, launches, and what users named.

Plain frozen values, as in `store.records`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from store.records import Brought, Precision, content_hash


@dataclass(frozen=True, slots=True)
class Environment:
    """Where a number came from: not part of any key, named on every row."""

    python: str
    platform: str
    host: str
    device: str
    cpu: str
    threads: int
    versions: Mapping[str, str]
    """Library -> version."""
    kernels: str = ""
    """What they compute with on the CPU: torch's level, and settings that choose others (`AVX512`)."""

    @property
    def hash(self) -> str:
        """The first 16 hex digits of the SHA-256 of the fields."""
        return content_hash(asdict(self))[:16]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one model cost when it embedded texts on one device: true size, time and memory."""

    model: str
    revision: str
    precision: Precision
    environment: str
    """`Environment.hash` of where it ran, its device included."""
    measured_at: str
    """UTC, ISO 8601."""
    texts: int
    """That were embedded; those found in the cache cost nothing and do not count."""
    seconds: float
    """Wall time of embedding them, loading not included."""
    parameters: int | None = None
    """Weights that were loaded; None where the model is elsewhere."""
    peak_memory: int | None = None
    """Bytes at the most, meanwhile: of tensors on a GPU, of the whole process on a CPU."""


@dataclass(frozen=True, slots=True)
class Removal:
    """That something a user brought in was removed, or brought in again; no merge undoes it."""

    digest: str
    """Of its content; of a model, of its table in `config.toml`."""
    name: str
    """What it was called."""
    removed: bool
    turn: int
    """Of several for one content the highest counts; no clock has a say in it."""
    at: str
    """UTC, ISO 8601."""
    kind: Brought = "task"

    @property
    def order(self) -> tuple[int, bool, str, str]:
        """The greatest of one content counts, whatever the order in which journals are read."""
        return self.turn, self.removed, self.name, self.at


@dataclass(frozen=True, slots=True)
class TaskSet:
    """A named list of tasks that one table is of, as somebody defined it, or its removal."""

    name: str
    tasks: tuple[str, ...]
    """In the order of its columns; empty: the set was removed."""
    turn: int
    """Of several for one name the highest counts; no clock has a say in it."""

    @property
    def order(self) -> tuple[int, tuple[str, ...]]:
        """The greatest of one name counts, whatever the order in which journals are read."""
        return self.turn, self.tasks


@dataclass(frozen=True, slots=True)
class Run:
    """One launch: what was asked for, by which process, how it ended."""

    id: str
    started_at: str
    selection: Mapping[str, Any]
    """The launched `Selection`, as JSON."""
    total: int
    already_done: int
    pid: int
    host: str
    finished_at: str = ""
    state: str = "started"
    """`started`, then `finished`, `failed` (some units failed) or `cancelled`."""
    turn: int = 0
    """One more than that of any run known when it started: an order that no clock can change."""
    configs: tuple[str, ...] = ()
    """The configurations that its models and tasks resolved to, when it started."""
