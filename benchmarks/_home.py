"""A home folder that is gone afterwards, and the sample's tasks as such a home has them."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from store.home import Home
    from store.records import Task

RESULTS: Final = Path(__file__).parents[1] / "tools" / "pictures.tar.xz"


@contextmanager
def fresh_home() -> Iterator[Home]:
    """A home folder that is gone afterwards."""
    from store.home import Home

    with tempfile.TemporaryDirectory() as folder:
        places = (Path(folder) / name for name in ("data", "cache", "config", "log"))
        yield Home(*places).create()


@contextmanager
def finished_home() -> Iterator[Home]:
    """A home in which the sample has run: the results that the pictures of README show, and its vectors."""
    from store.store import Store

    with fresh_home() as home, tarfile.open(RESULTS) as archive:
        archive.extractall(home.data.parent, filter="data")
        _shelve(home.data.parent / "vectors.npz", home)
        store = Store(home)
        store.flush()
        store.close()
        yield home


def _shelve(kept: Path, home: Home) -> None:
    """Put the bundled model's vectors where they are looked for, whichever kernels this machine has."""
    import numpy as np

    from engine.catalog.models import embedding_options, find_model
    from engine.catalog.presets import axes_for
    from engine.embedding.cache import VectorCache
    from engine.embedding.embed import fingerprint
    from engine.environment import LEVELS, cpu_kernels

    model = find_model("all-MiniLM-L6-v2", home)
    options = embedding_options(model, axes_for("paper", {}))
    with np.load(kept) as vectors:
        for level in LEVELS:
            name = fingerprint(model, options, "cpu", cpu_kernels(level))
            with VectorCache(home.embeddings / name) as shelf:
                shelf.add([row.tobytes() for row in vectors["keys"]], vectors["vectors"].astype(np.float32))


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
