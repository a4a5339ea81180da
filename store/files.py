"""Files replaced whole: a reader sees the old one or the new one, never half of either."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

from store.errors import StoreError, UsageError
from store.identity import content_hash

_SEAL: Final = "sum"


def user_path(written: str | os.PathLike[str]) -> Path:
    """The path that a person wrote, or that a terminal inserted when a file was dropped on it.

    `~` means a home; a `~name` of nobody stays, as shells have it. Only if there is no such path are
    blanks around it, quotation marks, a shell's backslashes and `file://` taken away.
    """
    text = os.fspath(written)
    path = _expanded(text)
    with contextlib.suppress(OSError, ValueError):
        if not path.exists():
            others = map(_expanded, filter(None, (text.strip(), *_as_inserted(text.strip()))))
            return next((other for other in others if other.exists()), path)
    return path


def _expanded(written: str) -> Path:
    return Path(os.path.expanduser(written))  # noqa: PTH111 - pathlib's raises RuntimeError for nobody


def _as_inserted(text: str) -> list[str]:
    """The paths in what a terminal inserts for a file; raises ValueError where a quotation mark is open."""
    if text.startswith("file:/"):
        from urllib.parse import unquote, urlsplit

        return [unquote(urlsplit(text).path)]
    import shlex

    paths = shlex.split(text)
    return paths if len(paths) == 1 else []


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A free name beside `path`; the file written there takes its place if the block ends well.

    Syncing it is the caller's, where a power cut matters.

    Raises:
        OSError: the file cannot be put in its place; the old one stands.
    """
    fresh = path.with_name(f".{path.name[:40]}.{os.getpid()}.{os.urandom(3).hex()}")
    try:
        yield fresh
        fresh.replace(path)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Replace `path` by `data`.

    Raises:
        StoreError: it cannot be written; the old file stands.
    """
    write_text(path, json.dumps(data))


def write_text(path: Path, text: str, *, synced: bool = False) -> None:
    """Replace `path` by `text`; `synced`: it is on disk before this returns.

    Raises:
        StoreError: it cannot be written; the old file stands.
    """
    try:
        with replacing(path) as fresh:
            fresh.write_text(text, encoding="utf-8")
            if synced:
                _sync(fresh)
        if synced:
            _sync(path.parent)
    except OSError as error:
        hint = "Free some space." if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Check who owns it."
        raise StoreError(f"The file {path} cannot be written: {error.strerror}.", hint) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in `path`; None if there is no such file or it holds none.

    Raises:
        StoreError: something that is not a regular file is there, or a file that cannot be read.
    """
    try:
        with regular(path) as file:
            data = json.loads(file.read().decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return None
    except OSError as error:
        raise StoreError(
            f"The file {path} cannot be read: {error.strerror}.", "Check who owns it."
        ) from error
    return data if isinstance(data, dict) else None


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a file that the user writes.

    Raises:
        UsageError: it cannot be read, or is not TOML.
    """
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{path} cannot be read as TOML: {error}.", "Correct it or move it away."
        ) from error


def sealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` with its digest, by which `read_sealed` sees that not a bit of it has changed."""
    return {**data, _SEAL: content_hash(data)}


def read_sealed(path: Path) -> dict[str, Any] | None:
    """The `data` of the `sealed` object in `path`; None if there is no such file or it has changed."""
    data = None
    with contextlib.suppress(StoreError):
        data = read_json(path)
    if data is None:
        return None
    seal = data.pop(_SEAL, None)
    try:
        return data if seal == content_hash(data) else None
    except (ValueError, RecursionError):
        return None


def regular(path: Path) -> IO[bytes]:
    """`path` opened for reading; never waits, as opening a pipe without a writer would.

    Raises:
        StoreError: it is not a regular file.
        OSError: it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise StoreError(f"{path} is not a regular file.", f"Remove it: rm {path}")
    return os.fdopen(descriptor, "rb")
