"""What the Compare screen says: the sides, a row for each task, the verdict. Pure functions."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Final

from textual.content import Content

from tui.quantities import auc, count
from tui.questions.cells import Contrast, Side
from tui.ranked.tables import details
from tui.widgets.plot import Plot, Series, Span, strip
from tui.widgets.rows import Cell, Column, Row
from tui.widgets.words import READING, UNICODE, Charset, Tone, say

EMPTY: Final = "Nothing to compare yet: f and b choose two sides, 1 plans a run."

COLUMNS: Final = (
    Column("task", "task", least=12),
    Column("first", "first", right=True),
    Column("second", "second", right=True),
    Column("difference", "diff", right=True),
    Column("sd", "sd", right=True, shed=2),
    Column("better", "wins", right=True, shed=1),
    Column("strip", "mean and sd of the diff", shed=3),
)

STRIP: Final = 29
"""Cells of the forest plot in a row."""


def settings(side: Side) -> str:
    """What an own side was computed with beside its protocol; of print that is not told."""
    return details(side.arm) if side.source == "own" else ""


def first_pair(sides: Sequence[Side]) -> tuple[Side | None, Side | None]:
    """What is compared at first: two protocols of an own model, else own and paper, else what there is."""
    if not sides:
        return None, None
    first = sides[0]
    alike = [side for side in sides[1:] if side.arm.scheme == first.arm.scheme]  # or none is a shared split
    others = [side for side in alike if side.model == first.model] or alike or list(sides[1:])
    return first, others[0] if others else first


def head(first: Side | None, second: Side | None, contrasts: Sequence[Contrast] | None) -> Content:
    """The two sides and the verdict over all tasks; no contrasts: they are being read."""
    if first is None or second is None:
        said = READING if contrasts is None else "nothing is ranked yet"
        return say(("COMPARE ", "strong"), (said, "dim"))
    line = say(
        ("FIRST ", "strong"),
        (first.name, "accent"),
        ("   SECOND ", "strong"),
        (second.name, "accent"),
        "\n",
    )
    if contrasts is None:
        return say(line, (READING, "dim"))
    if not contrasts:
        return say(line, ("They have no task in common.", "warn"))
    ahead = sum(item.first > item.second for item in contrasts)
    behind = sum(item.first < item.second for item in contrasts)
    mean = statistics.fmean(item.first - item.second for item in contrasts)
    return say(
        line,
        f"First ahead on {ahead}, behind on {behind} of {count(len(contrasts), 'task')}; "
        f"mean difference {mean:+.3f}",
    )


def rows(contrasts: Sequence[Contrast], charset: Charset = UNICODE) -> list[Row]:
    """One row for each task."""
    reach = max([0.05, *(abs(item.first - item.second) + _sd(item) for item in contrasts)])
    return [_row(item, Span(-reach, reach), charset) for item in contrasts]


def _row(item: Contrast, span: Span, charset: Charset) -> Row:
    difference = item.first - item.second
    sd = _sd(item)
    tone: Tone = "good" if difference > 0 else "bad" if difference < 0 else ""
    better = sum(value > 0 for value in item.differences)
    paired = bool(item.differences)
    return Row(
        item.task,
        (
            item.task,
            auc(item.first),
            auc(item.second),
            Cell(f"{difference:+.3f}", tone),
            f"{sd:.3f}" if paired else "-",
            f"{better}/{len(item.differences)}" if paired else "-",
            strip(difference - sd, difference, difference + sd, span, STRIP, charset),
        ),
    )


def _sd(item: Contrast) -> float:
    return statistics.stdev(item.differences) if len(item.differences) > 1 else 0.0


def splits_plot(contrast: Contrast) -> Plot:
    """The difference in each shared split, beside no difference."""
    n = len(contrast.differences)
    reach = max(0.01, *(abs(difference) for difference in contrast.differences))
    points = tuple((i, difference) for i, difference in enumerate(contrast.differences, 1))
    series = [
        Series("no difference", ((1, 0.0), (n, 0.0)), "dim"),
        Series("first minus second, by split", points, "accent"),
    ]
    return Plot(contrast.task, series, Span.around((1, n)), Span(-reach, reach))


def splits_title(contrast: Contrast | None) -> tuple[object, ...]:
    """What stands after the word SPLITS."""
    if contrast is None:
        return ()
    shared = count(len(contrast.differences), "shared split")
    return (
        contrast.task,
        (f"  {shared}" if contrast.differences else "  no shared splits, only means", "dim"),
    )
