"""The pictures of a comparison: dumbbells of splits, the triangle of all pairs. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from engine.catalog.controls import title_of
from tui.quantities import count
from tui.ranked.among import Among
from tui.ranked.comparison import Line
from tui.ranked.figures import change, three
from tui.widgets.canvas import Span
from tui.widgets.rows import Piece, cut, cut_title, stacked
from tui.widgets.strips import rounded, tick_line

Lines = list[list[Piece]]
_SEED = 5
_CHANGE = 7
BLOCK = 28
"""Cells that the dumbbells of one task need at least."""


# ---------------------------------------------------------------------------- dumbbells


def ahead(pairs: Sequence[tuple[str, float, float]]) -> tuple[int, int, int]:
    """In how many splits A is ahead, B is, and both are level, by the digits shown."""
    differences = [_difference(one, two) for _, one, two in pairs]
    first, second = sum(it > 0 for it in differences), sum(it < 0 for it in differences)
    return first, second, len(pairs) - first - second


def _difference(one: float, two: float) -> float:
    first, second = (round(round(value, 9), 3) for value in (one, two))
    return round(first - second, 9)


def dumbbells(line: Line, width: int, height: int) -> Lines:
    """A and B in every split that both have, joined in the colour of the one ahead."""
    pairs = line.pairs
    span = rounded([value for _, *both in pairs for value in both])
    across = max(width - _SEED - _CHANGE - 2, 8)
    lines: Lines = [
        [
            (f"{'seed':>{_SEED}} ", "soft"),
            (tick_line(span, across), "faint"),
            (f" {'A − B':>{_CHANGE}}", "soft"),
        ]
    ]
    spare = min(max(height - len(pairs) - 1, 0), 2 * len(pairs))
    left = 0 if len(pairs) < height else len(pairs) - max(height - 2, 1)
    for number, (seed, one, two) in enumerate(pairs[: len(pairs) - left]):
        difference = _difference(one, two)
        tone = "a" if difference > 0 else "b" if difference < 0 else "soft"
        lines.append(
            [
                (f"{seed:>{_SEED}} ", "soft"),
                *dumbbell(span, one, two, across),
                (f" {change(difference):>{_CHANGE}}", tone),
            ]
        )
        blanks = _gap(number, len(pairs), spare, height)
        lines += [[(" " * (_SEED + 1), ""), *_chance(span, across)] for _ in range(blanks)]
    if left:
        lines.append([(f"and {left} more; tab to this pane, then z", "soft")])
    return lines


def _gap(number: int, rows: int, spare: int, height: int) -> int:
    """Blank lines after a row: alike after all, one more after each group of fives, or of fewer.

    Groups are of one size, the largest that leaves no void; sizes that leave no odd group come first.
    """
    each, rest = divmod(spare, rows)
    sizes = sorted((5, 4, 3, 2), key=lambda size: rows % size > 0)
    left = {size: rest - (rows - 1) // size for size in sizes}
    fitting = [size for size in sizes if left[size] >= 0]
    group = next((size for size in fitting if 3 * left[size] <= height), min(fitting, default=rows))
    return each + ((number + 1) % group == 0 and number + 1 < rows)


def counted(pairs: Sequence[tuple[str, float, float]], width: int = 80) -> list[Piece]:
    """`A ahead on 7, B on 2, level on 1`; in fewer cells without the last, which the others leave."""
    first, second, level = ahead(pairs)
    said: list[Piece] = [
        ("A ahead on ", "soft"),
        (str(first), "a"),
        (", B on ", "soft"),
        (str(second), "b"),
    ]
    rest = f", level on {level}" if level else ""
    fits = sum(len(text) for text, _ in said) + len(rest) <= width
    return [*said, (rest, "soft")] if fits else said


def _chance(span: Span, width: int) -> list[Piece]:
    cells: list[Piece] = [(" ", "")] * width
    if span.low < 0.5 < span.high:
        cells[span.place(0.5, width)] = ("┊", "faint")
    return cells


def dumbbell(span: Span, one: float, two: float, width: int) -> list[Piece]:
    """`●━━◆` between the two in `width` cells; `◉` where they are level."""
    cells = _chance(span, width)
    at, other = span.place(one, width), span.place(two, width)
    difference = _difference(one, two)
    if difference == 0:
        cells[at] = ("◉", "both")
        return cells
    tone = "a" if difference > 0 else "b"
    for place in range(min(at, other), max(at, other) + 1):
        cells[place] = ("━", tone)
    cells[other] = ("◆", "b")
    if at != other or difference > 0:
        cells[at] = ("●", "a")
    return cells


def every_task(lines: Sequence[Line], width: int, height: int) -> Lines:
    """The dumbbells of every task beside and below each other, as many as there is room for."""
    shown = [line for line in lines if line.pairs]
    most = max([len(line.pairs) for line in shown], default=0) + 3
    widest = max(min(width // BLOCK, len(shown)), 1)
    enough = (many for many in range(1, widest) if -(-len(shown) // many) * most <= height)
    beside = next(enough, widest)
    block = width // beside
    rows = -(-len(shown) // beside)
    fit = max(height // most, 1)
    tall = max(height // min(rows, fit), 3) if rows else height
    found: Lines = []
    for start in range(0, min(rows, fit) * beside, beside):
        parts = [_block(line, block, tall) for line in shown[start : start + beside]]
        for number in range(max(len(part) for part in parts)):
            joined: list[Piece] = []
            for part in parts:
                joined += part[number] if number < len(part) else [(" " * block, "")]
            found.append(joined)
    left = len(shown) - min(rows, fit) * beside
    if left > 0:
        found = [
            *found[: height - 1],
            [(f"and {count(left, 'more task')}; tab to this pane, then z", "soft")],
        ]
    return found


def _block(line: Line, width: int, height: int) -> Lines:
    inner = width - 2
    fits = len(line.pairs) + 3 <= height
    lines: Lines = [
        [(cut(line.name, inner), "$say-text bold")],
        *dumbbells(line, inner, height - 1 - fits),
    ]
    if fits:
        said = counted(line.pairs, inner)
        indent = min(_SEED + 1, inner - sum(len(text) for text, _ in said))
        lines.append([(" " * indent, ""), *said])
    return [
        [*pieces, (" " * max(width - sum(len(text) for text, _ in pieces), 0), "")]
        for pieces in lines[:height]
    ]


# ---------------------------------------------------------------------------- all pairs


def triangle(found: Among, marked: Sequence[str], width: int, height: int) -> Lines:
    """Row minus column for every two rows; `*` and colour only where they are told apart.

    Args:
        found: The rows, two at least.
        marked: Those of the comparison, which are bold.
        width: Cells.
        height: Lines.
    """
    titles = {row: title_of(row) for row in found.rows}
    name = min(max(map(len, titles.values()), default=8) + 2, max(width // 3, 12))
    cell = min(max((width - name - 7) // max(len(found.rows) - 1, 1), 9), 18)
    most = max((width - name - 7) // cell, 1)
    columns = found.rows[1 : most + 1]
    notes = _notes(found, len(found.rows) - 1 - len(columns), width)
    over, under = zip(*(_head(titles[row], cell - 1) for row in columns), strict=True)
    lines: Lines = [[(" " * (name + 7), ""), *((f"{head:>{cell - 1}} ", "soft") for head in over)]]
    if not any(over) or len(found.rows) + len(notes) + 2 > height:
        lines, under = [], tuple(cut_title(titles[row], cell - 1) for row in columns)
    lines.append(
        [(f"{'mean':>{name + 6}} ", "soft"), *((f"{head:>{cell - 1}} ", "soft") for head in under)]
    )
    fit = max(height - len(lines) - len(notes), 1)
    for number, row in enumerate(found.rows[:fit]):
        sign = "∅ " if row in found.controls else "  "
        style = "$say-text bold" if row in marked else "soft" if row in found.controls else "text"
        line: list[Piece] = [
            (sign, "soft"),
            (cut(titles[row], name - 2), style),
            (f"{three(found.aucs.get(row)):>6} ", "text"),
        ]
        for place, column in enumerate(columns, 1):
            if place <= number:
                line.append((" " * cell, ""))
                continue
            told = (row, column) in found.told or (column, row) in found.told
            tone = ("good" if (row, column) in found.told else "bad") if told else "soft"
            said = f"{change(found.difference(row, column)):>{cell - 1}}"
            line.append((said + ("*" if told else " "), tone))
        lines.append(line)
    return [*lines, *notes]


def _head(title: str, width: int) -> tuple[str, str]:
    """A title as two lines of a head: apart at its last blank, else as a task's; one if it fits."""
    first, _, last = title.rpartition(" ")
    return (
        (cut_title(first, width), cut_title(last, width))
        if first and len(title) > width
        else stacked(title, width)
    )


def _notes(found: Among, hidden: int, width: int) -> Lines:
    words = [f"* told apart among these {found.contestants}"]
    if found.controls:
        words.append("∅ control, each row beside it")
    if hidden > 0:
        words.append(f"{hidden} more columns where it is wider")
    said = ", ".join(words)
    return [[(cut(said, min(len(said), width)), "soft")]]
