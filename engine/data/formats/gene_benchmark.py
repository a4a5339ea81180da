"""A task folder of gene-benchmark: `outcomes.csv`, and `entities.csv` beside it or further up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.data.formats.choices import Choices
from engine.data.formats.columns import labels_of
from engine.data.formats.raw import RawTask, raw_task
from engine.data.genes.columns import names_no_gene
from engine.files.outside import outside_file
from engine.files.tables import read_table
from engine.files.tables.titles import is_gene_title
from store.errors import DataError

LEVELS: Final = 4
"""How far up the folders entities.csv is looked for, and how far down outcomes.csv."""
_NAMES: Final = ("entities", "outcomes")
_ENDINGS: Final = {".csv": ",", ".tsv": "\t"}
"""The format's own ending, and the other that people save tables with."""


def matches(folder: Path) -> bool:
    """Whether `folder` holds one of the format's two files."""
    with outside_file(folder):
        return any(_find(folder, name) for name in _NAMES)


def read(folder: Path, choices: Choices) -> RawTask:
    """Row i of the entities with row i of the outcomes.

    Raises:
        DataError: files missing or of different length; pairs of genes, several labels for each
            gene, quantities, or entities other than genes.
    """
    outcomes_file = _find(folder, "outcomes")
    if outcomes_file is None:
        raise DataError(f"{folder} has no outcomes.csv.", _nested(folder))
    entities = _column(_entities_file(folder))
    outcomes = _column(outcomes_file)
    if len(outcomes.titles) > 1:
        raise DataError(
            f"{outcomes.path} has {len(outcomes.titles)} columns, so several labels for each gene.",
            "Only tasks of one class for each gene are read; keep one column.",
        )
    if len(entities.titles) > 1:
        raise DataError(
            f"{entities.path} has {len(entities.titles)} columns, so pairs of genes.",
            "Only tasks on single genes are read.",
        )
    if not is_gene_title(entities.titles[0]):
        raise DataError(
            f"{entities.path} lists {entities.titles[0]!r}, not genes.",
            "Only tasks on genes are read (header 'symbol').",
        )
    if len(entities.values) != len(outcomes.values):
        raise DataError(
            f"{outcomes.path} has {len(outcomes.values)} rows, but {entities.path.name} "
            f"{len(entities.values)}.",
            "Row i of the one must belong to row i of the other.",
        )
    if entities.lines != outcomes.lines:
        raise DataError(
            f"{outcomes.path} and {entities.path.name} have blank lines at different places.",
            "Row i of the one must belong to row i of the other; remove the blank lines.",
        )
    genes = ["" if names_no_gene(gene, choices.symbols) else gene for gene in entities.values]
    return raw_task(folder, genes, labels_of(outcomes.values), lines=entities.lines)


@dataclass(frozen=True, slots=True)
class _Column:
    """One of the format's two files."""

    path: Path
    titles: tuple[str, ...]
    """Of its columns, a column of row numbers left out."""
    values: tuple[str, ...]
    """Of the first of them."""
    lines: Sequence[int]


def _column(path: Path) -> _Column:
    # Pairs carry the header `symbol,symbol`, which is not a header of a table.
    table = read_table(path, header=False, delimiter=_ENDINGS[path.suffix])
    titles, *rows = table.rows
    first = int(_counts(titles, rows))
    return _Column(
        path,
        tuple(title.strip() for title in titles[first:]),
        tuple(row[first].strip() for row in rows),
        table.lines[1:],
    )


def _counts(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> bool:
    """Whether the first of several columns holds the row numbers that pandas writes without being asked."""
    nameless = titles[0].strip() == "" or titles[0].startswith("Unnamed:")
    return len(titles) > 1 and nameless and [row[0] for row in rows] == [str(n) for n in range(len(rows))]


def _find(folder: Path, name: str) -> Path | None:
    files = (folder / f"{name}{ending}" for ending in _ENDINGS)
    return next((file for file in files if file.is_file()), None)


def _entities_file(folder: Path) -> Path:
    resolved = folder.resolve()
    for place in (resolved, *resolved.parents[:LEVELS]):
        if file := _find(place, "entities"):
            return file
    raise DataError(f"{folder} has no entities.csv, nor has a folder above it.", "Copy it into the folder.")


def _nested(folder: Path) -> str:
    """What to import instead of a folder without outcomes."""
    patterns = ("/".join(["*"] * depth) + "/outcomes.*" for depth in range(1, LEVELS + 1))
    found = sorted({file.parent.relative_to(folder) for glob in patterns for file in folder.glob(glob)})
    return (
        f"Import one of: {', '.join(map(str, found[:10]))}." if found else "Give the folder that holds it."
    )
