"""An object of JSON as records of a gene each, in the forms that labs and pandas write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from engine.files.tables.titles import is_gene_title

BY_GENE: Final = "Each name in the file was read as a gene, and what stands behind it as its label."
BY_CLASS: Final = "Each name in the file was read as a class, and the list behind it as its genes."


class Pairs(list[tuple[str, Any]]):
    """A JSON object as its pairs, so that a name that stands twice keeps both."""


def records_of(value: Pairs) -> tuple[Iterator[Pairs], str] | None:
    """The records in an object, and a sentence on how it was read, where that is not plain from it.

    `{GENE: label}`, `{class: [GENE, ...]}`, columns as `{"gene": [...], "label": [...]}`, and what pandas
    writes: `{GENE: {column: cell}}` or `{column: {row: cell}}`. None if it is none of these.
    """
    cells = [cell for _, cell in value]
    if all(isinstance(cell, Pairs) for cell in cells):
        # pandas writes columns, of which there are fewer than rows.
        by_column = _names_columns(value) or len(cells) < len(cells[0])
        return (_turned(value) if by_column else _with_names(value)), ""
    if any(isinstance(cell, Pairs) for cell in cells):
        return None
    if all(isinstance(cell, list) for cell in cells):
        return _of_lists(value)
    if any(isinstance(cell, list) for cell in cells):
        return None
    if _names_columns(value):
        return iter([value]), ""
    return _labelled(value), BY_GENE


def _of_lists(value: Pairs) -> tuple[Iterator[Pairs], str] | None:
    titles, lists = [title for title, _ in value], [members for _, members in value]
    if any(isinstance(member, list) for members in lists for member in members):
        return None
    if not _names_columns(value):
        return _labelled((gene, name) for name, genes in value for gene in genes), BY_CLASS
    if len(set(map(len, lists))) > 1:
        return None
    return (Pairs(zip(titles, row, strict=True)) for row in zip(*lists, strict=True)), ""


def _names_columns(value: Pairs) -> bool:
    return any(is_gene_title(title) for title, _ in value)


def _labelled(pairs: Iterable[tuple[Any, Any]]) -> Iterator[Pairs]:
    return (Pairs([("gene", gene), ("label", label)]) for gene, label in pairs)


def _with_names(value: Pairs) -> Iterator[Pairs]:
    """A record for each name, which is a gene unless the record has one."""
    title = "" if _names_columns(value[0][1]) else "gene"
    return (Pairs([(title, name), *record]) for name, record in value)


def _turned(value: Pairs) -> Iterator[Pairs]:
    """A record for each row of `{column: {row: cell}}`."""
    rows: dict[str, Pairs] = {}
    for title, column in value:
        for row, cell in column:
            rows.setdefault(row, Pairs([("", row)])).append((title, cell))
    yield from rows.values()
