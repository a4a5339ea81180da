"""The journals of another home taken over, by content: nothing twice, nothing lost, nothing rewritten."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from pathlib import Path
from typing import Final

from store.errors import StoreError
from store.files import replacing
from store.journal import DiskFull, journal_sizes

_BLOCK: Final = 1 << 20
_DIGITS: Final = 12


def take_journals(folder: Path, other: Path) -> list[str]:
    """Copy into `folder` what `other` has and it lacks; the names of the files that are new or longer.

    A journal only ever grows, so of two files of one name that begin alike the longer is kept. Where they
    do not begin alike, one of them was damaged: both are kept, the other's under a name of its own.

    Raises:
        DiskFull, StoreError: a file cannot be read or written; those copied before stand.
    """
    taken = []
    mine = journal_sizes(folder)
    for name in sorted(journal_sizes(other)):
        source = other / name
        try:
            if name not in mine:
                copied = _copy(source, folder / name)
            elif _begins_alike(source, folder / name):
                copied = source.stat().st_size > mine[name] and _copy(source, folder / name)
            else:
                aside = folder / f"{source.stem}-{_digest(source)}.jsonl"
                copied = not aside.exists() and _copy(source, aside)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise (DiskFull if full else StoreError)(
                f"The journal {source} cannot be copied to {folder}: {error.strerror}.",
                "Free some space and merge again." if full else "Check who owns it.",
            ) from error
        if copied:
            taken.append(name)
    return taken


def _begins_alike(one: Path, other: Path) -> bool:
    """Whether the shorter of two files is the beginning of the longer."""
    with one.open("rb") as first, other.open("rb") as second:
        while True:
            mine, yours = first.read(_BLOCK), second.read(_BLOCK)
            shared = min(len(mine), len(yours))
            if mine[:shared] != yours[:shared]:
                return False
            if not shared:
                return True


def _copy(source: Path, target: Path) -> bool:
    """Copy a file and sync it; a last line that is being written comes whole with the next merge."""
    with replacing(target) as fresh:
        shutil.copyfile(source, fresh)
        with fresh.open("r+b") as copy:
            os.fsync(copy.fileno())
    return True


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:_DIGITS]
