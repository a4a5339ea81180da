"""A column for each class: either `Yes` marks a row's gene, or the column lists the class's genes."""

from __future__ import annotations

from itertools import chain

from engine.data.formats.raw import RawTask, raw_task
from engine.data.formats.table import GENES
from engine.files.tables import Table
from store.errors import DataError

_MARKS = frozenset({"yes", "x", "1", "true"})


def matches(table: Table) -> bool:
    """Whether the columns after those that name the gene hold nothing but marks, or all hold ids."""
    return bool(_marked(table)) or _lists(table)


def _marked(table: Table) -> list[int]:
    if table.find(*GENES) is None:
        return []
    classes = [index for index, title in enumerate(table.header) if title.casefold() not in GENES]
    cells = {cell.strip().casefold() for index in classes for cell in set(table.columns[index])}
    return classes if len(classes) > 1 and cells <= _MARKS | {"", "no"} and cells & _MARKS else []


def _lists(table: Table) -> bool:
    cells = (cell.strip() for column in table.columns for cell in column)
    return len(table.header) > 1 and all(cell.startswith("ENSG") for cell in cells if cell)


def read(table: Table) -> RawTask:
    """Marked rows, or listed ids, as entries; of two columns the one named like the positive is last.

    Raises:
        DataError: a row with no mark or with two.
    """
    if not (classes := _marked(table)):
        listed = [list(filter(None, map(str.strip, column))) for column in table.columns]
        labels = [title for title, genes in zip(table.header, listed, strict=True) for _ in genes]
        return raw_task(table.path, list(chain(*listed)), labels, classes=_ordered(table.header))
    labels = []
    for line, row in zip(table.lines, table.rows, strict=True):
        marked = [index for index in classes if row[index].strip().casefold() in _MARKS]
        if len(marked) > 1:
            raise DataError(
                f"{table.path} marks two classes on line {line}.", "Mark one class in each row."
            )
        labels.append(table.header[marked[0]] if marked else "")
    genes = [cell.strip() for cell in table.columns[table.column(*GENES)]]
    return raw_task(table.path, genes, labels, classes=_ordered([table.header[index] for index in classes]))


def _ordered(titles: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """A class called in-something or non-something is the negative of two."""
    names = sorted(titles, key=lambda title: title.casefold())
    if len(names) == 2:
        names.sort(
            key=lambda title: not any(part in title.casefold() for part in ("_in", "non", "not_", "no_"))
        )
    return tuple(names)
