"""Where a user wants something written: a file, replaced whole, or a pipe or a device.

The home's own folders are refused, however they are reached, so that no export costs a result.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from store.errors import DataError, UsageError
from store.files import replacing, user_path
from store.home import Home
from store.umask import as_the_user_wants

_DESCRIPTORS: Final = re.compile(r"/dev/fd|/proc/\d+(/task/\d+)?/fd")
_LINKS: Final = 40
"""Links that are followed one by one, as the kernel does."""


@contextlib.contextmanager
def destination(
    home: Home | None, path: str | os.PathLike[str], *, replace: bool, streams: bool = True
) -> Iterator[Path]:
    """A free name to write to; what is there when the block ends well comes to be at `path`.

    A file is replaced whole, with its mode kept, and through a link it is the link's target that is;
    into a pipe or a device the content is copied. If the block does not end well, nothing has changed.

    Args:
        home: whose own files are not to be touched; None: nobody's.
        path: as the user said it; `~` is the user's home folder.
        replace: whether a file that is there may be replaced.
        streams: whether `path` may be a pipe or a device, for which one may have to wait: only where
            Ctrl+C ends the waiting.

    Raises:
        UsageError: it lies among the home's own files, or is there and is not to be replaced.
        DataError: it cannot be written.
    """
    place = check_destination(home, path, replace=replace, streams=streams)
    try:
        before = _status(place)
        if _is_stream(place, before):
            with tempfile.TemporaryDirectory(prefix="genearena.") as folder:
                fresh = Path(folder, "content")
                yield fresh
                _copy(fresh, place)
            return
        with replacing(place) as fresh:
            yield fresh
            _like(fresh, before)
            with fresh.open("rb") as written:
                os.fsync(written.fileno())
    except OSError as error:
        raise _unwritten(os.fspath(path), error.strerror or str(error)) from error


def check_destination(
    home: Home | None, path: str | os.PathLike[str], *, replace: bool, streams: bool = True
) -> Path:
    """The file, pipe or device that `path` means, if `destination` may write there; changes nothing.

    Raises:
        UsageError, DataError: as `destination`.
    """
    wanted = os.fspath(path)
    try:
        place = _meant(user_path(wanted))
        found = _status(place)
        if home is not None and _is_own(home, place, found):
            raise UsageError(
                f"{wanted} is among the files that genearena itself keeps.",
                f"Choose a place outside of {', '.join(map(str, _folders(home)))}.",
            )
        if (found and stat.S_ISDIR(found.st_mode)) or wanted.endswith(os.sep):
            raise DataError(f"{wanted} is a folder.", "Name a file in it.")
        if _is_stream(place, found):
            if not streams:
                raise DataError(f"{wanted} is not a file.", "Use `genearena export` for pipes and devices.")
        elif found is None:
            _check_folder(wanted, place.parent)
        elif not stat.S_ISREG(found.st_mode):
            raise DataError(f"{wanted} is neither a file nor a pipe.", "Choose another place.")
        elif not replace:
            raise UsageError(f"{wanted} is there already.", "Replace it with --force, or name another.")
        elif not os.access(place, os.W_OK):
            raise _unwritten(wanted, "it is write-protected")
        else:
            _check_folder(wanted, place.parent)
    except (OSError, ValueError, RuntimeError) as error:  # a loop of links, a NUL
        raise _unwritten(wanted, getattr(error, "strerror", None) or str(error)) from error
    return place


def would_replace(path: str | os.PathLike[str]) -> bool:
    """Whether a file is at `path` that `destination` would replace."""
    try:
        place = _meant(user_path(path))
        found = _status(place)
    except (OSError, ValueError, RuntimeError):
        return False  # `check_destination` says what is wrong
    return found is not None and stat.S_ISREG(found.st_mode) and not _is_stream(place, found)


def _unwritten(wanted: str, reason: str) -> DataError:
    return DataError(f"The file {wanted} cannot be written: {reason.rstrip('.')}.", "Choose another place.")


def _check_folder(wanted: str, folder: Path) -> None:
    if not folder.exists():
        raise _unwritten(wanted, f"there is no folder {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritten(wanted, f"the folder {folder} cannot be written")


# ---------------------------------------------------------------------------- what a path means


def _meant(path: Path) -> Path:
    """`path` with its links followed; an open descriptor stays one, with its place in its file."""
    for _ in range(_LINKS):
        place = Path(os.path.realpath(path.parent), path.name)
        if _is_descriptor(place) or not place.is_symlink():
            return place
        path = place.parent / place.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _status(place: Path) -> os.stat_result | None:
    try:
        return place.stat()
    except FileNotFoundError:
        return None


def _is_descriptor(place: Path) -> bool:
    return _DESCRIPTORS.fullmatch(str(place.parent)) is not None


def _is_stream(place: Path, found: os.stat_result | None) -> bool:
    """Whether what is written there goes on to somebody, or to nobody, rather than replacing a file."""
    if found is None:
        return False
    return _is_descriptor(place) or stat.S_ISFIFO(found.st_mode) or stat.S_ISCHR(found.st_mode)


# ---------------------------------------------------------------------------- the home's own files


def _is_own(home: Home, place: Path, found: os.stat_result | None) -> bool:
    """Whether `place` is a file of the home, or would be, by whatever name it is called."""
    own = {_identity(status) for path in _kept(home) if (status := _status(path))}
    real = Path(os.path.realpath(place))
    names = {os.path.realpath(path) for path in _kept(home)}
    for around in (real, *real.parents):
        status = _status(around)  # so that neither another case nor a second mount hides it
        if str(around) in names or (status and _identity(status) in own):
            return True
    return found is not None and stat.S_ISREG(found.st_mode) and found.st_nlink > 1 and _links(home, found)


def _links(home: Home, found: os.stat_result) -> bool:
    """Whether a file of the home is the one that was found, under another name."""
    return any(
        os.path.samestat(found, entry.lstat())
        for folder in _folders(home)
        for entry in folder.rglob("*")
        if entry.is_file()
    )


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _folders(home: Home) -> tuple[Path, ...]:
    return (home.data, home.cache, home.config, home.log)


def _kept(home: Home) -> tuple[Path, ...]:
    """The folders, and those of their parts that may be links to elsewhere."""
    parts = (home.journals, home.tasks, home.mailbox, home.embeddings, home.maps, home.downloads)
    return (*_folders(home), *parts, home.database, home.config_file)


# ---------------------------------------------------------------------------- putting it there


def _like(fresh: Path, before: os.stat_result | None) -> None:
    """Give a new file the mode and the owner of the one it replaces, or what the user's mask gives it."""
    if before is None:
        as_the_user_wants(fresh)
        return
    with contextlib.suppress(OSError):  # only root gives files away
        os.chown(fresh, before.st_uid, before.st_gid)
    fresh.chmod(stat.S_IMODE(before.st_mode) & 0o777)


def waits_for_reader(place: Path) -> bool:
    """Whether writing to `place` may wait: a pipe that is opened here, not one that is open already."""
    return place.is_fifo() and not _is_inherited(place)


def _is_inherited(place: Path) -> bool:
    """Whether it is a file that is open here already, as `/dev/stdout` is."""
    return place.parent == Path(os.path.realpath("/dev/fd"))


def _copy(fresh: Path, place: Path) -> None:
    """Copy into a pipe or a device; the first waits for its reader."""
    descriptor = os.dup(int(place.name)) if _is_inherited(place) else os.open(place, os.O_WRONLY)
    with fresh.open("rb") as content, os.fdopen(descriptor, "wb") as stream:
        shutil.copyfileobj(content, stream)
