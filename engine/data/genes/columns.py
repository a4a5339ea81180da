"""Which column of a table names the gene, by name or else by content, and which of its cells name none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from engine.files.tables import Table, counts_rows
from engine.files.tables.missing import is_missing, missing_among
from engine.files.tables.table import shown
from engine.files.tables.titles import GENE_TITLES, is_gene_title, plain, prefixed
from store.errors import DataError, UsageError

_SAMPLE: Final = 300
"""Cells by which a column is judged."""
_MOST: Final = 0.8
"""The share of them that must be known genes."""
_FEWEST: Final = 8
"""Rows from which 1, 2, 3, ... are row numbers and not genes."""


class Undecided(UsageError):
    """Something in a file could be meant in several ways, of which a person must choose one."""

    def __init__(self, message: str, option: str, answers: Sequence[str]) -> None:
        names = ", ".join(answers[:8]) + (", ..." if len(answers) > 8 else "")
        super().__init__(f"{message}: {names}.", f"Name the one that is meant with --{option}.")
        self.option = option
        """Of the command line, without its dashes."""
        self.answers = tuple(answers)


Symbols = Callable[[str], tuple[str, ...]]
"""The genes that a text is known to mean; empty if it is not known."""


def nothing_known(_: str) -> tuple[str, ...]:
    """What a text means where no table of genes is at hand."""
    return ()


def chosen_column(table: Table, title: str, option: str) -> int:
    """The column that a person named.

    Raises:
        UsageError: there is none.
    """
    found = table.find(title)
    if found is None:
        raise UsageError(
            f"{table.path.name} has no column {title!r} for {option}.",
            f"Its columns are: {shown(table.header)}.",
        )
    return found


def gene_column(table: Table, symbols: Symbols, chosen: str = "") -> int | None:
    """The column that names the genes; None if none can be told.

    Args:
        table: The table.
        symbols: By which columns are judged.
        chosen: The name of the column, if a person has given it.

    Raises:
        Undecided: several could be it and name different genes.
        UsageError: the one chosen is not there.
        DataError: the one that is called so holds row numbers.
    """
    if chosen:
        return chosen_column(table, chosen, "--gene-column")
    titles = [plain(title) for title in table.header]
    numbering = [place for place, cells in enumerate(table.columns) if _numbers_rows(cells)]
    named = [titles.index(name) for name in GENE_TITLES if name in titles]
    named = [place for place in named if place not in numbering]
    known = [place for place in named if share_known(table.columns[place], symbols) >= _MOST]
    candidates = known or named[:1] or list(_by_content(table, symbols))
    if not candidates and table.header[0] == "" and len(table.header) > 1:
        return 0  # where R and pandas write the names of rows
    for other in candidates[1:]:
        if not _agree(table, candidates[0], other, symbols):
            titles = [table.header[place] for place in candidates]
            raise Undecided(f"{table.path.name} has more than one column of genes", "gene-column", titles)
    if not candidates and (numbers := [place for place in numbering if is_gene_title(table.header[place])]):
        raise DataError(
            f"{table.path} has row numbers in its {title_of(table, numbers[0])}, which should name genes.",
            f"Write each gene's symbol or id there. The columns are: {shown(table.header)}.",
        )
    return candidates[0] if candidates else None


def _numbers_rows(cells: Sequence[str]) -> bool:
    """Whether the cells are row numbers, each of which would be NCBI's number of some gene."""
    return len(cells) >= _FEWEST and counts_rows(cells)


def _by_content(table: Table, symbols: Symbols) -> Iterator[int]:
    """Columns most cells of which are known genes; bare numbers, which may be anything, aside."""
    return (place for place, cells in enumerate(table.columns) if names_genes(cells, symbols))


def names_genes(cells: Sequence[str], symbols: Symbols) -> bool:
    """Whether a column without a telling title names genes."""
    some = [cell.strip() for cell in cells[:_SAMPLE] if not is_missing(cell)]
    # Names of classes stand in many rows, and `a` or `TF` is an alias of some gene too.
    several = 2 * len(set(some)) > len(some)
    return several and not all(map(_is_number, some)) and share_known(cells, symbols) >= _MOST


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def share_known(cells: Sequence[str], symbols: Symbols) -> float:
    """The share of the first cells that mean a known gene."""
    filled = list(islice((cell.strip() for cell in cells if not is_missing(cell)), _SAMPLE))
    return sum(1 for cell in filled if symbols(cell)) / max(len(filled), 1)


def _agree(table: Table, one: int, other: int, symbols: Symbols) -> bool:
    """Whether two columns name the same genes, where both are known."""
    pairs = list(islice(zip(table.columns[one], table.columns[other], strict=True), _SAMPLE))
    both = [(set(symbols(a)), set(symbols(b))) for a, b in pairs]
    known = [a & b for a, b in both if a and b]
    return sum(map(bool, known)) >= len(known) / 2


def names_no_gene(name: str, symbols: Symbols) -> bool:
    """Whether a bare name is a word for nothing, and not the symbol of a known gene."""
    return is_missing(name) and name not in symbols(name)


def genes_of(table: Table, place: int, symbols: Symbols) -> list[str]:
    """The cells of a column of genes; empty where there is none.

    A word such as NA is a gene where it stands in quotation marks, or where a known gene has that symbol.
    """
    cells = prefixed(table.header[place], list(map(str.strip, table.columns[place])))
    nothing = {cell for cell in missing_among(cells) if names_no_gene(cell, symbols)}
    if not nothing:
        return cells
    return [
        "" if cell in nothing and (place, row) not in table.quoted else cell
        for row, cell in enumerate(cells)
    ]


def title_of(table: Table, place: int) -> str:
    """What a column is called in a sentence."""
    title = table.header[place]
    return f"column {title!r}" if title else "column without a name"


def words_kept(table: Table, place: int, genes: Sequence[str]) -> tuple[str, ...]:
    """A sentence on the cells that look like missing values and were taken for genes."""
    kept = sorted(missing_among(genes) - {""})
    if not kept:
        return ()
    where = title_of(table, place)
    return (f"In the {where}, {', '.join(kept)} was read as a gene, not as a missing value.",)


def no_column(table: Table, what: str, option: str = "") -> DataError:
    """The error of a table without a column that is needed."""
    if len(table.header) == 1:
        return DataError(
            f"{table.path} looks like a list of genes: it has one column, {table.header[0]!r}.",
            "Add a column 'label', or put one list for each class into a folder and import that."
            if option
            else "Add a column 'description' with the text of each.",
        )
    way = f"; name one with {option}" if option else ""
    if what == "description":
        way += "; call the one of texts so"
    if what == "label":
        way += ", or make classes of numbers with --label-from COLUMN --threshold '<0.05'"
    return DataError(
        f"{table.path} has no column {what!r}.", f"Its columns are: {shown(table.header)}{way}."
    )
