"""What the Plan screen draws beside its lists of what is known before a run: models, genes and their texts.

Pure functions from what was read to lines of pieces, for the room that there is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from rich.cells import cell_len

from tui.quantities import count
from tui.screens.plan.facts import Printed, TaskFacts, shared
from tui.widgets.canvas import Canvas, Span
from tui.widgets.rows import Piece, beside, cut
from tui.widgets.strips import label, placed, rounded, strip, tick_line
from tui.widgets.text import clean
from tui.widgets.words import Charset

Lines = list[list[Piece]]
CHOSEN: Final = ("●", "a"), " chosen  ", ("○", "soft"), " other"
"""What the dots of models mean."""
OVERLAP: Final = 0.5
"""From which part of the smaller task on shared genes are a warning."""


# ---------------------------------------------------------------------------- models, in print and by size


def in_the_paper(printed: Printed, chosen: Collection[str], width: int, height: int) -> Lines:
    """The paper's means as dots on one axis, those of chosen models filled."""
    means = printed.means
    span = rounded([mean for _, mean in means], 0.02)
    name = min(max((cell_len(model) for model, _ in means), default=0), width - 25)
    room = width - name - 12
    lines: Lines = [[(" " * (5 + name + 1), ""), (tick_line(span, room), "faint")]]
    gap = 2 if height >= 2 * len(means) + 1 else 1
    for place, (model, mean) in enumerate(means[: max(height - 1, 0)], 1):
        here = model in chosen
        lines.append(
            [
                (cut(f"p{place}", 4), "faint"),
                (" " + cut(clean(model), name), "text" if here else "soft"),
                (" ", ""),
                *strip(span, mean, None, room, sign="●" if here else "○", tone="a" if here else "soft"),
                (f" {f'{mean:.3f}'.removeprefix('0'):>5}", "text" if here else "soft"),
            ]
        )
        lines += [[] for _ in range(gap - 1)]
    return lines


def sizes_and_scores(
    printed: Printed,
    sizes: Mapping[str, int],
    chosen: Collection[str],
    charset: Charset,
    width: int,
    height: int,
) -> Lines:
    """Million parameters on a log axis against the paper's mean, with names where they are free."""
    points = [
        (math.log10(sizes[model] / 1e6), mean, model) for model, mean in printed.means if model in sizes
    ]
    if not points or height < 7 or width < 30:
        return [[("No size of these models is known.", "soft")]]
    y = rounded([mean for _, mean, _ in points], 0.02)
    low, high = min(at for at, _, _ in points), max(at for at, _, _ in points)
    x = Span(low - 0.1, high + 0.12)
    canvas = Canvas(width - 7, height - 4, x, y, charset)
    marks = [
        size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if x.low <= math.log10(size) <= x.high
    ]
    values = [y.low + (y.high - y.low) * part / 4 for part in range(5)]
    canvas.grid([math.log10(size) for size in marks], values)
    for own in (True, False):
        for across, up, model in points:
            if (model in chosen) == own:
                canvas.mark(across, up, "●" if own else "○", "a" if own else "soft")
    step = (x.high - x.low) / (width - 7)
    for own in (True, False):
        for across, up, model in points:
            if (model in chosen) == own:
                right = across + step * (cell_len(model) + 3) > x.high
                at = across - 2 * step if right else across + 2 * step
                canvas.text(at, up, clean(model), "text" if own else "soft", right=right)
    rows = height - 4
    ups = {rows - 1 - y.place(value, rows): label(round(value, 3)) for value in values}
    lines: Lines = [[(f"    ↑ mean AUC in the paper, {printed.protocol}", "faint")]]
    for row, line in enumerate(canvas.lines()):
        lines.append([(f"{ups.get(row, ''):>5}", "faint"), ("┤" if row in ups else "│", "line"), *line])
    places = [x.place(math.log10(size), width - 7) for size in marks]
    axis = "".join("┬" if column in places else "─" for column in range(width - 7))
    lines.append([("     └" + axis, "line")])
    named = placed([(place, str(size)) for place, size in zip(places, marks, strict=True)], width - 7)
    title = "million parameters, log →"
    lines.append([("      " + named, "faint")])
    lines.append([(" " * max(width - len(title) - 1, 0) + title, "faint")])
    return lines


# ---------------------------------------------------------------------------- genes and their texts


def reading(
    facts: TaskFacts, recipe: str, prefix: str, others: Sequence[str], width: int, height: int
) -> Lines:
    """One gene's text as a model reads it, under the chosen axes."""
    import textwrap

    said = textwrap.wrap(clean(prefix + facts.text, 0), max(width, 10)) or ["(no text)"]
    room = max(height - 5, 1)
    if len(said) > room:
        said = [*said[: room - 1], cut(said[room - 1] + " …", width).rstrip()]
    lines: Lines = [[(clean(facts.gene), "strong"), ("  text ", "soft"), (clean(recipe), "text")], []]
    lines += [[(line, "text")] for line in said]
    lines.append([])
    spread = f"median {count(facts.usual, 'character')}, longest {facts.longest:,}"
    lines.append([(spread, "soft")])
    if others:
        lines.append([(_steps(others, width), "faint")])
    return lines[:height]


def _steps(others: Sequence[str], width: int) -> str:
    """What else may be read, as many whole names as there is room for."""
    for many in range(len(others), 0, -1):
        rest = f" and {len(others) - many} more" if many < len(others) else ""
        said = f"space on text steps: {', '.join(others[:many])}{rest}"
        if cell_len(said) <= width:
            return said
    return cut("space on text steps", width).rstrip()


def genes_shared(genes: Mapping[str, frozenset[str]], width: int, height: int) -> Lines:
    """How many genes each two of the chosen tasks have in common; most of the smaller one stands out."""
    names = list(genes)
    if len(names) < 2:
        return [[("Two tasks that are chosen can share genes.", "soft")]]
    each = 10
    name = max(min(max(map(cell_len, names)), width - each * min(len(names) - 1, 4)), 10)
    each = min(max((width - name) // (len(names) - 1), each), 20)
    across = names[: min(len(names) - 1, max((width - name) // each, 1))]
    lines: Lines = [
        [
            (" " * name, ""),
            *((cut(beside(clean(one), each - 1), each, right=True), "soft") for one in across),
        ]
    ]
    warned = False
    for task, numbers in shared(genes)[: max(height - 2, 1)]:
        line: list[Piece] = [(cut(clean(task), name), "text")]
        for other, number in zip(across, numbers, strict=False):
            smaller = min(len(genes[task]), len(genes[other])) or 1
            most = number / smaller > OVERLAP
            warned = warned or most
            line.append(
                (
                    cut(f"{number:,}", each, right=True),
                    "$say-warn bold" if most else "text" if number else "faint",
                )
            )
        lines.append(line)
    if warned and len(lines) < height:
        lines.append([("bold: more than half of the smaller task", "soft")])
    return lines


Drawer = Callable[[int, int], Lines]
