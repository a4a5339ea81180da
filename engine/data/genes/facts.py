"""What is known of a gene, and the tables that hold it: `genes.csv`, NCBI's and HGNC's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.files.outside import first_bytes, unpacked
from engine.files.tables import read_table, write_csv
from store.errors import DataError

REGION: Final = "biological-region"
"""The type of two thirds of gene_info's human records, which are enhancers and the like."""
HUMAN: Final = "9606"
"""NCBI's number for Homo sapiens; gene_info also holds Neanderthal and Denisovan genes."""
_GENE2ENSEMBL: Final = b"#tax_id\tGeneID\tEnsembl_gene_identifier"
_ENSEMBL: Final = re.compile(rb"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Gene:
    """One gene's facts; empty where unknown."""

    symbol: str
    """The approved symbol, or the identifier as given if it is unknown."""
    ncbi_id: str = ""
    hgnc_id: str = ""
    ensembl_ids: tuple[str, ...] = ()
    mim_ids: tuple[str, ...] = ()
    name: str = ""
    """The approved name, e.g. "zinc finger protein 41"."""
    aliases: tuple[str, ...] = ()
    previous: tuple[str, ...] = ()
    """Previous symbols; NCBI lists them among the aliases, HGNC apart."""
    locus: str = ""
    """Cytogenetic band, e.g. Xp11.3."""
    gene_type: str = ""
    description: str = ""
    """The text a task brought along for this gene."""


_LISTS: Final = ("ensembl_ids", "mim_ids", "aliases", "previous")
_COLUMNS: Final = (
    "symbol", "ncbi_id", "hgnc_id", "ensembl_ids", "mim_ids", "name", "aliases", "previous", "locus",
    "gene_type", "description",
)  # fmt: skip


def read_genes(path: Path) -> tuple[Gene, ...]:
    """The genes of a `genes.csv`; lists stand with `|` between their members.

    Raises:
        DataError: unreadable, or without a column `symbol`.
    """
    table = read_table(path, delimiter=",")
    table.column("symbol")
    known = [(index, name) for index, name in enumerate(table.header) if name in _COLUMNS]
    genes = []
    for row in table.rows:
        texts = {name: row[index] for index, name in known if name not in _LISTS}
        lists = {name: _split(row[index]) for index, name in known if name in _LISTS}
        genes.append(Gene(**texts, **lists))  # type: ignore[arg-type]
    return tuple(genes)


def write_genes(path: Path, genes: Iterable[Gene]) -> None:
    """Write `genes.csv`, sorted by symbol; columns that are empty throughout are left out."""
    rows = sorted(genes, key=lambda gene: gene.symbol)
    used = tuple(name for name in _COLUMNS if name == "symbol" or any(getattr(gene, name) for gene in rows))
    write_csv(path, used, [tuple(_joined(getattr(gene, name)) for name in used) for gene in rows])


def read_gene_info(path: Path) -> tuple[Gene, ...]:
    """The human genes of NCBI's gene_info(.gz), in file order.

    Raises:
        DataError: unreadable, or one of its columns is missing.
    """
    table = read_table(path, delimiter="\t", quoted=False, keep=_is_gene)
    columns = ("#tax_id", "GeneID", "Symbol", "Synonyms", "dbXrefs", "map_location", "description")
    _, number, symbol, synonyms, references, place, description = (table.column(name) for name in columns)
    kind = table.column("type_of_gene")
    approved = table.column("Full_name_from_nomenclature_authority")
    genes = []
    for row in table.rows:
        links = _split(row[references])
        genes.append(
            Gene(
                symbol=row[symbol],
                ncbi_id=row[number],
                hgnc_id=next(iter(_after(links, "HGNC:")), ""),
                ensembl_ids=_after(links, "Ensembl:"),
                mim_ids=_after(links, "MIM:"),
                name=_known(row[approved]) or _known(row[description]),
                aliases=_split(row[synonyms]),
                locus=_known(row[place]),
                gene_type=_known(row[kind]),
            )
        )
    return tuple(genes)


def _is_gene(row: list[str]) -> bool:
    return row[0] == HUMAN and REGION not in row


def read_hgnc(path: Path) -> tuple[Gene, ...]:
    """The approved genes of HGNC's complete set, in file order.

    Raises:
        DataError: unreadable, or one of its columns is missing.
    """
    table = read_table(path, delimiter="\t")
    status = table.column("status")
    columns = ("symbol", "entrez_id", "hgnc_id", "ensembl_gene_id", "omim_id", "name", "alias_symbol")
    symbol, number, hgnc, ensembl, mim, name, aliases = (table.column(title) for title in columns)
    previous, place, kind = (table.column(title) for title in ("prev_symbol", "location", "locus_group"))
    return tuple(
        Gene(
            symbol=row[symbol],
            ncbi_id=row[number],
            hgnc_id=row[hgnc],
            ensembl_ids=_split(row[ensembl]),
            mim_ids=_split(row[mim]),
            name=row[name],
            aliases=_split(row[aliases]),
            previous=_split(row[previous]),
            locus=row[place],
            gene_type="protein-coding" if row[kind] == "protein-coding gene" else row[kind],
        )
        for row in table.rows
        if row[status] == "Approved"
    )


def read_gene2ensembl(path: Path) -> dict[str, tuple[str, ...]]:
    """Ensembl id -> NCBI ids of the human rows of NCBI's gene2ensembl(.gz).

    Raises:
        DataError: unreadable, it does not start with the columns it should, a human row is cut, or
            there is none.
    """
    found: dict[str, dict[str, None]] = {}
    human = f"{HUMAN}\t".encode()
    if first_bytes(path, len(_GENE2ENSEMBL)) != _GENE2ENSEMBL:
        raise DataError(f"{path} is not NCBI's gene2ensembl.", "Fetch it again.")
    with unpacked(path) as stream:
        stream.readline()
        # Rows of all species, some gigabytes: told apart before they are taken for text.
        for place, line in enumerate(iter(lambda: stream.readline(10_000), b""), start=2):
            if line.startswith(human):
                number, ensembl = _numbers(path, place, line)
                found.setdefault(ensembl.partition(".")[0], {})[number] = None
    if not found:
        raise DataError(f"{path} has no row of a human gene ({HUMAN}).", "Fetch it again.")
    return {ensembl: tuple(numbers) for ensembl, numbers in found.items()}


def _numbers(path: Path, place: int, line: bytes) -> tuple[str, str]:
    """NCBI's and Ensembl's id of a row of gene2ensembl."""
    fields = line.split(b"\t")
    if len(fields) < 3 or not _ENSEMBL.fullmatch(fields[2].strip()) or not fields[1].isdigit():
        raise DataError(f"{path} names no Ensembl gene in line {place}.", "Fetch it again.")
    return fields[1].decode("ascii"), fields[2].strip().decode("ascii")


def _split(field: str) -> tuple[str, ...]:
    return tuple(part for part in _known(field).split("|") if part)


def _known(field: str) -> str:
    text = field.strip()
    return "" if text == "-" else text


def _after(links: Iterable[str], prefix: str) -> tuple[str, ...]:
    return tuple(link.removeprefix(prefix) for link in links if link.startswith(prefix))


def _joined(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else "|".join(value)
