"""Which column of a table holds the classes, by name or else by content, and which cells hold none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from engine.data.formats.classes import doubtful_classes, folded
from engine.data.genes.columns import Undecided, chosen_column
from engine.files.tables import Table
from engine.files.tables.missing import is_missing, missing_among
from engine.files.tables.titles import is_gene_title, plain

LABELS: Final = ("label", "labels", "class", "outcome", "outcomes", "category", "target", "assignment", "y")
"""Titles of columns of classes, as `plain` has them; of several, the first."""
_FEW: Final = 10
"""Different labels of a column that is taken for classes without being called so."""


def label_column(table: Table, gene: int | None, chosen: str, texts: Sequence[str]) -> int | None:
    """The column of classes; None if none can be told.

    Args:
        table: The table.
        gene: The column of genes.
        chosen: The name of the column, if a person has given it.
        texts: Titles of columns of descriptions, which are no labels.

    Raises:
        Undecided: several could be it.
        UsageError: the one chosen is not there.
    """
    if chosen:
        return chosen_column(table, chosen, "--label-column")
    titles = ["" if place == gene else plain(title) for place, title in enumerate(table.header)]
    named = [titles.index(name) for name in LABELS if name in titles]
    if named:
        return named[0]
    others = [
        place
        for place, title in enumerate(titles)
        if place != gene and title not in texts and not is_gene_title(title)
    ]
    if len(others) == 1:
        return others[0]
    few = [place for place in others if may_be_classes(table.columns[place])]
    if len(few) > 1:
        found = [table.header[place] for place in few]
        raise Undecided(
            f"{table.path.name} has more than one column that could be the classes", "label-column", found
        )
    return few[0] if few else None


def may_be_classes(cells: Sequence[str]) -> bool:
    """Whether a column without a telling title can be taken for classes: a few words, in many rows."""
    found: set[str] = set()
    for cell in cells:
        if not is_missing(cell):
            found.add(cell.strip().casefold())
            if len(found) > _FEW:
                return False
    return len(found) > 1 and 2 * len(found) <= len(cells)


def labels_of(cells: Sequence[str], quoted: Callable[[int], bool] = lambda _: False) -> list[str]:
    """The cells of a column of classes; empty where there is none.

    Args:
        cells: As they stand.
        quoted: Whether the cell of a row stands in quotation marks, and so is no missing value.
    """
    stripped = list(map(str.strip, cells))
    nothing = missing_among(stripped, doubtful=False)
    given = _emptied(stripped, nothing, quoted)
    if doubtful := doubtful_classes(set(given)):
        return _emptied(given, {cell for cell in set(given) if folded(cell) in doubtful}, quoted)
    return given


def _emptied(cells: list[str], nothing: set[str], quoted: Callable[[int], bool]) -> list[str]:
    """`cells` without those that say nothing, where no quotation marks hold them."""
    return ["" if cell in nothing and not quoted(row) else cell for row, cell in enumerate(cells)]
