"""One machine's view of a folder on a file server, as a client of NFS has it: close-to-open, and no more.

`python late_fs.py SERVED POINT SECONDS SEED LOCKS` shows the folder SERVED at POINT until its input ends.
What this machine writes reaches the server at fsync and close, in two parts and in either order, so that
others see a prefix, or zeros. What others do it learns when it asks: a list of a folder, what is known of a
file and that there is no such file are all held for SECONDS; a file's content is what it was when it was
opened. What somebody replaced is stale for who reads the old one. With LOCKS `none`, locks are refused. No
file can be shared by mapping it. A line `forget` on the input drops what is held; the answer is `ok`.
"""

from __future__ import annotations

import errno
import os
import random
import stat
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mfusepy

_TORN = 0.5
"""How many of the writes reach the server in two parts."""
_BETWEEN = 0.03
"""Seconds between them, at most."""
_STALE = 0.3
"""How often who opens a file that was replaced gets hold of the old one, and cannot read it."""


@dataclass(slots=True, eq=False)
class _File:
    """A file that is open on this machine, by however many."""

    descriptor: int
    known_as: tuple[int, int]
    content: bytearray
    dirty: tuple[int, int] | None = None
    """The bytes that have not reached the server."""
    on_its_way: bool = False
    """Whether some bytes reach it just now."""
    opened: int = 0
    sending: threading.Lock = field(default_factory=threading.Lock)

    def read_again(self) -> None:
        size = os.fstat(self.descriptor).st_size
        self.content = bytearray(os.pread(self.descriptor, size, 0))


@dataclass(slots=True, eq=False)
class _Opened:
    file: _File
    appends: bool
    stale: bool = False


