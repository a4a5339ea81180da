"""The append-only journals: one file a process, a CRC on every line, synced before a row counts.

A line is a JSON object whose first member is the CRC-32 of the bytes that follow that member:
`{"crc":"1c2d3e4f","kind":"scored","key":"...","record":{...}}`. So any JSON reader can read it,
and damage shows. Lines are never rewritten; readers remember how far they came in each file.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import socket
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from store.errors import StoreError

_PREFIX: Final = b'{"crc":"'
_BODY: Final = len(b'{"crc":"00000000",')
_HEAD: Final = re.compile(rb'"kind":"([a-z_]+)","key":"((?:[^"\\]|\\.)*)"')
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_sync = getattr(os, "fdatasync", os.fsync)


class DiskFull(StoreError):
    """No space, quota or file size is left for the journal; nothing of the append was kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One whole, undamaged line."""

    file: str
    """Name of its file inside the journal folder."""
    end: int
    """Byte offset just after the line."""
    kind: str
    key: str
    line: bytes

    @property
    def record(self) -> dict[str, Any]:
        """What was saved, as `store.entries` wrote it."""
        record: dict[str, Any] = json.loads(self.line)["record"]
        return record


@dataclass(frozen=True, slots=True)
class Damaged:
    """A line that cannot be trusted; it is skipped and counted."""

    file: str
    end: int
    """Byte offset just after the line."""
    reason: str


class JournalWriter:
    """Appends entries to this process's own file, which is made at the first append.

    Safe to share between threads. After a failed append the file is cut back to its last whole
    line and left for good: readers may have seen lines of the failed write, and their offsets must
    never point into the middle of a later one.
    """

    def __init__(self, folder: Path, name: str | None = None) -> None:
        """Write into `folder`; `name` (without suffix) is made from time, host and pid if None."""
        self._folder = folder
        self._name = name
        self._files = 0
        self._descriptor: int | None = None
        self._path = folder
        self._size = 0
        self._lock = threading.Lock()
        """Protects descriptor and size: one append at a time."""

    def append(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Save `entries` (as `entries.entry_of` makes them); on return they are on the disk.

        Raises:
            DiskFull: no space is left; nothing was saved.
            StoreError: the file cannot be made or written; nothing was saved.
        """
        lines = b"".join(map(encode, entries))
        if not lines:
            return
        with self._lock:
            try:
                if self._descriptor is None:
                    self._open()
                self._write(lines)
            except OSError as error:
                self._abandon()
                raise _sentence(error, self._path) from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _open(self) -> None:
        stem = self._name or _unique_name()
        self._path = self._folder / (f"{stem}-{self._files}.jsonl" if self._files else f"{stem}.jsonl")
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        self._descriptor = os.open(self._path, flags, 0o600)
        self._files += 1
        self._size = 0
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _write(self, lines: bytes) -> None:
        assert self._descriptor is not None
        if os.write(self._descriptor, lines) < len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        _sync(self._descriptor)
        self._size += len(lines)

    def _abandon(self) -> None:
        """Undo the failed append and give the file up."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):  # a torn line stays: readers skip it
            os.ftruncate(self._descriptor, self._size)
        os.close(self._descriptor)
        self._descriptor = None
        if not self._size:
            self._path.unlink(missing_ok=True)


def encode(entry: Mapping[str, Any]) -> bytes:
    """The journal line of one entry, whose first members must be `kind` and `key`."""
    text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    body = text.encode()[1:]
    return b'%s%08x",%s\n' % (_PREFIX, zlib.crc32(body), body)


def read_journals(
    folder: Path, offsets: Mapping[str, int], *, closed: bool = False
) -> Iterator[Entry | Damaged]:
    """Every complete line after `offsets`, file by file in the order of their names.

    A last line without its newline is still being written, or was torn by a crash before it was
    acknowledged: it is left for next time, unless `closed` says that nobody writes any more.

    Args:
        folder: the journal folder; an absent one has no lines.
        offsets: file name -> byte offset to go on from; 0 for files not named.
        closed: tell torn last lines as damaged.

    Raises:
        StoreError: a journal cannot be read.
    """
    for path in sorted(path for path in folder.glob("*.jsonl") if path.is_file()):
        try:
            yield from _read(path, offsets.get(path.name, 0), closed)
        except OSError as error:
            raise StoreError(f"The journal {path} cannot be read: {error.strerror}.") from error


def journal_sizes(folder: Path) -> dict[str, int]:
    """File name -> size in bytes, of every journal."""
    try:
        with os.scandir(folder) as found:
            return {
                item.name: item.stat().st_size
                for item in found
                if item.name.endswith(".jsonl") and item.is_file()
            }
    except (FileNotFoundError, NotADirectoryError):
        return {}


def _read(path: Path, offset: int, closed: bool) -> Iterator[Entry | Damaged]:
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            if not (line.endswith(b"\n") or closed):
                return  # its rest may arrive before the next read and would look like a line
            offset += len(line)
            yield _decode(path.name, offset, line)


def _decode(file: str, end: int, line: bytes) -> Entry | Damaged:
    if not line.endswith(b"\n"):
        return Damaged(file, end, "the line is not finished")
    body = line[_BODY:-1]
    if not line.startswith(_PREFIX) or line[len(_PREFIX) : _BODY] != b'%08x",' % zlib.crc32(body):
        return Damaged(file, end, "the checksum does not match")
    head = _HEAD.match(body)
    if head is None:
        return Damaged(file, end, "the line has no kind and key")
    return Entry(file, end, head[1].decode(), json.loads(b'"%s"' % head[2]), line)


def _unique_name() -> str:
    host = re.sub(r"[^A-Za-z0-9]", "", socket.gethostname())[:20] or "host"
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{host}-{os.getpid()}-{secrets.token_hex(3)}"


def _sentence(error: OSError, path: Path) -> StoreError:
    if error.errno in _FULL:
        return DiskFull(
            f"No space is left for the journal in {path.parent}: {error.strerror}.",
            "Free some space; nothing that was saved is lost.",
        )
    return StoreError(f"The journal {path} cannot be written: {error.strerror}.")
