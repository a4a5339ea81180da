"""What takes how much of the disk, and what of it may go."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.catalog.local import hub_cache
from store.errors import StoreError
from store.home import Home

_IN_USE_S: Final = 600.0
"""Seconds for which an unfinished file may belong to somebody who is still at work on it."""


@dataclass(frozen=True, slots=True)
class Heap:
    """Files of one sort."""

    name: str
    what: str
    """In words, with what becomes of it."""
    removable: bool
    files: tuple[Path, ...]
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class _Sort:
    name: str
    what: str
    files: Callable[[Home], Iterator[Path]]
    removable: bool = True


def heaps(home: Home) -> tuple[Heap, ...]:
    """All that is kept here, by sort; the removable ones last."""
    found = []
    for sort in _SORTS:
        files = tuple(dict.fromkeys(sort.files(home)))
        size = sum(map(_size, files))
        found.append(Heap(sort.name, sort.what, sort.removable, files, size))
    return tuple(found)


def remove(home: Home, names: Sequence[str]) -> int:
    """Remove the files of these sorts; the bytes that are free now.

    Raises:
        StoreError: a file cannot be removed; those before it are gone.
    """
    freed = 0
    for heap in heaps(home):
        if heap.name not in names or not heap.removable:
            continue
        for path in heap.files:
            size = _size(path)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(
                    f"{path} cannot be removed: {error.strerror}.", "Check who owns it."
                ) from error
            freed += size
            with contextlib.suppress(OSError):
                path.parent.rmdir()  # of a folder that is empty now
    for leftover in _old_folders(home):
        shutil.rmtree(leftover, ignore_errors=True)
    return freed


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _below(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file() or path.is_symlink())


def _old(path: Path) -> bool:
    try:
        return time.time() - path.lstat().st_mtime > _IN_USE_S
    except OSError:
        return False


def _results(home: Home) -> Iterator[Path]:
    yield from _below(home.journals)
    yield home.database
    yield home.database.with_name(home.database.name + ".wal")


def _imported(home: Home) -> Iterator[Path]:
    return _below(home.tasks, home.data / "vectors", home.data / "descriptions")


def _older_databases(home: Home) -> Iterator[Path]:
    return iter(sorted(home.data.glob(f"{home.database.stem}.*{home.database.suffix}*")))


def _embeddings(home: Home) -> Iterator[Path]:
    return _below(home.embeddings)


def _maps(home: Home) -> Iterator[Path]:
    return _below(home.maps)


def _downloads(home: Home) -> Iterator[Path]:
    return (path for path in _below(home.downloads) if path.suffix != ".part")


def _unfinished(home: Home) -> Iterator[Path]:
    yield from (path for path in _below(home.downloads) if path.suffix == ".part" and _old(path))
    for path in sorted(hub_cache().glob("models--*/blobs/*")):
        if path.suffix in (".part", ".incomplete") and _old(path):
            yield path


def _left_over(home: Home) -> Iterator[Path]:
    """Temporary files of processes that were killed, and what was damaged and put aside."""
    folders = (home.data, home.journals, home.mailbox, home.cache, home.config)
    for folder in folders:
        yield from (path for path in sorted(folder.glob(".*.*")) if path.is_file() and _old(path))
    yield from (path for path in _below(home.embeddings, home.mailbox) if path.suffix == ".damaged")
    for folder in _old_folders(home):
        yield from _below(folder)


def _old_folders(home: Home) -> Iterator[Path]:
    for root in (home.tasks, home.data / "vectors"):
        yield from (path for path in root.glob(".*") if path.is_dir() and _old(path))


def _logs(home: Home) -> Iterator[Path]:
    return (path for path in _below(home.log) if _old(path))


_SORTS: Final = (
    _Sort("results", "the journals, and the database that is filled from them", _results, False),
    _Sort("imported", "tasks, vectors and descriptions of your own", _imported, False),
    _Sort("embeddings", "vectors of texts; they are computed again when they are needed", _embeddings),
    _Sort("maps", "where genes lie by their vectors; worked out again when they are looked at", _maps),
    _Sort("downloads", "fetched files; they are fetched again when you ask for them", _downloads),
    _Sort("unfinished", "downloads that were broken off; they start from the beginning", _unfinished),
    _Sort("old-databases", "databases that `repair` put aside", _older_databases),
    _Sort("leftovers", "temporary files of processes that were killed", _left_over),
    _Sort("logs", "what earlier runners wrote", _logs),
)
REMOVABLE: Final = tuple(sort.name for sort in _SORTS if sort.removable)
