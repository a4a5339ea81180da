"""A file system whose locks are broken, for every process that has this folder on its path.

Environment: BROKEN_FLOCK, the number of the error that flock raises; 0: it holds nothing and says it does.
"""

from __future__ import annotations

import fcntl
import os

NUMBER = int(os.environ.get("BROKEN_FLOCK", "-1"))


def flock(descriptor: object, operation: int) -> None:
    if NUMBER:
        raise OSError(NUMBER, os.strerror(NUMBER))


if NUMBER >= 0:
    fcntl.flock = flock
