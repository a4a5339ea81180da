"""Rails beside the rows of a table: each ties together models that are not told apart. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui.widgets.rows import Piece

MOST: Final = 3
"""Rails side by side; of more groups the letters stand there instead."""
_LETTERS: Final = 4
"""Cells that letters take at the most."""


def rails(models: Sequence[str | None], groups: Sequence[Sequence[str]]) -> list[list[Piece]]:
    """What stands before each row: a rail a group, from its first member to its last.

    Args:
        models: Of each row the model; None of rows that no group can hold.
        groups: Of models that are not told apart.

    Returns:
        For each row as many pieces as there are groups.
    """
    found: list[list[Piece]] = [[] for _ in models]
    for group in groups:
        members = [place for place, model in enumerate(models) if model in group]
        first, last = (members[0], members[-1]) if members else (0, -1)
        for place, line in enumerate(found):
            if not first <= place <= last or first == last:
                line.append((" ", ""))
            elif place not in members:
                line.append(("│", "line"))
            else:
                line.append(("┌" if place == first else "└" if place == last else "├", "both"))
    return found


def lettered(models: Sequence[str | None], letters: dict[str, str]) -> list[list[Piece]]:
    """The same where there are too many groups: the letters that a model shares with others."""
    width = min(max(map(len, letters.values()), default=0), _LETTERS)
    return [[(letters.get(model or "", "")[:width].ljust(width), "both")] for model in models]
