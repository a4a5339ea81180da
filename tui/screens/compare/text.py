"""What the Compare screen says: the sides, the verdict, a row for each task. Pure functions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from textual.content import Content

from tui.quantities import count
from tui.questions.cells import Side
from tui.ranked.comparison import Line, Told
from tui.ranked.tables import details
from tui.screens.overlays.dialogs import Notice
from tui.widgets.plot import Plot, Reference, Series, Span, strip
from tui.widgets.rows import Cell, Column, Row
from tui.widgets.words import READING, UNICODE, Charset, Tone, say

EMPTY: Final = "Nothing to compare yet: f and b choose two sides, 1 plans a run."


def columns(told: Told | None = None) -> tuple[Column, ...]:
    """The columns of a comparison."""
    return (
        Column("task", "task", least=12),
        Column("first", "A", right=True),
        Column("second", "B", right=True),
        Column("difference", "A - B", right=True),
        Column("interval", told.interval if told else "95 % interval", right=True),
        Column("verdict", "verdict", least=14),
        Column("splits", "splits", right=True, shed=1),
        Column("strip", "the interval, and | at 0", shed=2),
    )


STRIP: Final = 29
"""Cells of the forest plot in a row."""

_TONES: Final[dict[str, Tone]] = {"A better": "good", "B better": "bad", "differs": "warn"}


def settings(side: Side) -> str:
    """What an own side was computed with beside its protocol; of print that is not known."""
    if side.source != "own":
        return ""
    return f"set {side.table.task_set}, {details(side.table.arm)}"


def first_pair(sides: Sequence[Side]) -> tuple[Side | None, Side | None]:
    """What is compared at first: the most alike there are.

    Two models of one table; else one model in two tables that differ least; else own and published.
    """
    own = [side for side in sides if side.source == "own"]
    printed = [side for side in sides if side.source != "own"]
    for alike in _ALIKE:
        if pair := next((pair for pair in itertools.combinations(own, 2) if alike(*pair)), None):
            return pair
    for near in (_reprint, _same_protocol):
        if pair := next((pair for pair in itertools.product(own, printed) if near(*pair)), None):
            return pair
    first, second, *_ = *sides, None, None
    return first, second


def _same_table(one: Side, two: Side) -> bool:
    return one.table == two.table


def _only_protocol(one: Side, two: Side) -> bool:
    left, right = one.table.place, two.table.place
    return one.model == two.model and left | {"protocol": ""} == right | {"protocol": ""}


def _same_splits(one: Side, two: Side) -> bool:
    same_scheme = one.table.arm.scheme == two.table.arm.scheme
    return one.model == two.model and same_scheme and one.table.task_set == two.table.task_set


_ALIKE: Final = (_same_table, _only_protocol, _same_splits)


def _same_protocol(one: Side, two: Side) -> bool:
    return one.table.arm.protocol == two.table.arm.protocol


def _reprint(own: Side, printed: Side) -> bool:
    """Whether what was published is of the same model and protocol."""
    return _same_protocol(own, printed) and own.printed_as == printed.printed_as


def partner(sides: Sequence[Side], first: Side, second: Side | None) -> Side | None:
    """Whom to compare `first` with: `second` if they are of one table, else one that is."""
    if second is not None and second != first and _same_table(first, second):
        return second
    own = [side for side in sides if side != first and side.source == first.source]
    return next((side for side in own if _same_table(first, side)), second)


def head(first: Side | None, second: Side | None, told: Told | None, known: bool) -> Content:
    """The two sides, the verdict of the mean and what else differs.

    Args:
        first: Side A.
        second: Side B.
        told: How they compare.
        known: Whether that is known; else it is being read.
    """
    if first is None or second is None:
        said = READING if not known else "there is nothing to compare with yet" if first else NOTHING
        return say(("COMPARE ", "strong"), (said, "dim"))
    line = say(("A ", "strong"), (first.name, "accent"), ("   B ", "strong"), (second.name, "accent"), "\n")
    if told is None:
        return say(line, (READING if not known else NOTHING, "dim"))
    unlike = say("\n", (told.unlike, "warn")) if told.unlike else ""
    return say(line, (told.headline, "strong"), unlike)


NOTHING: Final = "nothing is ranked yet"


def rows(told: Told, charset: Charset = UNICODE) -> list[Row]:
    """One row for each task, and one for the mean."""
    reach = max([0.05, *(abs(end) for line in told.lines for end in _ends(line))])
    return [_row(line, Span(-reach, reach), charset) for line in told.lines]


def _ends(line: Line) -> Iterator[float]:
    yield from line.interval or ()
    if line.difference is not None:
        yield line.difference


def _row(line: Line, span: Span, charset: Charset) -> Row:
    *numbers, interval = line.shown
    drawn = ""
    if line.interval is not None and line.difference is not None:
        low, high = line.interval
        drawn = strip(low, line.difference, high, span, STRIP, charset, mark=0.0)
    verdict = Cell(line.verdict, _TONES.get(line.verdict, ""))
    return Row(line.name, (line.name, *numbers, interval, verdict, line.splits, drawn))


def notes(told: Told | None) -> Content:
    """What must be known beside the rows, and where the rest is."""
    if told is None:
        return say("")
    return say(
        "\n".join(told.notes), "\n" if told.notes else "", ("i: this row and the method in full", "dim")
    )


def in_full(line: Line, told: Told) -> Notice:
    """All about a row, and how it was judged."""
    sentences = [sentence for sentence in (told.unlike, *line.details, told.method) if sentence]
    verdict = f"{line.verdict}: " if line.verdict else ""
    first, second, difference, interval = line.shown
    between = f" {interval}" if line.interval else ""
    numbers = f"{verdict}A {first}, B {second}, A - B {difference}{between}."
    return Notice(line.name, numbers, body="\n\n".join(sentences))


def splits_plot(line: Line) -> Plot:
    """The difference in each split, beside no difference."""
    n = len(line.differences)
    reach = max(0.01, *(abs(difference) for difference in line.differences))
    points = tuple((i, difference) for i, difference in enumerate(line.differences, 1))
    series = [Series("A - B, by split", points, "a")]
    level = (Reference("no difference", ((1, 0.0), (n, 0.0))),)
    return Plot(line.name, series, Span.around((1, n)), Span(-reach, reach), "split", references=level)


def splits_title(line: Line | None) -> tuple[object, ...]:
    """What stands after the word SPLITS."""
    if line is None:
        return ()
    shared = count(len(line.differences), "common split")
    return (
        line.name,
        (f"  {shared}" if line.differences else "  no splits to draw, only means", "dim"),
    )
