"""Small files that one process leaves in a folder for another, in the order in which they were left."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from store.errors import StoreError
from store.files import read_json, write_json

LARGEST: Final = 16 * 2**20
"""Bytes of a file that is read; 100,000 names of tasks are a tenth of it."""


def leave(folder: Path, data: Mapping[str, Any], *, first: bool = False) -> Path:
    """Add a file that comes after those already there, or before, whatever the clock does.

    Raises:
        StoreError: it cannot be written.
    """
    make(folder)
    there = [_number(path) for path in left_in(folder)]
    number = max(min(there) - 1, 0) if first and there else max(time.time_ns(), max(there, default=0) + 1)
    path = folder / f"{number}-{os.getpid()}-{secrets.token_hex(3)}.json"
    write_json(path, data)
    return path


def make(folder: Path) -> None:
    """Make `folder`, unless it is there.

    Raises:
        StoreError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The folder {folder} cannot be made: {error.strerror}.") from error


def left_in(folder: Path) -> list[Path]:
    """The files that were left in `folder`, in order; what is not a regular file is none of them."""
    files = (path for path in folder.glob("[0-9]*.json") if path.is_file())
    return sorted(files, key=lambda path: (_number(path), path.name))


def read(path: Path) -> dict[str, Any] | None:
    """The object in a file that was left; None if it holds none, or is far larger than any."""
    try:
        if path.is_file() and path.stat().st_size <= LARGEST:
            return read_json(path)
    except (OSError, StoreError):
        pass
    return None


def take(path: Path) -> bool:
    """Remove a file that was left; False if that cannot be, as then it would be taken again."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _number(path: Path) -> int:
    digits = re.match(r"\d+", path.name, re.ASCII)
    return int(digits[0][:30]) if digits else 0
