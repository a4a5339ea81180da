"""Numbers of a ranked table as they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.stats.baseline import Against


def short(value: float) -> str:
    """`.912`; 1.000 keeps its digit."""
    return f"{value:.3f}".removeprefix("0")


def ranged(first: int, last: int) -> str:
    """`1–3`; `2` if it is one place."""
    return f"{first}" if first == last else f"{first}–{last}"


def signed(value: float) -> str:
    """`+.012`."""
    return f"{value:+.3f}".replace("0.", ".", 1)


def difference_text(against: Against) -> str:
    """`+.012 [-.031, +.055]`."""
    if against.interval is None:
        return signed(against.difference)
    low, high = map(signed, against.interval)
    return f"{signed(against.difference)} [{low}, {high}]"
