"""Pictures below the table: the row's tasks, a forest of all own rows, and every split as heat. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tui.ranked.figures import short
from tui.ranked.standings import MEAN, value_of
from tui.ranked.tables import row_name
from tui.screens.board.view import View, row_key
from tui.terminal.tokens import heat_step
from tui.widgets.canvas import Span
from tui.widgets.drawing import Lines
from tui.widgets.rows import Piece, beside, cut
from tui.widgets.strips import rounded, strip, tick_line
from tui.widgets.text import clean
from tui.widgets.words import TONE_STYLES

if TYPE_CHECKING:
    from store.queries import RankRow
    from tui.questions.saved import SplitAucs

_SPLIT: Final = 5
"""Cells of a split's number."""
_LABEL: Final = 13
"""Cells of a task's name beside splits."""


def _name(row: RankRow) -> str:
    return clean(row_name(row) if row.control else row.model)


def _span(view: View, columns: Sequence[str], rows: Iterable[RankRow]) -> Span:
    values = [
        value for row in view.rows for column in columns if (value := value_of(row, column)) is not None
    ]
    for row in rows:
        for column in columns:
            values += view.interval(row, column) or ()
    return rounded(values)


def _chance(span: Span) -> list[tuple[float, str, str]]:
    return [(0.5, "┊", "faint")] if span.low < 0.5 < span.high else []


def _crowd(view: View, column: str, span: Span, width: int) -> list[Piece]:
    """The printed rows in one lane: a dot each, and where several meet their number."""
    cells = strip(span, None, None, width, _chance(span))
    many: dict[int, int] = {}
    for row in view.rows:
        value = value_of(row, column)
        if row.source != "own" and value is not None:
            place = span.place(value, width)
            many[place] = many.get(place, 0) + 1
    for place, number in many.items():
        cells[place] = ("○" if number == 1 else str(min(number, 9)), "soft")
    return cells


# ---------------------------------------------------------------------------- tasks of one row


