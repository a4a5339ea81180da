"""The folder of one job array in the shared home: what each task is to do, and what each leaves there.

array.json         models, tasks, units and shards, frozen at submission
tasks/             genes, labels and texts, one file a task
array.sh           what was handed to sbatch
control.json       what the coordinator asks of the tasks: go, pause, drain, stop
journals/          what came of units: one append-only file for each life of each task
beats/             what each task is doing, replaced every few seconds
in-flight/         of each task: what it is at, and how often it died of what
logs/              what each task printed
ended              once a coordinator has seen all tasks end
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from engine.plan.launch import Launch, Options
from engine.plan.plan import Plan
from engine.run.shards.cut import Shard
from store.errors import StoreError
from store.files import read_json, write_text
from store.home import Home
from store.records import Audit, Model, Task, Unit, content_hash
from store.rows import this_version

_FROZEN: Final = "array.json"
_ENDED: Final = "ended"
_TASKS: Final = "tasks"
_LEFT: Final = ("journals", "beats", "in-flight", "logs")
"""Folders of what tasks leave."""
_NAMED: Final = "[0-9]*-[0-9]*-*"
"""How the folders of arrays are called."""
_NAMES: Final = ("model", "task", "protocol", "preset")
"""What the units of one cell share, beside all of their spec but the seed."""


def arrays_folder(home: Home) -> Path:
    """Where the folders of arrays are."""
    return home.data / "arrays"


@dataclass(frozen=True, slots=True)
class Frozen:
    """An array as its tasks find it."""

    folder: Path
    version: str
    """Of the package that submitted it."""
    home: Home
    launch: Launch
    models: Mapping[str, Model]
    shards: tuple[Shard, ...]

    @property
    def name(self) -> str:
        """What SLURM knows its job by; no other has the same."""
        return f"genearena-{self.folder.name}"

    def journal(self, index: int) -> str:
        """What the names of the journals of task `index` begin with."""
        return f"{index:05d}-"

    def beat(self, index: int) -> Path:
        """The heartbeat of task `index`."""
        return self.folder / "beats" / f"{index:05d}.json"

    def log(self, index: int) -> Path:
        """What task `index` printed."""
        return self.folder / "logs" / f"{index}.out"

    def marks(self, index: int) -> Path:
        """Where task `index` marks what it is at; see `engine.run.crashes`."""
        return self.folder / "in-flight" / f"{index:05d}"

    @property
    def journals(self) -> Path:
        """Where all tasks' journals are."""
        return self.folder / "journals"

    def end(self) -> None:
        """Write down that no task of it is left."""
        with suppress(OSError):
            (self.folder / _ENDED).touch()

    @property
    def ended(self) -> bool:
        """Whether a coordinator has seen it to its end."""
        return (self.folder / _ENDED).exists()

    def remove(self) -> None:
        """Remove the folder; what makes it an array goes last, so that what had to stay is found again.

        A folder stays if somebody has put a file into it that is not listed here yet.
        """
        kept = {_FROZEN, _ENDED}
        with suppress(OSError):
            for part in self.folder.iterdir():
                if part.is_dir():
                    shutil.rmtree(part, ignore_errors=True)
                elif part.name not in kept:
                    part.unlink(missing_ok=True)
            if {part.name for part in self.folder.iterdir()} <= kept:
                shutil.rmtree(self.folder)

    def quiet_s(self) -> float:
        """Seconds since a task last wrote here, by the clocks of those who wrote and of this machine."""
        newest = 0.0
        for pattern in (_FROZEN, "journals/*", "beats/*"):
            for file in self.folder.glob(pattern):
                with suppress(OSError):  # a list names what is gone by now, such as heartbeats half written
                    newest = max(newest, file.stat().st_mtime)
        return max(time.time() - newest, 0.0)

    def plan(self, index: int, done: Iterable[str]) -> Plan:
        """What task `index` is to do, but for the units of these keys.

        Raises:
            StoreError: a task's file is missing or not as it was.
        """
        shard = self.shards[index]
        tasks = {name: _thaw(self.folder, name) for name in dict.fromkeys(u.task for u in shard.units)}
        wanted = {unit.task: unit.spec["task"] for unit in shard.units}
        for name, task in tasks.items():
            if task.hash != wanted[name]:
                raise StoreError(f"The file of the task {name} in {self.folder} is not as it was made.")
        return Plan(self.launch.selection, shard.units, self.models, tasks, frozenset(done))


def draft(home: Home, plan: Plan, shards: Sequence[Shard], options: Options) -> Frozen:
    """A new array, of which nothing is written yet."""
    folder = arrays_folder(home) / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"
    used = {unit.model for shard in shards for unit in shard.units}
    models = {name: model for name, model in plan.models.items() if name in used}
    return Frozen(folder, this_version(), home, Launch(plan.selection, options), models, tuple(shards))


def freeze(
    home: Home,
    plan: Plan,
    shards: Sequence[Shard],
    options: Options,
    script: Callable[[Frozen], str],
    name: str = "array.sh",
) -> Frozen:
    """Make the folder of a new array, with its script under `name`; on return all of it is on the disk.

    Raises:
        StoreError: it cannot be written, or named in a script.
    """
    frozen = draft(home, plan, shards, options)
    try:
        _write(frozen, plan, script(frozen), name)
    except StoreError:
        shutil.rmtree(frozen.folder, ignore_errors=True)
        raise
    return frozen


