"""What is known of a gene, and the tables that hold it: `genes.csv`, NCBI's and HGNC's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter, not_
from pathlib import Path
from typing import Final, NamedTuple

from engine.files.outside import first_bytes, unpacked
from engine.files.tables import read_table, stream_table, write_csv
from store.errors import DataError

REGION: Final = "biological-region"
"""The type of two thirds of gene_info's human records, which are enhancers and the like."""
PSEUDOGENE: Final = "pseudo"
"""The type of a gene that makes no product; in 2019 NCBI had 16,452 of them among 57,541 human genes."""
HUMAN: Final = "9606"
"""NCBI's number for Homo sapiens; gene_info also holds Neanderthal and Denisovan genes."""
_GENE2ENSEMBL: Final = b"#tax_id\tGeneID\tEnsembl_gene_identifier"
_ENSEMBL: Final = re.compile(rb"[A-Za-z0-9._-]+")


class Gene(NamedTuple):
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


_UNKNOWN: Final = ("", "", (), (), "", (), (), "", "")
"""What stands between symbol and description where no more is known."""
_COLUMNS: Final = (
    "symbol", "ncbi_id", "hgnc_id", "ensembl_ids", "mim_ids", "name", "aliases", "previous", "locus",
    "gene_type", "description",
)  # fmt: skip


class Genes(Mapping[str, Gene]):
    """Symbol -> gene; a million of them take little room.

    Of a gene of which no more is known than a description, only that is kept, and the gene is made
    when it is asked for.
    """

    def __init__(self, genes: Mapping[str, Gene] | None = None) -> None:
        self._kept: dict[str, Gene | str] = {}
        for symbol, gene in (genes or {}).items():
            self.add(symbol, gene)

    def add(self, symbol: str, gene: Gene) -> None:
        """Keep a gene."""
        bare = gene == (symbol, *_UNKNOWN, gene.description)
        self._kept[symbol] = gene.description if bare else gene

    def add_unknown(self, symbol: str, description: str) -> None:
        """Keep a gene of which no more is known."""
        self._kept[symbol] = description

    def add_bare(self, symbols: Iterable[str]) -> None:
        """Keep genes of which nothing is known; quick where there are a million."""
        self._kept.update(dict.fromkeys(symbols, ""))

    def kept(self, symbols: Iterable[str]) -> Iterator[Gene | str]:
        """The gene of each symbol, or its description if no more is known."""
        return map(self._kept.__getitem__, symbols)

    def are_bare(self, symbols: Iterable[str]) -> Iterator[bool]:
        """Whether nothing is known of each gene, not even a description."""
        return map(not_, self.kept(symbols))

    def known(self) -> Iterator[str]:
        """The symbols of those of which more is known than a description."""
        return (symbol for symbol, kept in self._kept.items() if not isinstance(kept, str))

    @property
    def described(self) -> bool:
        """Whether any has a description."""
        return any(kept if isinstance(kept, str) else kept.description for kept in self._kept.values())

    def __getitem__(self, symbol: str) -> Gene:
        kept = self._kept[symbol]
        return Gene(symbol, *_UNKNOWN, kept) if isinstance(kept, str) else kept

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._kept

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


def read_gene_map(path: Path) -> Genes:
    """The genes of a `genes.csv` by symbol.

    Raises:
        DataError: unreadable, or without a column `symbol`.
    """
    table, batches = stream_table(path)
    symbol, text = table.column("symbol"), table.find("description")
    facts = [index for index, name in enumerate(table.header) if index not in (symbol, text)]
    make = _maker(table.header)
    genes = Genes()
    for _, records in batches:
        for row in records:
            if facts and any(map(row.__getitem__, facts)):
                genes.add(row[symbol], make(row))
            else:
                genes.add_unknown(row[symbol], row[text] if text is not None else "")
    return genes


def read_genes(path: Path) -> tuple[Gene, ...]:
    """The genes of a `genes.csv`; lists stand with `|` between their members.

    Raises:
        DataError: unreadable, or without a column `symbol`.
    """
    table, batches = stream_table(path)
    table.column("symbol")
    make = _maker(table.header)
    return tuple(make(row) for _, records in batches for row in records)


def _maker(header: Sequence[str]) -> Callable[[Sequence[str]], Gene]:
    """What makes a gene of a row under `header`; columns of other names are passed over."""
    places = {name: index for index, name in enumerate(header)}
    in_order = itemgetter(*(places.get(name, -1) for name in Gene._fields))

    def make(row: Sequence[str]) -> Gene:
        symbol, ncbi, hgnc, ensembl, mim, name, aliases, previous, locus, kind, text = in_order([*row, ""])
        names = _split(aliases), _split(previous)
        return Gene(symbol, ncbi, hgnc, _split(ensembl), _split(mim), name, *names, locus, kind, text)

    return make


def write_genes(path: Path, genes: Genes, symbols: Sequence[str]) -> None:
    """Write the genes of these symbols as a `genes.csv`; columns that are empty are left out."""
    in_order = list(genes.kept(symbols))
    known = [gene for gene in in_order if isinstance(gene, Gene)]
    used = [name for name in _COLUMNS if name == "symbol" or any(getattr(gene, name) for gene in known)]
    if used[-1] != "description" and any(isinstance(one, str) and one for one in in_order):
        used.append("description")
    if used == ["symbol"]:
        write_csv(path, used, zip(symbols))
        return
    gap = [""] * len(used[1:])
    short = gap[1:]

    def rows() -> Iterator[Sequence[str]]:
        for symbol, kept in zip(symbols, in_order, strict=True):
            if isinstance(kept, str):
                yield [symbol, *short, kept] if kept else [symbol, *gap]
            else:
                yield [_joined(getattr(kept, name)) for name in used]

    write_csv(path, used, rows())


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
    return tuple(filter(None, _known(field).split("|"))) if field else ()


def _known(field: str) -> str:
    text = field.strip()
    return "" if text == "-" else text


def _after(links: Iterable[str], prefix: str) -> tuple[str, ...]:
    return tuple(link.removeprefix(prefix) for link in links if link.startswith(prefix))


def _joined(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else "|".join(value)
