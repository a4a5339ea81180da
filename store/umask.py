"""Whose files are: what is made here is the user's alone, what the user names is as usual."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_PRIVATE = 0o077
_users: int | None = None
"""The user's own mask while `private_files` has put another in its place."""


@contextlib.contextmanager
def private_files() -> Iterator[None]:
    """Until the block ends, nobody else can read what this process and its children make."""
    global _users
    outer, before = _users, os.umask(_PRIVATE)
    _users = before if outer is None else outer
    try:
        yield
    finally:
        os.umask(before)
        _users = outer


def keep_private(path: Path) -> None:
    """Take away what an earlier version, or a copy, let others do with a file or folder."""
    with contextlib.suppress(OSError):  # somebody else's, or on a file system that has no modes
        mode = path.stat().st_mode
        if mode & _PRIVATE:
            path.chmod(mode & ~_PRIVATE & 0o7777)


def users_umask() -> int:
    """The mask that the user set: inside `private_files` the one before it."""
    if _users is not None:
        return _users
    before = os.umask(_PRIVATE)
    os.umask(before)
    return before


def as_the_user_wants(path: Path) -> None:
    """Give a new file or folder the mode that the user's own mask gives it.

    Raises:
        OSError: it is not there, or belongs to somebody else.
    """
    path.chmod((0o777 if path.is_dir() else 0o666) & ~users_umask())


def make_shared(folder: Path) -> None:
    """Make a folder that programs share, and those above it, as the user's own mask gives them.

    Raises:
        OSError: it cannot be made.
    """
    for missing in [path for path in (folder, *folder.parents) if not path.exists()][::-1]:
        missing.mkdir(exist_ok=True)
        as_the_user_wants(missing)
