"""Which format a label file has, told by its content, and reading it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from engine.data.formats import gene_benchmark, gene_lists, list_literals, marked_columns, moesm4, table
from engine.data.formats.raw import RawTask
from engine.files.outside import outside_file
from engine.files.safe_pickle import PICKLES
from engine.files.tables import Table, read_table
from store.errors import DataError, UsageError, unknown

_TABLES: Final[Mapping[str, tuple[Callable[[Table], bool], Callable[[Table], RawTask]]]] = {
    "lists": (list_literals.matches, list_literals.read),
    "moesm4": (moesm4.matches, moesm4.read),
    "table": (table.matches, table.read),
    "columns": (marked_columns.matches, marked_columns.read),
}
_PATHS: Final[Mapping[str, Callable[[Path], RawTask]]] = {
    "pickle": gene_lists.read_pickled,
    "texts": gene_lists.read_texts,
    "gene-benchmark": gene_benchmark.read,
}
KINDS: Final = ("auto", *_TABLES, *_PATHS)
"""Formats of label files; `auto` tells them apart."""


def read_raw(path: Path, kind: str = "auto") -> tuple[str, RawTask]:
    """The format of `path` and its entries.

    Raises:
        UsageError: no such kind.
        DataError: it cannot be read as that kind, or as any.
    """
    if kind not in KINDS:
        raise UsageError(*unknown("kind of label file", kind, KINDS))
    if kind == "auto":
        kind = _kind_of_path(path)
    if kind in _PATHS:
        return kind, _PATHS[kind](path)
    content = read_table(path)
    if kind == "auto":
        kind = next((name for name, (matches, _) in _TABLES.items() if matches(content)), "table")
    return kind, _TABLES[kind][1](content)


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
    return "pickle" if path.suffix.casefold() in PICKLES else "auto"
