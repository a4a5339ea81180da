"""Supplementary data 4 of Chen et al. 2020: transcription factors, scores and `assignment`."""

from __future__ import annotations

from engine.data.formats.choices import Choices
from engine.data.formats.raw import RawTask, raw_task
from engine.data.genes.columns import genes_of
from engine.files.tables import Table

CLASSES = ("short-range TF", "long-range TF")


def matches(table: Table) -> bool:
    """Whether the first column has no name and `assignment` holds the two ranges."""
    place = table.find("assignment")
    return table.header[0] == "" and place is not None and set(table.columns[place]) <= set(CLASSES)


def read(table: Table, choices: Choices) -> RawTask:
    """Symbol and assignment of every row; long-range is the positive class."""
    place = table.column("assignment")
    genes = genes_of(table, 0, choices.symbols)
    return raw_task(table.path, genes, table.columns[place], classes=CLASSES, lines=table.lines)
