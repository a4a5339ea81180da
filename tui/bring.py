"""Bringing data in by keys: what the command line's `import` and `fetch` do, for the screens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from store.home import Home

KINDS: Final = {
    "task": "a task: genes and labels",
    "vectors": "a table of gene vectors",
    "descriptions": "gene descriptions",
    "model": "a model folder",
}
"""What can be brought in, and how a person would call it."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What has come in."""

    change: str
    """What it is chosen as: `task`, `model` or `descriptions`."""
    name: str
    sentence: str


def bring(home: Home, kind: str, path: str) -> Brought:
    """Take a file or folder over.

    Raises:
        UsageError: a name that is taken, or a folder that is no model.
        DataError: the file cannot be used.
        StoreError: it cannot be kept.
    """
    file = Path(path).expanduser()
    name = file.name.partition(".")[0]
    match kind:
        case "task":
            from engine.data.importers import import_task

            task = import_task(file, name, home)
            counts = ", ".join(f"{n} {label}" for label, n in zip(task.classes, task.used, strict=True))
            lost = f"; {len(task.unresolved)} identifiers are left out" if task.unresolved else ""
            return Brought("task", task.name, f"{task.name}: {counts}{lost}.")
        case "vectors":
            from engine.catalog.adopt import adopt_model, check_model_name
            from engine.data.vectors import import_vectors

            check_model_name(home, name)
            table = import_vectors(file, name, home)
            adopt_model(home, {"name": name, "kind": "vectors", "source": table.path})
            said = f"{name}: vectors of {table.genes} genes, {table.dimension} dimensions."
            return Brought("model", name, said)
        case "descriptions":
            from engine.data.importers import import_descriptions

            texts = import_descriptions(file, name, home)
            return Brought(
                "descriptions", texts.name, f"{texts.name}: descriptions of {texts.genes} genes."
            )
        case _:
            from engine.catalog.models import find_model

            model = find_model(str(file), home)
            return Brought("model", model.name, f"{model.name} is chosen; nothing was copied.")


def fetch_model(
    home: Home, name: str, cancel: threading.Event, progress: Callable[[str, int, int], None]
) -> str:
    """Download a model; what became of it, in one sentence.

    Raises:
        UsageError: no such model, or an offline switch is on.
        FetchError: the hub cannot be reached, or sends other bytes than expected.
        StoreError: a file cannot be written.
        Stopped: `cancel` was set.
    """
    from engine.fetch import fetch

    files = list(fetch("model", home, model=name, cancel=cancel, progress=progress))
    fresh = sum(file.fresh for file in files)
    return f"{name} is here: {fresh} files fetched, {len(files) - fresh} were here already."
