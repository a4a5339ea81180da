"""Task folders: `tasks.toml`, `genes.csv`, `identifiers.csv` and one `tasks/NAME.csv` for each task.
The sample and imported tasks are both kept so.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.data.genes.facts import Gene, read_genes, write_genes
from engine.data.genes.meanings import Meaning, read_meanings
from engine.files.outside import outside_file, read_text
from engine.files.tables import read_table, write_csv
from store.errors import DataError, StoreError


@dataclass(frozen=True, slots=True)
class Heading:
    """What `tasks.toml` says about one task."""

    name: str
    title: str
    classes: tuple[str, ...]
    """In label order; with two classes the last is the positive one."""
    source: str = ""
    paper_task: str = ""
    """`task1` to `task4` for the paper's own, else empty."""


@dataclass(frozen=True)
class LabelList:
    """One task as its label file has it, with what its identifiers mean."""

    heading: Heading
    rows: tuple[tuple[str, int], ...]
    """(identifier, label) in file order, repeats kept."""
    meanings: Mapping[str, Meaning]
    genes: Mapping[str, Gene]
    """By symbol; holds every symbol of `meanings`."""

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Raw rows of each class, in label order."""
        counted = Counter(label for _, label in self.rows)
        return tuple(counted[label] for label in range(len(self.heading.classes)))


def read_headings(folder: Path) -> tuple[Heading, ...]:
    """The tasks that `folder` holds.

    Raises:
        DataError: there is no `tasks.toml`, or it says something else than it should.
    """
    path = folder / "tasks.toml"
    text = read_text(path, 1 << 20)
    try:
        entries = tomllib.loads(text)["task"]
        return tuple(_heading(entry) for entry in entries)
    except (tomllib.TOMLDecodeError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} does not describe tasks: {error}.", "Import the task again.") from error


def _heading(entry: Mapping[str, Any]) -> Heading:
    classes = entry["classes"]
    texts = [entry["name"], entry["title"], entry.get("source", ""), entry.get("paper_task", ""), *classes]
    if not isinstance(classes, list) or not all(isinstance(text, str) for text in texts):
        raise TypeError("name, title, source and classes are texts")
    return Heading(texts[0], texts[1], tuple(classes), texts[2], texts[3])


def read_rows(folder: Path, heading: Heading) -> tuple[tuple[str, int], ...]:
    """(identifier, label) of each row of the task's label file.

    Raises:
        DataError: unreadable, or a label that is none of the task's classes.
    """
    path = folder / "tasks" / f"{heading.name}.csv"
    table = read_table(path, delimiter=",")
    identifier, label = table.column("identifier"), table.column("label")
    index = {name: place for place, name in enumerate(heading.classes)}
    for line, row in zip(table.lines, table.rows, strict=True):
        if row[label] not in index:
            raise DataError(
                f"{path} has the label {row[label]!r} on line {line}.",
                f"The classes in tasks.toml are: {', '.join(heading.classes)}.",
            )
    return tuple((row[identifier], index[row[label]]) for row in table.rows)


def read_label_list(folder: Path, heading: Heading) -> LabelList:
    """The task `heading` names, read from its task folder.

    Raises:
        DataError: a file is missing, damaged, or contradicts another.
    """
    genes = {gene.symbol: gene for gene in read_genes(folder / "genes.csv")}
    meanings = read_meanings(folder / "identifiers.csv")
    rows = read_rows(folder, heading)
    for identifier in {identifier for identifier, _ in rows}:
        meaning = meanings.get(identifier)
        if meaning is None or any(symbol not in genes for symbol in meaning.symbols):
            raise DataError(
                f"{folder / 'identifiers.csv'} does not say what {identifier!r} is.",
                "Import the task again.",
            )
    return LabelList(heading, rows, meanings, genes)


def write_task_folder(
    folder: Path, tasks: Iterable[LabelList], extra: Mapping[str, str] | None = None
) -> None:
    """Write tasks that share one gene table into `folder`, which must not exist, all or nothing.

    Args:
        folder: The new task folder; its parent is made.
        tasks: At least one; their meanings and genes must agree.
        extra: Further files, name -> text.

    Raises:
        StoreError: it exists, or the disk refuses.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            write_tasks_into(fresh, tuple(tasks))
            for name, text in (extra or {}).items():
                (fresh / name).write_text(text, encoding="utf-8")
            os.rename(fresh, folder)  # noqa: PTH104 - fails if `folder` exists and is not empty
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror or error}.") from error


def write_tasks_into(folder: Path, tasks: tuple[LabelList, ...]) -> None:
    """Write the files of a task folder into a folder that is there."""
    import tomlkit  # reading needs no more than the standard library

    (folder / "tasks").mkdir(exist_ok=True)
    headings = tomlkit.dumps({"task": [_entry(task.heading) for task in tasks]})
    (folder / "tasks.toml").write_text(headings, encoding="utf-8")
    used = {identifier: task.meanings[identifier] for task in tasks for identifier, _ in task.rows}
    genes = {symbol: task.genes[symbol] for task in tasks for symbol in _symbols(task)}
    write_genes(folder / "genes.csv", genes.values())
    write_csv(
        folder / "identifiers.csv",
        ("identifier", "symbol", "step"),
        [
            (identifier, symbol, meaning.step)
            for identifier, meaning in sorted(used.items())
            for symbol in meaning.symbols or ("",)
        ],
    )
    for task in tasks:
        rows = [(identifier, task.heading.classes[label]) for identifier, label in task.rows]
        write_csv(folder / "tasks" / f"{task.heading.name}.csv", ("identifier", "label"), rows)


def _symbols(task: LabelList) -> set[str]:
    return {symbol for identifier, _ in task.rows for symbol in task.meanings[identifier].symbols}


def _entry(heading: Heading) -> dict[str, Any]:
    return {
        "name": heading.name,
        "title": heading.title,
        "classes": heading.classes,
        "paper_task": heading.paper_task,
        "source": heading.source,
    }


def task_folders(root: Path) -> tuple[Path, ...]:
    """The task folders inside `root`, by name; half-written ones, which start with a dot, are not."""
    with outside_file(root):
        if not root.is_dir():
            return ()
        return tuple(sorted(path for path in root.iterdir() if path.is_dir() and path.name[0] != "."))
