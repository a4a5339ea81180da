"""What an identifier in a user's file means: which gene, found by which step, never a silent guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from engine.data.genes.facts import Gene, read_gene2ensembl, read_gene_info, read_genes, read_hgnc
from engine.data.genes.meanings import NOT_MAPPED, Meaning, read_meanings
from store.home import Home

GENE_INFO: Final = "Homo_sapiens.gene_info.gz"
HGNC: Final = "hgnc_complete_set.txt"
GENE2ENSEMBL: Final = "gene2ensembl.gz"
"""Names of the gene tables among the fetched files."""

COMPLETE: Final = 15_000
"""Genes a table holds that can be asked what an old symbol means. In a smaller one, an alias may be
another gene's approved symbol: of the sample's genes, NFE2L1 is the one called NRF1."""
GIVEN: Final = "symbol as given, not in the gene table"
"""The step of what looks like a symbol, where there is no complete table to look it up in."""

_ENSEMBL: Final = re.compile(r"(ENSG\d{11})(?:\.\d+)?(?:_PAR_Y)?", re.IGNORECASE)
"""With a version, and GENCODE's mark of a gene's copy on the Y chromosome."""
_NCBI: Final = re.compile(r"(?:(?:NCBI|NCBIGene|GeneID|entrez):)?([1-9]\d{0,11})(?:\.0)?", re.IGNORECASE)
"""Also `2625.0`, as a column of numbers with a gap in it is written."""
_SYMBOL: Final = re.compile(r"(?!(?i:ENS[A-Z]*[GTP]\d))[A-Za-z][A-Za-z0-9@._-]{1,24}")
"""What looks like a symbol and like no id of Ensembl's."""
_OLD: Final = ("previous symbol", "alias")
_BY_NAME: Final = ("approved symbol in other case", "HGNC id", *_OLD)
"""The steps that look up words; the first has every approved symbol."""
_DATE: Final = re.compile(
    r"\d{1,2}-(?i:Mar|Sep|Dec|Oct|Apr|Feb)(?:-\d+)?|(?:Mar|Sep|Dec|Oct|Apr|Feb)-\d{1,2}"
    r"|(?:19|20)\d\d-\d\d-\d\d(?:[ T]00:00:00)?"
)


@dataclass(frozen=True, slots=True)
class GeneTable:
    """One source of genes, with the name its steps are told by."""

    name: str
    genes: tuple[Gene, ...]


