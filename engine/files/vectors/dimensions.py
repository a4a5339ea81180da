"""Which columns of a table are the dimensions of its vectors, and which only look like numbers.

A row number, an identifier or a label that is taken for a dimension can carry the answer: with noise for
vectors, in rows sorted by label, a row number alone separates the classes. So what is not clearly a
dimension is left out and reported, and what cannot be decided is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from engine.files.tables.table import check_titles
from engine.files.tables.titles import plain
from engine.files.vectors.cells import Kind
from engine.files.vectors.titles import BLANK, COUNT, NAME_TITLES, ROW_NUMBER, numbered, role_of
from store.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEWEST: Final = 8
"""Rows from which whole numbers without a gap are taken for row numbers, whatever they are called."""


class SeveralKeys(DataError):
    """A file has several matrices, or columns of them, of which a person must choose one."""

    def __init__(self, message: str, answers: Sequence[str]) -> None:
        super().__init__(message, f"Choose one with --key: {', '.join(answers[:12])}.")
        self.answers = tuple(answers)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column that did not become a dimension."""

    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of a table are, by place."""

    gene: int | None
    """None where no column names genes."""
    dimensions: tuple[int, ...]
    lists: bool
    """Whether `dimensions` is one column, of lists."""
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """What is known of a table's columns before it is read."""

    path: Path
    titles: Sequence[str] | None
    """None where no header names them."""
    kinds: Sequence[Kind]
    index: Collection[str] = ()
    """Columns that the file's own metadata calls its index."""

    def title(self, place: int) -> str:
        """How a column is called in sentences."""
        return (self.titles[place].strip() if self.titles else "") or f"column {place + 1}"

    def layout(self, listed: bool, key: str = "") -> Layout:
        """Which column is the gene, and which are dimensions.

        Args:
            listed: Whether the genes may be in a file of their own.
            key: The column of lists that was asked for, if any.

        Raises:
            DataError: it cannot be decided, or two columns have one title.
        """
        check_titles(self.path, map(self.title, range(len(self.kinds))))
        gene = self._gene(listed)
        others = [place for place in range(len(self.kinds)) if place != gene]
        lists = [place for place in others if self.kinds[place] is Kind.LIST]
        if lists or key:
            chosen = self._chosen(lists, key)
            beside = f"beside the vectors in {self.title(chosen)!r}"
            left = {place: beside for place in others if place != chosen}
            return Layout(gene, (chosen,), True, self._told(left))
        left = self._left(others, gene)
        dimensions = tuple(place for place in others if place not in left)
        if not dimensions:
            shown = "; ".join(f"{one.column!r} is {one.reason}" for one in self._told(left)[:3])
            raise DataError(
                f"{self.path} has no column that can be a dimension" + (f": {shown}." if shown else "."),
                "The first column names a gene, the others hold its vector; labels are imported as a task.",
            )
        return Layout(gene, dimensions, False, self._told(left))

    def _told(self, left: dict[int, str]) -> tuple[LeftOut, ...]:
        return tuple(LeftOut(self.title(place), left[place]) for place in sorted(left))

    def _gene(self, listed: bool) -> int | None:
        places = range(len(self.kinds))
        texts = [place for place in places if self.kinds[place] is Kind.TEXT]
        titles = [plain(title) for title in self.titles] if self.titles else [""] * len(self.kinds)
        known = [place for place in places if titles[place] in NAME_TITLES and self._may_name(place)]
        index = [place for place in texts if self.titles and self.titles[place] in self.index]
        named = [place for place in known if place in texts]
        for found in (named, known, index, texts):
            if found:
                return found[0]
        first = self.kinds[0]
        if listed and first.numeric:
            return None
        if first in (Kind.NUMBER, Kind.ROWS):
            raise DataError(
                f"{self.path} has {first.value} where its genes should be.",
                "Give its genes too, one a line, with --genes FILE, or turn it if its columns are genes.",
            )
        return 0

    def _may_name(self, place: int) -> bool:
        return self.kinds[place] in (Kind.TEXT, Kind.SAME, Kind.WHOLE, Kind.MIXED)

    def _chosen(self, lists: list[int], key: str) -> int:
        found = [place for place in lists if key in ("", self.title(place))]
        if len(found) != 1:
            titles = [self.title(place) for place in lists]
            if not key:
                raise SeveralKeys(f"{self.path.name} has several columns of vectors.", titles)
            raise DataError(
                f"{self.path} has no column of vectors named {key!r}.",
                f"Choose one with --key: {', '.join(titles[:12]) or 'none'}.",
            )
        return found[0]

    def _left(self, others: list[int], gene: int | None) -> dict[int, str]:
        """Place -> why it is not a dimension."""
        left = {place: reason for place in others if (reason := self._plainly(place))}
        rest = [place for place in others if place not in left]
        if self.titles is None:
            before = (place for place in rest if self.kinds[place] is Kind.ROWS and place < (gene or 0))
            return left | dict.fromkeys(before, ROW_NUMBER)
        family = numbered({place: self.titles[place] for place in rest})
        if 2 * len(family) > len(rest):
            unlike = f"not named like {self.title(family[0])!r} to {self.title(family[-1])!r}"
            return left | {p: self._role(p) or unlike for p in rest if p not in set(family)}
        roles = {place: role for place in rest if (role := self._role(place))}
        if len(roles) == len(rest):  # numbers that are measured may be a vector, if there is nothing else
            roles = {place: role for place, role in roles.items() if role != COUNT}
        unnamed = [place for place in rest if not self.titles[place].strip() and place not in roles]
        if unnamed and len(unnamed) < len(rest):
            raise DataError(
                f"{self.path} has numbers in {self.title(unnamed[0])}, which has no name.",
                "Name it like the other dimensions, or remove it.",
            )
        return left | roles

    def _plainly(self, place: int) -> str:
        """Why a column is not a dimension whatever the others are; empty if it may be one."""
        kind = self.kinds[place]
        if self.titles and self.titles[place] in self.index:
            return "the file's own index"
        if kind in (Kind.BOOLEAN, Kind.SAME, Kind.TEXT):
            return str(kind.value)
        unnamed = self.titles is not None and plain(self.titles[place]) in BLANK
        if kind is Kind.EMPTY and unnamed:
            return "empty"
        return ROW_NUMBER if kind is Kind.ROWS and unnamed else ""

    def _role(self, place: int) -> str:
        """What a column of whole numbers is, told by its name."""
        if self.titles is None or self.kinds[place] not in (Kind.WHOLE, Kind.ROWS, Kind.MIXED):
            return ""
        return role_of(self.titles[place])


