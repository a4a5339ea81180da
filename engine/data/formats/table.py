"""A table of one gene a row: columns gene and label, and description if there is one."""

from __future__ import annotations

from dataclasses import replace

from engine.data.formats.choices import Choices
from engine.data.formats.classes import number
from engine.data.formats.columns import LABELS, label_column, labels_of
from engine.data.formats.raw import RawTask, raw_task
from engine.data.genes.columns import (
    chosen_column,
    gene_column,
    genes_of,
    no_column,
    title_of,
    words_kept,
)
from engine.data.genes.descriptions import TEXT_COLUMNS
from engine.files.outside import one_line
from engine.files.tables import Table
from engine.files.tables.missing import is_missing
from engine.files.tables.titles import is_gene_title, plain
from store.errors import DataError


def matches(table: Table) -> bool:
    """Whether there is a column of genes and one of labels."""
    titles = {plain(title) for title in table.header}
    return any(map(is_gene_title, titles)) and not titles.isdisjoint(LABELS)


def read(table: Table, choices: Choices) -> RawTask:
    """The rows of `table` as entries; columns of other names are found by content, which is reported.

    Raises:
        UsageError: several columns could be meant.
        DataError: no column of genes or labels; no header; two texts for one gene.
    """
    gene, label = columns_of(table, choices)
    if gene is None:
        raise no_column(table, "gene", "--gene-column")
    if label is None:
        raise no_column(table, "label", "--label-column")
    _check_header(table, gene, label, choices)
    genes = genes_of(table, gene, choices.symbols)
    labels = labels_of(table.columns[label], lambda row: (label, row) in table.quoted)
    texts = own_texts(table, genes, choices.text_column)
    task = raw_task(table.path, genes, labels, texts, lines=table.lines, unit=table.unit)
    notes = (*table.notes, *_told(table, gene, label), *words_kept(table, gene, genes), *task.notes)
    return replace(task, notes=notes)


def text_column(table: Table, chosen: str) -> int | None:
    """The column of descriptions, by its title; None without one.

    Raises:
        UsageError: the one chosen is not there.
    """
    return chosen_column(table, chosen, "--text-column") if chosen else table.find(*TEXT_COLUMNS)


def own_texts(table: Table, genes: list[str], chosen: str = "") -> list[str]:
    """The file's own description of each of `genes`, empty where it is missing; none without such a column.

    Args:
        table: The table.
        genes: Of each row.
        chosen: The name of the column, if a person has given it.

    Raises:
        UsageError: the column chosen is not there.
        DataError: two texts for one gene.
    """
    place = text_column(table, chosen)
    if place is None:
        return []
    texts = [
        "" if is_missing(cell) and (place, row) not in table.quoted else one_line(cell)
        for row, cell in enumerate(table.columns[place])
    ]
    first: dict[str, str] = {}
    for line, identifier, own in zip(table.lines, genes, texts, strict=True):
        if identifier and first.setdefault(identifier, own) != own:
            raise DataError(
                f"{table.path} has a second, different description of {identifier!r} {table.at(line)}.",
                "Keep one description per gene.",
            )
    return texts


def columns_of(table: Table, choices: Choices) -> tuple[int | None, int | None]:
    """The columns of genes and of labels; of two, one whose name says nothing is what the other is not."""
    gene = gene_column(table, choices.symbols, choices.gene_column)
    texts = (*TEXT_COLUMNS, plain(choices.text_column))
    label = label_column(table, gene, choices.label_column, texts)
    if gene is None and len(table.header) == 2 and text_column(table, choices.text_column) is None:
        label = table.find(*LABELS)
        gene = 0 if label is None else 1 - label
        label = 1 - gene
    return gene, label


def _check_header(table: Table, gene: int, label: int, choices: Choices) -> None:
    """Refuse a file whose first line is a gene and a class."""
    titles = table.header[gene], table.header[label]
    scored = number(titles[1]) is not None and choices.symbols(titles[0])
    if not is_gene_title(titles[0]) and (scored or titles[1] in map(str.strip, table.columns[label])):
        raise DataError(
            f"{table.path} starts with {titles[0]!r} and {titles[1]!r}, which look like its first gene.",
            "Put a line above: gene and label.",
        )


def _told(table: Table, gene: int, label: int) -> tuple[str, ...]:
    """How columns of other names were read."""
    titles = table.header[gene], table.header[label]
    if is_gene_title(titles[0]) and plain(titles[1]) in LABELS:
        return ()
    return (f"The {title_of(table, gene)} was read as the genes and {titles[1]!r} as the labels.",)
