"""Importing a gene table downloaded elsewhere, so that a machine without network resolves ids too."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.data.genes.facts import read_gene2ensembl, read_gene_info, read_hgnc
from engine.data.genes.identifiers import GENE2ENSEMBL, GENE_INFO, HGNC
from engine.files.outside import first_bytes
from store.errors import DataError, StoreError
from store.files import replacing
from store.home import Home


@dataclass(frozen=True, slots=True)
class GenesReport:
    """What an import made of a gene table."""

    name: str
    """The file as it is called where it is fetched from."""
    path: str
    """Where it is kept, as if it had been fetched."""
    genes: int

    @property
    def sentence(self) -> str:
        """What there is now."""
        return f"{self.name} is here: {self.genes:,} genes or ids."

    @property
    def notes(self) -> tuple[str, ...]:
        """What it changes."""
        return ("Imports from now on look identifiers up in it.",)


_READERS: Final[Mapping[bytes, tuple[str, str, Callable[[Path], Collection[Any]]]]] = {
    b"#tax_id\tGeneID\tSymbol": ("ncbi", GENE_INFO, read_gene_info),
    b"#tax_id\tGeneID\tEnsembl": ("gene2ensembl", GENE2ENSEMBL, read_gene2ensembl),
    b"hgnc_id\tsymbol": ("hgnc", HGNC, read_hgnc),
}
"""How a table starts -> the data set it belongs to, its name there, and what reads it."""


def import_genes(path: Path, home: Home) -> GenesReport:
    """Keep NCBI's gene_info or gene2ensembl or HGNC's complete set where a download would lie.

    Raises:
        DataError: it is none of them, or damaged.
        StoreError: it cannot be written.
    """
    first = first_bytes(path, max(map(len, _READERS)))
    for start, (data_set, name, read) in _READERS.items():
        if first.startswith(start):
            genes = len(read(path))
            if not genes:
                raise DataError(f"{path} has no gene that can be used.", "Fetch it again.")
            return GenesReport(name, str(_keep(path, home.downloads / data_set / name)), genes)
    raise DataError(
        f"{path} is not a gene table that is known.",
        "Known are NCBI's gene_info and gene2ensembl and HGNC's complete set, as they are downloaded.",
    )


def _keep(path: Path, target: Path) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replacing(target) as fresh:
            shutil.copyfile(path, fresh)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror or error}.") from error
    return target
