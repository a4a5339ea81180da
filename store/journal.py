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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from store.errors import StoreError

_PREFIX: Final = b'{"crc":"'
_BODY: Final = len(b'{"crc":"00000000",')
_HEAD: Final = re.compile(rb'"kind":"([a-z_]+)","key":"((?:[^"\\]|\\.)*)"')
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_TAIL: Final = 64
"""Bytes by which an overwritten journal is noticed; the end of its last line."""
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
        """What was saved, as `store.entries` wrote it.

        Raises:
            ValueError: the line holds none that can be read.
        """
        try:
            record = json.loads(self.line)["record"]
        except (LookupError, TypeError, RecursionError) as error:
            raise ValueError(f"no record can be read: {error}") from error
        if not isinstance(record, dict):
            raise ValueError("its record is not an object")
        return record

    @property
    def checksum(self) -> int:
        """That the line begins with; equal lines have equal ones."""
        return int(self.line[len(_PREFIX) : _BODY - 2], 16)


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

    A file that is removed or replaced by somebody else while this process lives loses nothing: its
    content is still there for who holds it open, and goes into a new file.
    """

    def __init__(
        self, folder: Path, name: str | None = None, make_folder: Callable[[], object] = lambda: None
    ) -> None:
        """Write into `folder`.

        Args:
            folder: the journal folder.
            name: of the first file, without suffix; None: made from time, host and pid.
            make_folder: called before each new file is made.
        """
        self._folder = folder
        self._name = name
        self._make_folder = make_folder
        self._made = 0
        self._open_file: _OwnFile | None = None
        """Where the next append goes; None: into a new one."""
        self._files: list[_OwnFile] = []
        """Every file of this process that holds lines, for as long as it lives."""
        self._said: list[str] = []
        self._lock = threading.Lock()
        """Protects all of this: one append at a time."""

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
            self._keep()
            self._write(lines)
            self._keep()

    def keep(self) -> None:
        """Write again what was saved here and has been removed or replaced since.

        Raises:
            DiskFull, StoreError: it cannot be written now; it is still held, and the next call tries again.
        """
        with self._lock:
            self._keep()

    def said(self) -> list[str]:
        """What happened to the files since the last call, in sentences."""
        with self._lock:
            said, self._said = self._said, []
            return said

    def close(self) -> None:
        """Let go of the files.

        Raises:
            DiskFull, StoreError: one of them was removed, and cannot be written again.
        """
        with self._lock:
            try:
                self._keep()
            finally:
                for file in self._files:
                    _close(file.descriptor)
                self._files.clear()
                self._open_file = None

    def _keep(self) -> None:
        for file in [file for file in self._files if self._is_changed(file)]:
            self._files.remove(file)
            before, self._open_file = self._open_file, None
            held = b""
            try:
                held = file.held()
                if held:
                    self._write(held)
            except (StoreError, OSError) as error:
                self._files.append(file)
                self._open_file = before
                if isinstance(error, OSError):
                    raise _sentence(error, file.path) from error
                raise
            self._said.append(file.became_of(self._open_file))
            _close(file.descriptor)

    @staticmethod
    def _is_changed(file: _OwnFile) -> bool:
        try:
            return file.changed()
        except OSError as error:  # the network is away, or the server has no such file any more
            raise _sentence(error, file.path) from error

    def _write(self, lines: bytes) -> None:
        """Append to the open file, or to a new one, and sync."""
        file = self._open_file
        path = self._folder
        try:
            if file is None:
                file = self._open()
            path = file.path
            if os.write(file.descriptor, lines) < len(lines):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            _sync(file.descriptor)
        except OSError as error:
            if file is not None:
                self._give_up(file)
            raise _sentence(error, path) from error
        file.size += len(lines)
        file.tail = lines[-_TAIL:]
        if file is not self._open_file:
            self._files.append(file)
            self._open_file = file

    def _open(self) -> _OwnFile:
        self._make_folder()
        stem = self._name or _unique_name()
        path = self._folder / (f"{stem}-{self._made}.jsonl" if self._made else f"{stem}.jsonl")
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        file = _OwnFile(path, os.open(path, flags, 0o600))
        self._made += 1
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return file

    def _give_up(self, file: _OwnFile) -> None:
        """Undo a failed append, and never append to that file again."""
        with contextlib.suppress(OSError):  # a torn line stays: readers skip it
            os.ftruncate(file.descriptor, file.size)
        self._open_file = None
        if not file.size:
            _close(file.descriptor)
            with contextlib.suppress(OSError):
                file.path.unlink()


@dataclass(slots=True, eq=False)
class _OwnFile:
    """A journal of this process, held open."""

    path: Path
    descriptor: int
    size: int = 0
    """Bytes that were acknowledged."""
    tail: bytes = b""
    """The last of them."""

    def changed(self) -> bool:
        """Whether the path names another file by now, or none, or this one was cut or overwritten."""
        mine = os.fstat(self.descriptor)
        try:
            there = os.stat(self.path, follow_symlinks=False)  # noqa: PTH116 - of the very path
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False  # what cannot be looked at may well be there
        return (mine.st_dev, mine.st_ino) != (there.st_dev, there.st_ino) or not self._whole()

    def _whole(self) -> bool:
        return os.pread(self.descriptor, len(self.tail), self.size - len(self.tail)) == self.tail

    def held(self) -> bytes:
        """What is left of the acknowledged bytes, whole lines only."""
        found = bytearray()
        while len(found) < self.size:
            piece = os.pread(self.descriptor, self.size - len(found), len(found))
            if not piece:
                break
            found += piece
        return bytes(found[: found.rfind(b"\n") + 1])

    def became_of(self, new: _OwnFile | None) -> str:
        """One sentence on what happened to this file."""
        if self._whole() and new:
            return (
                f"The journal {self.path} was removed or replaced; all of it stands in {new.path.name} now."
            )
        return (
            f"The journal {self.path} was cut or overwritten; what it lost is for the next run to compute."
        )


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
        yield from read_journal(path, offsets.get(path.name, 0), closed=closed)


def read_journal(path: Path, offset: int, *, closed: bool = False) -> Iterator[Entry | Damaged]:
    """`read_journals` for one file.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        yield from _read(path, offset, closed)
    except OSError as error:
        raise StoreError(f"The journal {path} cannot be read: {error.strerror}.") from error


def read_line(path: Path, start: int, end: int) -> Entry | None:
    """The line between two byte offsets; None if it cannot be read or is not whole any more."""
    try:
        with path.open("rb") as file:
            file.seek(start)
            line = _decode(path.name, end, file.read(end - start))
    except OSError:
        return None
    return line if isinstance(line, Entry) else None


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


def vanished(offsets: Mapping[str, int], sizes: Mapping[str, int]) -> list[str]:
    """The journals of which less is there than was read before."""
    return [file for file, offset in offsets.items() if sizes.get(file, 0) < offset]


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
    try:
        key = head[2].decode() if head[2].isalnum() else json.loads(b'"%s"' % head[2])
    except ValueError:
        return Damaged(file, end, "the key cannot be read")
    return Entry(file, end, head[1].decode(), key, line)


def _close(descriptor: int) -> None:
    """Let go of a file of which all that counts is synced: NFS says here, too, that a disk is full."""
    with contextlib.suppress(OSError):
        os.close(descriptor)


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
