"""A table of one gene a row: columns gene and label, and description if there is one; or any two."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from engine.data.formats.raw import RawTask, raw_task
from engine.data.genes.descriptions import TEXT_COLUMNS
from engine.files.outside import one_line
from engine.files.tables import Table
from store.errors import DataError

GENES: Final = (
    "gene", "identifier", "ensembl_id", "ensembl_gene_id", "ensembl", "gene_id", "symbol", "gene_symbol",
    "gene_name", "ncbi_id", "entrez_id", "geneid", "hgnc_id", "hgnc_symbol",
)  # fmt: skip
LABELS: Final = ("label", "class", "outcome", "outcomes", "category", "target", "assignment", "y")


def matches(table: Table) -> bool:
    """Whether there is a column of genes and one of labels."""
    return table.find(*GENES) is not None and table.find(*LABELS) is not None


def read(table: Table) -> RawTask:
    """The rows of `table` as entries; of two columns each may have any name, which is told.

    Raises:
        DataError: no column of genes or labels; no header; two texts for one gene.
    """
    gene, label = _columns(table)
    if gene is None or label is None:
        gene, label = table.column(*GENES), table.column(*LABELS)
    text = table.find(*TEXT_COLUMNS)
    genes = list(map(str.strip, table.columns[gene]))
    labels = list(map(str.strip, table.columns[label]))
    texts = list(map(one_line, table.columns[text])) if text is not None else []
    first: dict[str, str] = {}
    for line, identifier, own in zip(table.lines, genes, texts, strict=False):
        if first.setdefault(identifier, own) != own:
            raise DataError(
                f"{table.path} has a second, different description of {identifier!r} on line {line}.",
                "Keep one description per gene.",
            )
    task = raw_task(table.path, genes, labels, texts)
    return replace(task, notes=(*_told(table, gene, label), *task.notes))


def _columns(table: Table) -> tuple[int | None, int | None]:
    """The columns of genes and of labels; of two, one whose name says nothing is what the other is not."""
    gene, label = table.find(*GENES), table.find(*LABELS)
    if len(table.header) == 2 and table.find(*TEXT_COLUMNS) is None:
        if gene is None:
            gene = 0 if label is None else 1 - label
        if label is None:
            label = 1 - gene
    return gene, label


def _told(table: Table, gene: int, label: int) -> tuple[str, ...]:
    """How columns of other names were read."""
    if table.find(*GENES) == gene and table.find(*LABELS) == label:
        return ()
    titles = table.header[gene], table.header[label]
    if table.find(*GENES) is None and titles[1] in map(str.strip, table.columns[label]):
        raise DataError(
            f"{table.path} starts with {titles[0]!r} and {titles[1]!r}, which look like its first gene.",
            "Put a line above: gene and label.",
        )
    return (f"The column {titles[0]!r} was read as the genes and {titles[1]!r} as the labels.",)
