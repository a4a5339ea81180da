"""The map of genes as lines of pieces, and which dot lies in a direction: pure functions.

What does not move with the cursor is drawn once (`ground`); what does is laid over it (`drawn`), so that
a key costs a few cells and not the dots of ten thousand genes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from tui.screens.genes.classes import class_tone
from tui.widgets.canvas import Canvas, Span
from tui.widgets.rows import Piece
from tui.widgets.text import clean
from tui.widgets.words import UNICODE, Charset, Tone

if TYPE_CHECKING:
    from tui.questions.maps import Dot, GeneMap

Colour = Literal["class", "error", "family"]
COLOURS: Final[tuple[Colour, ...]] = ("class", "error", "family")
NUMBERED: Final = 5
"""So many of the nearest carry their number."""
HAIR: Final = 4
"""Cells of the lines from the cursor."""
UNDER: Final = 2
"""Lines under the canvas: the axis and what it is called."""
_UNSURE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Ground:
    """The dots of a map in the cells of its canvas."""

    map: GeneMap
    lines: Sequence[Sequence[Piece]]
    cells: Sequence[tuple[int, int]]
    """Column and line of each dot."""


def ground(
    of: GeneMap,
    colour: Colour,
    family: Collection[str],
    kept: Collection[tuple[str, int]] | None,
    width: int,
    height: int,
    charset: Charset = UNICODE,
) -> Ground:
    """Draw every dot.

    Args:
        of: The map.
        colour: What tones mean.
        family: Genes that stand out by `family`.
        kept: (gene, label) of those that the list shows; the others are faint. None: all are.
        width: Cells of the canvas.
        height: Lines of the canvas.
        charset: Which signs there are.
    """
    canvas = Canvas(
        width, height, _span([dot.x for dot in of.dots]), _span([dot.y for dot in of.dots]), charset
    )
    groups: dict[Tone, list[tuple[float, float]]] = {}
    for dot in of.dots:
        if kept is not None and (dot.gene, dot.label) not in kept:
            canvas.reference([(dot.x, dot.y)], tone="line")
        elif dot.wrong and colour != "family":
            canvas.mark(dot.x, dot.y, "×", "bad")
        else:
            groups.setdefault(_tone(dot, colour, family), []).append((dot.x, dot.y))
    for tone, points in groups.items():
        canvas.scatter(points, tone)
    return Ground(of, canvas.lines(), [canvas.cell(dot.x, dot.y) for dot in of.dots])


def _span(values: Sequence[float]) -> Span:
    span = Span.around(values)
    edge = (span.high - span.low) * 0.02
    return Span(span.low - edge, span.high + edge)


def _tone(dot: Dot, colour: Colour, family: Collection[str]) -> Tone:
    if colour == "class":
        return class_tone(dot.label)
    if colour == "family":
        return "b" if dot.gene in family else "soft"
    if dot.error is None:
        return "faint"
    return "warn" if dot.error > _UNSURE else "good"


def drawn(ground: Ground, cursor: int | None, width: int, chip: str) -> list[list[Piece]]:
    """The map with its axes and the cursor, in lines of at most `width` cells.

    Args:
        ground: The dots, on a canvas one cell narrower than `width` and `UNDER` lines lower than the place.
        cursor: The dot that the cursor is on.
        width: Cells.
        chip: The style of the cursor's name.
    """
    cells = [list(line) for line in ground.lines]
    at = None
    if cursor is not None:
        at = ground.cells[cursor]
        _hair(cells, at)
        for number, (near, _) in reversed(list(enumerate(ground.map.near[cursor][:NUMBERED], 1))):
            column, row = ground.cells[near]
            cells[row][column] = (str(number), "strong")
        cells[at[1]][at[0]] = ("◉", "accent")
        _name(cells, at, f" {clean(ground.map.dots[cursor].gene)} ", chip)
    lines = [
        [("▶", "accent") if at and at[1] == row else ("│", "line"), *merged(line)]
        for row, line in enumerate(cells)
    ]
    columns = width - 1
    if at is None:
        lines.append([("└" + "─" * columns, "line")])
    else:
        lines.append([("└" + "─" * at[0], "line"), ("▲", "accent"), ("─" * (columns - at[0] - 1), "line")])
    lines.append(_axes(ground.map, width))
    return lines


def _hair(cells: list[list[Piece]], at: tuple[int, int]) -> None:
    """Lines from the cursor, where nothing else is."""
    for step in range(1, HAIR + 1):
        for column, row, sign in (
            (at[0] - step, at[1], "╌"),
            (at[0] + step, at[1], "╌"),
            (at[0], at[1] - step, "┊"),
            (at[0], at[1] + step, "┊"),
        ):
            if 0 <= row < len(cells) and 0 <= column < len(cells[row]) and cells[row][column][0] == " ":
                cells[row][column] = (sign, "accent")


def _name(cells: list[list[Piece]], at: tuple[int, int], name: str, chip: str) -> None:
    """The name in the place beside the cursor where it covers least."""
    places: list[tuple[int, int, int, int]] = []
    for right, down in ((2, -1), (2, 1), (2, 0), (-1, -1), (-1, 1), (-1, 0)):
        column, row = at[0] + right if right > 0 else at[0] - len(name) - 1, at[1] + down
        if 0 <= row < len(cells) and column >= 0 and column + len(name) <= len(cells[0]):
            under = cells[row][column : column + len(name)]
            places.append((sum(sign not in " ╌┊" for sign, _ in under), len(places), column, row))
    if places:
        _, _, column, row = min(places)
        cells[row][column : column + len(name)] = [(sign, chip) for sign in name]


def _axes(of: GeneMap, width: int) -> list[Piece]:
    first, second = (name.replace("%", " %") for name in of.axes)
    said = [(f"{first} →   ↑ {second}", "soft"), (f"   a flat view of {of.dimensions} dimensions", "faint")]
    if of.without:
        said.append((f"   {of.without} without a vector", "warn"))
    found: list[Piece] = [(" ", "")]
    room = width - 1
    for text, tone in said:
        if len(text) > room:
            break
        found.append((text, tone))
        room -= len(text)
    return found


def merged(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours of one tone as one piece."""
    found: list[Piece] = []
    for text, tone in pieces:
        if found and found[-1][1] == tone:
            found[-1] = (found[-1][0] + text, tone)
        else:
            found.append((text, tone))
    return found


