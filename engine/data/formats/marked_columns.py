"""A column for each class: either `Yes` marks a row's gene, or the column lists the class's genes."""

from __future__ import annotations

from itertools import chain

from engine.data.formats.choices import Choices
from engine.data.formats.classes import order_classes
from engine.data.formats.raw import RawTask, raw_task
from engine.data.genes.columns import gene_column, genes_of
from engine.files.tables import Table
from engine.files.tables.titles import is_gene_title
from store.errors import DataError

_MARKS = frozenset({"yes", "x", "1", "true"})


def matches(table: Table) -> bool:
    """Whether the columns after those that name the gene hold nothing but marks, or all hold ids."""
    return bool(_marked(table)) or _lists(table)


def _marked(table: Table) -> list[int]:
    if not any(map(is_gene_title, table.header)):
        return []
    classes = [index for index, title in enumerate(table.header) if not is_gene_title(title)]
    cells = {cell.strip().casefold() for index in classes for cell in set(table.columns[index])}
    return classes if len(classes) > 1 and cells <= _MARKS | {"", "no"} and cells & _MARKS else []


def _lists(table: Table) -> bool:
    cells = (cell.strip() for column in table.columns for cell in column)
    return len(table.header) > 1 and all(cell.startswith("ENSG") for cell in cells if cell)


def read(table: Table, choices: Choices) -> RawTask:
    """Marked rows, or listed ids, as entries; of two columns the one that is not negated is the positive.

    Raises:
        DataError: a row with no mark or with two.
    """
    if not (classes := _marked(table)):
        listed = [list(filter(None, map(str.strip, column))) for column in table.columns]
        labels = [title for title, genes in zip(table.header, listed, strict=True) for _ in genes]
        return raw_task(table.path, list(chain(*listed)), labels, classes=order_classes(table.header))
    labels = []
    for line, row in zip(table.lines, table.rows, strict=True):
        marked = [index for index in classes if row[index].strip().casefold() in _MARKS]
        if len(marked) > 1:
            raise DataError(
                f"{table.path} marks two classes {table.at(line)}.", "Mark one class in each row."
            )
        labels.append(table.header[marked[0]] if marked else "")
    gene = gene_column(table, choices.symbols, choices.gene_column)
    assert gene is not None  # `_marked` has seen a column called so
    genes = genes_of(table, gene, choices.symbols)
    ordered = order_classes([table.header[index] for index in classes])
    return raw_task(table.path, genes, labels, classes=ordered, lines=table.lines)
