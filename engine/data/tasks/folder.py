"""Task folders: `tasks.toml`, `genes.csv`, `identifiers.csv` and one `tasks/NAME.csv` for each task.
The sample and imported tasks are both kept so.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import tomllib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from engine.data.genes.facts import Genes, read_gene_map, write_genes
from engine.data.genes.meanings import Meanings, read_meanings
from engine.files.outside import outside_file, read_text
from engine.files.tables import stream_table, write_csv
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
    counts: tuple[int, ...] = ()
    """Raw rows of each class when the folder was written; empty if it does not say."""


@dataclass(frozen=True, slots=True)
class Rows(Iterable[tuple[str, int]]):
    """(identifier, label) of each row of a label file, kept as two columns: a million take little room."""

    identifiers: Sequence[str]
    labels: Sequence[int]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, int]]) -> Rows:
        """The columns of `pairs`."""
        identifiers: list[str] = []
        labels = array("i")
        for identifier, label in pairs:
            identifiers.append(identifier)
            labels.append(label)
        return cls(identifiers, labels)

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return zip(self.identifiers, self.labels, strict=True)


@dataclass(frozen=True)
class LabelList:
    """One task as its label file has it, with what its identifiers mean."""

    heading: Heading
    rows: Rows
    """In file order, repeats kept."""
    meanings: Meanings
    genes: Genes
    """By symbol; holds every symbol of `meanings`."""

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Raw rows of each class, in label order."""
        return count_rows(self.rows.labels, self.heading)


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
    counts = tuple(entry.get("counts", ()))
    if not all(type(count) is int for count in counts) or len(counts) not in (0, len(classes)):
        raise TypeError("counts are whole numbers, one for each class")
    return Heading(texts[0], texts[1], tuple(classes), texts[2], texts[3], counts)


def raw_counts(folder: Path, heading: Heading) -> tuple[int, ...]:
    """Raw rows of each class, in label order; counted if the label file is newer than the heading.

    Raises:
        DataError: as `read_rows`.
    """
    with contextlib.suppress(OSError):
        written = (folder / "tasks.toml").stat().st_mtime_ns
        labels = (folder / "tasks" / f"{heading.name}.csv").stat()
        if heading.counts and labels.st_mtime_ns <= written and labels.st_size:
            return heading.counts
    return count_rows(read_rows(folder, heading).labels, heading)


def count_rows(labels: Iterable[int], heading: Heading) -> tuple[int, ...]:
    """Rows of each class, in label order."""
    counted = Counter(labels)
    return tuple(counted[label] for label in range(len(heading.classes)))


def read_rows(folder: Path, heading: Heading) -> Rows:
    """The rows of the task's label file.

    Raises:
        DataError: unreadable, or a label that is none of the task's classes.
    """
    path = folder / "tasks" / f"{heading.name}.csv"
    table, batches = stream_table(path)
    identifier, label = table.column("identifier"), table.column("label")
    index = {name: place for place, name in enumerate(heading.classes)}
    identifiers: list[str] = []
    labels = array("i")
    for lines, records in batches:
        for line, row in zip(lines, records, strict=True):
            if row[label] not in index:
                raise DataError(
                    f"{path} has the label {row[label]!r} on line {line}.",
                    f"The classes in tasks.toml are: {', '.join(heading.classes)}.",
                )
            identifiers.append(row[identifier])
            labels.append(index[row[label]])
    return Rows(identifiers, labels)


def read_label_list(folder: Path, heading: Heading) -> LabelList:
    """The task `heading` names, read from its task folder.

    Raises:
        DataError: a file is missing, damaged, or contradicts another.
    """
    genes = read_gene_map(folder / "genes.csv")
    meanings = read_meanings(folder / "identifiers.csv")
    rows = read_rows(folder, heading)
    if (unexplained := meanings.unexplained(rows.identifiers, genes)) is not None:
        raise DataError(
            f"{folder / 'identifiers.csv'} does not say what {unexplained!r} is.",
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
    if len(tasks) == 1:
        meanings, genes = tasks[0].meanings, tasks[0].genes
    else:
        meanings, genes = Meanings(), Genes()
        for task in tasks:
            for identifier, _ in task.rows:
                _, symbols, step = task.meanings[identifier]
                meanings.add(identifier, symbols, step)
                for symbol in symbols:
                    genes.add(symbol, task.genes[symbol])
    identifiers = sorted(dict.fromkeys(chain.from_iterable(task.rows.identifiers for task in tasks)))
    write_csv(
        folder / "identifiers.csv",
        ("identifier", "symbol", "step"),
        meanings.rows(identifiers),
    )
    write_genes(folder / "genes.csv", genes, meanings.sorted_symbols(identifiers))
    for task in tasks:
        labels = map(task.heading.classes.__getitem__, task.rows.labels)
        rows = zip(task.rows.identifiers, labels, strict=True)
        write_csv(folder / "tasks" / f"{task.heading.name}.csv", ("identifier", "label"), rows)
    # After the label files, whose rows it counts.
    headings = tomlkit.dumps({"task": [_entry(task) for task in tasks]})
    (folder / "tasks.toml").write_text(headings, encoding="utf-8")


def _entry(task: LabelList) -> dict[str, Any]:
    heading = task.heading
    return {
        "name": heading.name,
        "title": heading.title,
        "classes": heading.classes,
        "paper_task": heading.paper_task,
        "source": heading.source,
        "counts": task.counts,
    }


def task_folders(root: Path) -> tuple[Path, ...]:
    """The task folders inside `root`, by name; half-written ones, which start with a dot, are not."""
    with outside_file(root):
        if not root.is_dir():
            return ()
        return tuple(sorted(path for path in root.iterdir() if path.is_dir() and path.name[0] != "."))
