"""What the auditor said of a task, kept in the cache by all that it follows from."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from engine.cancel import Cancel, Progress
from engine.catalog.models import find_model, list_models, local_path
from engine.data.genes.families import Families, families_here
from engine.data.load import load_task
from engine.data.outline import Reading
from engine.data.tasks.masking import MASKED
from engine.digests import sha256_of
from engine.leaks.finding import Finding
from store.errors import StoreError
from store.files import read_sealed, sealed, write_json
from store.home import Home
from store.records import Model, Task, content_hash

_ROOT: Final = Path(__file__).resolve().parents[2]
_CODE: Final = ("leaks", "controls", "classify", "stats", "data/tasks", "data/genes", "catalog")
"""Rooms of the engine that its numbers and sentences come from."""


def leaks_of(
    name_or_path: str, home: Home, reading: Reading, cancel: Cancel, progress: Progress | None = None
) -> tuple[Finding, ...]:
    """What the auditor says of a task as it is read so; at once if nothing has changed since.

    Raises:
        UsageError, DataError: as `load_task`.
        DataError: the task cannot be split, or a file is damaged.
        Stopped: `cancel` was set.
    """
    # Raw repeats are one gene, and genes in two classes are to be named.
    reading = replace(reading, labels="unique")
    task = load_task(name_or_path, home, **asdict(reading))
    masked = None
    if not reading.text.endswith(MASKED):
        masked = load_task(name_or_path, home, **asdict(replace(reading, text=reading.text + MASKED)))
    families = families_here(home)
    tables = _tables(home)
    place = _place(task, masked, families, tables, home)
    known = read_sealed(place)
    if known is not None:
        return tuple(map(Finding.from_json, known["findings"]))
    from engine.leaks.auditor import audit_leaks

    findings = audit_leaks(task, masked, families, tables, home, cancel, progress)
    _keep(findings, place)
    return findings


def _tables(home: Home) -> list[Model]:
    """The tables of vectors that are on this machine, with the revisions of their files."""
    here = (one for one in list_models(home) if one.kind == "vectors" and local_path(one, home) is not None)
    return [find_model(one.name, home) for one in here]


def _place(
    task: Task, masked: Task | None, families: Families, tables: Sequence[Model], home: Home
) -> Path:
    what = [
        _code(),
        task.hash,
        task.recipe,
        "".join("01"[known] for known in task.described),
        masked.hash if masked else "",
        families.name,
        [[model.name, model.revision] for model in tables],
    ]
    return home.cache / "leaks" / f"{content_hash(what)}.json"


@functools.cache
def _code() -> str:
    files = sorted(file for room in _CODE for file in (_ROOT / "engine" / room).glob("*.py"))
    return content_hash([sha256_of(file) for file in files])


def _keep(findings: Sequence[Finding], place: Path) -> None:
    """Without it the task is only looked at again."""
    with contextlib.suppress(OSError, StoreError):
        if place.parent.parent.is_dir():
            place.parent.mkdir(exist_ok=True, mode=0o700)
            write_json(place, sealed({"findings": [finding.to_json() for finding in findings]}))
