"""The tasks there are: the sample's and the imported ones, listed without loading any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.data.tasks.folder import Heading, LabelList, read_headings, read_rows, task_folders
from store.errors import DataError
from store.home import Home

SAMPLE: Final = Path(__file__).resolve().parents[3] / "sample_data"
"""The four tasks of the paper, as a task folder."""


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
    """The sample tasks and then the imported ones by name; a damaged one with its problem."""
    return tuple(_infos(home))


def _infos(home: Home) -> Iterator[TaskInfo]:
    for folder in task_places(home):
        try:
            for heading in read_headings(folder):
                yield _info(folder, heading)
        except DataError as error:
            yield TaskInfo(folder.name, folder.name, (), (), str(folder), problem=str(error))


def _info(folder: Path, heading: Heading) -> TaskInfo:
    rows = read_rows(folder, heading)
    counts = LabelList(heading, rows, {}, {}).counts
    return TaskInfo(
        heading.name, heading.title, heading.classes, counts, heading.source, heading.paper_task
    )


def task_places(home: Home) -> tuple[Path, ...]:
    """The task folders there are: the sample's, then the imported ones by name."""
    return (SAMPLE, *task_folders(home.tasks))
