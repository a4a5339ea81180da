"""Removing what a user brought in: said in the journal first, so that no merge with another home undoes it.

Results stay, and so do the files of models that lie outside the home.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.catalog.adopt import drop_models, model_digest, model_tables
from engine.catalog.controls import CONTROLS
from engine.catalog.models import catalog, list_models
from engine.data.genes.descriptions import kept_descriptions
from engine.data.tasks.digest import task_digest
from engine.data.tasks.folder import read_headings, task_folders
from engine.data.tasks.sets import list_sets
from engine.data.tasks.shelf import ESSENTIALITY, SAMPLE, task_places
from engine.digests import sha256_of
from engine.mailbox import read_status, runner_alive, unfinished, waiting
from engine.plan.selection import Selection
from store.errors import DataError, StoreError, UsageError, unknown
from store.home import Home
from store.records import Brought
from store.tombstones import note_removed

VECTORS: Final = "vectors.npz"
"""The file of an imported table, in a folder of its name."""
_WORDS: Final[Mapping[Brought, str]] = {
    "task": "task of your own",
    "vectors": "imported table of vectors",
    "descriptions": "imported file of descriptions",
    "model": "model of your own",
}
_BUNDLED: Final = "comes with the program, so it cannot be removed."


@dataclass(frozen=True, slots=True)
class Own:
    """Something that a user brought in, and what goes with it."""

    kind: Brought
    name: str
    place: Path | None
    """The folder or file of it in the home; None: its files lie elsewhere, and stay."""
    models: tuple[str, ...]
    """Those that are listed by it in config.toml."""
    digest: str
    """Of its content; empty where that is damaged, so that no other home can have the same."""

    @property
    def what(self) -> str:
        """In words: `The task mine`."""
        nouns = {"vectors": "table of vectors", "descriptions": "file of descriptions"}
        return f"The {nouns.get(self.kind, self.kind)} {self.name}"

    @property
    def warning(self) -> str:
        """What is removed and what stays, before it is done."""
        goes = "Its copy here is deleted" if self.place else "It is no longer listed; its files stay"
        return f"{goes}. Results stay in the tables. {self._again} brings it back."

    @property
    def sentence(self) -> str:
        """What was done."""
        stay = "results" if self.place else "files and results"
        return f"{self.what} is removed; its {stay} stay. {self._again} brings it back, and no merge does."

    @property
    def _again(self) -> str:
        return "Importing it again" if self.place else "Adding it again"


def find_own(home: Home, kind: Brought, name: str) -> Own:
    """What `name` means among the things of that kind that a user brought in.

    Raises:
        UsageError: there is none, or it comes with the program.
        DataError, StoreError: it cannot be read.
    """
    return _FIND[kind](home, name)


def take_back(home: Home, kind: Brought, name: str) -> tuple[str, ...]:
    """Remove something that a user brought in; its results stay.

    Args:
        home: where it is kept.
        kind: what it is.
        name: as it is listed.

    Returns:
        What was done, and which runs go on or wait that need it, a sentence each.

    Raises:
        UsageError: there is no such thing, or it comes with the program.
        DataError: it cannot be read.
        StoreError: the journal, the config file or the folder cannot be written.
    """
    own = find_own(home, kind, name)
    if own.digest:
        note_removed(home, own.kind, own.name, own.digest)
    drop_models(home, own.models)
    if own.place:
        _delete(own.place)
    return own.sentence, *_needed(home, own)


# ---------------------------------------------------------------------------- what there is


def _task(home: Home, name: str) -> Own:
    places = {folder: _names(folder) for folder in task_places(home)}
    folder = next((folder for folder, names in places.items() if name in names), None)
    aliases = {heading.paper_task for heading in read_headings(SAMPLE)}
    if folder in (SAMPLE, ESSENTIALITY) or name in aliases:
        raise UsageError(f"The task {name} {_BUNDLED}", "Leave it out of a run with --tasks.")
    if folder is None:
        own = (one for place, names in places.items() if place.parent == home.tasks for one in names)
        raise _none(home, "task", name, own)
    return Own("task", name, folder, (), task_digest(folder))


def _names(folder: Path) -> tuple[str, ...]:
    """What the tasks in a folder are called; a damaged one is called like its folder."""
    try:
        return tuple(heading.name for heading in read_headings(folder))
    except DataError:
        return (folder.name,)


def _tables(home: Home) -> dict[str, Path]:
    return {folder.name: folder for folder in task_folders(home.data / "vectors")}


def _vectors(home: Home, name: str) -> Own:
    folders = _tables(home)
    if name not in folders:
        raise _none(home, "vectors", name, folders)
    file = folders[name] / VECTORS
    models = tuple(model.name for model in list_models(home) if model.source == str(file.resolve()))
    return Own("vectors", name, folders[name], models, _digest(file))


def _descriptions(home: Home, name: str) -> Own:
    kept = kept_descriptions(home)
    if name not in kept:
        raise _none(home, "descriptions", name, kept)
    return Own("descriptions", name, kept[name], (), _digest(kept[name]))


def _model(home: Home, name: str) -> Own:
    bundled = {model.name for model in catalog()}
    if name in bundled or name in CONTROLS:
        raise UsageError(f"The model {name} {_BUNDLED}", "Leave it out of a run with --models.")
    own = {model.name: model for model in list_models(home) if model.name not in bundled}
    if name not in own:
        raise _none(home, "model", name, own)
    for table, folder in _tables(home).items():
        if own[name].source == str((folder / VECTORS).resolve()):
            return _vectors(home, table)
    [entry] = [one for one in model_tables(home) if one.get("name") == name]
    return Own("model", name, None, (name,), model_digest(entry))


_FIND: Final[Mapping[Brought, Callable[[Home, str], Own]]] = {
    "task": _task,
    "vectors": _vectors,
    "descriptions": _descriptions,
    "model": _model,
}


def _digest(file: Path) -> str:
    """Of a file's content; empty if it is not there.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        return sha256_of(file) if file.is_file() else ""
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {error.strerror}.", "Check who owns it.") from error


