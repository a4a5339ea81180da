"""The rows of statistical controls in ranked tables: which, in which order, and what units make one."""

from __future__ import annotations

import re
from typing import Final

ROWS: Final = ("tfidf", "symbol", "random", "length", "coverage", "permuted", "majority")
"""In the order in which they stand below the contestants."""
REFERENCE: Final = "tfidf"
"""The control that every contestant is judged beside."""

_DRAW: Final = re.compile(r"-\d+$")


def row_of(control: str) -> str:
    """The row that a control's results stand in: its own; NAME for the draws NAME-1, NAME-2 and so on."""
    return _DRAW.sub("", control)


def in_order(row: str) -> tuple[int, str]:
    """Sorts the rows of controls; one that only a newer version knows comes last."""
    return (ROWS.index(row) if row in ROWS else len(ROWS), row)
