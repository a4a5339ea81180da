"""Taking files out of archives that may be hostile: nothing outside the folder, no links, no bombs."""

from __future__ import annotations

import contextlib
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final

from engine.cancel import Cancel, check
from store.errors import DataError, StoreError

MOST_FILES: Final = 10_000
MOST_BYTES: Final = 4 << 30
"""Of all files together, as they come out."""
_BLOCK: Final = 1 << 20
_DAMAGED: Final = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    LookupError,
    ValueError,
    OSError,
)
"""What reading one raises; what writing raises is told before."""


def unpack(
    archive: Path,
    folder: Path,
    only: Collection[str] = (),
    *,
    cancel: Cancel,
    most_bytes: int = MOST_BYTES,
) -> dict[str, Path]:
    """Extract a zip or tar archive into a folder of its own.

    Args:
        archive: told by its content, not by its name.
        folder: should be empty; what has come out stays there if something is refused.
        only: paths inside the archive to extract; all of them if empty.
        cancel: looked at with every block.
        most_bytes: what may come out, counted while it comes, whatever the archive claims.

    Returns:
        Path inside the archive -> extracted file.

    Raises:
        DataError: a member would leave the folder, is a link or a device, is missing, or is too much.
        StoreError: what comes out cannot be written.
        Stopped: `cancel` was set.
    """
    room = _Room(archive, folder, most_bytes, cancel)
    try:
        members = _zip if zipfile.is_zipfile(archive) else _tar
        found = members(archive, set(only), room.take)
    except RuntimeError as error:  # a password, or a rare method of packing
        hint = "Is it the right archive?"
        raise DataError(f"{archive} cannot be unpacked: {error}.", hint) from error
    except _DAMAGED as error:
        if isinstance(error, OSError) and error.errno:
            hint = "Check the name and the permissions."
            raise DataError(f"{archive} cannot be read: {error.strerror}.", hint) from error
        raise DataError(f"{archive} is a damaged archive: {error}.", "Fetch it again.") from error
    for name in only:
        if name not in found:
            raise DataError(f"{archive} has no member {name!r}.", "Is it the right archive?")
    return found


Take = Callable[[str, IO[bytes]], Path]


class _Room:
    """How much may still come out of one archive."""

    def __init__(self, archive: Path, folder: Path, most_bytes: int, cancel: Cancel) -> None:
        self._archive = archive
        self._folder = folder
        self._most = most_bytes
        self._bytes = 0
        self._files = 0
        self._cancel = cancel

    def take(self, name: str, source: IO[bytes]) -> Path:
        """Copy one member into the folder."""
        target = self._folder / _inside(self._archive, name)
        self._files += 1
        with _written(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            stream = target.open("wb")
        with stream:
            while block := source.read(_BLOCK):
                check(self._cancel)
                self._bytes += len(block)
                if self._bytes > self._most or self._files > MOST_FILES:
                    raise DataError(
                        f"{self._archive} holds more than {self._most:,} bytes or {MOST_FILES:,} files.",
                        "It was not unpacked; is it what it claims to be?",
                    )
                with _written(target):
                    stream.write(block)
            with _written(target):
                stream.flush()
        return target


@contextlib.contextmanager
def _written(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = "Is it the right archive, and is there room?"
        raise StoreError(f"{target} cannot be written: {error.strerror}.", hint) from error


def _zip(archive: Path, only: Collection[str], take: Take) -> dict[str, Path]:
    with zipfile.ZipFile(archive) as content:
        wanted = [item for item in _few(archive, content.infolist()) if not only or item.filename in only]
        found = {}
        for item in wanted:
            if item.is_dir():
                continue
            if (item.external_attr >> 16) & 0o170000 == 0o120000:
                raise DataError(f"{archive} holds a link ({item.filename!r}), which is not followed.")
            with content.open(item) as source:
                found[item.filename] = take(item.filename, source)
        return found


def _tar(archive: Path, only: Collection[str], take: Take) -> dict[str, Path]:
    with tarfile.open(archive) as content:
        found = {}
        for item in content:
            if (only and item.name not in only) or item.isdir():
                continue
            # The filter raises for absolute names, `..`, links that leave the folder, and devices.
            safe = tarfile.data_filter(item, str(archive.parent))
            if not safe.isreg():
                raise DataError(f"{archive} holds a link ({item.name!r}), which is not followed.")
            source = content.extractfile(item)
            if source is not None:
                found[item.name] = take(item.name, source)
        return found


def _few(archive: Path, items: list[zipfile.ZipInfo]) -> Iterator[zipfile.ZipInfo]:
    if len(items) > MOST_FILES:
        raise DataError(f"{archive} holds more than {MOST_FILES:,} files.", "It was not unpacked.")
    yield from items


def _inside(archive: Path, name: str) -> PurePosixPath:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or not path.parts or ":" in path.parts[0] or "\0" in name:
        raise DataError(
            f"{archive} holds {name!r}, which would lie outside its folder.", "It was not unpacked."
        )
    return path