def lanes(view: View | None, row: RankRow | None, width: int, height: int) -> Lines:
    """Task by task: the row with its interval among the other own rows, and below it what was printed."""
    if view is None or row is None:
        return []
    columns = [*view.rankings.tasks, MEAN]
    label = min(max(len(clean(column)) for column in columns), max(width * 2 // 5, 12), 24)
    room = width - label - 8
    if room < 8:
        return []
    span = _span(view, columns, [row] if row.source == "own" else [])
    printed = any(one.source != "own" for one in view.rows)
    each = 1 + printed
    fits = (height - 1) // each
    columns = columns if len(columns) <= fits else [*columns[: max(fits - 1, 1)], MEAN][:fits]
    gap = min(max((height - 1) // max(len(columns), 1) - each, 0), 4)
    lines: list[list[Piece]] = [[(" " * (label + 1), ""), (tick_line(span, room), "faint")]]
    for column in columns:
        value = value_of(row, column)
        text = short(value) if value is not None else "·"
        lines.append(
            [
                (cut(clean(column), label), "text"),
                (" ", ""),
                *_own_lane(view, row, column, span, room),
                (f" {text:>6}", "strong" if row.source == "own" else "soft"),
            ]
        )
        if printed:
            lines.append([(cut("  printed", label), "soft"), (" ", ""), *_crowd(view, column, span, room)])
        lines += [[] for _ in range(gap)]
    return lines[:height]


def _own_lane(view: View, row: RankRow, column: str, span: Span, width: int) -> list[Piece]:
    cells = strip(span, None, view.interval(row, column), width, _chance(span), line="soft")
    others = [one for one in view.own if one is not row]
    for one in sorted(others, key=lambda one: (not one.control, view.is_base(one))):
        value = value_of(one, column)
        if value is not None:
            sign = ("◆", "a") if view.is_base(one) else ("∅", "soft") if one.control else ("●", "text")
            cells[span.place(value, width)] = sign
    value = value_of(row, column)
    if value is not None:
        cells[span.place(value, width)] = ("◉", "strong") if row.source == "own" else ("○", "strong")
    return cells


# ---------------------------------------------------------------------------- a forest of all own rows


def forest(view: View | None, row: RankRow | None, width: int, height: int) -> Lines:
    """Task by task every own row with its interval, and the printed ones in one lane."""
    if view is None or not view.own:
        return []
    columns = [*view.rankings.tasks, MEAN]
    printed = any(one.source != "own" for one in view.rows)
    rows = _chosen(view, row, max((height - 1) // max(len(view.rankings.tasks), 1) - 1 - printed, 1))
    block = len(rows) + 1 + printed
    if len(columns) * block > height - 1:
        columns = columns[: max((height - 1) // block, 1)]
    gap = len(columns) * (block + 1) - 1 <= height - 1
    label = min(max(len(_name(one)) for one in rows) + 3, max(width // 3, 14))
    room = width - label - 22
    if room < 8:
        return []
    span = _span(view, columns, rows)
    lines: list[list[Piece]] = [[(" " * (label + 1), ""), (tick_line(span, room), "faint")]]
    for number, column in enumerate(columns):
        lines += [[]] if gap and number else []
        lines.append([(clean(column), "strong")])
        lines += [_branch(view, one, column, span, label, room, one is row) for one in rows]
        if printed:
            values = [value_of(one, column) for one in view.rows if one.source != "own"]
            known = [value for value in values if value is not None]
            mean = short(sum(known) / len(known)) if known else ""
            lines.append(
                [
                    (cut(f"  printed, {len(known)} rows", label), "soft"),
                    (" ", ""),
                    *_crowd(view, column, span, room),
                    (f"  {mean} their mean", "soft"),
                ]
            )
    return lines


def _chosen(view: View, row: RankRow | None, most: int) -> list[RankRow]:
    """Own rows as many as there is room for: the row, the baseline and the best, in the table's order."""
    first = [one for one in view.own if one is row or view.is_base(one)]
    rest = [one for one in view.own if one not in first]
    keys = {row_key(one) for one in [*first, *rest][:most]}
    return [one for one in view.own if row_key(one) in keys]


def _branch(
    view: View, row: RankRow, column: str, span: Span, label: int, room: int, here: bool
) -> list[Piece]:
    value, interval = value_of(row, column), view.interval(row, column)
    base = next((one for one in view.own if view.is_base(one)), None)
    at = value_of(base, column) if base else None
    references = [*_chance(span), *([(at, "╎", "a")] if at is not None else [])]
    tone = "a" if view.is_base(row) else "strong" if row.contestant else "soft"
    line = strip(span, value, interval, room, references, tone=tone, line="a" if tone == "a" else "soft")
    name = "text" if row.contestant else "soft"
    said = "·" if value is None else short(value)
    reach = f" [{short(interval[0])}, {short(interval[1])}]" if interval else ""
    ground = " $say-selecty" if here else ""
    pieces = [
        ("▌" if here else " ", "accent"),
        (cut(f" {_name(row)}", label), name),
        *line,
        (f"  {said}", "strong" if row.contestant else "text"),
        (f"{reach:<15}", "soft"),
    ]
    return [(text, f"{_style(tone)}{ground}") for text, tone in pieces] if here else pieces


def _style(tone: str) -> str:
    return TONE_STYLES.get(tone, tone) or TONE_STYLES["text"]  # type: ignore[call-overload]


# ---------------------------------------------------------------------------- splits


def splits(
    view: View | None, row: RankRow | None, aucs: SplitAucs | None, every: bool, width: int, height: int
) -> Lines:
    """The AUC of each seed and task as heat: of the row and the baseline, or of every own row."""
    if view is None or aucs is None:
        return []
    tasks = view.rankings.tasks
    known = sorted({seed for place in aucs.values() for seed in place})
    longest = max((len(clean(task)) for task in tasks), default=8) + 3
    label = min(max(width - 1 - _SPLIT * len(known), _LABEL), longest)
    seeds = known[: max((width - label - 1) // _SPLIT, 1)]
    more = f" +{len(known) - len(seeds)}" if len(known) > len(seeds) else ""
    lines: list[list[Piece]] = [
        [(" " * label, ""), ("".join(f"{seed:>{_SPLIT}}" for seed in seeds) + more, "faint")]
    ]
    fits = max((height - 1) // (len(tasks) + 1), 1)
    rows = _chosen(view, row, fits)
    if not every:
        rows = sorted(rows, key=lambda one: (one is not row, not view.is_base(one)))
    gap = len(rows) * (len(tasks) + 2) - 1 <= height - 1
    for number, one in enumerate(rows):
        lines += [[]] if gap and number else []
        tone = "strong" if one.contestant else "soft"
        flag = ("◆", "a") if view.is_base(one) else ("∅", "soft") if one.control else (" ", "")
        lines.append([("▌" if one is row else " ", "accent"), flag, (_name(one), tone)])
        for task in tasks:
            of = aucs.get((one.model, task), {})
            lines.append(
                [
                    (cut(f"  {beside(clean(task), label - 3)}", label), "soft"),
                    *(_split(of, at) for at in seeds),
                ]
            )
    return lines[:height]


def _split(of: Mapping[int, float | None], seed: int) -> Piece:
    value = of.get(seed)
    if value is None:
        failed = seed in of
        return (f"{'✗' if failed else '·':>{_SPLIT}}", "bad" if failed else "line")
    text = "1.00" if value >= 0.9995 else short(value)
    return (f"{text:>{_SPLIT}}", f"$say-fill-{heat_step(value)}")
