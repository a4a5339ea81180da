"""Letters beside a ranked list: two models share one if and only if no difference between them is shown."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters

import numpy as np

from engine.stats.scores import Floats
from engine.stats.simultaneous import Flags


def letters(different: Flags, means: Floats) -> tuple[str, ...]:
    """The letters of each model, by insert and absorb (Piepho 2004).

    Columns are ordered by the best mean in each, then by the next best ones; after `z` come `A` to `Z`,
    then `a1`.

    Args:
        different: Whether two models are told apart, symmetric, shape (k, k).
        means: What they are ordered by, shape (k,).
    """
    order = np.argsort(-means, kind="stable")
    columns = _columns([[bool(flag) for flag in row] for row in different[np.ix_(order, order)]])
    columns.sort(key=_members)
    held = [""] * len(order)
    for place, column in enumerate(columns):
        for member in _members(column):
            held[order[member]] += letter(place)
    return tuple(held)


def letter(place: int) -> str:
    """The name of a column: a to z, A to Z, a1 to Z1, a2 ..."""
    turn, index = divmod(place, len(ascii_letters))
    return f"{ascii_letters[index]}{turn or ''}"


def _columns(different: Sequence[Sequence[bool]]) -> list[int]:
    """The largest sets without a difference inside, as bits: models are inserted one after the other."""
    columns = [0]
    for new, row in enumerate(different):
        apart = sum(1 << old for old in range(new) if row[old])
        kept = [column for column in columns if column & apart]
        grown = [column | 1 << new for column in columns if not column & apart]
        split = {(column & ~apart) | 1 << new for column in kept}
        for column in sorted(split, key=int.bit_count, reverse=True):
            if not any(column & larger == column for larger in grown):
                grown.append(column)
        columns = kept + grown
    return columns


def _members(column: int) -> list[int]:
    return [place for place in range(column.bit_length()) if column >> place & 1]
