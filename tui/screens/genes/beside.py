"""Genes that a list is narrowed to, beside the others: how many, of which class, how far off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tui.screens.genes.classes import class_sign, class_tone
from tui.screens.genes.list_text import Key, short
from tui.widgets.canvas import Span
from tui.widgets.rows import Piece, cut
from tui.widgets.strips import histogram, strip, tick_line
from tui.widgets.text import clean

if TYPE_CHECKING:
    from tui.questions.genelist import Listed

Lines = list[list[Piece]]
Genes = Sequence["Listed"]
_NUMBER: Final = 9
_LEAST: Final = 4
"""Lines from which on the errors are drawn."""
_UNIT: Final = Span(0.0, 1.0)


def beside(
    kept: Genes,
    others: Genes,
    classes: Sequence[str],
    agree: Mapping[Key, int] | None,
    width: int,
    height: int,
) -> Lines:
    """A table of both, and their errors where there is room.

    Args:
        kept: Those that are listed.
        others: The rest of the task's.
        classes: What the classes are called.
        agree: How many of a gene's five nearest are of its class; None without a map.
        width: Cells.
        height: Lines.
    """
    name = max(min(width - 2 * _NUMBER, 26), 4)
    lines: Lines = [
        [(" " * name, ""), (f"{'kept':>{_NUMBER}}", "text"), (f"{'others':>{_NUMBER}}", "soft")]
    ]

    def row(start: list[Piece], value: Callable[[Genes], str], tone: str = "text") -> None:
        lines.append([*start, (f"{value(kept):>{_NUMBER}}", tone), (f"{value(others):>{_NUMBER}}", "soft")])

    def head(said: str) -> list[Piece]:
        return [(cut(said, name), "soft")]

    for label, called in enumerate(classes):
        sign: list[Piece] = [(f"{class_sign(label, classes)} ", class_tone(label))]
        of = [*sign, (cut(clean(called), name - 2), "soft")]
        row(of, lambda genes, label=label: f"{sum(one.label == label for one in genes):,}")  # type: ignore[misc]
    row(head("mean error"), lambda genes: short(_mean(_errors(genes))), "strong")
    row(head("wrong"), _wrong, "bad")
    if agree is not None:
        row(head("agree, of 5"), lambda genes: _agreeing(genes, agree))
    room = height - len(lines)
    if room >= _LEAST and width >= 24:
        lines += _picture(_errors(kept), _errors(others), width, room)
    return lines[:height]


def _picture(kept: Sequence[float], others: Sequence[float], width: int, height: int) -> Lines:
    """Dots of those kept over a histogram of the others; a digit where dots meet."""
    apart = height > _LEAST + 3
    places = Counter(_UNIT.place(error, width) for error in kept)
    cells = strip(_UNIT, None, None, width, ((0.5, "┊", "faint"),))
    for at, number in places.items():
        cells[at] = ("●" if number == 1 else str(min(number, 9)), "bad" if at >= width / 2 else "text")
    bars = [0] * width
    for error in others:
        bars[_UNIT.place(error, width)] += 1
    rows, most = height - (4 if apart else 2), max([*bars, 1])
    lines: Lines = [[], [("↓ mean error: kept, over the others", "faint")]] if apart else []
    lines.append(cells)
    for level in range(rows, 0, -1):
        part = [min(max(bar * rows / most - level + 1, 0), 1) for bar in bars]
        lines.append([(histogram(part, 1), "faint")])
    return [*lines, [(tick_line(_UNIT, width), "faint")]]


def _errors(genes: Genes) -> list[float]:
    return [one.error for one in genes if one.error is not None]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _wrong(genes: Genes) -> str:
    errors = _errors(genes)
    return f"{100 * sum(error > 0.5 for error in errors) / len(errors):.0f} %" if errors else "-"


def _agreeing(genes: Genes, agree: Mapping[Key, int]) -> str:
    known = [agree[one.gene, one.label] for one in genes if (one.gene, one.label) in agree]
    return f"{sum(known) / len(known):.1f}" if known else "-"
