"""Which format a label file has, told by its content, and reading it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from engine.data.formats import (
    gene_benchmark,
    gene_lists,
    gene_sets,
    list_literals,
    marked_columns,
    moesm4,
    quantity,
    table,
)
from engine.data.formats.choices import Choices
from engine.data.formats.raw import RawTask, with_positive
from engine.data.genes.columns import Symbols, nothing_known
from engine.files.endings import without_packing
from engine.files.h5ad import read_annotated
from engine.files.outside import outside_file
from engine.files.safe_pickle import PICKLES
from engine.files.tables import Table, other_sheets_said, read_table
from store.errors import DataError, UsageError, unknown

_TABLES: Final[Mapping[str, tuple[Callable[[Table], bool], Callable[[Table, Choices], RawTask]]]] = {
    "lists": (list_literals.matches, list_literals.read),
    "moesm4": (moesm4.matches, moesm4.read),
    "table": (table.matches, table.read),
    "columns": (marked_columns.matches, marked_columns.read),
}
_PATHS: Final[Mapping[str, Callable[[Path, Choices], RawTask]]] = {
    "pickle": gene_lists.read_pickled,
    "texts": gene_lists.read_texts,
    "gmt": gene_sets.read,
    "gene-benchmark": gene_benchmark.read,
}
KINDS: Final = ("auto", *_TABLES, *_PATHS)
"""Formats of label files; `auto` tells them apart."""


def read_raw(path: Path, kind: str = "auto", choices: Choices | None = None) -> tuple[str, RawTask]:
    """The format of `path` and its entries.

    Raises:
        UsageError: no such kind, column, sheet, set or class, or one must be chosen among several.
        DataError: it cannot be read as that kind, or as any.
    """
    choices = choices or Choices()
    if kind not in KINDS:
        raise UsageError(*unknown("kind of label file", kind, KINDS))
    if (choices.threshold or choices.quantiles) and not choices.label_from:
        raise UsageError("--threshold and --quantiles need --label-from.", "Name the column of numbers.")
    if choices.by_number and choices.label_column:
        raise UsageError("--label-column does not go with classes made of numbers.", "Leave it out.")
    if kind == "auto":
        kind = _kind_of_path(path)
    if kind != "gmt":
        refuse_sets(path, choices)
    if kind in _PATHS:
        _check_choices(path, choices)
        return _positive(kind, _PATHS[kind](path, choices), choices)
    return of_table(label_table(path, choices.sheet, symbols=choices.symbols), kind, choices)


def refuse_sets(path: Path, choices: Choices) -> None:
    """Refuse sets of genes that are chosen of a file that is none of sets.

    Raises:
        UsageError: there are some.
    """
    if choices.sets:
        raise UsageError(f"{path.name} is not a file of gene sets (.gmt).", "Leave --set out.")


def holds_table(path: Path, kind: str) -> bool:
    """Whether `path` is read as one table.

    Raises:
        DataError: it is a folder of no known format.
    """
    return (_kind_of_path(path) if kind == "auto" else kind) not in _PATHS


def label_table(
    path: Path, sheet: str = "", first: bool = False, symbols: Symbols = nothing_known
) -> Table:
    """The table in a label file, or its first rows; of AnnData where `symbols` knows genes.

    Raises:
        UsageError: no such sheet.
        DataError: it cannot be read as a table.
    """
    return read_annotated(path, symbols) or read_table(path, sheet=sheet, first=first)


def of_table(content: Table, kind: str, choices: Choices) -> tuple[str, RawTask]:
    """The format of a table and its entries.

    Raises:
        UsageError: no such column or class, or one must be chosen among several.
        DataError: it cannot be read as that kind, or as any.
    """
    with other_sheets_said(content):
        if choices.by_number:
            return _positive("quantity", quantity.read(content, choices), choices)
        if kind == "auto":
            kind = next((name for name, (matches, _) in _TABLES.items() if matches(content)), "table")
        return _positive(kind, _TABLES[kind][1](content, choices), choices)


def _positive(kind: str, raw: RawTask, choices: Choices) -> tuple[str, RawTask]:
    return kind, with_positive(raw, choices.positive) if choices.positive else raw


def _check_choices(path: Path, choices: Choices) -> None:
    """Refuse what only a table has."""
    for option, value in (
        ("--sheet", choices.sheet),
        ("--gene-column", choices.gene_column),
        ("--label-column", choices.label_column),
        ("--text-column", choices.text_column),
        ("--class and --label-from", choices.by_number),
    ):
        if value:
            raise UsageError(f"{path.name} is not a table, so {option} does not apply.", "Leave it out.")


def _kind_of_path(path: Path) -> str:
    with outside_file(path):
        if path.is_dir():
            if gene_benchmark.matches(path):
                return "gene-benchmark"
            if gene_lists.text_files(path):
                return "texts"
            raise DataError(
                f"{path} is a folder of no known format.",
                "Give a label file, a gene-benchmark task, or a folder of text files, one for each class.",
            )
    ending = Path(without_packing(path.name)).suffix
    return "pickle" if ending in PICKLES else "gmt" if ending == gene_sets.GMT else "auto"