def _none(home: Home, kind: Brought, name: str, known: Iterable[str]) -> UsageError:
    """That there is no such thing; the hint names the nearest, or what else is called so."""
    names = list(known)
    message, hint = unknown(_WORDS[kind], name, names)
    if not names:
        hint = "There is none yet."
    there: dict[Brought, Iterable[str]] = {
        "task": (one for folder in task_folders(home.tasks) for one in _names(folder)),
        "vectors": _tables(home),
        "descriptions": kept_descriptions(home),
        "model": (str(table.get("name")) for table in model_tables(home)),
    }
    other = next((one for one, others in there.items() if one != kind and name in others), None)
    if other:
        hint = f"For the {_WORDS[other]}: genearena remove {other} {name}"
    elif name in list_sets(home):
        hint = f"For the set of tasks: genearena sets {name} --remove"
    return UsageError(message, hint)


# ---------------------------------------------------------------------------- removing it


def _delete(place: Path) -> None:
    """Remove a folder or file, out of the list first.

    Raises:
        StoreError: it cannot be removed.
    """
    try:
        if place.is_dir():
            gone = place.with_name(f".{place.name}.removed")
            shutil.rmtree(gone, ignore_errors=True)
            os.rename(place, gone)  # noqa: PTH104 - first out of the list, then gone
            shutil.rmtree(gone)
        else:
            place.unlink()
    except OSError as error:
        raise StoreError(f"{place} cannot be removed: {error.strerror}.", "Check who owns it.") from error


def _needed(home: Home, own: Own) -> Iterator[str]:
    """Which runs need what was removed."""
    alive = runner_alive(home)
    status = read_status(home) if alive else None
    if status and status.live and status.selection and _uses(Selection.from_json(status.selection), own):
        yield "The run that goes on needs it: what it has not read of it yet will fail."
    launches = [*waiting(home), *unfinished(home, alive)]
    ids = [entry.id for entry in launches if _uses(entry.launch.selection, own)]
    if ids:
        named = ", ".join(ids)
        yield f"Waiting runs that need it will not start: {named}; `genearena queue remove ID` forgets one."


def _uses(selection: Selection, own: Own) -> bool:
    if own.kind == "task":
        return own.name in selection.tasks
    if own.kind == "descriptions":
        return bool(selection.descriptions) and selection.descriptions == str(own.place)
    return any(model in selection.models for model in own.models)
