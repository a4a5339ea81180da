"""Streaming GenePT's pickles: dictionaries of lists of floats, read without building one of them.

The file is mapped, not read, and interpreted here in the two dozen operations that such a pickle
needs, none of which can call anything. A list is remembered as the places of its floats; only the
wanted ones are ever decoded: 152 MB take 0.2 s, and 15 MB of memory besides the mapped pages.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.files.outside import outside_file
from store.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_OBJECTS: Final = 5_000_000
"""Names, lists, marks and memo entries together; GenePT's largest file has 0.5 million."""
LONGEST_NAME: Final = 1000
_RUN: Final = 1001
"""Floats looked for at once: pickle writes lists in batches of 1,000."""


class NotStreamable(Exception):
    """The pickle is something else than a dictionary of lists of floats."""


@dataclass(slots=True)
class Floats:
    """A list of floats: (offset, count) of each run in the file, 9 bytes a float."""

    runs: list[tuple[int, int]] = field(default_factory=list)
    length: int = 0

    def extend(self, runs: list[tuple[int, int]]) -> None:
        """Append runs of floats."""
        self.runs.extend(runs)
        self.length += sum(count for _, count in runs)

    def decode(self, view: NDArray[np.uint8]) -> NDArray[np.float32]:
        """float32[length]; `view` is the whole file."""
        parts = [
            view[offset : offset + 9 * count].reshape(count, 9)[:, 1:].copy().view(">f8").ravel()
            for offset, count in self.runs
        ]
        with np.errstate(over="ignore"):
            return np.concatenate(parts).astype(np.float32) if parts else np.empty(0, np.float32)


@dataclass(frozen=True, slots=True)
class Streamed:
    """The wanted part of a dictionary of vectors."""

    names: tuple[str, ...]
    matrix: NDArray[np.float32]
    """float32[n, d]."""
    total: int
    """Names in the whole file."""
    shared: int
    """Wanted names whose vector is the very object of another wanted name."""


def stream_vectors(path: Path, wanted: Callable[[str], bool]) -> Streamed:
    """The vectors of the wanted names in a pickled dict[str, list[float]].

    Args:
        path: Of any size; protocols 2 to 5.
        wanted: Whether a name is to be kept.

    Raises:
        NotStreamable: the pickle holds something else; nothing has been executed.
        DataError: unreadable or damaged, no wanted name, or vectors of different lengths.
    """
    with outside_file(path), path.open("rb") as stream:
        if not stream.seek(0, 2):
            raise DataError(f"{path} is empty.")
        # Closed when the last array that looks at it goes, also after an error.
        content = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    view = np.frombuffer(content, dtype=np.uint8)
    try:
        return _chosen(path, _Machine(content, view).run(), view, wanted)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is a damaged pickle.", "Fetch it again.") from error


def _chosen(
    path: Path, found: Mapping[str, Floats], view: NDArray[np.uint8], wanted: Callable[[str], bool]
) -> Streamed:
    names = tuple(name for name in found if wanted(name))
    if not names:
        raise DataError(f"{path} has none of the wanted genes among its {len(found):,} names.")
    widths = {found[name].length for name in names}
    if len(widths) > 1:
        raise DataError(f"{path} has vectors of {min(widths)} and of {max(widths)} numbers.")
    matrix = np.stack([found[name].decode(view) for name in names])
    distinct = len({id(found[name]) for name in names})
    return Streamed(names, matrix, len(found), len(names) - distinct)


_Item = str | Floats | dict[str, Floats] | tuple[int, int]
"""On the stack: a name, a list, the dictionary, or (offset, count) of a run of floats."""


