"""What computes on a worker: this machine's libraries, in its own process, with vectors that came to it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from engine.run.compute import Compute, LocalCompute, TaskVectors
from store.home import Home, find_home
from store.records import Task

if TYPE_CHECKING:
    from engine.classify import Classified

_limits = contextlib.ExitStack()
_limiting = threading.Lock()
_limited: list[int] = []
"""How many threads of torch this process was given, each time that changed."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Tasks with a model's vectors of them, as they lie on workers."""

    tasks: Mapping[str, Task]
    vectors: Mapping[str, TaskVectors]
    error: Exception | None = None
    """Why there are no vectors."""


def compute_of(home: Home) -> Compute:
    """This machine's libraries. A worker is a process of its own, and needs none to classify in."""
    return LocalCompute(home, _classify_here)


def compute_here(home: Home) -> Compute:
    """What computes here, in the coordinator's home where this machine shares it, or the worker's own."""
    return compute_of(home if home.data.is_dir() else find_home())


def _classify_here(*arguments: Any, **options: Any) -> Classified:
    """As `engine.classify.classify`, which takes as many threads as it would in a process of its own."""
    from engine.classify import classify

    with _pools().limit(limits=1):
        return classify(*arguments, **options)


def load(compute: Compute, device: str) -> None:
    """Have the libraries there before the first unit is, which takes a worker some seconds."""
    compute.devices(device)
    if isinstance(compute, LocalCompute):
        import engine.classify  # noqa: F401

        _pools()


@cache
def _pools() -> Any:
    """The pools of threads of the libraries that classify; to find them takes as long as a small unit."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class Steady:
    """A compute whose limits hold from the first piece of work to the end of the process."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute

    def __getattr__(self, name: str) -> Any:
        return getattr(self._compute, name)

    def limits(self, threads: int) -> contextlib.AbstractContextManager[object]:
        """Several pieces share the process, so that none may loosen what another relies on."""
        with _limiting:
            if threads not in _limited[-1:]:
                _limits.enter_context(self._compute.limits(threads))
                _limited.append(threads)
        return contextlib.nullcontext()


class Handed:
    """A compute that was given its vectors."""

    def __init__(self, compute: Compute, embedded: Embedded) -> None:
        self._compute, self._embedded = compute, embedded

    def __getattr__(self, name: str) -> Any:
        return getattr(self._compute, name)

    def embed(self, *_: object) -> dict[str, TaskVectors]:
        """The vectors, or what went wrong with them."""
        if self._embedded.error is not None:
            raise self._embedded.error
        return dict(self._embedded.vectors)
