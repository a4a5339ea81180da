"""The tasks there are, and loading one: labels, audited and resolved, with a text for each gene."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.data.formats.detect import read_raw
from engine.data.formats.raw import RawTask
from engine.data.genes.descriptions import Descriptions, kept_descriptions, read_descriptions
from engine.data.genes.facts import Gene
from engine.data.genes.identifiers import Resolver, make_resolver
from engine.data.genes.meanings import AS_GIVEN, Meaning
from engine.data.tasks.audit import Labels, audit
from engine.data.tasks.folder import (
    Heading,
    LabelList,
    read_headings,
    read_label_list,
)
from engine.data.tasks.recipes import Composed, Provenance, clean, composer, effective_text
from engine.data.tasks.shelf import SAMPLE, task_places
from store.errors import DataError, UsageError, unknown
from store.files import user_path
from store.home import Home
from store.records import Task
from store.texts import DIGITS, TextName


def load_task(
    name_or_path: str,
    home: Home,
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
        str(TextName(recipe, replaced.digest[:DIGITS] if replaced else "")),
    )


def _read_descriptions(name_or_path: str, home: Home) -> Descriptions | None:
    if not name_or_path:
        return None
    kept = kept_descriptions(home).get(name_or_path)
    return read_descriptions(kept or user_path(name_or_path))


def _described(task: LabelList, descriptions: Descriptions) -> LabelList:
    """`task` with the identifiers that are no known gene, but are described, kept as given."""
    unknown_ones = [item for item in task.meanings.values() if not item.symbols]
    given = [item.identifier for item in unknown_ones if descriptions.texts.get(item.identifier)]
    if not given:
        return task
    meanings = {name: Meaning(name, (name,), AS_GIVEN) for name in given}
    genes = {name: Gene(name) for name in given if name not in task.genes}
    return replace(task, meanings={**task.meanings, **meanings}, genes={**task.genes, **genes})


def find_label_list(name_or_path: str, home: Home) -> LabelList:
    """The label list of a task of that name, or in a file or folder of that path.

    Raises:
        UsageError: there is neither.
        DataError: it cannot be read.
    """
    known = []
    for folder in task_places(home):
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
    path = user_path(name_or_path)
    if "/" in name_or_path or path.suffix or path.exists():
        return read_labels(path, home)
    raise UsageError(*unknown("task", name_or_path, known))


def read_labels(path: Path, home: Home) -> LabelList:
    """The label list in a file or folder, resolved but kept nowhere.

    Raises:
        UsageError: a task folder that holds several tasks.
        DataError: it cannot be read.
    """
    if (path / "tasks.toml").is_file():
        headings = read_headings(path)
        if len(headings) != 1:
            names = ", ".join(heading.name for heading in headings)
            raise UsageError(f"{path} holds {len(headings)} tasks.", f"Name one of: {names}.")
        return read_label_list(path, headings[0])
    _, raw = read_raw(path)
    heading = Heading(path.stem or path.name, path.name, raw.classes, path.name)
    return resolve(raw, make_resolver(home, SAMPLE), heading)


def resolve(raw: RawTask, resolver: Resolver, heading: Heading) -> LabelList:
    """The entries of `raw` with what their identifiers mean.

    An identifier that is no known gene stays usable, as it is, if the file describes it.
    """
    descriptions = {row.identifier: row.description for row in raw.rows if row.description}
    meanings: dict[str, Meaning] = {}
    genes: dict[str, Gene] = {}
    for identifier in dict.fromkeys(row.identifier for row in raw.rows):
        text = descriptions.get(identifier, "")
        meaning = resolver.resolve(identifier)
        if not meaning.symbols and text:
            meaning = Meaning(identifier, (identifier,), AS_GIVEN)
        meanings[identifier] = meaning
        for symbol in meaning.symbols:
            gene = genes.get(symbol) or resolver.genes.get(symbol) or Gene(symbol)
            genes[symbol] = replace(gene, description=gene.description or text)
    index = {label: place for place, label in enumerate(raw.classes)}
    rows = tuple((row.identifier, index[row.label]) for row in raw.rows)
    return LabelList(heading, rows, meanings, genes)
