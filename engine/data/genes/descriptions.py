"""Files of gene descriptions: NCBI's gene_summary, GenePT's JSON, and tables of gene,description."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Final

from engine.data.genes.columns import Symbols, gene_column, genes_of, no_column, nothing_known
from engine.data.genes.facts import HUMAN, Gene
from engine.data.genes.meanings import Meaning
from engine.files.h5ad import read_annotated
from engine.files.outside import check_characters, first_bytes, outside_file, read_text
from engine.files.packed import HDF5, starts_with
from engine.files.tables import (
    Table,
    holds_records,
    is_plain_text,
    other_sheets_said,
    read_table,
    write_csv,
)
from engine.files.tables.missing import is_missing
from store.errors import DataError, StoreError
from store.files import replacing
from store.home import Home
from store.records import content_hash

TEXT_COLUMNS: Final = ("description", "summary", "text", "desc")
MAX_JSON: Final = 48 << 20
"""Bytes of a JSON file; GenePT's larger one has 19 MB. Empty lists take 25 times as much once read."""
_GENE_SUMMARY: Final = b"#tax_id"
COLUMNS: Final = ("gene", "description")
"""The header of a kept file."""


@dataclass(frozen=True)
class Descriptions:
    """Texts by whatever the file calls a gene."""

    path: Path
    texts: Mapping[str, str]
    digest: str
    """SHA-256 of the texts, however the file was written or packed."""
    nameless: tuple[int, ...] = ()
    """Where rows stand that were left out because they name no gene."""
    unit: str = "line"
    """What that counts: lines, rows or entries."""
    notes: tuple[str, ...] = ()
    """How the file was read, where that is not plain from it."""
    meaning: Callable[[str], Meaning] | None = None
    """What a name in the file means, for those that are not plainly a gene's symbol or id."""

    def of(self, gene: Gene) -> str:
        """The text for `gene`, looked up by symbol, then its ids, then by what a name means; "" if none."""
        keys = (gene.symbol, gene.ncbi_id, *gene.ensembl_ids)
        plain = next((self.texts[key] for key in keys if key and self.texts.get(key)), "")
        return plain or self._by_meaning.get(gene.symbol, "")

    @cached_property
    def _by_meaning(self) -> Mapping[str, str]:
        """Symbol -> text, where all names of that gene in the file have the same."""
        found: dict[str, str] = {}
        for key, text in self.texts.items():
            # A gene's plain number is looked up as it is, and NCBI's file has nothing else.
            if self.meaning and text and not key.isdecimal():
                symbols = self.meaning(key).symbols
                if len(symbols) == 1 and found.setdefault(symbols[0], text) != text:
                    found[symbols[0]] = ""  # either would be a guess
        return found


def read_descriptions(path: Path, symbols: Symbols = nothing_known, sheet: str = "") -> Descriptions:
    """The descriptions in a file, by its content: JSON, NCBI's gene_summary, or a table.

    Args:
        path: The file.
        symbols: What is known of genes, by which a column of another name is told.
        sheet: Of a workbook; its first if empty.

    Raises:
        UsageError: no such sheet, or a sheet of what is not a workbook.
        DataError: unreadable, or no column of genes or of texts.
    """
    with outside_file(path):
        state = path.stat()
    return _read_descriptions(path, symbols, sheet, state.st_mtime_ns, state.st_size)


# One run loads each of its tasks with the same file; NCBI's takes seconds to read.
@lru_cache(maxsize=1)
def _read_descriptions(
    path: Path, symbols: Symbols, sheet: str, _modified: int, _size: int
) -> Descriptions:
    nameless: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    unit = "line"
    if table := description_table(path, symbols, sheet):
        texts, nameless = gene_texts(table, symbols)
        notes, unit = table.notes, table.unit
    else:
        texts = _read_json(path) if _is_json(path) else _gene_summary(path)
    check_characters(path, chain(texts, texts.values()))
    return Descriptions(path, texts, content_hash(texts), nameless, unit, notes)


def description_table(
    path: Path, symbols: Symbols = nothing_known, sheet: str = "", first: bool = False
) -> Table | None:
    """The table with a column of genes and one of texts; None if `path` is JSON or NCBI's file.

    Args:
        path: Any file of descriptions.
        symbols: What is known of genes, by which AnnData's are found.
        sheet: Of a workbook; its first if empty.
        first: Whether its first rows are enough.

    Raises:
        UsageError: no such sheet, or a sheet of what is not a workbook.
        DataError: it cannot be read.
    """
    if annotated := read_annotated(path, symbols):
        return annotated
    return read_table(path, sheet=sheet, first=first) if sheet or holds_text_table(path) else None