class LateFS(mfusepy.Operations):
    """See above."""

    use_ns = True

    def __init__(self, served: str, seconds: float, seed: int) -> None:
        self._served, self._seconds, self._dice = Path(served), seconds, random.Random(seed)
        self._lock = threading.Lock()
        self._lists: dict[str, tuple[float, dict[str, tuple[int, int]]]] = {}
        """Folder -> until when its list is held, and of each name its mode and inode."""
        self._known: dict[str, tuple[float, os.stat_result | None]] = {}
        """Path -> until when it is held what is known of it; None: that there is nothing."""
        self._files: dict[tuple[int, int], _File] = {}
        self._opened: dict[int, _Opened] = {}
        self._next = 1

    def forget(self) -> None:
        """Hold nothing any more but what is open."""
        with self._lock:
            self._lists.clear()
            self._known.clear()

    # ------------------------------------------------------------------ what is held

    def _at(self, path: str) -> Path:
        return self._served / path[1:]

    def _look(self, path: str) -> os.stat_result:
        """What is known of a path, by now or from the server; raises FileNotFoundError, perhaps wrongly."""
        until, known = self._known.get(path, (0.0, None))
        if time.monotonic() >= until:
            try:
                known = os.lstat(self._at(path))
            except (FileNotFoundError, NotADirectoryError):
                known = None
            self._known[path] = (time.monotonic() + self._seconds, known)
        if known is None:
            raise FileNotFoundError(errno.ENOENT, "held to be missing")
        return known

    def _changed(self, path: str, *, there: bool) -> None:
        """This machine itself has made or removed something."""
        for other in [other for other in self._known if other == path or other.startswith(path + "/")]:
            del self._known[other]
        folder, _, name = path.rpartition("/")
        if folder_list := self._lists.get(folder or "/"):
            folder_list[1].pop(name, None)
            if there:
                about = os.lstat(self._at(path))
                folder_list[1][name] = (about.st_mode, about.st_ino)
        if not there:
            self._lists.pop(path, None)

    # ------------------------------------------------------------------ folders

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        with self._lock:
            if fh and self._opened[fh].stale:
                raise OSError(errno.ESTALE, "replaced")
            about = os.fstat(self._opened[fh].file.descriptor) if fh else self._look(path)
            found = {name: getattr(about, name) for name in dir(about) if name.startswith("st_")}
            for name in ("st_atime", "st_mtime", "st_ctime"):
                found[name] = found.pop(f"{name}_ns")
            mine = self._files.get((about.st_dev, about.st_ino))
            if mine and (fh or mine.dirty or mine.on_its_way):
                found["st_size"] = len(mine.content)
            return found

    def readdir(self, path: str, fh: int) -> Iterator[tuple[str, dict[str, int], int]]:
        with self._lock:
            until, names = self._lists.get(path, (0.0, {}))
            if time.monotonic() >= until:
                with os.scandir(self._at(path)) as found:
                    names = {
                        one.name: (one.stat(follow_symlinks=False).st_mode, one.inode()) for one in found
                    }
                self._lists[path] = (time.monotonic() + self._seconds, names)
            held = dict(names)
        yield from ((name, {"st_mode": stat.S_IFDIR, "st_ino": 1}, 0) for name in (".", ".."))
        yield from ((name, {"st_mode": mode, "st_ino": ino}, 0) for name, (mode, ino) in held.items())

    def mkdir(self, path: str, mode: int) -> None:
        with self._lock:
            self._at(path).mkdir(mode)
            self._changed(path, there=True)

    def rmdir(self, path: str) -> None:
        with self._lock:
            self._at(path).rmdir()
            self._changed(path, there=False)

    def unlink(self, path: str) -> None:
        with self._lock:
            try:
                self._at(path).unlink()
            finally:
                self._changed(path, there=False)

    def rename(self, old: str, new: str) -> None:
        with self._lock:
            self._at(old).rename(self._at(new))
            self._changed(old, there=False)
            self._changed(new, there=True)

    def chmod(self, path: str, mode: int) -> None:
        with self._lock:
            self._at(path).chmod(mode)
            self._known.pop(path, None)

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> None:
        with self._lock:
            os.utime(self._at(path), ns=times)
            self._known.pop(path, None)

    def statfs(self, path: str) -> dict[str, int]:
        about = os.statvfs(self._served)
        return {name: getattr(about, name) for name in dir(about) if name.startswith("f_")}

    # ------------------------------------------------------------------ files

    def create(self, path: str, mode: int, flags: int) -> int:
        with self._lock:
            descriptor = os.open(self._at(path), os.O_RDWR | os.O_CREAT | flags & os.O_EXCL, mode)
            self._changed(path, there=True)
            return self._open(descriptor, flags)

    def open(self, path: str, flags: int) -> int:
        with self._lock:
            before = self._look(path)
            try:
                descriptor = self._from_server(path)
            except FileNotFoundError:
                self._known.pop(path, None)
                raise
            now = os.fstat(descriptor)
            opened = self._open(descriptor, flags)
            self._known[path] = (time.monotonic() + self._seconds, now)
            replaced = before.st_ino != now.st_ino and not flags & (os.O_WRONLY | os.O_RDWR)
            self._opened[opened].stale = replaced and self._dice.random() < _STALE
            return opened

    def _from_server(self, path: str) -> int:
        try:
            return os.open(self._at(path), os.O_RDWR | os.O_NONBLOCK)
        except (PermissionError, IsADirectoryError):
            return os.open(self._at(path), os.O_RDONLY | os.O_NONBLOCK)

    def _open(self, descriptor: int, flags: int) -> int:
        about = os.fstat(descriptor)
        known_as = (about.st_dev, about.st_ino)
        file = self._files.get(known_as)
        if file:
            os.close(descriptor)
        else:
            file = self._files[known_as] = _File(descriptor, known_as, bytearray())
        if flags & os.O_TRUNC:
            os.ftruncate(file.descriptor, 0)
            file.dirty = None
        if not (file.dirty or file.on_its_way):
            file.read_again()
        file.opened += 1
        opened, self._next = self._next, self._next + 1
        self._opened[opened] = _Opened(file, bool(flags & os.O_APPEND))
        return opened

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        with self._lock:
            opened = self._opened[fh]
            gone = not os.fstat(opened.file.descriptor).st_nlink
            if opened.stale or (gone and not opened.file.dirty and self._dice.random() < _STALE):
                raise OSError(errno.ESTALE, "replaced")
            return bytes(opened.file.content[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        with self._lock:
            file = self._opened[fh].file
            if self._opened[fh].appends:
                offset = len(file.content)
            file.content.extend(bytes(max(offset - len(file.content), 0)))
            file.content[offset : offset + len(data)] = data
            first, last = file.dirty or (offset, offset)
            file.dirty = (min(first, offset), max(last, offset + len(data)))
            return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> None:
        opened = fh or self.open(path, os.O_RDWR)
        file = self._opened[opened].file
        self._send(file)
        with self._lock:
            os.ftruncate(file.descriptor, length)
            file.read_again()
            self._known.pop(path, None)
        if not fh:
            self.release(path, opened)

    def _send(self, file: _File) -> None:
        """What is dirty goes to the server; on return it is there."""
        with file.sending:
            with self._lock:
                first, last = file.dirty or (0, 0)
                file.dirty, file.on_its_way = None, True
                data = bytes(file.content[first:last])
                cut = self._dice.randrange(len(data)) if data and self._dice.random() < _TORN else 0
                parts = [(first, data[:cut]), (first + cut, data[cut:])]
                self._dice.shuffle(parts)
                between = self._dice.uniform(0.0, _BETWEEN) if cut else 0.0
            for offset, part in parts:
                os.pwrite(file.descriptor, part, offset)
                time.sleep(between)
                between = 0.0
            file.on_its_way = False

    def fsync(self, path: str, datasync: int, fh: int) -> None:
        self._send(self._opened[fh].file)
        with self._lock:
            self._known.pop(path, None)

    def flush(self, path: str, fh: int) -> None:
        self.fsync(path, 0, fh)

    def release(self, path: str, fh: int) -> None:
        with self._lock:
            file = self._opened.pop(fh).file
            file.opened -= 1
            if not file.opened:
                os.close(file.descriptor)
                del self._files[file.known_as]


class Lockless(LateFS):
    """Refuses locks."""

    def flock(self, path: str, fh: int, op: int) -> None:
        raise OSError(errno.ENOLCK, "no locks here")

    def lock(self, path: str, fh: int, cmd: int, lock: object) -> None:
        raise OSError(errno.ENOLCK, "no locks here")


def main(served: str, point: str, seconds: str, seed: str, locks: str) -> None:
    """Show it until the input ends."""
    view = (Lockless if locks == "none" else LateFS)(served, float(seconds), int(seed))

    def listen() -> None:
        for _ in sys.stdin:
            view.forget()
            print("ok", flush=True)  # noqa: T201
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    at_once = {"attr_timeout": 0, "entry_timeout": 0, "negative_timeout": 0}
    mfusepy.FUSE(view, point, foreground=True, use_ino=True, direct_io=True, **at_once)


if __name__ == "__main__":
    main(*sys.argv[1:])
