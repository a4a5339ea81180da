"""A task folder of gene-benchmark: `outcomes.csv`, and `entities.csv` beside it or further up."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.data.importers.raw import RawRow, RawTask, raw_task
from engine.data.outside import outside_file
from engine.data.tables import read_table
from store.errors import DataError

LEVELS: Final = 4
"""How far up the folders entities.csv is looked for."""


def matches(folder: Path) -> bool:
    """Whether `folder` holds one of the format's two files."""
    with outside_file(folder):
        return (folder / "outcomes.csv").is_file() or (folder / "entities.csv").is_file()


def read(folder: Path) -> RawTask:
    """Row i of the entities with row i of the outcomes.

    Raises:
        DataError: files missing or of different length; pairs of genes, several labels for each
            gene, quantities, or entities other than genes.
    """
    if not (folder / "outcomes.csv").is_file():
        nested = sorted(path.parent.name for path in folder.glob("*/outcomes.csv"))
        hint = f"Import one of: {', '.join(nested[:10])}." if nested else "Give the folder that holds it."
        raise DataError(f"{folder} has no outcomes.csv.", hint)
    entities = _entities(folder)
    outcomes = read_table(folder / "outcomes.csv", delimiter=",")
    if len(outcomes.header) > 1:
        raise DataError(
            f"{outcomes.path} has {len(outcomes.header)} columns, so several labels for each gene.",
            "Only tasks of one class for each gene are read; keep one column.",
        )
    if len(entities) != len(outcomes.rows):
        raise DataError(
            f"{outcomes.path} has {len(outcomes.rows)} rows, but its entities.csv {len(entities)}.",
            "Row i of the one must belong to row i of the other.",
        )
    pairs = zip(entities, outcomes.rows, strict=True)
    return raw_task(folder, [RawRow(gene, row[0].strip()) for gene, row in pairs])


def _entities(folder: Path) -> list[str]:
    resolved = folder.resolve()
    for place in (resolved, *resolved.parents[:LEVELS]):
        if (place / "entities.csv").is_file():
            break
    else:
        raise DataError(
            f"{folder} has no entities.csv, nor has a folder above it.", "Copy it into the folder."
        )
    path = place / "entities.csv"
    # Pairs carry the header `symbol,symbol`, which is no header of a table.
    table = read_table(path, header=False, delimiter=",")
    titles, *rows = table.rows
    if len(titles) > 1:
        raise DataError(
            f"{path} has {len(titles)} columns, so pairs of genes.", "Only tasks on single genes are read."
        )
    if titles[0].strip().casefold() not in {"symbol", "gene", "gene_symbol", "ensembl_id", "gene_id"}:
        raise DataError(
            f"{path} lists {titles[0].strip()!r}, not genes.",
            "Only tasks on genes are read (header 'symbol').",
        )
    return [row[0].strip() for row in rows]
