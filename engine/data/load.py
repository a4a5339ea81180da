"""The tasks there are, and loading one: labels, audited and resolved, with a text for each gene."""

from __future__ import annotations

import functools
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Final

from engine.data.formats.choices import Choices
from engine.data.formats.detect import read_raw
from engine.data.formats.raw import RawTask
from engine.data.genes.descriptions import Descriptions, kept_descriptions, read_descriptions
from engine.data.genes.facts import Gene, Genes
from engine.data.genes.identifiers import Resolver, make_resolver
from engine.data.genes.meanings import AS_GIVEN, KEPT, NOT_MAPPED, Meanings
from engine.data.tasks.audit import Audited, Labels, audit
from engine.data.tasks.folder import (
    Heading,
    LabelList,
    Rows,
    read_headings,
    read_label_list,
)
from engine.data.tasks.recipes import Composed, Provenance, clean, composer, effective_text
from engine.data.tasks.shelf import SAMPLE, find_task, task_names
from store.errors import DataError, UsageError, unknown
from store.files import user_path
from store.home import Home
from store.records import Task
from store.texts import DIGITS, TextName
from store.uncollected import uncollected

_ANY: Final = "\ue001"
"""A symbol of no gene; what a recipe makes of it, it makes of every gene of which nothing is known."""


@uncollected()
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
    audited, recipe = with_texts(task, labels, text, provenance, replaced)
    if replaced and not any(part.with_text for part in audited.classes):
        raise DataError(
            f"{replaced.path} has a text for none of the genes of {task.heading.name}.",
            "Its genes may be named by symbol or by NCBI, HGNC or Ensembl id.",
        )
    heading = task.heading
    return Task(
        heading.name,
        heading.title,
        heading.classes,
        audited.symbols,
        audited.labels,
        audited.texts,
        audited.audit,
        heading.source,
        recipe,
        audited.described,
    )


def with_texts(
    task: LabelList,
    labels: Labels = "unique",
    text: str = "facts",
    provenance: Provenance = "keep",
    replaced: Descriptions | None = None,
) -> tuple[Audited, str]:
    """`task` audited, with a text for each gene, and what `Task.recipe` calls these texts.

    Raises:
        UsageError: no such recipe.
        DataError: too few genes for splits.
    """
    recipe = effective_text(text, replaced is not None or task.genes.described)
    compose = composer(recipe, task.heading.classes)
    by_name = compose(Gene(_ANY), "")
    named = by_name.text == _ANY and not replaced

    def text_of(symbol: str) -> Composed:
        gene = task.genes[symbol]
        summary = replaced.of(gene) if replaced else gene.description
        return compose(gene, clean(summary, provenance))

    name = TextName(recipe, replaced.digest[:DIGITS] if replaced else "")
    return audit(task, labels, text_of, by_name.complete if named else None), str(name)


def _read_descriptions(name_or_path: str, home: Home) -> Descriptions | None:
    if not name_or_path:
        return None
    kept = kept_descriptions(home).get(name_or_path)
    found = read_descriptions(kept or user_path(name_or_path))
    resolver = functools.cache(lambda: make_resolver(home, SAMPLE))
    return replace(found, meaning=lambda key: resolver().resolve(key))


def _described(task: LabelList, descriptions: Descriptions) -> LabelList:
    """`task` with the identifiers that are no known gene, but are described, kept as given."""
    unknown_ones = [item for item in task.meanings.others() if not item.symbols]
    given = [item.identifier for item in unknown_ones if descriptions.texts.get(item.identifier)]
    if not given:
        return task
    meanings, genes = Meanings(task.meanings), Genes(task.genes)
    for name in given:
        meanings.add(name, (name,), AS_GIVEN)
        if name not in genes:
            genes.add_unknown(name, "")
    return replace(task, meanings=meanings, genes=genes)


def find_label_list(name_or_path: str, home: Home) -> LabelList:
    """The label list of a task of that name, or in a file or folder of that path.

    Raises:
        UsageError: there is neither.
        DataError: it cannot be read.
    """
    if found := find_task(name_or_path, home):
        return read_label_list(*found)
    path = user_path(name_or_path)
    if "/" in name_or_path or path.suffix or path.exists():
        return read_labels(path, home)
    raise UsageError(*unknown("task", name_or_path, task_names(home)))


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
    resolver = make_resolver(home, SAMPLE)
    _, raw = read_raw(path, choices=knowing(Choices(), resolver))
    stem = path.stem or path.name
    # `mean` is the column over all tasks.
    name = path.name if stem.casefold() == "mean" else stem
    heading = Heading(name, path.name, raw.classes, path.name)
    return resolve(raw, resolver, heading)


def knowing(choices: Choices, resolver: Resolver) -> Choices:
    """`choices` with what `resolver` knows of genes."""

    def symbols(text: str) -> tuple[str, ...]:
        return resolver.resolve(text).symbols

    return replace(choices, symbols=symbols)


def resolve(
    raw: RawTask, resolver: Resolver, heading: Heading, *, keep_unmapped: bool = False
) -> LabelList:
    """The entries of `raw` with what their identifiers mean.

    An identifier that is not a known gene stays usable, as it is, if the file describes it; with
    `keep_unmapped` in any case.
    """
    meanings, genes = Meanings(), Genes()
    # Every row of an identifier has the same text.
    texts = dict.fromkeys(raw.identifiers, "")
    if raw.texts:
        texts = dict(zip(raw.identifiers, raw.texts, strict=True))
    if keep_unmapped:
        everything = texts
        texts = {one: text for one, text in texts.items() if text or not resolver.unheard_of(one)}
        # All at once, in the order of the file; of those heard of, what they mean takes its place.
        meanings.add_own(everything, KEPT)
        genes.add_bare((one for one in everything if one not in texts) if texts else everything)
        del everything
    for identifier, text in texts.items():
        _, symbols, step = resolver.resolve(identifier)
        # A date or a name of several genes is something else than its owner wrote.
        given = not symbols and bool(text or (keep_unmapped and step == NOT_MAPPED and identifier.strip()))
        if given:
            symbols, step = (identifier,), AS_GIVEN if text else KEPT
        meanings.add(identifier, symbols, step)
        for symbol in symbols:
            if given and symbol not in genes:
                genes.add_unknown(symbol, text)
            elif gene := genes.get(symbol) or resolver.gene(symbol):
                genes.add(symbol, gene._replace(description=gene.description or text))
            else:
                genes.add_unknown(identifier if symbol == identifier else symbol, text)
    index = {label: place for place, label in enumerate(raw.classes)}
    rows = Rows(raw.identifiers, array("i", map(index.__getitem__, raw.labels)))
    return LabelList(heading, rows, meanings, genes)
