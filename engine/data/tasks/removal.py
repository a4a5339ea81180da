"""Removing an imported task: said in the journal first, so that no merge with another home undoes it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tomllib
from pathlib import Path

from engine.data.tasks.folder import read_headings
from engine.data.tasks.shelf import ESSENTIALITY, SAMPLE, task_places
from engine.digests import sha256_of
from engine.environment import now
from engine.files.outside import outside_file
from store.errors import DataError, StoreError, UsageError, unknown
from store.home import Home
from store.records import Removal, content_hash
from store.store import Store

_REPORT = "report.json"
"""What an import said: names the folder, and so differs from box to box."""


def task_digest(folder: Path) -> str:
    """SHA-256 of what a task folder holds: labels, genes and meanings, not where they came from.

    Raises:
        DataError: it cannot be read.
    """
    with outside_file(folder):
        files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _REPORT)
        content: dict[str, object] = {}
        for path in files:
            name = path.relative_to(folder).as_posix()
            content[name] = _without_origin(path) if name == "tasks.toml" else sha256_of(path)
    return content_hash(content)


def _without_origin(path: Path) -> str:
    """What `tasks.toml` says, but for the file that a task came from and the line that names it."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("task", [])
    return json.dumps([{**entry, "source": "", "title": ""} for entry in entries], sort_keys=True)


def remove_task(home: Home, name: str) -> Path:
    """Remove an imported task; its results stay.

    Args:
        home: where it is kept.
        name: as `list_tasks` has it.

    Returns:
        The folder that was removed.

    Raises:
        UsageError: there is no such task, or it comes with the program.
        StoreError: the journal or the folder cannot be written.
    """
    places = {folder: _names(folder) for folder in task_places(home)}
    folder = next((folder for folder, names in places.items() if name in names), None)
    if folder is None:
        raise UsageError(*unknown("task", name, [one for names in places.values() for one in names]))
    if folder in (SAMPLE, ESSENTIALITY):
        raise UsageError(f"The task {name} comes with the program.", "Leave it out of a run with --tasks.")
    digest = task_digest(folder)
    with contextlib.closing(Store(home)) as store:
        turn, _ = store.removals().get(digest, (0, False))
        store.append(Removal(digest, name, True, turn + 1, now()))
    gone = folder.with_name(f".{folder.name}.removed")
    try:
        shutil.rmtree(gone, ignore_errors=True)
        os.rename(folder, gone)  # noqa: PTH104 - first out of the list, then gone
        shutil.rmtree(gone)
    except OSError as error:
        raise StoreError(f"{folder} cannot be removed: {error.strerror}.", "Check who owns it.") from error
    return folder


def note_import(home: Home, folder: Path) -> None:
    """Say in the journal that a task removed before is there again, since its owner took it back in.

    Raises:
        StoreError: the journal cannot be written.
    """
    with contextlib.closing(Store(home)) as store:
        removals = store.removals()
        if not any(removed for _, removed in removals.values()):
            return
        digest = task_digest(folder)
        turn, removed = removals.get(digest, (0, False))
        if removed:
            store.append(Removal(digest, folder.name, False, turn + 1, now()))


def _names(folder: Path) -> tuple[str, ...]:
    """What the tasks in a folder are called; a damaged one is called like its folder."""
    try:
        return tuple(heading.name for heading in read_headings(folder))
    except DataError:
        return (folder.name,)
