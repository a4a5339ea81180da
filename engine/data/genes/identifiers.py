"""What an identifier in a user's file means: which gene, found by which step, never a silent guess."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from engine.data.genes.facts import Gene, read_gene2ensembl, read_gene_info, read_genes, read_hgnc
from engine.data.genes.index import (
    ALIAS,
    APPROVED,
    ENSEMBL,
    HGNC_ID,
    NCBI,
    OLD_IN_OTHER_CASE,
    OTHER_CASE,
    PREVIOUS,
    Found,
    GeneTable,
    Index,
)
from engine.data.genes.meanings import NOT_MAPPED, Meaning, read_meanings
from engine.data.genes.spellings import ensembl_id, hgnc_id, is_date, ncbi_id, parts, visible
from store.home import Home

GENE_INFO: Final = "Homo_sapiens.gene_info.gz"
HGNC: Final = "hgnc_complete_set.txt"
GENE2ENSEMBL: Final = "gene2ensembl.gz"
"""Names of the gene tables among the fetched files."""
BOX: Final = "all_genes.csv.gz"
"""All human genes, beside the sample's: made of NCBI's table by tools/build_all_genes.py."""

COMPLETE: Final = 15_000
"""Genes that fetched tables hold for the shipped one to be left closed. In a smaller table an alias may
be another gene's approved symbol: of the sample's genes, NFE2L1 is the one called NRF1."""

DATE: Final = "a date, as spreadsheets make of symbols"
COMPOUND: Final = "compound id"
DISAGREE: Final = "a compound id whose parts disagree"

IDS: Final = (ENSEMBL, NCBI, HGNC_ID, COMPOUND)
"""How the steps begin that go by an id, not by a symbol alone."""
_BY_WORD: Final = (APPROVED, PREVIOUS, ALIAS, OTHER_CASE, OLD_IN_OTHER_CASE)
_EXACT: Final = (ENSEMBL, NCBI, HGNC_ID, APPROVED)
"""The steps that decide whatever other tables say."""


class Resolver:
    """Finds genes by Ensembl, NCBI and HGNC ids, approved, previous and alias symbols, in this order.

    A symbol that a step finds twice is not mapped, since either would be a guess; only a gene's alias
    that its pseudogenes share means the gene, and the step says so. An Ensembl id that its source gives
    to two genes means both, as in the published tasks. An id made of several is mapped if its parts agree.
    """

    def __init__(
        self,
        tables: Iterable[GeneTable],
        known: Mapping[str, Meaning] | None = None,
        gene2ensembl: Path | None = None,
        further: Callable[[], GeneTable] | None = None,
    ) -> None:
        """Index the tables.

        Args:
            tables: In order of trust; the first that knows a gene names it.
            known: Identifiers already resolved, e.g. retired Ensembl ids of the sample tasks.
            gene2ensembl: NCBI's file, read once an Ensembl id is in none of the tables.
            further: Reads the table to ask last, once an id or approved symbol is in none of the others.

        Raises:
            DataError: gene2ensembl or the further table is damaged; only when it comes to reading it.
        """
        self._tables = tuple(tables)
        self._near = Index(self._tables)
        self._near_words = self._near.words
        self._known = {
            identifier: meaning for identifier, meaning in (known or {}).items() if meaning.symbols
        }
        self._gene2ensembl = gene2ensembl
        self._further = further

    @cached_property
    def _whole(self) -> Index:
        """All tables; the shipped one takes half a second and 60 MB, so it is opened when it is needed."""
        return Index([*self._tables, self._further()]) if self._further else self._near

    @cached_property
    def _whole_words(self) -> frozenset[str]:
        return self._whole.words

    @property
    def genes(self) -> Mapping[str, Gene]:
        """Every gene there is, by symbol."""
        return self._whole.genes

    def gene(self, symbol: str) -> Gene | None:
        """The gene of a symbol that `resolve` gave; None if there is no such gene."""
        return self._near.genes.get(symbol) or self._whole.genes.get(symbol)

    def resolve(self, identifier: str) -> Meaning:
        """What `identifier` means; without symbols, and the reason as its step, if it is not mapped."""
        text = visible(identifier)
        found = self._find(text)
        if found and found.clear:
            return Meaning(identifier, found.symbols, found.step)
        if found:
            return Meaning(identifier, (), f"{NOT_MAPPED}: {found.step} of {_named(found.symbols)}")
        if several := parts(text):
            return self._agreed(identifier, several)
        return Meaning(identifier, (), f"{NOT_MAPPED}: {DATE}" if is_date(text) else NOT_MAPPED)

    def unheard_of(self, identifier: str) -> bool:
        """Whether it is one plain word that means nothing to any table, as in a list of somebody's own.

        What `resolve` says of it is then `NOT_MAPPED`, and nothing more.
        """
        word = identifier.casefold()
        return (
            word.isalnum()
            and not word[0].isdigit()
            and not word.startswith("ens")
            and word not in self._near_words
            and word not in self._whole_words
            and identifier not in self._known
        )

    def _find(self, text: str) -> Found | None:
        """What the first step that knows `text` finds; near tables decide alone what is exact."""
        if not (_like_id(text) or self._names(text)):
            return None
        searches = tuple(_searches(text))
        for step, key in searches:
            if step in _EXACT and (found := self._near.find(step, key)):
                return found
        key = searches[0][1] if searches else text
        if key in self._known and all(symbol in self._near.genes for symbol in self._known[key].symbols):
            return Found(self._known[key].step, self._known[key].symbols)
        for step, key in searches:
            if found := self._whole.find(step, key):
                return self._whole.proper(found)
        return self._by_gene2ensembl(ensembl_id(text))

    def _names(self, text: str) -> bool:
        """Whether any table has `text` for a symbol, whatever its case, or it is known already."""
        word = text.casefold()
        return word in self._near_words or text in self._known or word in self._whole_words

    def _by_gene2ensembl(self, ensembl: str) -> Found | None:
        numbers = self._ncbi_of_ensembl.get(ensembl, ()) if ensembl else ()
        symbols = {self._whole.by_ncbi[number] for number in numbers if number in self._whole.by_ncbi}
        return Found(f"{ENSEMBL} (gene2ensembl)", tuple(sorted(symbols))) if symbols else None

    @cached_property
    def _ncbi_of_ensembl(self) -> Mapping[str, tuple[str, ...]]:
        return read_gene2ensembl(self._gene2ensembl) if self._gene2ensembl else {}

    def _agreed(self, identifier: str, several: tuple[str, ...]) -> Meaning:
        """What an id of several parts means: what is common to those that are known.

        One that is not known says nothing against the others, if they are ids or approved symbols:
        tables of any age have retired ids in them.
        """
        found = [one for one in map(self._find, several) if one]
        sure = len(found) == len(several) or any(one.step.startswith(_EXACT) for one in found)
        if not found or not sure:
            return Meaning(identifier, (), NOT_MAPPED)
        common = set(found[0].symbols).intersection(*(one.symbols for one in found))
        if len(common) == 1 or (common and all(one.clear for one in found)):
            part = "" if len(found) == len(several) else ", of which one part is not known"
            return Meaning(identifier, tuple(sorted(common)), f"{COMPOUND}{part}")
        if common:
            return Meaning(identifier, (), f"{NOT_MAPPED}: {COMPOUND} of {_named(tuple(sorted(common)))}")
        each = " or ".join(dict.fromkeys(_named(one.symbols) for one in found))
        return Meaning(identifier, (), f"{NOT_MAPPED}: {DISAGREE}, {each}")


def _like_id(text: str) -> bool:
    """Whether `text` begins as ids do, or has a prefix."""
    return text[:1].isdigit() or ":" in text or text[:3].casefold() == "ens"


def _searches(text: str) -> Iterator[tuple[str, str]]:
    """(step, key) in the order to try them."""
    if _like_id(text):
        for step, key in ((ENSEMBL, ensembl_id(text)), (NCBI, ncbi_id(text)), (HGNC_ID, hgnc_id(text))):
            if key:
                yield step, key
                return
    for step in _BY_WORD:
        yield step, text.casefold() if step in (OTHER_CASE, OLD_IN_OTHER_CASE) else text


def _named(symbols: tuple[str, ...]) -> str:
    more = f" and {len(symbols) - 4} more" if len(symbols) > 4 else ""
    return " and ".join(symbols[:4]) + more


def make_resolver(home: Home, sample: Path) -> Resolver:
    """A resolver from the fetched tables of HGNC and NCBI, if any, the sample's genes, and all others.

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
    complete = sum(len(table.genes) for table in tables) >= COMPLETE
    tables.append(GeneTable("sample", read_genes(sample / "genes.csv")))
    # NCBI's facts come first, so that texts read alike with and without HGNC's table.
    tables.sort(key=lambda table: table.name == "HGNC")
    return Resolver(
        tables,
        read_meanings(sample / "identifiers.csv"),
        fetched(home, GENE2ENSEMBL),
        None if complete else lambda: GeneTable("shipped table", read_genes(sample / BOX)),
    )


def fetched(home: Home, name: str) -> Path | None:
    """The fetched file of that name, wherever it lies among the downloads."""
    if not home.downloads.is_dir():
        return None
    return next(iter(sorted(home.downloads.rglob(name))), None)
