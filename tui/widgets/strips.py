"""Pictures of one line: a dot with its interval, the ticks over it, bars of a histogram.

    Cell(".852 of [.80, .91]", draw=lambda width: strip(span, .852, (.80, .91), width, refs))

where `refs` are `(value, sign, tone)`, such as `(.5, "┊", "faint")` for chance or `(mean, "╎", "a")` for a
baseline. All rows of a pane share one `span`, rounded outwards with `rounded`; `tick_line` is its head.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from tui.widgets.canvas import Span
from tui.widgets.rows import Piece

Reference = tuple[float, str, str]
"""Where it is, the sign that draws it and the sign's tone."""
BARS: Final = " ▁▂▃▄▅▆▇█"


def rounded(values: Sequence[float], step: float = 0.1) -> Span:
    """The span of an axis that holds all values, its ends rounded outwards."""
    low = math.floor(min(values, default=0.0) / step + 1e-9) * step
    high = math.ceil(max(values, default=1.0) / step - 1e-9) * step
    return Span(round(low, 9), round(high if high > low else low + step, 9))


def strip(
    span: Span,
    value: float | None,
    interval: tuple[float, float] | None,
    width: int,
    references: Sequence[Reference] = (),
    sign: str = "●",
    tone: str = "text",
    line: str = "",
) -> list[Piece]:
    """A dot and its interval in exactly `width` cells.

    Args:
        span: The axis.
        value: Where the dot is; None: there is none.
        interval: Its ends, drawn to half a cell; an end that is off the axis is `◀` or `▶`.
        width: Cells.
        references: What stands behind it.
        sign: `●` own, `○` printed, `◆` B or the baseline, `◉` the cursor's.
        tone: The dot's.
        line: The interval's; by default the dot's.
    """
    cells: list[Piece] = [(" ", "")] * width
    for at, mark, its in references:
        if width and span.low <= at <= span.high:
            cells[span.place(at, width)] = (mark, its)
    if interval is not None and width:
        first, last = (span.place(end, 2 * width) for end in interval)
        for place in range(first // 2, last // 2 + 1):
            left, right = first <= 2 * place, last >= 2 * place + 1
            cells[place] = ("─" if left and right else "╶" if right else "╴", line or tone)
        if interval[0] < span.low:
            cells[0] = ("◀", line or tone)
        if interval[1] > span.high:
            cells[-1] = ("▶", line or tone)
    if value is not None and width:
        if value < span.low or value > span.high:
            cells[0 if value < span.low else -1] = ("◀" if value < span.low else "▶", tone)
        else:
            cells[span.place(value, width)] = (sign, tone)
    return cells


def label(value: float) -> str:
    """A tick's value as it is written: without a leading zero, with a true minus."""
    text = f"{value:.4g}" if abs(value) < 1e5 else f"{value:.2g}"
    return text.replace("-0.", "-.").removeprefix("0" if text.startswith("0.") else "").replace("-", "−")


def ticks(span: Span, most: int = 5) -> list[float]:
    """At most 5, or 3, round values within a span, its ends among them where they are round."""
    width = span.high - span.low
    for power in range(math.floor(math.log10(width)) - 1, math.floor(math.log10(width)) + 2):
        for base in (1, 2, 2.5, 5):
            step = base * 10.0**power
            first, last = math.ceil(span.low / step - 1e-6), math.floor(span.high / step + 1e-6)
            if 2 <= last - first + 1 <= most:
                return [round(number * step, 10) for number in range(first, last + 1)]
    return [span.low, span.high]


def tick_line(span: Span, width: int) -> str:
    """The values of an axis over the cells where they are; what would touch another is left out."""
    return placed(
        [(span.place(at, width), label(at)) for at in ticks(span, 5 if width >= 24 else 3)], width
    )


def placed(labels: Sequence[tuple[int, str]], width: int) -> str:
    """Labels, each about its cell, in a line of `width`; the ends come first, none overlaps another."""
    line = [" "] * width
    order = [*labels[:1], *labels[-1:], *labels[1:-1]] if len(labels) > 1 else labels
    for at, text in order:
        start = min(max(at - len(text) // 2, 0), max(width - len(text), 0))
        around = line[max(start - 1, 0) : start + len(text) + 1]
        if len(text) <= width and not "".join(around).strip():
            line[start : start + len(text)] = text
    return "".join(line)


def histogram(counts: Sequence[float], most: float | None = None) -> str:
    """One bar a count, from 0 to the greatest, or to `most`; what is not nothing can be seen."""
    top = most or max(counts, default=0) or 1
    return "".join(BARS[min(max(math.ceil(8 * count / top), 0), 8)] for count in counts)
