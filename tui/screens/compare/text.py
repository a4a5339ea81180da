"""What the rows of a comparison say, and which sides go together. Pure functions."""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Sequence
from functools import partial
from typing import Final

from tui.questions.cells import Side
from tui.ranked.comparison import Line, Told
from tui.ranked.figures import bare
from tui.ranked.tables import details
from tui.screens.compare.drawings import counted
from tui.screens.compare.verdict import between, percent, shares
from tui.screens.overlays.dialogs import Notice
from tui.widgets.canvas import Span
from tui.widgets.plot import Band, Plot, Reference, Series, Words
from tui.widgets.rows import Cell, Column, Piece, Row
from tui.widgets.strips import strip, tick_line
from tui.widgets.words import TONE_STYLES, Tone

EMPTY: Final = "Nothing to compare yet."
WAYS_OUT: Final = (
    ("1", "plan a run", "two models of one table are compared split by split"),
    ("3", "go to the Board", "what the paper printed stands there already"),
)
ROPE: Final = 0.01
"""Differences within it are practically none."""
_BAR: Final = 18
"""Cells of the thin bar of probabilities."""
_TONES: Final[dict[str, Tone]] = {"A better": "a", "B better": "b", "differs": "warn"}


# ---------------------------------------------------------------------------- rows


def reach_of(lines: Sequence[Line]) -> float:
    """How far the axis about zero goes to each side: to the next .05 beyond every interval."""
    ends = [0.05]
    for line in lines:
        ends += [abs(end) for end in line.interval or ()]
        ends += [abs(line.difference)] if line.difference is not None else []
    return round(math.ceil(max(ends) / 0.05 - 1e-9) * 0.05, 9)


def columns(told: Told | None = None, wide: bool = True) -> tuple[Column, ...]:
    """The columns of a comparison; `wide`: with what 80 cells have no room for."""
    reach = reach_of(told.lines if told else ())
    interval = told.interval if told else "95 % interval"
    common = (
        Column("task", "task", least=12),
        Column("first", "A", right=True),
        Column("second", "B", right=True),
        Column("difference", "A − B", right=True),
    )
    axis = Column("strip", "", least=20, grows=True, axis=partial(tick_line, Span(-reach, reach)))
    if not wide:
        return *common, axis
    return (
        *common,
        Column("interval", interval, right=True, shed=3),
        axis,
        Column("chances", "P: A same B".ljust(_BAR), shed=2),
        Column("verdict", "verdict", least=14, shed=4),
        Column("splits", "splits", right=True, shed=5),
    )


def rows(told: Told, wide: bool = True) -> list[Row]:
    """One row for each task, and one for the mean, under a hairline where there is room."""
    reach = reach_of(told.lines)
    found = [_row(line, Span(-reach, reach), wide) for line in told.lines]
    if wide and len(found) > 1 and is_mean(told.lines[-1]):
        found.insert(-1, Row("mean rule", ("",) * len(found[0].cells), "line", heading=" "))
    return found


def is_mean(line: Line) -> bool:
    """Whether it is of the mean over tasks."""
    return line.name.startswith("mean of ")


def _row(line: Line, span: Span, wide: bool) -> Row:
    first, second, difference = line.terse
    winner = _TONES.get(line.verdict, "strong")
    style: Tone = "strong" if winner in ("warn", "strong") else winner
    told = "*" if line.verdict in ("A better", "B better", "differs") else ""
    common = (
        Cell(line.name, "strong" if is_mean(line) else ""),
        Cell(first, "a"),
        Cell(second, "b"),
        Cell(difference + told, style),
    )
    drawn = Cell(between(line), draw=partial(_about_zero, line, span))
    if not wide:
        return Row(line.name, (*common, drawn))
    chances = Cell("-") if line.probabilities is None else _thin(line.probabilities)
    verdict = Cell(line.verdict, _TONES.get(line.verdict, ""))
    return Row(
        line.name, (*common, Cell(between(line) or "-", "soft"), drawn, chances, verdict, line.splits)
    )


def _about_zero(line: Line, span: Span, width: int) -> list[Piece]:
    """The interval about a fixed zero, what counts as equal tinted."""
    pieces = strip(span, line.difference, line.interval, width, [(0.0, "│", "soft")])
    zero = span.place(0.0, width)
    if width and pieces[zero][0] == "─":
        pieces[zero] = ("┼", "soft")
    low, high = span.place(-ROPE, width), span.place(ROPE, width)
    return [
        (text, f"{TONE_STYLES.get(tone, tone)} $say-bande".strip())  # type: ignore[call-overload]
        if low <= place <= high
        else (text, tone)
        for place, (text, tone) in enumerate(pieces)
    ]


