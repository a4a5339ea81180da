"""The tasks there are: the program's and the imported ones, listed without loading any."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.data.tasks.folder import Heading, raw_counts, read_headings, task_folders
from store.errors import DataError
from store.home import Home

SAMPLE: Final = Path(__file__).resolve().parents[3] / "sample_data"
"""The four tasks of the paper, as a task folder."""
ESSENTIALITY: Final = SAMPLE / "essentiality"
"""One more task that comes with the program, `essential`, in a task folder of its own."""


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """A task as it stands in a list."""

    name: str
    title: str
    classes: tuple[str, ...]
    """In label order; with two classes the last is the positive one."""
    counts: tuple[int, ...]
    """Raw rows of each class, in the same order."""
    source: str
    paper_task: str = ""
    """`task1` to `task4` for the paper's own, else empty."""
    problem: str = ""
    """Why it cannot be loaded; empty if it can. Classes and counts may then be empty."""


def list_tasks(home: Home) -> tuple[TaskInfo, ...]:
    """The program's tasks and then the imported ones by name; a damaged one with its problem."""
    return tuple(_infos(home))


def _infos(home: Home) -> Iterator[TaskInfo]:
    for folder in task_places(home):
        try:
            for heading in read_headings(folder):
                yield _info(folder, heading)
        except DataError as error:
            yield TaskInfo(folder.name, folder.name, (), (), str(folder), problem=str(error))


def _info(folder: Path, heading: Heading) -> TaskInfo:
    counts = raw_counts(folder, heading)
    return TaskInfo(
        heading.name, heading.title, heading.classes, counts, heading.source, heading.paper_task
    )


def task_names(home: Home) -> Iterator[str]:
    """The names of the tasks of `list_tasks` that can be read, one at a time."""
    return (heading.name for _, heading in headings_of(task_places(home)))


def taken_names(home: Home) -> Iterator[str]:
    """The names that no new task may have: those of tasks, and `task1` to `task4`."""
    yield from task_names(home)
    yield from (heading.paper_task for heading in read_headings(SAMPLE) if heading.paper_task)


def find_task(name: str, home: Home) -> tuple[Path, Heading] | None:
    """The folder and heading of the task of that name; None if there is none.

    An imported task lies in a folder of its name; others are looked for only if that has none.

    Raises:
        DataError: the folder of that name cannot be read.
    """
    if not name or "/" in name or "\0" in name:
        return None
    own = home.tasks / name
    if own.is_dir() and not any(heading.name == name for heading in read_headings(SAMPLE)):
        found = next((heading for heading in read_headings(own) if heading.name == name), None)
        if found:
            return own, found
    there = headings_of(task_places(home))
    return next(((folder, heading) for folder, heading in there if heading.name == name), None)


def headings_of(folders: Iterable[Path]) -> Iterator[tuple[Path, Heading]]:
    """The tasks in these folders; what cannot be read is passed over."""
    for folder in folders:
        with contextlib.suppress(DataError):
            yield from ((folder, heading) for heading in read_headings(folder))


def task_places(home: Home) -> tuple[Path, ...]:
    """The task folders there are: those that come with the program, then the imported ones by name.

    A task of one's own that is called as the one that came later is stays what it is.
    """
    own = task_folders(home.tasks)
    taken = any(folder.name == heading.name for heading in read_headings(ESSENTIALITY) for folder in own)
    return (SAMPLE, *(() if taken else (ESSENTIALITY,)), *own)
