"""A table of one gene a row: columns gene and label, and description if there is one."""

from __future__ import annotations

from typing import Final

from engine.data.descriptions import TEXT_COLUMNS
from engine.data.importers.raw import RawRow, RawTask, raw_task
from engine.data.tables import Table
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
    """The rows of `table` as entries.

    Raises:
        DataError: no column of genes or labels; two texts for one gene.
    """
    gene, label = table.column(*GENES), table.column(*LABELS)
    text = table.find(*TEXT_COLUMNS)
    texts: dict[str, str] = {}
    rows = []
    for line, row in zip(table.lines, table.rows, strict=True):
        own = " ".join(row[text].split()) if text is not None else ""
        identifier = row[gene].strip()
        if texts.setdefault(identifier, own) != own:
            raise DataError(
                f"{table.path} has a second, different description of {identifier!r} on line {line}.",
                "Keep one description per gene.",
            )
        rows.append(RawRow(identifier, row[label].strip(), own))
    return raw_task(table.path, rows)