def towards(ground: Ground, cursor: int, across: int, down: int) -> int:
    """The dot next to one in a direction, as it looks on screen; the same one where there is none.

    What lies straight ahead is nearer than what lies aside. Several dots in one cell are gone through in
    their order, which no direction would tell apart.
    """
    column, row = ground.cells[cursor]
    best, least = cursor, float("inf")
    for place, (its_column, its_row) in enumerate(ground.cells):
        right, below = its_column - column, 2 * (its_row - row)
        ahead, aside = right * across + below * down, abs(right * down + below * across)
        if place == cursor or ahead < 0 or aside > ahead:
            continue
        if ahead == 0 and (place > cursor) != (across + down > 0):
            continue
        # In the cursor's own cell: the next in order first.
        far = ahead + 2 * aside + (abs(place - cursor) / len(ground.cells) if ahead == 0 else 0.5)
        if far < least:
            best, least = place, far
    return best


def legend(of: GeneMap, colour: Colour, charset: Charset = UNICODE) -> list[tuple[str, Tone]]:
    """What the signs of the map mean, for the pane's edge."""

    def point(tone: Tone, said: str) -> list[tuple[str, Tone]]:
        return [(f"{charset.point(tone)} ", tone), (said, "soft")]

    found: list[tuple[str, Tone]] = []
    if colour == "class":
        for label, name in enumerate(of.classes[:5]):
            found += point(class_tone(label), f"{clean(name, 24)}  ")
        found += [("× ", "bad"), ("wrong", "soft")]
    elif colour == "error":
        found += [*point("good", "error to .25  "), *point("warn", "to .5  ")]
        found += [("× ", "bad"), ("over .5", "soft")]
    else:
        found += point("b", "its family")
    return [*found, ("  1–5 ", "strong"), ("nearest", "soft")]
