"""What a file of vectors holds, before its genes are checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.files.vectors.dimensions import LeftOut, unlike
from store.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Content:
    """A file's content as it is."""

    genes: tuple[str, ...] | None
    """None where the format has no names."""
    matrix: NDArray[np.float32]
    """float32[n, d]; not finite where the file has no number."""
    total: int
    """Rows or names in the file."""
    titles: tuple[str, ...] = ()
    """Names of the d dimensions; empty where the format has none."""
    left_out: tuple[LeftOut, ...] = ()
    """Columns that did not become dimensions."""
    lines: Sequence[int] = ()
    """Where each row stands in the file, from 1; empty where nobody would count."""
    unit: str = "line"
    """What `lines` counts: lines of a text, rows of a workbook or Parquet, entries of JSON."""
    notes: tuple[str, ...] = ()
    """How it was read, where that is not plain from the file."""
    named_by: str = ""
    """The title of the column that names the genes; empty where it has none."""
    whole: bool = True
    """Whether these are all rows of the file."""
    keys: tuple[str, ...] = ()
    """The matrices or sheets that could be taken."""


def check_rows(path: Path, genes: int, rows: int) -> None:
    """Refuse a matrix of other rows than there are genes.

    Raises:
        DataError: it is one.
    """
    if genes != rows:
        raise DataError(
            f"{path} has {rows:,} rows, but there are {genes:,} genes.",
            "Line i of the list must name row i.",
        )


def without_unlike(content: Content) -> Content:
    """`content` without columns whose numbers are not those of a dimension, whatever they are called."""
    found = unlike(content.matrix, content.titles)
    if not found:
        return content
    kept = [place for place in range(content.matrix.shape[1]) if place not in found]
    left = tuple(LeftOut(_title(content, place), found[place]) for place in sorted(found))
    titles = tuple(content.titles[place] for place in kept) if content.titles else ()
    return replace(
        content,
        matrix=np.ascontiguousarray(content.matrix[:, kept]),
        titles=titles or tuple(f"column {place + 1}" for place in kept),
        left_out=(*content.left_out, *left),
    )


def _title(content: Content, place: int) -> str:
    return content.titles[place] if content.titles else f"column {place + 1}"
