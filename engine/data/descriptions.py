"""Files of gene descriptions: NCBI's gene_summary, GenePT's JSON, and tables of gene,description."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.data.genes import HUMAN, Gene
from engine.data.tables import Table, read_table, read_text
from store.errors import DataError

GENE_COLUMNS: Final = ("gene", "symbol", "gene_symbol", "gene_name", "gene_id", "identifier", "ensembl_id")
TEXT_COLUMNS: Final = ("description", "summary", "text", "desc")


@dataclass(frozen=True, slots=True)
class Descriptions:
    """Texts by whatever the file calls a gene: symbol, NCBI id or Ensembl id."""

    path: Path
    texts: Mapping[str, str]

    def of(self, gene: Gene, identifiers: Iterable[str] = ()) -> str:
        """The text for `gene`, looked up by symbol, then its ids, then `identifiers`; "" if none."""
        keys = (gene.symbol, gene.ncbi_id, *gene.ensembl_ids, *identifiers)
        return next((self.texts[key] for key in keys if key and self.texts.get(key)), "")


def read_descriptions(path: Path) -> Descriptions:
    """The descriptions in a file, by its content: JSON, NCBI's gene_summary, or a table.

    Raises:
        DataError: unreadable, or no column of genes or of texts.
    """
    if path.suffixes[-2:] in ([".json", ".gz"],) or path.suffix.casefold() == ".json":
        return Descriptions(path, _read_json(path))
    table = read_table(path)
    if table.header[0] == "#tax_id":
        return Descriptions(path, _gene_summary(table))
    gene, text = table.column(*GENE_COLUMNS), table.column(*TEXT_COLUMNS)
    texts: dict[str, str] = {}
    for line, row in zip(table.lines, table.rows, strict=True):
        key, value = row[gene].strip(), row[text].strip()
        if texts.get(key, value) != value:
            raise DataError(
                f"{path} has a second, different description of {key!r} on line {line}.",
                "Keep one row per gene.",
            )
        texts[key] = value
    return Descriptions(path, texts)


def _gene_summary(table: Table) -> dict[str, str]:
    """NCBI id -> summary of the human genes; RefSeq's where there are several."""
    tax, number = table.column("#tax_id"), table.column("GeneID")
    source, summary = table.column("Source"), table.column("Summary")
    texts: dict[str, str] = {}
    for row in table.rows:
        if row[tax] == HUMAN and row[summary] not in ("", "-"):
            if row[source] == "RefSeq":
                texts[row[number]] = row[summary]
            else:
                texts.setdefault(row[number], row[summary])
    if not texts:
        raise DataError(f"{table.path} has no summary of a human gene (#tax_id {HUMAN}).")
    return texts


def _read_json(path: Path) -> dict[str, str]:
    text = read_text(path)
    hint = "It should map each gene to its text, as GenePT's NCBI_summary_of_genes.json does."
    try:
        texts = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}.", hint) from error
    if not isinstance(texts, dict) or not all(isinstance(value, str) for value in texts.values()):
        raise DataError(f"{path} is not one JSON object of texts.", hint)
    return {key.strip(): value.strip() for key, value in texts.items()}