def _thin(probabilities: tuple[float, float, float]) -> Cell:
    def drawn(width: int) -> list[Piece]:
        first, same, second = shares(probabilities, min(width, _BAR))
        return [("━" * first, "a"), ("─" * same, "line"), ("━" * second, "b")]

    return Cell(" ".join(map(percent, probabilities)), draw=drawn)


# ---------------------------------------------------------------------------- sides


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


# ---------------------------------------------------------------------------- in full and splits


def in_full(line: Line, told: Told) -> Notice:
    """All about a row, and how it was judged."""
    sentences = [sentence for sentence in (told.unlike, *line.details, told.method) if sentence]
    verdict = f"{line.verdict}: " if line.verdict else ""
    first, second, difference, interval = line.shown
    between = f" {interval}" if line.interval else ""
    numbers = f"{verdict}A {first}, B {second}, A - B {difference}{between}."
    return Notice(line.name, numbers, body="\n\n".join(sentences))


def splits_title(line: Line | None, wide: bool = True) -> tuple[object, ...]:
    """What stands after the word Splits: of what, and who is ahead on how many."""
    if line is None:
        return ()
    if not line.pairs:
        return (line.name, ("  no splits to draw, only means" if not is_mean(line) else "", "soft"))
    return (line.name, "  ", *counted(line.pairs, 80 if wide else 0))


def splits_plot(line: Line) -> Plot:
    """The difference in each split, beside no difference: what is written as a figure."""
    n = len(line.differences)
    reach = max(0.01, *(abs(difference) for difference in line.differences))
    points = tuple((i, difference) for i, difference in enumerate(line.differences, 1))
    series = [Series("A - B, by split", points, "a")]
    level = (Reference("no difference", ((1, 0.0), (n, 0.0))),)
    return Plot(line.name, series, Span.around((1, n)), Span(-reach, reach), "split", references=level)


_STEPS: Final = 200


def posterior_plot(line: Line) -> Plot | None:
    """How likely each difference is, tinted by whom it is for; None where nothing can be said."""
    posterior, chances = line.posterior, line.probabilities
    if posterior is None or chances is None:
        return None
    reach = max(abs(posterior.difference) + 3.5 * posterior.se, 0.05)
    reach = math.ceil(reach / 0.05) * 0.05
    xs = [-reach + 2 * reach * step / _STEPS for step in range(_STEPS + 1)] + [-ROPE, ROPE]
    xs.sort()
    ys = posterior.density(xs)
    top = max(ys) * 1.08
    curve = tuple(zip(xs, ys, strict=True))
    least = 0.02 * top
    first, same, second = map(percent, chances)
    edges = {
        "bandb": [(x, 0.0, y) for x, y in curve if x <= -ROPE and y > least],
        "bande": [(x, 0.0, y) for x, y in curve if -ROPE <= x <= ROPE and y > least],
        "banda": [(x, 0.0, y) for x, y in curve if x >= ROPE and y > least],
    }
    words = (
        Words(-0.96 * reach, 0.9 * top, f"same {same}", "both"),
        Words(-0.96 * reach, 0.45 * top, f"◀ B {second}", "b"),
        Words(0.5 * reach, 0.45 * top, f"A {first} ▶", "a"),
    )
    return Plot(
        f"{line.name}: posterior of A - B",
        [Series("", curve, "text")],
        Span(-reach, reach),
        Span(0.0, top),
        "A − B",
        "density",
        (Reference("", ((0.0, 0.0), (0.0, top))),),
        [Band(tone, found) for tone, found in edges.items()],
        words=words,
    )


def why_no_posterior(line: Line | None) -> str:
    """What stands in its place."""
    if line is None:
        return "There is nothing to judge yet."
    if line.interval is None and line.pairs:
        return "There is no spread to judge by."
    return "Only means are known, so there is no posterior."


def notes(told: Told, width: int) -> list[str]:
    """What must be known beside the rows, wrapped."""
    return [part for note in told.notes for part in textwrap.wrap(bare(note), max(width, 20))]