def holds_text_table(path: Path) -> bool:
    """Whether `path` is a table with a column of genes and one of texts, rather than NCBI's file or an
    object of JSON.

    Raises:
        DataError: there is no such file.
    """
    if not is_plain_text(path):
        return True
    with outside_file(path):
        if starts_with(path, HDF5):
            return False
    if _is_json(path):
        return holds_records(path)
    return first_bytes(path, len(_GENE_SUMMARY)) != _GENE_SUMMARY


def _is_json(path: Path) -> bool:
    return ".json" in path.with_suffix(path.suffix.casefold()).suffixes[-2:]


def gene_texts(table: Table, symbols: Symbols) -> tuple[dict[str, str], tuple[int, ...]]:
    """Gene -> text, of a table with a column of each; and the lines that name no gene.

    Raises:
        DataError: a column is missing, or a gene has two texts.
    """
    with other_sheets_said(table):
        gene, text = gene_column(table, symbols), text_column(table)
        first = next((title for title in table.header if title in symbols(title)), "")
        if first and (gene is None or text is None):
            raise DataError(
                f"{table.path} starts with {first!r}, which looks like its first gene.",
                "Put a line above: gene and description.",
            )
        if gene is None or text is None:
            raise no_column(table, "gene" if gene is None else "description")
    names = genes_of(table, gene, symbols)
    rows = enumerate(zip(table.lines, names, table.columns[text], strict=True))
    texts = _one_each(
        table.path,
        (
            (name, "" if is_missing(own) and (text, row) not in table.quoted else own, f" {table.at(line)}")
            for row, (line, name, own) in rows
            if name
        ),
    )
    return texts, tuple(line for line, name in zip(table.lines, names, strict=True) if not name)


def text_column(table: Table) -> int | None:
    """The column of texts: called so, or the only one that is called nearly so, as `Gene description`."""
    found = table.find(*TEXT_COLUMNS)
    near = [
        place
        for place, title in enumerate(table.header)
        if not set(re.findall(r"[a-z]+", title.casefold())).isdisjoint(TEXT_COLUMNS)
    ]
    return near[0] if found is None and len(near) == 1 else found


def _one_each(path: Path, entries: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Gene -> text, of entries that also tell their place."""
    texts: dict[str, str] = {}
    for gene, text, place in entries:
        key, value = gene.strip(), text.strip()
        if texts.get(key, value) != value:
            raise DataError(
                f"{path} has a second, different description of {key!r}{place}.",
                "Keep one description per gene.",
            )
        texts[key] = value
    return texts


def _gene_summary(path: Path) -> dict[str, str]:
    """NCBI id -> summary of the human genes; RefSeq's where there are several."""
    table = read_table(path, delimiter="\t", quoted=False, keep=lambda row: row[0] == HUMAN)
    number, source, summary = (table.column(name) for name in ("GeneID", "Source", "Summary"))
    texts: dict[str, str] = {}
    for row in table.rows:
        if row[summary] not in ("", "-"):
            if row[source] == "RefSeq":
                texts[row[number]] = row[summary]
            else:
                texts.setdefault(row[number], row[summary])
    return texts


def _read_json(path: Path) -> dict[str, str]:
    text = read_text(path, MAX_JSON)
    hint = "It should map each gene to its text, as GenePT's NCBI_summary_of_genes.json does."
    try:
        # As pairs, since of a gene that stands there twice a dictionary keeps the last.
        entries = json.loads(text, object_pairs_hook=tuple)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}.", hint) from error
    if not isinstance(entries, tuple):
        raise DataError(f"{path} is not one JSON object of texts.", hint)
    # A missing value: null, or NaN as pandas writes it.
    texts = [(gene, "" if value is None or value != value else value) for gene, value in entries]
    other = next((gene for gene, value in texts if not isinstance(value, str)), None)
    if other is not None:
        raise DataError(f"{path} is not one JSON object of texts: {other[:40]!r} has another value.", hint)
    return _one_each(path, ((gene, value, "") for gene, value in texts))


def kept_descriptions(home: Home) -> dict[str, Path]:
    """Imported descriptions: name -> file."""
    folder = home.data / "descriptions"
    if not folder.is_dir():
        return {}
    return {path.stem: path for path in sorted(folder.glob("*.csv")) if path.name[0] != "."}


def keep_descriptions(texts: Mapping[str, str], name: str, home: Home) -> Path:
    """Write `texts` as the imported descriptions `name`, all or nothing.

    Raises:
        StoreError: the disk refuses.
    """
    path = home.data / "descriptions" / f"{name}.csv"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with replacing(path) as fresh:
            write_csv(fresh, COLUMNS, texts.items())
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error
    return path