class _Machine:
    """The stack machine of pickle, as far as dictionaries of lists of floats need it."""

    def __init__(self, content: mmap.mmap, view: NDArray[np.uint8]) -> None:
        self.content = content
        self.view = view
        self.place = 0
        self.stack: list[_Item] = []
        self.marked: list[list[_Item]] = []
        self.memo: dict[int, _Item] = {}
        self.objects = 0

    def run(self) -> dict[str, Floats]:
        """Interpret the file up to its STOP.

        Raises:
            NotStreamable: an operation or a value that has no place in such a dictionary.
        """
        while (code := self.content[self.place]) != _STOP:
            self.place += 1
            operation = _OPERATIONS.get(code)
            if operation is None:
                raise NotStreamable
            self.objects += 1
            if self.objects > MOST_OBJECTS:
                raise NotStreamable
            operation(self)
        result = self.pop()
        if not isinstance(result, dict) or self.stack or self.marked:
            raise NotStreamable
        return result

    def number(self, form: str) -> int:
        """The number at the present place, which moves behind it."""
        size = struct.calcsize(form)
        value: int = struct.unpack(form, self.content[self.place : self.place + size])[0]
        self.place += size
        return value

    def pop(self) -> _Item:
        """The top of the stack.

        Raises:
            NotStreamable: there is nothing on it.
        """
        if not self.stack:
            raise NotStreamable
        return self.stack.pop()

    def text(self, form: str) -> None:
        """Push a text whose length stands first."""
        size = self.number(form)
        if size > LONGEST_NAME:
            raise NotStreamable
        raw = self.content[self.place : self.place + size]
        if len(raw) < size:
            raise IndexError
        self.stack.append(raw.decode("utf-8"))
        self.place += size

    def floats(self) -> None:
        """Push one run of as many floats as follow each other."""
        start = self.place - 1
        most = min(_RUN, (len(self.view) - start) // 9)
        heads = self.view[start : start + 9 * most].reshape(most, 9)[:, 0] == _BINFLOAT
        count = most if heads.all() else int(heads.argmin())
        if not count:
            raise IndexError
        self.stack.append((start, count))
        self.place = start + 9 * count

    def mark(self) -> None:
        """Begin a batch."""
        self.marked.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[_Item]:
        """The batch since the last mark, taken off."""
        if not self.marked:
            raise NotStreamable
        batch, self.stack = self.stack, self.marked.pop()
        return batch

    def append(self, batch: list[_Item]) -> None:
        """Append a batch of floats to the list on top."""
        target = self.stack[-1] if self.stack else None
        runs = [item for item in batch if isinstance(item, tuple)]
        if not isinstance(target, Floats) or len(runs) != len(batch):
            raise NotStreamable
        target.extend(runs)

    def set_items(self, batch: list[_Item]) -> None:
        """Put a batch of names and lists into the dictionary on top."""
        target = self.stack[-1] if self.stack else None
        if not isinstance(target, dict) or len(batch) % 2:
            raise NotStreamable
        for name, vector in zip(batch[::2], batch[1::2], strict=True):
            if not isinstance(name, str) or not isinstance(vector, Floats):
                raise NotStreamable
            target[name] = vector

    def remember(self, index: int) -> None:
        """Put the top of the stack into the memo."""
        if not self.stack:
            raise NotStreamable
        self.memo[index] = self.stack[-1]

    def recall(self, index: int) -> None:
        """Push what the memo has at `index`."""
        if index not in self.memo:
            raise NotStreamable
        self.stack.append(self.memo[index])


_STOP: Final = ord(".")
_BINFLOAT: Final = ord("G")
_OPERATIONS: Final[Mapping[int, Callable[[_Machine], None]]] = {
    0x80: lambda machine: _pass(machine.number("<B")),  # PROTO
    0x95: lambda machine: _pass(machine.number("<Q")),  # FRAME
    ord("}"): lambda machine: machine.stack.append({}),  # EMPTY_DICT
    ord("]"): lambda machine: machine.stack.append(Floats()),  # EMPTY_LIST
    ord("("): lambda machine: machine.mark(),  # MARK
    ord("G"): lambda machine: machine.floats(),  # BINFLOAT
    0x8C: lambda machine: machine.text("<B"),  # SHORT_BINUNICODE
    ord("X"): lambda machine: machine.text("<I"),  # BINUNICODE
    ord("a"): lambda machine: machine.append([machine.pop()]),  # APPEND
    ord("e"): lambda machine: machine.append(machine.since_mark()),  # APPENDS
    ord("u"): lambda machine: machine.set_items(machine.since_mark()),  # SETITEMS
    ord("s"): lambda machine: machine.set_items([machine.pop(), machine.pop()][::-1]),  # SETITEM
    0x94: lambda machine: machine.remember(len(machine.memo)),  # MEMOIZE
    ord("q"): lambda machine: machine.remember(machine.number("<B")),  # BINPUT
    ord("r"): lambda machine: machine.remember(machine.number("<I")),  # LONG_BINPUT
    ord("h"): lambda machine: machine.recall(machine.number("<B")),  # BINGET
    ord("j"): lambda machine: machine.recall(machine.number("<I")),  # LONG_BINGET
}


def _pass(_value: int) -> None:
    """Drop a number that is read only to be passed."""
