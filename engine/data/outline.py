"""What a plan needs of a task, remembered, so that a plan does not read a million genes.

It is remembered by the digest of all that it follows from: the files of the task, how they are read, and
the code that reads them. So it cannot be out of date; if it is gone, the task is read.
"""

from __future__ import annotations

import contextlib
import functools
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from engine.data.genes.descriptions import kept_descriptions
from engine.data.load import load_task
from engine.data.tasks.audit import Labels
from engine.data.tasks.recipes import Provenance
from engine.data.tasks.shelf import find_task
from engine.digests import sha256_of
from store.errors import DataError, StoreError
from store.files import read_sealed, sealed, user_path, write_json
from store.home import Home
from store.records import Task, content_hash

_ROOT: Final = Path(__file__).resolve().parents[2]
_CODE: Final = ("engine/data/**/*.py", "engine/files/**/*.py", "store/records.py", "store/texts.py")
"""What makes a task of files, and a hash of a task."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a task is read: the arguments of `load_task` besides its name."""

    labels: Labels = "unique"
    text: str = "facts"
    provenance: Provenance = "keep"
    descriptions: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """What a plan needs of a task."""

    name: str
    hash: str
    """`Task.hash`."""
    recipe: str
    """`Task.recipe`."""
    partly_described: bool = False
    """Whether some genes have a text by the recipe and others do not."""

    @classmethod
    def of(cls, task: Task) -> Outline:
        """That of `task`; takes a second for a million genes."""
        return cls(task.name, task.hash, task.recipe, len(set(task.described)) > 1)


def outlined(name_or_path: str, home: Home, reading: Reading) -> tuple[Outline, Callable[[], Task]]:
    """The outline of a task, and what loads the task once it is asked for.

    Raises:
        UsageError, DataError: as `load_task`; of a task that was remembered, when it is loaded.
    """
    place = _place(name_or_path, home, reading)
    known = read_sealed(place) if place else None
    if known is not None:
        outline = Outline(**known)
        return outline, functools.cache(lambda: _loaded(outline, name_or_path, home, reading))
    task = load_task(name_or_path, home, **asdict(reading))
    outline = Outline.of(task)
    if place:
        _keep(outline, place)
    return outline, lambda: task


def remember(outline: Outline, home: Home) -> None:
    """Keep the outline of a task that has just been imported, as it is read when nothing else is asked."""
    if place := _place(outline.name, home, Reading()):
        _keep(outline, place)


def _loaded(outline: Outline, name: str, home: Home, reading: Reading) -> Task:
    task = load_task(name, home, **asdict(reading))
    if Outline.of(task) != outline:
        raise DataError(f"The task {name} has changed since its units were counted.", "Run it again.")
    return task


def _place(name: str, home: Home, reading: Reading) -> Path | None:
    """Where the outline of a task in a task folder is kept; None for a file somewhere else."""
    found = find_task(name, home)
    if found is None:
        return None
    folder, heading = found
    files = [folder / file for file in ("genes.csv", "identifiers.csv", f"tasks/{heading.name}.csv")]
    if reading.descriptions:
        files.append(kept_descriptions(home).get(reading.descriptions) or user_path(reading.descriptions))
    try:
        digests = [sha256_of(file) for file in files]
    except OSError:
        return None  # loading it says what is wrong
    what = [_code(), digests, heading.name, list(heading.classes), asdict(reading)]
    return home.cache / "outlines" / f"{content_hash(what)}.json"


@functools.cache
def _code() -> str:
    """What tells this version of the code from any other that may read a task differently."""
    files = sorted(file for pattern in _CODE for file in _ROOT.glob(pattern))
    return content_hash([unicodedata.unidata_version, [sha256_of(file) for file in files]])


def _keep(outline: Outline, place: Path) -> None:
    """Without it the task is only read again; a dry run makes no folder for caches."""
    with contextlib.suppress(OSError, StoreError):
        if place.parent.parent.is_dir():
            place.parent.mkdir(exist_ok=True, mode=0o700)
            write_json(place, sealed(asdict(outline)))