def _write(frozen: Frozen, plan: Plan, script: str, name: str) -> None:
    """What makes it an array goes last: see `half_made`."""
    folder = frozen.folder
    if not str(folder).isprintable() or '"' in str(folder):
        raise StoreError(
            f"The path {folder} cannot stand in a script for SLURM.", "Choose a plainer place for the home."
        )
    try:
        for part in (_TASKS, *_LEFT):
            (folder / part).mkdir(parents=True)
    except OSError as error:
        raise StoreError(f"The folder {folder} cannot be made: {error.strerror}.") from error
    for task in dict.fromkeys(unit.task for shard in frozen.shards for unit in shard.units):
        kept = asdict(replace(plan.tasks[task], audit=Audit(())))
        write_text(_task_file(folder, task), json.dumps(kept), synced=True)
    write_text(folder / name, script, synced=True)
    write_text(folder / _FROZEN, _written(frozen), synced=True)


def half_made(home: Home, quiet_s: float) -> Iterator[Path]:
    """Folders of arrays that are not whole, hold nothing of any task, and have been left alone for so long.

    They are of processes that were killed while they froze or removed one. No task can be at it, since a
    script is handed over only once its array is whole.
    """
    for folder in sorted(arrays_folder(home).glob(_NAMED)):
        if folder.is_symlink() or not folder.is_dir():
            continue
        with suppress(OSError):  # somebody else has removed it meanwhile
            inside = list(folder.rglob("*"))
            files = [path.relative_to(folder) for path in inside if not path.is_dir()]
            whole = Path(_FROZEN) in files or any(file.parts[0] in _LEFT for file in files)
            newest = max(path.lstat().st_mtime for path in (folder, *inside))
            if not whole and time.time() - newest > quiet_s:
                yield folder


def read_frozen(folder: Path, only: int | None = None) -> Frozen | None:
    """The array in `folder`, with the units of all shards or `only` of one; None if it was never whole.

    Raises:
        StoreError: it cannot be read.
    """
    data = read_json(folder / _FROZEN)
    if data is None:
        return None
    try:
        return _read(folder, data, only)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise StoreError(
            f"The file {folder / _FROZEN} is not one that this version can read.",
            "Another version wrote it; use that one until its array has ended.",
        ) from error


def frozen_arrays(home: Home) -> Iterator[Frozen]:
    """The arrays whose folders are there, oldest first; what cannot be read is left out."""
    for folder in sorted(arrays_folder(home).glob("*")):
        try:
            found = read_frozen(folder)
        except StoreError:
            continue
        if found:
            yield found


def _written(frozen: Frozen) -> str:
    """One line for each model, cell and shard, so that a person finds their way."""
    cells: dict[tuple[str, str, str, str], int] = {}
    specs: list[dict[str, Any]] = []
    shards = []
    for shard in frozen.shards:
        parts: dict[int, list[int]] = {}
        for unit in shard.units:
            cell = (unit.model, unit.task, unit.protocol, unit.preset)
            if cell not in cells:
                cells[cell] = len(cells)
                split = {name: value for name, value in unit.spec["split"].items() if name != "seed"}
                about = dict(zip(_NAMES, cell, strict=True))
                specs.append({**about, "spec": {**unit.spec, "split": split}})
            parts.setdefault(cells[cell], []).append(unit.seed)
        shards.append({"seconds": shard.seconds, "units": list(parts.items())})
    home = {name: str(path) for name, path in asdict(frozen.home).items()}
    models = [asdict(model) for model in frozen.models.values()]
    head = {"version": frozen.version, "home": home, "launch": frozen.launch.to_json()}
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    lists = {"models": models, "cells": specs, "shards": shards}
    lines += [
        f"{json.dumps(name)}: [\n" + ",\n".join(map(json.dumps, items)) + "\n]"
        for name, items in lists.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _read(folder: Path, data: Mapping[str, Any], only: int | None) -> Frozen:
    cells = data["cells"]
    shards = []
    for index, shard in enumerate(data["shards"]):
        units = []
        for number, seeds in shard["units"] if only in (None, index) else ():
            about = {name: cells[number][name] for name in _NAMES}
            spec = cells[number]["spec"]
            for seed in seeds:
                split = {**spec["split"], "seed": seed}
                units.append(Unit(**about, seed=seed, spec={**spec, "split": split}))
        shards.append(Shard(tuple(units), shard["seconds"]))
    return Frozen(
        folder,
        data["version"],
        Home(**{name: Path(place) for name, place in data["home"].items()}),
        Launch.from_json(data["launch"]),
        {model["name"]: Model(**model) for model in data["models"]},
        tuple(shards),
    )


def _task_file(folder: Path, name: str) -> Path:
    return folder / _TASKS / f"{content_hash(name)[:16]}.json"


def _thaw(folder: Path, name: str) -> Task:
    data = read_json(_task_file(folder, name))
    if data is None:
        raise StoreError(f"The file of the task {name} in {folder} is not there.")
    lists = {key: tuple(data[key]) for key in ("classes", "genes", "labels", "texts", "described")}
    return Task(**{**data, **lists, "audit": Audit(())})