class Resolver:
    """Finds genes by Ensembl, NCBI and HGNC ids, approved, previous and alias symbols, in this order.

    Without a complete table, previous and alias symbols are not looked up, and a symbol that is not
    found is taken as given. A symbol that a step finds twice is not mapped, since either would be a
    guess; an Ensembl id that its source gives to two genes means both, as in the published tasks.
    """

    def __init__(
        self,
        tables: Iterable[GeneTable],
        known: Mapping[str, Meaning] | None = None,
        gene2ensembl: Path | None = None,
    ) -> None:
        """Index the tables.

        Args:
            tables: In order of trust; the first that knows a gene names it.
            known: Identifiers already resolved, e.g. retired Ensembl ids of the sample tasks.
            gene2ensembl: NCBI's file, read once an Ensembl id is in none of the tables.

        Raises:
            DataError: gene2ensembl is damaged; only when it comes to reading it.
        """
        self.genes: dict[str, Gene] = {}
        self._known = known or {}
        self._gene2ensembl = gene2ensembl
        self._by_ncbi: dict[str, str] = {}
        self._steps: dict[str, dict[str, str]] = {}
        self._further: dict[tuple[str, str], set[str]] = {}
        for table in tables:
            # Genes that HGNC knows come first: NCBI has a few other records of the same symbol.
            for gene in sorted(table.genes, key=lambda gene: not gene.hgnc_id):
                self._add(gene, table.name)

    def _add(self, gene: Gene, source: str) -> None:
        symbol = self._by_ncbi.get(gene.ncbi_id, gene.symbol)
        known = self.genes.get(symbol)
        if known is not None and known.ncbi_id and gene.ncbi_id and known.ncbi_id != gene.ncbi_id:
            symbol, known = f"{gene.symbol} (NCBI {gene.ncbi_id})", None
            gene = gene._replace(symbol=symbol)
        if known is None:
            self.genes[symbol] = gene
        elif not known.previous and gene.previous:
            self.genes[symbol] = known._replace(previous=gene.previous)
        if gene.ncbi_id:
            self._by_ncbi.setdefault(gene.ncbi_id, symbol)
        self._index(f"Ensembl id ({source})", gene.ensembl_ids, symbol)
        self._index("NCBI id", (gene.ncbi_id,), symbol)
        self._index("HGNC id", (gene.hgnc_id,), symbol)
        self._index("approved symbol", (gene.symbol,), symbol)
        self._index("previous symbol", gene.previous, symbol)
        self._index("alias", gene.aliases, symbol)
        self._index("approved symbol in other case", (gene.symbol.casefold(),), symbol)

    def _index(self, step: str, keys: tuple[str, ...], symbol: str) -> None:
        # Nearly all keys have one gene: a set for each would double the memory.
        index = self._steps.setdefault(step, {})
        for key in keys:
            if key and index.setdefault(key, symbol) != symbol:
                self._further.setdefault((step, key), set()).add(symbol)

    def _found(self, step: str, key: str) -> tuple[str, ...]:
        first = self._steps.get(step, {}).get(key)
        return () if first is None else tuple(sorted({first, *self._further.get((step, key), ())}))

    def resolve(self, identifier: str) -> Meaning:
        """What `identifier` means; without symbols, and the reason as its step, if it is not mapped."""
        text = identifier.strip()
        if not self._may_be_known(text):
            return self._unknown(identifier, text)
        if ensembl := _ENSEMBL.fullmatch(text):
            text = ensembl[1].upper()
        for step, key in self._searches(text):
            if step in _OLD and not self.complete:
                continue
            found = self._found(step, key)
            if len(found) == 1 or (found and step.startswith("Ensembl")):
                return Meaning(identifier, found, step)
            if found:
                return Meaning(identifier, (), f"{NOT_MAPPED}: {step} of {' and '.join(found[:4])}")
        if found := self._by_gene2ensembl(text):
            return Meaning(identifier, found, "Ensembl id (gene2ensembl)")
        if text in self._known and all(symbol in self.genes for symbol in self._known[text].symbols):
            return self._known[text]._replace(identifier=identifier)
        return self._unknown(identifier, text)

    def _may_be_known(self, text: str) -> bool:
        """False if no step can find it: of most identifiers of a long list of somebody's own."""
        folded = text.casefold()
        if folded.startswith("ens") or ":" in text or text in self._words or folded in self._words:
            return True
        return not text or text[0].isdigit()

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(self._known).union(*(self._steps.get(step, ()) for step in _BY_NAME))

    def _unknown(self, identifier: str, text: str) -> Meaning:
        """What becomes of an identifier that no step has found."""
        if "-" in text and _DATE.fullmatch(text):
            return Meaning(identifier, (), f"{NOT_MAPPED}: a date, as spreadsheets make of symbols")
        if not self.complete and _SYMBOL.fullmatch(text):
            return Meaning(identifier, (text,), GIVEN)
        return Meaning(identifier, (), NOT_MAPPED)

    def _by_gene2ensembl(self, text: str) -> tuple[str, ...]:
        numbers = self._ncbi_of_ensembl.get(text, ()) if _ENSEMBL.fullmatch(text) else ()
        return tuple(sorted({self._by_ncbi[number] for number in numbers if number in self._by_ncbi}))

    @cached_property
    def _ncbi_of_ensembl(self) -> Mapping[str, tuple[str, ...]]:
        return read_gene2ensembl(self._gene2ensembl) if self._gene2ensembl else {}

    @cached_property
    def complete(self) -> bool:
        """Whether the tables hold about all human genes."""
        return len(self.genes) >= COMPLETE

    def _searches(self, text: str) -> Iterator[tuple[str, str]]:
        """(step, key) in the order to try them."""
        if _ENSEMBL.fullmatch(text):
            steps = (step for step in self._steps if step.startswith("Ensembl"))
            yield from ((step, text) for step in sorted(steps, key=lambda step: "HGNC" not in step))
            return
        if number := _NCBI.fullmatch(text):
            yield "NCBI id", number[1]
            return
        yield "HGNC id", text.removeprefix("HGNC:") if text.count(":") > 1 else text
        for step in ("approved symbol", *_OLD):
            yield step, text
        yield "approved symbol in other case", text.casefold()


def make_resolver(home: Home, sample: Path) -> Resolver:
    """A resolver from the fetched tables of HGNC and NCBI, if any, and the sample's genes.

    Args:
        home: Where fetched files are.
        sample: The folder of the sample tasks.

    Raises:
        DataError: one of the tables is damaged.
    """
    tables = []
    for name, title, read in ((HGNC, "HGNC", read_hgnc), (GENE_INFO, "gene_info", read_gene_info)):
        if path := fetched(home, name):
            tables.append(GeneTable(title, read(path)))
    tables.append(GeneTable("sample", read_genes(sample / "genes.csv")))
    # NCBI's facts come first, so that texts read alike with and without HGNC's table.
    tables.sort(key=lambda table: table.name == "HGNC")
    return Resolver(tables, read_meanings(sample / "identifiers.csv"), fetched(home, GENE2ENSEMBL))


def fetched(home: Home, name: str) -> Path | None:
    """The fetched file of that name, wherever it lies among the downloads."""
    if not home.downloads.is_dir():
        return None
    return next(iter(sorted(home.downloads.rglob(name))), None)
