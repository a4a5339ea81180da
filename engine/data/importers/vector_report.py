"""What an import made of a table of vectors, and which genes of the tasks have one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.data.importers.names import first_names
from engine.files.vectors import LeftOut

_SHOWN: Final = 10
"""Columns and lines that are named in a report for people; all are in `report.json`."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many genes of one class of a task have a vector."""

    task: str
    label: str
    genes: int
    covered: int


@dataclass(frozen=True, slots=True)
class VectorReport:
    """What an import made of a table of vectors."""

    name: str
    path: str
    """The .npz that is kept; a model of kind `vectors` takes it as its source."""
    total: int
    """Rows or names in the file."""
    genes: int
    """Genes kept."""
    dimension: int
    repeated: int
    """Rows that repeated an earlier one, left out."""
    zero: tuple[str, ...]
    """Genes left out because their vector is all zero."""
    shared: int
    """Genes whose vector equals another gene's."""
    renamed: int
    """Ids that became symbols."""
    coverage: tuple[Coverage, ...]
    unknown: tuple[str, ...] = ()
    """Names that are no known gene, and stay as they are."""
    first: str = ""
    """What the file calls the first dimension; empty if they have no names."""
    last: str = ""
    left_out: tuple[LeftOut, ...] = ()
    """Columns of the file that did not become dimensions."""
    nameless: tuple[int, ...] = ()
    """Where in the file stand the rows left out because they name no gene."""
    unit: str = "line"
    """What that counts: lines, rows or entries."""
    read_as: tuple[str, ...] = ()
    """How the file was read, where that is not plain from it."""

    @property
    def sentence(self) -> str:
        """What there is now."""
        return f"{self.name} is here: {self.genes} of {self.total} vectors, {self.dimension} dimensions."

    @property
    def lines(self) -> tuple[str, ...]:
        """Which columns became dimensions, and how many genes of each class of each task have a vector."""
        named = f"Dimensions: {self.first!r} to {self.last!r}, {self.dimension}." if self.first else ""
        left = [f"{one.column!r} is {one.reason}" for one in self.left_out[:_SHOWN]]
        more = [f"and {len(self.left_out) - _SHOWN} more"] if len(self.left_out) > _SHOWN else []
        out = f"Columns left out: {'; '.join(left + more)}." if left else ""
        covered = (
            f"{part.covered:>6} of {part.genes} genes: {part.task}, {part.label}" for part in self.coverage
        )
        return (*filter(None, (named, out)), *covered)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out or changed, in sentences."""
        told = (
            (self.repeated, "left out for repeating an earlier row"),
            (len(self.zero), "left out for a vector of zeros"),
            (self.shared, "with the same vector as another gene"),
            (self.renamed, "known by an id, now by symbol"),
        )
        notes = [f"Genes {what}: {count}." for count, what in told if count]
        if self.unknown:
            notes.append(
                f"Names that are not known genes: {len(self.unknown)}: {first_names(self.unknown)}."
            )
        if self.nameless:
            lines = first_names([str(line) for line in self.nameless])
            notes.append(f"Rows left out for naming no gene: {len(self.nameless)}, {self.unit} {lines}.")
        return (*self.read_as, *notes)
