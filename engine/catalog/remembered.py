"""SHA-256 of files, remembered on disk, so that gigabytes of weights are read once and not for each plan.

A file is taken for the one that was read while its path, size, inode and both times are the same. The
time of change (ctime) is the one that matters: nobody can set it back. A file that changed less than
`RACY` before it was read is not remembered, since a change in the same tick would not show (git treats
its index so). Without the memory everything is only read again.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from engine.digests import sha256_of
from store.errors import StoreError
from store.files import read_json, write_json
from store.home import Home
from store.records import content_hash

RACY: Final = 2_000_000_000
"""Nanoseconds; the coarsest clock of a file system in use ticks every two seconds."""
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

Stamp = list[int]


def digests_of(files: Mapping[str, Path], home: Home) -> dict[str, str]:
    """The SHA-256 of the content of each file, by the names that `files` gives them.

    Args:
        files: name -> file.
        home: in whose cache folder the digests are remembered, if there is one: a dry run makes none.

    Raises:
        OSError: a file cannot be read.
    """
    place = home.cache / "digests.json"
    known = _read(place)
    found: dict[str, str] = {}
    fresh: dict[str, list[Any]] = {}
    for name, file in files.items():
        path, before = str(file.absolute()), _stamp(file)
        entry = known.get(path)
        if isinstance(entry, list) and entry[:-1] == before and _DIGEST.fullmatch(str(entry[-1])):
            found[name] = entry[-1]
            continue
        started = time.time_ns()
        found[name] = sha256_of(file)
        if before == _stamp(file) and before[2] < started - RACY:
            fresh[path] = [*before, found[name]]
    if fresh:
        _write(place, {**known, **fresh})
    return found


def _stamp(file: Path) -> Stamp:
    """What tells one content from another without reading it."""
    stat = file.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def _read(place: Path) -> dict[str, Any]:
    """Path -> stamp and digest; nothing if the memory is not whole, since a wrong digit is a wrong key."""
    data: dict[str, Any] = {}
    with contextlib.suppress(StoreError):
        data = read_json(place) or {}
    files = data.get("files")
    return files if isinstance(files, dict) and data.get("sum") == _sum(files) else {}


def _write(place: Path, files: Mapping[str, Any]) -> None:
    with contextlib.suppress(OSError, StoreError):
        there = {path: entry for path, entry in files.items() if Path(path).exists()}
        write_json(place, {"files": there, "sum": _sum(there)})


def _sum(files: Mapping[str, Any]) -> str:
    try:
        return content_hash(files)
    except (ValueError, RecursionError):
        return ""
