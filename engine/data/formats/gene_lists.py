"""One list of genes for each class: Geneformer's pickle of a dictionary, or a folder of text files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from engine.data.formats.choices import Choices
from engine.data.formats.raw import RawTask, raw_task
from engine.data.genes.columns import gene_column, genes_of, names_no_gene
from engine.files.lists import numbered_list
from engine.files.outside import outside_file, read_lines
from engine.files.safe_pickle import read_lists
from engine.files.tables import read_table
from engine.files.tables.titles import is_gene_title, plain
from store.errors import DataError

MOST_FILES: Final = 50
_GRP: Final = ".grp"
"""How the name of a list of MSigDB ends, whose first line is the name of the set."""
LISTS: Final = (".txt", _GRP, ".lst", ".list")
"""How the names of lists of one gene a line end."""
_TABLES: Final = (".csv", ".tsv")
"""How they end where a spreadsheet has saved them."""
_NO_LISTS: Final = frozenset({"readme", "license", "licence"})
_SHOWN: Final = 10
"""Files that are named as left out."""
_TITLES: Final = frozenset({"x", "v1", "name", "names", "id", "ids", "list", "geneset", "target"})
"""Titles of a list besides those of columns of genes; `x` is R's."""


def read_pickled(path: Path, _: Choices) -> RawTask:
    """A pickled dict[str, list[str]]; the first of two classes is the positive one.

    Raises:
        DataError: it holds anything else, or is unsafe.
    """
    lists = read_lists(path)
    names = list(lists)
    return from_lists(path, lists, names[::-1] if len(names) == 2 else names)


def text_files(folder: Path) -> tuple[Path, ...]:
    """The lists in `folder`, by name; hidden files, which a Mac leaves behind, and a README are none."""
    files = _files(folder)
    for endings in (LISTS, _TABLES):
        if found := tuple(path for path in files if path.suffix.casefold() in endings):
            return found
    return ()


def _files(folder: Path) -> list[Path]:
    with outside_file(folder):
        there = sorted(path for path in folder.iterdir() if not path.is_dir() and path.name[0] != ".")
    return [path for path in there if path.stem.casefold() not in _NO_LISTS]


def read_texts(folder: Path, choices: Choices) -> RawTask:
    """Each list in `folder` as one class, one gene a line; classes are named by the files.

    Raises:
        DataError: fewer than two files, or one that is not a list.
    """
    files = text_files(folder)
    if not 2 <= len(files) <= MOST_FILES:
        raise DataError(
            f"{folder} holds {len(files)} text {'file' if len(files) == 1 else 'files'}; "
            "one for each class is needed.",
            "Put one list of genes for each class into a folder.",
        )
    lists: dict[str, Sequence[str]] = {}
    notes: list[str] = []
    for path in files:
        genes, said = read_genes_of(path, choices)
        lists[path.stem.removesuffix("_gene_labels")] = genes
        notes += said
    if others := [path.name for path in _files(folder) if path not in files]:
        shown = ", ".join(others[:_SHOWN]) + (", ..." if len(others) > _SHOWN else "")
        notes.append(f"Left out, as they do not end as the other lists do: {shown}.")
    task = from_lists(folder, lists)
    return replace(task, notes=(*notes, *task.notes))


def read_genes_of(path: Path, choices: Choices) -> tuple[list[str], list[str]]:
    """The genes of one list, and what was left out of it.

    Raises:
        UsageError: a table of several columns of genes.
        DataError: unreadable, or neither a list nor a table with a column of genes.
    """
    if _in_columns(path):
        table = read_table(path)
        place = gene_column(table, choices.symbols, choices.gene_column)
        if place is None:
            raise DataError(
                f"{path} is not a list of one gene a line, and has no column 'gene'.",
                "Keep one gene a line.",
            )
        return [gene for gene in genes_of(table, place, choices.symbols) if gene], []
    entries = numbered_list(path)
    notes = []
    names = [name for _, name in entries]
    of_set = path.suffix.casefold() == _GRP and names[:1] == [path.stem]
    if len(entries) > 1 and (of_set or _is_title(names[0], names[1:], choices)):
        line, title = entries.pop(0)
        notes.append(f"{title!r} on line {line} of {path.name} was read as its title.")
    missing = {name for _, name in entries if names_no_gene(name, choices.symbols)}
    lost = [line for line, name in entries if name in missing]
    if lost:
        lines = ", ".join(map(str, lost[:10])) + (", ..." if len(lost) > 10 else "")
        notes.append(f"{path.name} names no gene on {'line' if len(lost) == 1 else 'lines'} {lines}.")
    return [name for _, name in entries if name not in missing], notes


def _in_columns(path: Path) -> bool:
    """Whether a list is a table: with tabs, or saved as CSV with a mark in its first line."""
    lines = map(str.strip, read_lines(path))
    first = next(lines, "")
    marked = path.suffix.casefold() in _TABLES and any(mark in first for mark in ",;")
    return marked or "\t" in first or any("\t" in line for line in lines)


def _is_title(first: str, others: Sequence[str], choices: Choices) -> bool:
    """Whether the first line of a list says what the others are."""
    if is_gene_title(first) or plain(first) in _TITLES:
        return first not in choices.symbols(first)
    # A name of a set, such as HALLMARK_APOPTOSIS: of two words, which symbols of genes are not.
    some = others[:50]
    known = sum(1 for name in some if choices.symbols(name))
    return ("_" in first or " " in first) and not choices.symbols(first) and 2 * known >= len(some)


def from_lists(path: Path, lists: Mapping[str, Sequence[str]], classes: Sequence[str] = ()) -> RawTask:
    """A task of the genes of each of `lists`, which are named by their classes.

    Raises:
        DataError: a list without a gene, or as `raw_task`.
    """
    if empty := next((name for name, members in lists.items() if not members), None):
        raise DataError(f"{path} has no gene in its list {empty!r}.", "Fill it, or leave it out.")
    genes = [member.strip() for members in lists.values() for member in members]
    labels = [name for name, members in lists.items() for _ in members]
    return raw_task(path, genes, labels, classes=classes)
