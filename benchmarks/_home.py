"""A home folder that is gone afterwards, and the sample's tasks as such a home has them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store.home import Home
    from store.records import Task


@contextmanager
def fresh_home() -> Iterator[Home]:
    """A home folder that is gone afterwards."""
    from store.home import Home

    with tempfile.TemporaryDirectory() as folder:
        places = (Path(folder) / name for name in ("data", "cache", "config", "log"))
        yield Home(*places).create()


def sample_task(name: str) -> Task:
    from engine.data.load import load_task

    with fresh_home() as home:
        return load_task(name, home)


def sample_tasks() -> list[Task]:
    """All four."""
    from engine.data.load import load_task
    from engine.data.tasks.shelf import list_tasks

    with fresh_home() as home:
        return [load_task(info.name, home) for info in list_tasks(home)]
