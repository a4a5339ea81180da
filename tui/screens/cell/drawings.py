"""The pictures of a cell's test scores: by class, by split, and as what was called what. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

from tui.questions.tested import HALF, Kept, Scored, always, balanced, called
from tui.ranked.figures import three
from tui.terminal.tokens import heat_step
from tui.widgets.canvas import Span
from tui.widgets.rows import Piece, cut
from tui.widgets.strips import BARS, tick_line

UNIT: Final = Span(0.0, 1.0)
Lines = list[list[Piece]]


def scores(tests: Kept, width: int, height: int) -> Lines:
    """Scores by class: class 1 upwards, the rest downwards, as shares of each on one scale."""
    one = [test.score for test in tests.all if test.label == 1]
    rest = [test.score for test in tests.all if test.label != 1]
    margin = 5
    bins = max(width - margin, 4)
    ups, downs = _shares(one, bins), _shares(rest, bins)
    high, low = max([*ups, 1e-9]), max([*downs, 1e-9])
    room = max(height - 4, 2)
    above = min(max(round(room * high / (high + low)), 1), room - 1)
    below = room - above
    row_share = max(high / above, low / below)
    top, bottom = f"{100 * row_share * above:.0f}%", f"{100 * row_share * below:.0f}%"
    lines: Lines = [_named(tests.positive, len(one), "b", margin, width)]
    for row in range(above):
        bars = "".join(_up(share / row_share - (above - 1 - row)) for share in ups)
        lines.append([(f"{top if row == 0 else '':>{margin - 1}}", "faint"), ("│", "line"), (bars, "b")])
    lines.append([(f"{0:>{margin - 1}}", "faint"), ("┼" + "─" * bins, "line")])
    for row in range(below):
        bars = "".join(_down(share / row_share - row) for share in downs)
        said = bottom if row == below - 1 else ""
        lines.append([(f"{said:>{margin - 1}}", "faint"), ("│", "line"), (bars, "a")])
    lines.append(_named(tests.rest, len(rest), "a", margin, width))
    lines.append([(" " * margin + tick_line(UNIT, bins), "faint")])
    title = "score →"
    left = width - sum(cell_len(text) for text, _ in lines[-2]) - len(title)
    if left > 1:
        lines[-2] += [(" " * left + title, "faint")]
    return lines


def _named(name: str, count: int, tone: str, margin: int, width: int) -> list[Piece]:
    said = f"  {count} test scores"
    room = max(width - margin - len(said), 4)
    shown = cut(name, min(room, len(name)))
    return [(" " * margin, ""), (shown, f"$say-{tone} bold"), (said, "soft")]


def _shares(values: Sequence[float], bins: int) -> list[float]:
    counts = [0] * bins
    for value in values:
        counts[UNIT.place(value, bins)] += 1
    return [count / len(values) for count in counts] if values else [0.0] * bins


def _up(eighths: float) -> str:
    """One cell of a bar that stands: what is there at all can be seen."""
    return BARS[min(max(math.ceil(8 * eighths), 0), 8)]


def _down(full: float) -> str:
    """One cell of a bar that hangs, to half a cell."""
    return " " if full <= 0 else "▀" if full <= 0.5 else "█"


# ---------------------------------------------------------------------------- split by split


def by_split(tests: Kept, seeds: Sequence[tuple[str, str]], width: int, height: int) -> Lines:
    """Every test score by split, two lines each: class 1 over the rest; wrong ones in `bad`.

    Args:
        tests: The scores.
        seeds: Key and what the split is called.
        width: Cells.
        height: Lines.
    """
    shown = [(key, name) for key, name in seeds if key in tests.splits]
    margin = max([len(name) for _, name in shown], default=2) + 3
    bins = max(width - margin, 4)
    half = UNIT.place(HALF, bins)
    lines: Lines = [[(" " * margin + tick_line(UNIT, bins), "faint")]]
    spaced = height >= 3 * len(shown)
    most = max(
        [
            count
            for key, _ in shown
            for label in (True, False)
            for count in _counts(tests.splits[key], label, bins)
        ],
        default=1,
    )
    fit = max((height - 1) // (3 if spaced else 2), 1)
    left = 0 if len(shown) <= fit else len(shown) - max((height - 2) // 2, 1)
    for key, name in shown[: len(shown) - left]:
        for label, sign, tone in ((True, "■", "b"), (False, "□", "a")):
            bars = _counts(tests.splits[key], label, bins)
            wrong = [(place < half) == label for place in range(bins)]
            start = f"{name if label else '':>{margin - 3}} "
            line: list[Piece] = [(start, "soft"), (f"{sign} ", tone)]
            line += _runs(bars, wrong, most, tone, half)
            lines.append(line)
        if spaced:
            lines.append([])
    if left:
        lines.append([(f"and {left} more; tab to this pane, then z", "soft")])
    return lines


def _counts(split: Sequence[Scored], label: bool, bins: int) -> list[int]:
    counts = [0] * bins
    for test in split:
        if (test.label == 1) == label:
            counts[UNIT.place(test.score, bins)] += 1
    return counts


def _runs(bars: Sequence[int], wrong: Sequence[bool], most: int, tone: str, half: int) -> list[Piece]:
    found: list[Piece] = []
    for place, count in enumerate(bars):
        sign = BARS[min(max(math.ceil(8 * count / max(most, 3)), 2 if count else 0), 8)]
        its = "$say-bad" if wrong[place] and count else tone
        if not count and place == half:
            sign, its = "┊", "faint"
        if found and (found[-1][1] == its or sign == " "):
            found[-1] = (found[-1][0] + sign, found[-1][1])
        else:
            found.append((sign, its))
    return found


# ---------------------------------------------------------------------------- called


def matrix(tests: Kept, width: int) -> Lines:
    """What genes of each class were called, with heat on the diagonal, and what that is worth."""
    found = called(tests)
    if not found:
        return []
    longest = max(cell_len(row.name) for row in found)
    cell = min(max(longest, 5), max((width - 8 - min(longest, width // 3)) // len(found) - 1, 5))
    name = max(width - 8 - (cell + 1) * len(found), 6)
    tones = ("a", "b") if len(found) == 2 else ("soft",) * len(found)
    head: list[Piece] = [(cut("is", name), "soft")]
    for number, row in enumerate(found):
        head += [(" ", ""), (cut(row.name, cell, right=True), tones[number])]
    lines: Lines = [[*head, (f"{'right':>7}", "soft")]]
    for number, row in enumerate(found):
        line: list[Piece] = [(cut(row.name, name), tones[number])]
        for other, count in enumerate(row.counts):
            style = (
                f"$say-fill-{heat_step(row.right)}" if other == number else "$say-bad" if count else "soft"
            )
            line += [(" ", ""), (f"{count:>{cell}}", style)]
        lines.append([*line, (f"{100 * row.right:>5.0f} %", "strong")])
    one = always(found)
    if one:
        lines.append([("always ", "bad"), (cut(one, min(len(one), width - 7)), "bad")])
    level = three(1 / len(found))
    lines.append(
        [("balanced ", "soft"), (three(balanced(found)), "strong"), (f", by chance {level}", "soft")]
    )
    return lines
