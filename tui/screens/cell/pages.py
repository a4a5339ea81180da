"""Which panes of a cell are shown together, by the size of the terminal; `v` goes through the pages."""

from __future__ import annotations

from typing import Final

Page = frozenset[str]
"""The panes that are shown, without `-pane`."""

WIDE: Final = (160, 50)
"""Cells and lines from which on nearly everything is shown at once."""
MEDIUM: Final = (110, 34)


def pages(width: int, height: int, tuned: bool, epochs: bool) -> tuple[tuple[str, Page], ...]:
    """The pages, each with what `v` calls it; of what there is nothing there is no page.

    Args:
        width: Of the terminal.
        height: Of the terminal.
        tuned: Whether something was tuned or fine-tuned.
        epochs: Whether there are epochs to draw.
    """
    more = "epochs" if epochs else "roc"
    low = width < MEDIUM[0] or height < MEDIUM[1]
    tuning = [("tuning", f"splits {'' if low else 'scores '}tuning {more}")] if tuned else []
    if (width, height) >= WIDE and height >= WIDE[1]:
        right = "provenance worth called tests"
        found = [("scores", f"splits scores genes roc pr calibration {right}")]
        found += [
            ("tuning", f"splits scores tuning roc {'epochs' if epochs else 'pr calibration'} {right}")
        ] * tuned
    elif not low:
        found = [
            ("ROC and calibration", "splits scores roc calibration"),
            ("precision and recall, genes", "splits genes pr"),
            ("what it is worth", "splits scores provenance worth called"),
            ("scores by split", "splits scores tests"),
            *tuning,
        ]
    else:
        found = [
            ("ROC", "splits scores roc"),
            ("precision and recall", "splits scores pr"),
            ("calibration", "splits scores calibration"),
            ("hardest genes", "genes"),
            ("what it is worth", "splits scores worth called provenance"),
            ("scores by split", "splits scores tests"),
            *tuning,
        ]
    return tuple((name, frozenset(panes.split())) for name, panes in found)
