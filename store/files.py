"""Files replaced whole: a reader sees the old one or the new one, never half of either."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A free name beside `path`; the file written there takes its place if the block ends well.

    Syncing it is the caller's, where a power cut matters.

    Raises:
        OSError: the file cannot be put in its place; the old one stands.
    """
    fresh = path.with_name(f".{path.name[:40]}.{os.getpid()}.{secrets.token_hex(3)}")
    try:
        yield fresh
        fresh.replace(path)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
