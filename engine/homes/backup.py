"""A home in one file: what cannot be computed or fetched again, with a digest of each part.

The database is not in it, since the journals fill it anew, nor are caches, nor which endpoints were agreed
to, which each machine asks again.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from engine.homes.merge import Merged, merge, other_home
from store.destination import destination
from store.errors import DataError, StoreError
from store.files import user_path
from store.format import FORMAT
from store.home import Home

_MANIFEST: Final = "manifest.json"
_NOT_KEPT: Final = ("endpoints.json",)
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds."""

    path: Path
    files: int
    size: int
    """Bytes of the files, before packing."""


def backup(home: Home, path: Path, *, replace: bool = False) -> BackedUp:
    """Write the home into one file, gzipped if its name ends in `gz`; also during a run.

    Args:
        home: what to keep.
        path: the file.
        replace: whether a file that is there may be replaced.

    Raises:
        UsageError: `path` is inside the home, or there already.
        DataError: it cannot be written.
        StoreError: a part of the home cannot be read.
    """
    digests: dict[str, str] = {}
    size = 0
    with destination(home, path, replace=replace) as fresh:
        packed = "w:gz" if path.name.endswith("gz") else "w:"
        with tarfile.open(fresh, packed, format=tarfile.PAX_FORMAT) as archive:  # type: ignore[call-overload]
            for name, file in _parts(home):
                try:
                    with file.open("rb") as stream:
                        digests[name], length = _add(archive, name, stream)
                except FileNotFoundError:
                    continue  # removed meanwhile
                except OSError as error:
                    raise StoreError(
                        f"{file} cannot be read: {error.strerror}.", "Check who owns it."
                    ) from error
                size += length
            manifest = json.dumps({"format": FORMAT, "data": str(home.data), "files": digests}).encode()
            _add(archive, _MANIFEST, io.BytesIO(manifest))
    return BackedUp(user_path(path).absolute(), len(digests), size)


def restore(home: Home, path: Path) -> Merged:
    """Take over what a backup holds; what is here stays, as with `merge`.

    Raises:
        DataError: it is not a whole backup; nothing was changed.
        OtherFormat: it is of an earlier or a newer build.
        DiskFull, StoreError: the home cannot be written.
    """
    home.create()
    try:
        with tempfile.TemporaryDirectory(prefix=".restore.", dir=home.cache) as folder:
            root = Path(folder)
            _unpack(path, root)
            (root / "data" / "journal").mkdir(parents=True, exist_ok=True)
            merged = merge(home, other_home(root))
            _settings(home, root / "config")
            return merged
    except OSError as error:
        raise StoreError(
            f"{home.cache} cannot be written: {error.strerror}.", "Free some space."
        ) from error


def _parts(home: Home) -> Iterator[tuple[str, Path]]:
    """Name in the archive and file, of all that is kept."""
    wanted = [
        home.format_file,
        home.journals,
        home.tasks,
        home.data / "vectors",
        home.data / "descriptions",
    ]
    for root, name in ((home.data, "data"), (home.config, "config")):
        for place in wanted if name == "data" else [home.config]:
            files = [place] if place.is_file() else sorted(place.rglob("*"))
            for file in files:
                below = file.relative_to(root)
                hidden = any(part.startswith(".") for part in below.parts)
                if file.is_file() and not hidden and file.name not in _NOT_KEPT:
                    yield f"{name}/{below.as_posix()}", file


def _add(archive: tarfile.TarFile, name: str, stream: IO[bytes]) -> tuple[str, int]:
    """Add what the stream holds now, even if it grows meanwhile; its digest and size."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    reading = _Hashing(stream)
    archive.addfile(member, reading)
    return reading.digest.hexdigest(), size


class _Hashing(io.RawIOBase):
    """A stream that hashes what is read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes."""
        block = self._stream.read(size)
        self.digest.update(block)
        return block


def _unpack(path: Path, root: Path) -> None:
    """Unpack into `root`, and check each file against its digest.

    Raises:
        DataError: it is not a whole backup.
    """
    again = "Make the backup again, or take another."
    found: dict[str, str] = {}
    manifest: dict[str, object] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is None or not (member.name == _MANIFEST or _belongs(member.name)):
                    raise DataError(f"{path} holds {member.name!r}, which no backup has.", again)
                if member.name == _MANIFEST:
                    manifest = json.loads(content.read())
                else:
                    found[member.name] = _extract(content, root / member.name)
    except (tarfile.TarError, EOFError, ValueError, RecursionError) as error:
        raise DataError(f"{path} is not a backup: {error}.", again) from error
    except OSError as error:
        raise DataError(f"{path} cannot be unpacked: {error.strerror or error}.", again) from error
    if not manifest or manifest.get("files") != found:
        raise DataError(f"{path} is damaged: what it holds is not what it says.", again)


def _belongs(name: str) -> bool:
    path = PurePosixPath(name)
    return path.parts[:1] in (("data",), ("config",)) and ".." not in path.parts and "\0" not in name


def _extract(content: IO[bytes], target: Path) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with target.open("xb") as file:
        while block := content.read(_BLOCK):
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _settings(home: Home, kept: Path) -> None:
    """Settings that are not here come back: saved queries and the like, whole files."""
    for file in sorted(kept.glob("*.json")):
        target = home.config / file.name
        if not target.exists():
            with contextlib.suppress(OSError):
                shutil.copyfile(file, target)
