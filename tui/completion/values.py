"""Values that depend on the home: models, tasks, sets, what was imported. Read from small files alone.

What cannot be read is not offered: nobody who presses a key wants to read of it.
"""

from __future__ import annotations

import contextlib
import csv
import json
import mmap
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from store.home import Home

_ROOT: Final = Path(__file__).resolve().parents[2]
_SAMPLE: Final = _ROOT / "sample_data"
_SET: Final = b'"kind":"task_set"'
_LONGEST: Final = 64 << 20
"""Bytes of a journal that is searched for sets."""


def models(home: Home) -> Iterator[str]:
    """The catalog's, and one's own."""
    yield from _models_in(_ROOT / "engine" / "catalog" / "models.toml")
    yield from _models_in(home.config_file)
    yield from _names(home.data / "vectors")


def tasks(home: Home) -> Iterator[str]:
    """The program's, by their short names too, and one's own."""
    own = sorted(home.tasks.iterdir()) if home.tasks.is_dir() else []
    for folder in (_SAMPLE, _SAMPLE / "essentiality", *own):
        for entry in _toml(folder / "tasks.toml").get("task", ()):
            yield str(entry["name"])
            if short := entry.get("paper_task"):
                yield str(short)


def sets(home: Home) -> Iterator[str]:
    """Those that are always there, and those that users named."""
    yield from ("paper", "essentiality", "own")
    for journal in sorted(home.journals.glob("*.jsonl")):
        if 0 < journal.stat().st_size <= _LONGEST:
            with (
                journal.open("rb") as file,
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
            ):
                yield from _sets_in(content)


def _sets_in(content: mmap.mmap) -> Iterator[str]:
    at = content.find(_SET)
    while at >= 0:
        start, end = content.rfind(b"\n", 0, at) + 1, content.find(b"\n", at)
        with contextlib.suppress(ValueError, KeyError):
            record = json.loads(content[start : end if end >= 0 else len(content)])["record"]
            if record["tasks"]:
                yield str(record["name"])
        at = content.find(_SET, max(end, at + 1))


def descriptions(home: Home) -> Iterator[str]:
    """Files of texts that were imported."""
    return _names(home.data / "descriptions")


def owned(home: Home) -> Iterator[str]:
    """Everything that a user brought in."""
    own = sorted(home.tasks.iterdir()) if home.tasks.is_dir() else []
    yield from (folder.name for folder in own if not folder.name.startswith("."))
    yield from _names(home.data / "vectors")
    yield from descriptions(home)
    yield from (
        str(entry["name"]) for entry in _toml(home.config_file).get("models", ()) if "name" in entry
    )


def genes(_: Home) -> Iterator[str]:
    """Those of the tasks that come with the program."""
    for path in (_SAMPLE / "genes.csv", _SAMPLE / "essentiality" / "genes.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            yield from (row[0] for row in csv.reader(file) if row and row[0] != "symbol")


LISTS: Final[Mapping[str, Callable[[Home], Iterator[str]]]] = {
    "models": models,
    "tasks": tasks,
    "sets": sets,
    "descriptions": descriptions,
    "owned": owned,
    "genes": genes,
}
"""Name of a list -> what reads it."""


def _models_in(path: Path) -> Iterator[str]:
    return (str(entry["name"]) for entry in _toml(path).get("models", ()) if "name" in entry)


def _names(folder: Path) -> Iterator[str]:
    if folder.is_dir():
        yield from sorted({path.stem for path in folder.iterdir() if not path.name.startswith(".")})


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
