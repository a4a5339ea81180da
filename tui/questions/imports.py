"""Importing by keys: what the command line's `import` and `fetch` do, for the screens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.files import user_path

if TYPE_CHECKING:
    from engine.data.formats.choices import Choices
    from engine.data.importers import ImportReport
    from engine.data.preview import Preview
    from store.home import Home

KINDS: Final = {
    "task": "a task: genes and labels",
    "vectors": "a table of gene vectors",
    "descriptions": "gene descriptions",
    "model": "a model folder",
    "genes": "a gene table of NCBI or HGNC",
}
"""What can be imported by its path, and how a person would call it."""
LOOKED_AT: Final = ("task", "vectors", "descriptions")
"""Those of which it is shown first what they would become."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What was imported."""

    change: str
    """What it is chosen as: `task`, `model` or `descriptions`; empty if it is nothing to choose."""
    name: str
    sentence: str
    report: str = ""
    """What was made of it, line by line."""


def import_file(home: Home, kind: str, path: str, choices: Choices | None = None) -> Imported:
    """Take a file or folder over.

    Args:
        home: Where it is kept.
        kind: One of `KINDS`.
        path: As a person wrote it.
        choices: What a file leaves open.

    Raises:
        Undecided: a file leaves something open that is not chosen.
        UsageError: a folder that is not a model.
        DataError: the file cannot be used.
        StoreError: it cannot be kept.
    """
    file = user_path(path)
    match kind:
        case "task":
            return _import_task(home, file, choices)
        case "vectors":
            return _import_vectors(home, file, choices.sheet if choices else "")
        case "descriptions":
            return _import_descriptions(home, file, choices.sheet if choices else "")
        case "genes":
            return _import_genes(home, file)
        case _:
            from engine.catalog.models import find_model

            model = find_model(str(file), home)
            return Imported("model", model.name, f"{model.name} is here; nothing was copied.")


def open_preview(home: Home, kind: str, path: str) -> Callable[[Choices], Preview]:
    """A file or folder of a kind of `LOOKED_AT`, opened; what is given back shows what it would become.

    Raises:
        GeneArenaError: it cannot be looked at; of its content, when it comes to that.
    """
    from engine.data.preview import LabelFile, look_at_descriptions, look_at_vectors

    file = user_path(path)
    if kind == "task":
        return LabelFile(file, home).look
    if kind == "vectors":
        return lambda choices: look_at_vectors(file, home, key=choices.sheet)
    return lambda choices: look_at_descriptions(file, home, choices.sheet)


def import_part(home: Home, task: str, tables: str) -> Imported:
    """Make a task of the genes of another that tables of vectors have.

    Args:
        home: Where it is kept.
        task: A task's name, or the path of a label file.
        tables: Names or paths of tables, with commas between them.

    Raises:
        UsageError: no such task or model, a model that is not a table, or it is there already.
        DataError: too few genes of a class are left, or a table cannot be read.
        ModelError: a table is not on this machine.
        StoreError: it cannot be kept.
    """
    from engine.catalog.models import find_model
    from engine.data.importers import import_covered

    named = [name.strip() for name in tables.split(",") if name.strip()]
    return _told(import_covered(task, [find_model(name, home) for name in named], "", home))


def _import_task(home: Home, file: Path, choices: Choices | None) -> Imported:
    from engine.data.importers import import_task
    from engine.data.importers.names import free_name
    from engine.data.tasks.shelf import list_tasks, taken_names

    name = free_name(_stem(file), (*taken_names(home), *(task.name for task in list_tasks(home))))
    return _told(import_task(file, name, home, choices=choices))


def _told(report: ImportReport) -> Imported:
    # Which class is the positive one was to be chosen where it was looked at.
    notes = [note.replace("; --positive chooses another", "") for note in report.notes]
    return Imported("task", report.name, report.sentence, "\n".join([*report.lines, *notes]))


def _import_vectors(home: Home, file: Path, key: str) -> Imported:
    from engine.catalog.models import list_models
    from engine.data.importers.names import free_name
    from engine.data.importers.vectors import adopt_vectors

    name = free_name(_stem(file), (model.name for model in list_models(home)))
    report = adopt_vectors(file, name, home, key=key)
    return Imported("model", name, report.sentence, "\n".join([*report.lines, *report.notes]))


def _import_descriptions(home: Home, file: Path, sheet: str) -> Imported:
    from engine.data.genes.descriptions import kept_descriptions
    from engine.data.importers import import_descriptions
    from engine.data.importers.names import free_name

    report = import_descriptions(file, free_name(_stem(file), kept_descriptions(home)), home, sheet)
    return Imported("descriptions", report.name, report.sentence, "\n".join(report.notes))


def _import_genes(home: Home, file: Path) -> Imported:
    from engine.data.importers import import_genes

    report = import_genes(file, home)
    return Imported("", report.name, report.sentence, "\n".join(report.notes))


def _stem(file: Path) -> str:
    return file.name.partition(".")[0]


def fetch_model(
    home: Home, name: str, cancel: threading.Event, progress: Callable[[str, int, int], None]
) -> str:
    """Download a model or a public data set; what became of it, in one sentence.

    Raises:
        UsageError: nothing of that name, or an offline switch is on.
        FetchError: the hub cannot be reached, or sends other bytes than expected.
        StoreError: a file cannot be written.
        Stopped: `cancel` was set.
    """
    from engine.fetch import choices, fetch

    what, model = (name, "") if name in choices() else ("model", name)
    files = list(fetch(what, home, model=model, cancel=cancel, progress=progress))
    fresh = sum(file.fresh for file in files)
    return f"{name} is here: {fresh} files fetched, {len(files) - fresh} were here already."
