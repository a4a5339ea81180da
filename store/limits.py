"""How much memory this process may have: libraries crash, rather than say, where it is too little."""

from __future__ import annotations

import resource
from typing import Final

from store.errors import UsageError

RAISE: Final = "Raise it: ulimit -v unlimited"
FOR_RESULTS: Final = 512 << 20
"""Bytes of address space with which DuckDB gets by on a few cores (it crashed with 300 MB)."""
FOR_MODELS: Final = 2 << 30
"""Bytes with which PyTorch can be loaded (it crashed with 400 MB)."""


def allowed_memory() -> int | None:
    """Bytes of address space that `ulimit -v` leaves to this process; None: as many as there are."""
    allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if allowed == resource.RLIM_INFINITY else allowed


def check_memory(least: int) -> None:
    """Refuse to go on with less than `least` bytes of address space.

    Raises:
        UsageError: `ulimit -v` allows less.
    """
    allowed = allowed_memory()
    if allowed is not None and allowed < least:
        raise UsageError(
            f"`ulimit -v` leaves {allowed >> 20} MiB of memory to this, which needs {least >> 20}.", RAISE
        )