def unlike(matrix: NDArray[np.float32], titles: Sequence[str]) -> dict[int, str]:
    """Place -> why a column is not a dimension, told by its numbers; nothing if that were all columns.

    It numbers the rows, in any order, with equal steps; or it holds whole numbers where most columns are
    measured, and is not called like them: a class, a cluster or a flag that its title does not betray.
    """
    if len(matrix) < _FEWEST or matrix.shape[1] < 2:
        return {}
    first = matrix[:_FEWEST]
    whole = [
        int(place)
        for place in np.flatnonzero((np.isfinite(first) & (first == np.floor(first))).all(axis=0))
        if _is_whole(matrix[:, place])
    ]
    found = dict.fromkeys((place for place in whole if _counts_rows(matrix[:, place])), ROW_NUMBER)
    if titles and 2 * len(whole) < matrix.shape[1]:
        alike = set(numbered(dict(enumerate(titles))))
        for place in whole:
            if place not in alike and matrix[:, place].any():
                found.setdefault(place, "of whole numbers, unlike most others")
    return found if len(found) < matrix.shape[1] else {}


def _is_whole(column: NDArray[np.float32]) -> bool:
    return bool((np.isfinite(column) & (column == np.floor(column))).all())


def _counts_rows(column: NDArray[np.float32]) -> bool:
    steps = np.diff(np.sort(column))
    return bool(steps[0] > 0 and (steps == steps[0]).all())
