"""Another home taken into this one: results, tasks, vectors, descriptions and models, by content.

Nothing that is here changes, a second time does nothing, and what differs under one name is reported.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.catalog.adopt import adopt_model, model_digest, model_tables
from engine.catalog.models import list_models
from engine.data.genes.descriptions import kept_descriptions
from engine.data.tasks.digest import task_digest
from engine.data.tasks.folder import task_folders
from engine.digests import sha256_of
from engine.homes.removal import VECTORS
from store.errors import GeneArenaError, StoreBusy, StoreError, UsageError
from store.files import replacing, user_path
from store.home import Home
from store.store import Store
from store.union import take_journals


@dataclass(frozen=True, slots=True)
class Merged:
    """What another home brought."""

    journals: int
    """New here, or longer than before."""
    scored: int
    """Splits whose scores are new here."""
    conflicts: int
    """Keys that have another number there than here; the earliest is kept."""
    tasks: tuple[str, ...]
    vectors: tuple[str, ...]
    descriptions: tuple[str, ...]
    models: tuple[str, ...]
    notes: tuple[str, ...]
    """What was not taken over and why, a sentence each."""


def other_home(place: Path) -> Home:
    """The home in a folder, be it what `--home` names or a data folder by itself.

    Raises:
        UsageError: it is neither.
        OtherFormat: its results are of an earlier or a newer build.
        StoreError: it cannot be read.
    """
    place = user_path(place).absolute()
    try:
        found = next((root for root in (place / "data", place) if (root / "journal").is_dir()), None)
        reached = found is None or os.access(found / "journal", os.R_OK | os.X_OK)
    except OSError as error:
        raise StoreError(f"{place} cannot be read: {error.strerror}.", "Check who owns it.") from error
    if found is None and not place.exists():
        raise UsageError(f"There is no folder {place}.", "Name the one that --home names there.")
    if found is None:
        raise UsageError(
            f"{place} is not a home of genearena: it has no journals.",
            "Name the folder that --home names there, or its data folder.",
        )
    if not reached:
        raise StoreError(f"{found / 'journal'} cannot be read: Permission denied.", "Check who owns it.")
    root = found.parent if found != place else found
    return Home(found, root / "cache", root / "config", root / "log").check()


def merge(home: Home, other: Home) -> Merged:
    """Take `other` into `home`.

    Raises:
        UsageError: they are one home, or the list of models of one of them cannot be read.
        DiskFull, StoreError: something cannot be read or written; what was copied before stands, and
            merging again goes on from there.
    """
    if other.data.resolve() == home.data.resolve():
        raise UsageError(f"{other.data} is this home itself.", "Name the other one.")
    home.create()
    notes: list[str] = []
    journals = take_journals(home.journals, other.journals)
    with contextlib.closing(Store(home)) as store:
        removed = {digest for digest, one in store.removals().items() if one.removed}
        tasks = tuple(_tasks(home, other, removed, notes))
        vectors = tuple(_vectors(home, other, removed, notes))
        descriptions = tuple(_descriptions(home, other, removed, notes))
        models = tuple(_models(home, other, removed, notes))
        try:
            flushed = store.flush()
        except StoreBusy as error:
            notes.append(f"{error} The merged results appear in the tables then.")
            flushed = None
        notes += store.said()
    return Merged(
        len(journals),
        flushed.scored if flushed else 0,
        flushed.conflicts if flushed else 0,
        tasks,
        vectors,
        descriptions,
        models,
        tuple(notes),
    )


def _tasks(home: Home, other: Home, removed: set[str], notes: list[str]) -> Iterator[str]:
    mine = {folder.name.casefold(): folder for folder in task_folders(home.tasks)}
    for folder in task_folders(other.tasks):
        name = folder.name
        try:
            digest = task_digest(folder)
            here = mine.get(name.casefold())
            if here is not None:
                if task_digest(here) != digest:
                    notes.append(_differs("task", name))
            elif digest in removed:
                notes.append(_stays_removed("task", name))
            else:
                _copy_folder(folder, home.tasks / name)
                yield name
        except GeneArenaError as error:
            notes.append(f"The task {name} was not taken over: {error.message}")


def _vectors(home: Home, other: Home, removed: set[str], notes: list[str]) -> Iterator[str]:
    mine = _folders(home.data / "vectors")
    for name, folder in _folders(other.data / "vectors").items():
        try:
            digest = sha256_of(folder / VECTORS)
            if name in mine:
                if sha256_of(mine[name] / VECTORS) != digest:
                    notes.append(_differs("table of vectors", name))
            elif digest in removed:
                notes.append(_stays_removed("table of vectors", name))
            else:
                _copy_folder(folder, home.data / "vectors" / name)
                yield name
        except OSError as error:
            notes.append(f"The vectors {name} were not taken over: {error.strerror}.")


def _folders(root: Path) -> dict[str, Path]:
    return {folder.name: folder for folder in task_folders(root)}


def _descriptions(home: Home, other: Home, removed: set[str], notes: list[str]) -> Iterator[str]:
    mine = kept_descriptions(home)
    for name, path in kept_descriptions(other).items():
        digest = sha256_of(path)
        if name in mine:
            if sha256_of(mine[name]) != digest:
                notes.append(_differs("file of descriptions", name))
        elif digest in removed:
            notes.append(_stays_removed("file of descriptions", name))
        else:
            _copy_file(path, home.data / "descriptions" / path.name)
            yield name


def _models(home: Home, other: Home, removed: set[str], notes: list[str]) -> Iterator[str]:
    """Own models of the other home; their files, if they are not vectors kept there, have to be here."""
    mine = {model.name.casefold(): model for model in list_models(home)}
    for table in model_tables(other):
        name = str(table.get("name", ""))
        source = _source_here(str(table.get("source", "")), home, other)
        if source is None:  # said of its vectors
            continue
        values = {**table, "source": source}
        here = mine.get(name.casefold())
        if here is None and model_digest(table) in removed:
            notes.append(_stays_removed("model", name))
        elif here is None:
            try:
                adopt_model(home, values)
                yield name
            except GeneArenaError as error:
                notes.append(f"The model {name} was not taken over: {error}")
        elif here.source != values["source"] and not str(values["source"]).startswith("hf:"):
            notes.append(_differs("model", name))


def _source_here(source: str, home: Home, other: Home) -> str | None:
    """Where a model's files are, seen from this home: its tables of vectors were copied here.

    None for a table of vectors that was not.
    """
    path = Path(source)
    if path.name == VECTORS and path.parent.parent.name == "vectors":
        kept = home.data / "vectors" / path.parent.name / VECTORS
        if (other.data / "vectors" / path.parent.name / VECTORS).is_file():
            return str(kept) if kept.is_file() else None
    if ":" not in source and not user_path(path).is_absolute():
        return str((other.config / path).resolve())
    return source


def _stays_removed(what: str, name: str) -> str:
    bring = "add" if what == "model" else "import"
    return f"The {what} {name} was removed, and stays so; {bring} it to have it again."


def _differs(what: str, name: str) -> str:
    return (
        f"The {what} {name} is another there than here; the one here stays. "
        "Import the other under another name to have both."
    )


def _copy_folder(source: Path, target: Path) -> None:
    """Copy a folder, all or nothing.

    Raises:
        StoreError: it cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
            fresh = Path(folder, target.name)
            shutil.copytree(source, fresh)
            os.rename(fresh, target)  # noqa: PTH104 - fails if `target` exists and is not empty
    except (OSError, shutil.Error) as error:
        raise StoreError(f"{target} cannot be written: {error}.", "Check who owns it.") from error


def _copy_file(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replacing(target) as fresh:
            shutil.copyfile(source, fresh)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}.", "Check who owns it.") from error
