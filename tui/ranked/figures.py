"""Numbers of a ranked table as they are written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

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


_LEADING: Final = re.compile(r"(?<![\w.])([-+−]?)0?(?=\.\d)")


def three(value: float | None) -> str:
    """Three digits, as a terminal shows an AUC: `.912`, `1.00`; `-` if there is none."""
    if value is None or value != value:
        return "-"
    text = f"{round(value, 9):.3f}"
    return text.removeprefix("0") if text.startswith("0") else text[:4]


def change(value: float | None) -> str:
    """A difference in a terminal, with a true minus: `+.012`, `−.023`, `.000`."""
    if value is None:
        return "-"
    text = f"{value:+.3f}".replace("-", "−").replace("0.", ".", 1)
    return ".000" if text[1:] == ".000" else text


def bare(text: str) -> str:
    """A sentence with its numbers as a terminal shows them: no leading zero, a true minus."""
    return _LEADING.sub(lambda found: found[1].replace("-", "−"), text)


def difference_text(against: Against) -> str:
    """`+.012 [-.031, +.055]`."""
    if against.interval is None:
        return signed(against.difference)
    low, high = map(signed, against.interval)
    return f"{signed(against.difference)} [{low}, {high}]"
