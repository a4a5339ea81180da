"""The tasks there are, and loading one: labels, audited and resolved, with a text for each gene."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from engine.data.audit import Labels, audit
from engine.data.descriptions import Descriptions, kept_descriptions, read_descriptions
from engine.data.genes import Gene
from engine.data.house import (
    AS_GIVEN,
    Heading,
    LabelList,
    Meaning,
    house_folders,
    read_headings,
    read_label_list,
    read_rows,
)
from engine.data.recipes import Composed, Provenance, clean, composer, effective_text, text_recipes
from store.errors import DataError, UsageError, unknown
from store.home import Home
from store.records import Task

__all__ = ["SAMPLE", "TaskInfo", "list_tasks", "load_task", "text_recipes"]

SAMPLE: Final = Path(__file__).resolve().parents[2] / "sample_data"
"""The four tasks of the paper, in the house format."""


@dataclass(frozen=True, slots=True)
class TaskInfo:
    """A task as it stands in a list."""

    name: str
    title: str
    classes: tuple[str, ...]
    """In label order; with two classes the last is the positive one."""
    counts: tuple[int, ...]
    """Raw rows of each class, in the same order."""
    source: str
    paper_task: str = ""
    """`task1` to `task4` for the paper's own, else empty."""
    problem: str = ""
    """Why it cannot be loaded; empty if it can. Classes and counts may then be empty."""


def list_tasks(home: Home | None = None) -> tuple[TaskInfo, ...]:
    """The sample tasks and then the imported ones by name; a damaged one with its problem."""
    return tuple(_infos(home))


def _infos(home: Home | None) -> Iterator[TaskInfo]:
    for folder in _folders(home):
        try:
            for heading in read_headings(folder):
                yield _info(folder, heading)
        except DataError as error:
            yield TaskInfo(folder.name, folder.name, (), (), str(folder), problem=str(error))


def _info(folder: Path, heading: Heading) -> TaskInfo:
    rows = read_rows(folder, heading)
    counts = LabelList(heading, rows, {}, {}).counts
    return TaskInfo(
        heading.name, heading.title, heading.classes, counts, heading.source, heading.paper_task
    )


def _folders(home: Home | None) -> tuple[Path, ...]:
    return (SAMPLE, *(house_folders(home.tasks) if home else ()))


def load_task(
    name_or_path: str,
    home: Home | None = None,
    *,
    labels: Labels = "unique",
    text: str = "facts",
    provenance: Provenance = "keep",
    descriptions: str = "",
) -> Task:
    """A task with its genes in stable order (`audit.stable_place`), texts and audit.

    Args:
        name_or_path: A task of `list_tasks`, or the path of a label file or folder.
        home: Where imported tasks and fetched gene tables are.
        labels: What becomes of repeats and, once splits are drawn, of genes in more than one class; see
            `audit.audit`.
        text: A recipe of `text_recipes`, or `template:...`.
        provenance: Whether "[provided by RefSeq, Jul 2008]", links and dates stay in summaries.
        descriptions: Name of imported descriptions, or path of a file, that replaces the texts; see
            `effective_text`. Genes that it does not hold fall back to their name, and are named in
            the audit.

    Raises:
        UsageError: no such task or recipe.
        DataError: a file that cannot be used, or too few genes for splits.
    """
    task = find_label_list(name_or_path, home)
    replaced = _read_descriptions(descriptions, home)
    if replaced:
        task = _described(task, replaced)
    brings = replaced is not None or any(gene.description for gene in task.genes.values())
    recipe = effective_text(text, brings)
    compose = composer(recipe)

    def text_of(symbol: str) -> Composed:
        gene = task.genes[symbol]
        summary = replaced.of(gene) if replaced else gene.description
        return compose(gene, clean(summary, provenance))

    audited = audit(task, labels, text_of)
    if replaced and not any(part.with_text for part in audited.audit.classes):
        raise DataError(
            f"{replaced.path} has a text for none of the genes of {task.heading.name}.",
            "Its genes may be named by symbol, NCBI id or Ensembl id.",
        )
    symbols, indices, texts = zip(*audited.rows, strict=True)
    heading = task.heading
    return Task(
        heading.name,
        heading.title,
        heading.classes,
        symbols,
        indices,
        texts,
        audited.audit,
        heading.source,
        f"{recipe}@{replaced.digest[:8]}" if replaced else recipe,
    )


def _read_descriptions(name_or_path: str, home: Home | None) -> Descriptions | None:
    if not name_or_path:
        return None
    kept = kept_descriptions(home).get(name_or_path)
    return read_descriptions(kept or Path(name_or_path).expanduser())


def _described(task: LabelList, descriptions: Descriptions) -> LabelList:
    """`task` with the identifiers that are no known gene, but are described, kept as given."""
    unknown_ones = [item for item in task.meanings.values() if not item.symbols]
    given = [item.identifier for item in unknown_ones if descriptions.texts.get(item.identifier)]
    if not given:
        return task
    meanings = {name: Meaning(name, (name,), AS_GIVEN) for name in given}
    genes = {name: Gene(name) for name in given if name not in task.genes}
    return replace(task, meanings={**task.meanings, **meanings}, genes={**task.genes, **genes})


def find_label_list(name_or_path: str, home: Home | None = None) -> LabelList:
    """The label list of a task of that name, or in a file or folder of that path.

    Raises:
        UsageError: there is neither.
        DataError: it cannot be read.
    """
    known = []
    for folder in _folders(home):
        try:
            headings = read_headings(folder)
        except DataError:
            if folder.name == name_or_path:
                raise
            continue
        for heading in headings:
            if heading.name == name_or_path:
                return read_label_list(folder, heading)
            known.append(heading.name)
    path = Path(name_or_path).expanduser()
    if "/" in name_or_path or path.suffix or path.exists():
        from engine.data.importers import read_labels

        return read_labels(path, home)
    raise UsageError(*unknown("task", name_or_path, known))
