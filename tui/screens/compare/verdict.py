"""What stands over a comparison: the two sides, the verdict in words, the bar of its probabilities."""

from __future__ import annotations

import textwrap
from typing import Final

from engine.catalog.controls import title_of
from tui.questions.cells import Side
from tui.ranked.comparison import Line, Told
from tui.ranked.figures import bare, change
from tui.ranked.tables import details
from tui.widgets.rows import Piece, cut

NOTHING: Final = "Nothing is ranked yet."
Lines = list[list[Piece]]


def percent(share: float) -> str:
    """`14 %`; `<1 %`, `>99 %` for what is neither nothing nor all."""
    if 0 < share < 0.005:
        return "<1 %"
    if 0.995 < share < 1:
        return ">99 %"
    return f"{100 * share:.0f} %"


def between(line: Line) -> str:
    """`[−.081 +.035]`; empty without an interval."""
    return "" if line.interval is None else "[{} {}]".format(*map(change, line.interval))


def sentence(told: Told) -> str:
    """The verdict of the mean, with its difference in the digits shown."""
    words, found, rest = told.headline.partition(", A - B ")
    if not found or not told.lines:
        return bare(told.headline)
    line = told.lines[-1]
    luck = rest.partition(", ")[2].rstrip(".") if "split luck" in rest else ""
    tail = f", {bare(luck)}" if luck else f" {between(line)}" if line.interval else ""
    return f"{words}, A − B {line.terse[2]}{tail}"


def lines(
    first: Side | None, second: Side | None, told: Told | None, waiting: str, width: int, height: int
) -> Lines:
    """In as many lines as there are: names, words and bar; from five on, more words.

    Args:
        first: Side A.
        second: Side B.
        told: How they compare.
        waiting: What stands there until that is known; empty: it is.
        width: Cells.
        height: Lines.
    """
    if first is None or second is None:
        said = waiting or ("There is nothing to compare with yet." if first else NOTHING)
        return [[(said, "soft")]]
    names = _names(first, second)
    if told is None:
        return [_fitted(names, width), [(waiting or NOTHING, "soft")]]
    last = told.lines[-1] if told.lines else None
    bar = _bars(last, width) if last is not None and last.probabilities else []
    if height < 5:
        return _low(names, told, last, bar, width, height)
    words = _said(sentence(told), last)
    found = [_fitted([*names, *_how(first, second, last)], width), _fitted(words, width)]
    if last is not None and last.probabilities and sum(len(text) for text, _ in words) + 28 < width:
        found[-1] = [*words, ("   a verdict needs 95 %", "soft")]
    unlike: Lines = [[(cut(told.unlike, width), "warn")]] if told.unlike else []
    blank: Lines = [[]] if len(found) + len(bar) + len(unlike) < height else []
    return (
        [found[0], *unlike, *blank, found[1], *bar][:height]
        if bar
        else [*found, *unlike, *_notes(told, width)]
    )


def _low(names: list[Piece], told: Told, last: Line | None, bar: Lines, width: int, height: int) -> Lines:
    if not bar or last is None:
        wrapped = textwrap.wrap(sentence(told), max(width, 20))[: max(height - 1 - bool(told.unlike), 1)]
        unlike: Lines = [[(cut(told.unlike, width), "warn")]] if told.unlike else []
        return [_fitted(names, width), *([(part, "text")] for part in wrapped), *unlike]
    word, tone = _word(last)
    right: list[Piece] = [(word, tone), (" ", ""), (last.terse[2], "strong")]
    used, needed = (sum(len(text) for text, _ in part) for part in (names, right))
    start = names
    if used + needed + 1 > width:
        start = _fitted(names, width - needed - 1)
        used = sum(len(text) for text, _ in start)
    found = [[*start, (" " * max(width - used - needed, 1), ""), *right], *bar]
    # What the bar says stands in it too; where there is more to say, its words give way.
    return [*found[:-1], [(cut(told.unlike, width), "warn")]] if told.unlike else found


def titled(side: Side) -> str:
    """The side in one phrase, a control by what it is called everywhere."""
    return side.name.replace(side.model, title_of(side.model), 1)


def _names(first: Side, second: Side) -> list[Piece]:
    same = first.table == second.table and first.source == second.source == "own"
    one, two = (title_of(side.model) if same else titled(side) for side in (first, second))
    return [("● A ", "a"), (one, "$say-a bold"), ("   ", ""), ("◆ B ", "b"), (two, "$say-b bold")]


def _how(first: Side, second: Side, last: Line | None) -> list[Piece]:
    splits = f", {last.splits} common splits a task" if last is not None and last.splits else ""
    if first.table != second.table or first.source != "own":
        return [(f"   {splits.removeprefix(', ')}", "soft")]
    arm = first.table.arm
    return [(f"   {arm.protocol}, {details(arm)}{splits}", "soft")]


def _word(line: Line) -> tuple[str, str]:
    tones = {"A better": "$say-a bold", "B better": "$say-b bold"}
    return line.verdict, tones.get(line.verdict, "text")


def _said(words: str, last: Line | None) -> list[Piece]:
    """The sentence, the verdict in its side's colour."""
    if last is not None and last.verdict in ("A better", "B better"):
        start, found, rest = words.partition(last.verdict)
        if found:
            return [(start, "text"), _word(last), (rest, "text")]
    return [(words, "text")]


def _bars(line: Line, width: int) -> Lines:
    """The bar of three probabilities over the whole width, and what they are of."""
    assert line.probabilities is not None
    first, same, second = line.probabilities
    cells = shares(line.probabilities, width)
    styles = ("$say-a reverse", "$say-text $say-bande", "$say-b reverse")
    bar: list[Piece] = []
    for share, many, style in zip((first, same, second), cells, styles, strict=True):
        said = percent(share) if many >= len(percent(share)) + 2 else ""
        bar.append((said.center(many), style))
    left, middle, right = (
        f"A better {percent(first)}",
        f"same within ±.01 {percent(same)}",
        f"B better {percent(second)}",
    )
    gap = width - len(left) - len(middle) - len(right)
    at = max(min(cells[0] - len(left) + cells[1] // 2 - len(middle) // 2, gap - 2), min(2, gap))
    return [
        bar,
        [(left, "a"), (" " * at, ""), (middle, "soft"), (" " * max(gap - at, 1), ""), (right, "b")],
    ]


def shares(probabilities: tuple[float, float, float], width: int) -> tuple[int, int, int]:
    """`width` cells shared out; what is half a percent or more has one at least."""
    least = [1 if share >= 0.005 else 0 for share in probabilities]
    cells = [max(round(share * width), few) for share, few in zip(probabilities, least, strict=True)]
    cells[cells.index(max(cells))] += width - sum(cells)
    return cells[0], cells[1], cells[2]


def _notes(told: Told, width: int) -> Lines:
    return [[(part, "soft")] for note in told.notes for part in textwrap.wrap(bare(note), max(width, 20))]


def _fitted(pieces: list[Piece], width: int) -> list[Piece]:
    """Pieces in at most `width` cells, the longest name cut first."""
    over = sum(len(text) for text, _ in pieces) - width
    if over <= 0:
        return pieces
    longest = max(range(len(pieces)), key=lambda number: len(pieces[number][0]))
    text, style = pieces[longest]
    if len(text) - over < 8:
        half = max(len(text) // 2, 8)
        return (
            _fitted([*pieces[:longest], (cut(text, half), style), *pieces[longest + 1 :]], width)
            if half < len(text)
            else pieces
        )
    return [*pieces[:longest], (cut(text, len(text) - over), style), *pieces[longest + 1 :]]
