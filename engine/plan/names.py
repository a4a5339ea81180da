"""What people write for tasks, descriptions and seeds, as the engine names them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Sequence
from typing import Final

from engine.data.genes.descriptions import kept_descriptions
from engine.data.tasks.folder import read_headings
from engine.data.tasks.shelf import SAMPLE, find_task
from store.errors import DataError, UsageError
from store.files import user_path
from store.home import Home

_MOST_SEEDS: Final = 10_000


def resolve_tasks(home: Home, wanted: Sequence[str]) -> tuple[str, ...]:
    """Names as the engine knows them: `task1` is the paper's first, and a path is made absolute.

    Nothing wanted means the paper's four.
    """
    paper = {task.paper_task: task.name for task in read_headings(SAMPLE)}
    if not wanted:
        return tuple(paper.values())
    chosen = (paper.get(name) or _task_or_path(name, home) for name in names(wanted))
    return tuple(dict.fromkeys(chosen))


def _task_or_path(name: str, home: Home) -> str:
    with contextlib.suppress(DataError):
        return name if find_task(name, home) else _as_path(name)
    return name  # a task that cannot be read, as its plan will say


def resolve_descriptions(home: Home, wanted: str) -> str:
    """The file of imported descriptions, or of a path; empty if nothing is wanted."""
    kept = kept_descriptions(home)
    return str(kept[wanted]) if wanted in kept else str(user_path(wanted).absolute()) if wanted else ""


def _as_path(name: str) -> str:
    """A path made absolute, since a detached runner stands in another folder; a name as it is."""
    path = user_path(name)
    return str(path.absolute()) if path.exists() or path.suffix else name


def parse_seeds(text: str) -> tuple[int, ...]:
    """`41-50`, `41,42` or both together, each seed once.

    Raises:
        UsageError: something else, or more than 10,000 seeds.
    """
    seeds: list[int] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"(\d{1,10})(?:-(\d{1,10}))?", part)
        if not match:
            raise UsageError(f"{part!r} is not a seed.", "Give seeds as 41-50 or 41,42.")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or last - first >= _MOST_SEEDS:
            raise UsageError(
                f"The seeds {part} are not a range that can be run.",
                f"Give the smaller one first, and at most {_MOST_SEEDS} of them.",
            )
        seeds.extend(range(first, last + 1))
    return tuple(dict.fromkeys(seeds))


def names(values: Iterable[str]) -> tuple[str, ...]:
    """Names given as `a,b` or by repeating the option, each once, in order."""
    parts = (part.strip() for value in values for part in value.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))
