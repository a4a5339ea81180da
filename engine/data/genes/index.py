"""Genes by everything that names them: ids and symbols, each step with an index of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from engine.data.genes.facts import PSEUDOGENE, Gene

ENSEMBL: Final = "Ensembl id"
NCBI: Final = "NCBI id"
HGNC_ID: Final = "HGNC id"
APPROVED: Final = "approved symbol"
PREVIOUS: Final = "previous symbol"
ALIAS: Final = "alias"
OTHER_CASE: Final = "approved symbol in other case"
OLD_IN_OTHER_CASE: Final = "alias in other case"
"""Steps by which a gene is found; Ensembl's with the source of the mapping in brackets."""
OLD: Final = (PREVIOUS, ALIAS, OLD_IN_OTHER_CASE)
"""Those that find a gene by a name that may be another's as well."""

_KEYS: Final[Mapping[str, Callable[[Gene], Iterable[str]]]] = {
    ENSEMBL: lambda gene: gene.ensembl_ids,
    NCBI: lambda gene: (gene.ncbi_id,),
    HGNC_ID: lambda gene: (gene.hgnc_id,),
    APPROVED: lambda gene: (gene.symbol,),
    PREVIOUS: lambda gene: gene.previous,
    ALIAS: lambda gene: gene.aliases,
    OTHER_CASE: lambda gene: (gene.symbol.casefold(),),
    OLD_IN_OTHER_CASE: lambda gene: map(str.casefold, gene.previous + gene.aliases),
}
"""Step -> what it finds a gene by."""


class Found(NamedTuple):
    """The genes that a step finds by one key, sorted; several if they share it."""

    step: str
    symbols: tuple[str, ...]

    @property
    def clear(self) -> bool:
        """Whether they are what is meant: one gene, or all that a source gives an Ensembl id to."""
        return len(self.symbols) == 1 or self.step.startswith(ENSEMBL)


@dataclass(frozen=True, slots=True)
class GeneTable:
    """One source of genes, with the name its steps are told by."""

    name: str
    genes: tuple[Gene, ...]


class Index:
    """Tables of genes in order of trust: the first that knows a gene names it and has its facts."""

    def __init__(self, tables: Iterable[GeneTable]) -> None:
        self.genes: dict[str, Gene] = {}
        self.by_ncbi: dict[str, str] = {}
        """NCBI id -> symbol."""
        self._steps: dict[str, dict[str, str]] = {}
        self._further: dict[tuple[str, str], set[str]] = {}
        for table in tables:
            # Genes that HGNC knows come first: NCBI has a few other records of the same symbol.
            named = [self._add(gene) for gene in sorted(table.genes, key=lambda gene: not gene.hgnc_id)]
            for step, keys in _KEYS.items():
                title = f"{step} ({table.name})" if step == ENSEMBL else step
                self._put(title, ((key, symbol) for gene, symbol in named for key in keys(gene)))

    def _add(self, gene: Gene) -> tuple[Gene, str]:
        """Keep a gene, or what it adds to one that is known; it, and the symbol it is known by."""
        symbol = self.by_ncbi.get(gene.ncbi_id, gene.symbol)
        known = self.genes.get(symbol)
        if known is not None and known.ncbi_id and gene.ncbi_id and known.ncbi_id != gene.ncbi_id:
            symbol, known = f"{gene.symbol} (NCBI {gene.ncbi_id})", None
            gene = gene._replace(symbol=symbol)
        if known is None:
            self.genes[symbol] = gene
        elif not known.previous and gene.previous:
            self.genes[symbol] = known._replace(previous=gene.previous)
        if gene.ncbi_id:
            self.by_ncbi.setdefault(gene.ncbi_id, symbol)
        return gene, symbol

    def _put(self, step: str, pairs: Iterable[tuple[str, str]]) -> None:
        # Nearly all keys have one gene: a set for each would double the memory.
        index = self._steps.setdefault(step, {})
        first = index.setdefault
        for key, symbol in pairs:
            if key and first(key, symbol) != symbol:
                self._further.setdefault((step, key), set()).add(symbol)

    def find(self, step: str, key: str) -> Found | None:
        """What `step` finds by `key`; for an Ensembl id what the first source that has it says."""
        for one in self._sources if step == ENSEMBL else (step,):
            if first := self._steps.get(one, {}).get(key):
                return Found(one, tuple(sorted({first, *self._further.get((one, key), ())})))
        return None

    @cached_property
    def _sources(self) -> list[str]:
        """The steps by Ensembl id; HGNC's first, which gives each id to one gene."""
        sources = (one for one in self._steps if one.startswith(ENSEMBL))
        return sorted(sources, key=lambda one: "HGNC" not in one)

    def proper(self, found: Found) -> Found:
        """Of a gene and its pseudogenes, which share its old names, the gene; else `found` as it is."""
        genes = tuple(symbol for symbol in found.symbols if self.genes[symbol].gene_type != PSEUDOGENE)
        decides = found.step in OLD and len(genes) == 1 < len(found.symbols)
        return Found(f"{found.step}, shared with a pseudogene", genes) if decides else found

    @cached_property
    def words(self) -> frozenset[str]:
        """Every symbol that a step finds a gene by, in lower case."""
        steps = (self._steps.get(step, {}) for step in (OTHER_CASE, OLD_IN_OTHER_CASE))
        return frozenset[str]().union(*steps)
