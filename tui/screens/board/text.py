"""What the Board says around its table: context, title, legend, sentence. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from textual.content import Content

from engine.catalog.controls import title_of
from engine.catalog.protocols import PROTOCOLS
from store.sets import PAPER
from tui.quantities import count
from tui.ranked import beats, layouts, standings
from tui.ranked.figures import difference_text, ranged, short
from tui.ranked.headings import with_headings
from tui.ranked.standings import MEAN, among_paper, value_of
from tui.ranked.tables import caveats, row_name
from tui.ranked.unrounded import long_table
from tui.screens.board import controls
from tui.screens.board.cells import among
from tui.screens.board.tables import Tables, of_set
from tui.screens.board.view import View, row_key
from tui.terminal.tokens import STEPS, heat_name
from tui.widgets.drawing import wrapped
from tui.widgets.text import clean
from tui.widgets.words import Tone, say

if TYPE_CHECKING:
    from store.arm import Table
    from store.queries import Rankings, RankRow
    from tui.ranked.standings import Standing

Part = tuple[str, Tone]

EMPTY: Final = "Nothing is ranked under this protocol yet."
WAYS_OUT: Final = (
    ("1", "plan a run of it", "Plan says what it costs"),
    ("]", "show the next protocol", "the paper printed numbers of some"),
    ("M", "show every model by every task", "r runs the cell under the cursor"),
)
_SENTENCE_ENDS: Final = re.compile(r"(?<=[.?!]) ")
OF_SORTED: Final = ("place", "difference", "paper", "strip")
"""Columns that say something of the one sorted by."""
PRELIMINARY: Final = 5
"""Below so many splits a number is preliminary."""


def context(table: Table, tables: Tables, view: View | None, width: int) -> Content:
    """What is ranked and how; at the right which of how many tables it is, and the order."""
    arm, alike = table.arm, of_set(tables, table.task_set)
    at = alike.index(table) + 1 if table in alike else 1
    protocol = PROTOCOLS.get(arm.protocol)
    parts: list[Part] = [(f" {arm.protocol}", "accent"), (f" {protocol.title}" if protocol else "", "text")]
    settings = {"preset": arm.preset, "text": arm.text}
    settings |= {"set": table.task_set} if table.task_set != PAPER or _several(tables) else {}
    settings |= {"splits": arm.scheme} if arm.scheme != "paper" else {}
    for name, value in settings.items():
        parts += [(f"  {name} ", "soft"), (value, "text")]
        parts += [(" t", "accent")] if name == "set" and _several(tables) else []
    left = say(*parts).stylize("bold", 0, len(arm.protocol) + 1)
    right = say((f"{at}/{len(alike) or 1} ", "soft"), ("]", "accent"))
    if view is not None:
        mark = "▴" if view.sorting.upside_down else "▾"
        right = say(right, (" by ", "soft"), f"{clean(view.sorting.column, 24)} {mark}")
    gap = width - left.cell_length - right.cell_length - 1
    return Content.assemble(left, " " * gap, right) if gap > 0 else left


def _several(tables: Tables) -> bool:
    return len({table.task_set for table in tables}) > 1


def notes(view: View | None, trouble: str) -> Content:
    """Why the numbers are not up to date, and what keeps them from being compared; empty if all is well."""
    if trouble:
        return say((f" Not up to date: {trouble}", "warn"))
    found = caveats(view.rankings) if view else []
    return say(*((f"{'' if not number else chr(10)} {one}", "warn") for number, one in enumerate(found)))


def info(view: View, wide: bool, holes: int | None = None) -> tuple[Part, ...]:
    """What stands behind the table's title: how many rows, tasks and splits; of the matrix its holes."""
    if holes is not None:
        return ((f"every model by every task, {count(holes, 'hole')}: n next, r runs", "soft"),)
    if not view.rows:
        return (("no rows", "soft"),)
    own = sum(row.contestant for row in view.rows)
    printed = sum(row.source != "own" for row in view.rows)
    few = ", preliminary" if 0 < view.rankings.expected < PRELIMINARY else ""
    splits = count(view.rankings.expected, "split")
    if not wide:
        return (
            (f"{own} own, {printed} printed{f', {splits}{few}' if view.rankings.expected else ''}", "soft"),
        )
    parts = [count(own, "own row"), f"{printed} printed", count(len(view.rankings.tasks), "task")]
    parts += [f"{splits} each{few}"] if own else []
    return ((" · ".join(parts), "soft"),)


def legend(view: View, width: int, spread: bool = False) -> list[Any]:
    """What the signs mean; from 110 columns with the key of the colours, where there are colours."""
    parts: list[Any] = [("│", "both"), (" not told apart  ", "soft")] if view.tied else []
    parts += [("●", "strong"), (" own  ", "soft"), ("○", "soft"), (" printed", "soft")]
    if width < 110:
        return parts
    parts += (
        [("  ∅", "soft"), (" control, not ranked", "soft")] if any(one.control for one in view.rows) else []
    )
    if spread:
        parts.append(("  ± SD of splits", "soft"))
    if view.marked:
        parts += [("  ■", "accent"), (" marked", "soft")]
    if view.bare:
        return parts
    parts.append(("   AUC ", "soft"))
    for step in range(STEPS):
        parts.append((Content.styled(f" {heat_name(step)} ", f"$say-fill-{step}"), ""))
    return parts


# ---------------------------------------------------------------------------- the row in a sentence


WHO: Final = {"own": "own", "paper": "printed", "rerun": "the authors' rerun of June 2025"}


def sentence(view: View, row: RankRow | None, column: str, width: int) -> Content:
    """The row under the cursor in words, as many as there is room for: what, how sure, where it stands."""
    if row is None:
        return say("")
    name = row_name(row) if row.control else row.model
    found: list[Part] = [("▌", "accent"), (clean(name, 40), "strong")]
    used = len("".join(text for text, _ in found))
    brief = width < 110
    for text, tone in _clauses(view, row, column, brief):
        text = view.plain(text)
        if used + len(text) + 2 > width:
            break
        found.append((f"  {text}", tone))
        used += len(text) + 2
    return say(*found)


def _clauses(view: View, row: RankRow, column: str, brief: bool) -> Iterator[Part]:
    shown = view.by if column in OF_SORTED else column if column in view.rankings.tasks else MEAN
    told = number(view, row, shown)
    yield told.removeprefix("mean ") if brief else told, "text"
    if row.source != "own":
        rank = standings.printed_rank(row, shown)
        yield f"{WHO[row.source]}, rank {rank.strip('()')}" if rank != "-" else WHO[row.source], "soft"
        yield "other splits of the same genes", "soft"
        return
    if row.control:
        yield controls.words(row.model), "soft"
    elif shown == view.by:
        clauses = list(standing_of(view, row, brief))
        yield from [*clauses[1:], *clauses[:1]] if brief else clauses  # the table has the rank, too
    if shown != MEAN:
        yield from of_cell(row, shown)


def number(view: View, row: RankRow, column: str) -> str:
    """`mean .852 [.795, .895]`."""
    value, interval = value_of(row, column), view.interval(row, column)
    if value is None:
        return f"{column} has no number; r runs it" if column in view.rankings.tasks else f"no {column}"
    reach = f" [{short(interval[0])}, {short(interval[1])}]" if interval else ""
    return f"{column} {short(value)}{reach}"


def of_cell(row: RankRow, task: str) -> Iterator[Part]:
    """Of an own cell: how much its splits differ, how many there are, how many failed."""
    sd, failed = row.sd.get(task), row.failed.get(task, 0)
    if sd is not None:
        yield f"SD {short(sd)} between splits", "soft"
    yield count(row.n.get(task, 0), "split"), "soft"
    if failed:
        yield f"{failed} failed", "bad"


def standing_of(view: View, row: RankRow, brief: bool) -> Iterator[Part]:
    """Where a contestant stands, in clauses: rank, ties, among the paper's, difference."""
    if view.placed is None:
        return
    place = view.place(row)
    if place is not None:
        leading = ", may be the best" if place.leading else ""
        yield f"rank {ranged(place.first, place.last)} of {len(view.placed.places)} own{leading}", "text"
        tied = {model for group in view.tied if row.model in group for model in group} - {row.model}
        if tied:
            others = next(iter(tied)) if len(tied) == 1 else f"{len(tied)} others"
            yield f"ties with {len(tied)}" if brief else f"not told apart from {others}", "soft"
    elif reason := view.placed.left_out.get(row.model):
        yield f"no rank: {reason}", "warn"
    if found := among_paper(view.placed, row):
        yield in_papers(*found).removeprefix("could stand " if brief else ""), "soft"
    if against := view.differences.get(row.model):
        yield f"{difference_text(against)} to {title_of(view.base)}: {against.standing.value}", "soft"


def in_papers(first: int, last: int, of: int) -> str:
    """The range of places among the paper's rows, as a clause."""
    if (first, last) == (1, of):
        return f"could stand anywhere among the paper's {of - 1}"
    word = among(first, last, of)
    if word in ("above", "below"):
        return f"{word} all of the paper's {of - 1}"
    return f"could stand {word} of {of} among the paper's"


def whole(told: str, width: int, lines: int) -> list[str]:
    """The first sentences that fit whole into so many lines; if none does, as many words of the first."""
    kept: list[str] = []
    for sentence in _SENTENCE_ENDS.split(told):
        found = _filled([*kept, sentence], width)
        if len(found) > lines:
            break
        kept.append(sentence)
    if kept or lines < 1:
        return _filled(kept, width)[:lines]
    found = _filled([told], width - 2)[:lines]
    return [*found[:-1], f"{found[-1]} …"]


def _filled(sentences: Sequence[str], width: int) -> list[str]:
    parts = wrapped([(" ".join(sentences), "")], width)
    return ["".join(text for text, _ in line) for line in parts]


# ---------------------------------------------------------------------------- taken away


def table(standing: Standing, keys: Sequence[str]) -> tuple[list[str], list[list[Any]]]:
    """The rows with these keys as a file has them: numbers apart, none rounded."""
    return _picked(standing, keys, *long_table(standing))


def printed(standing: Standing, keys: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """The rows with these keys as people read them, with a heading above the controls."""
    columns, rows = _picked(standing, keys, *layouts.printed(standing))
    shown = {row_key(row): row for row in standing.table.rows}
    return columns, with_headings(rows, [shown[key] for key in keys if key in shown])


def _picked(
    standing: Standing, keys: Sequence[str], columns: list[str], rows: list[list[Any]]
) -> tuple[list[str], list[list[Any]]]:
    found = dict(zip(map(row_key, standing.table.rows), rows, strict=True))
    return columns, [found[key] for key in keys if key in found]


def find(rankings: Rankings, key: str) -> RankRow | None:
    """The row with this key."""
    return next((row for row in rankings.rows if row_key(row) == key), None)


def first_own(rankings: Rankings) -> str:
    """The key of the best own row; empty if there is none."""
    return next((row_key(row) for row in rankings.rows if row.source == "own"), "")


def method(standing: Standing) -> str:
    """What the places of a table rest on, in full, with references."""
    lines = [
        *standings.honesty(standing),
        standings.PLACES,
        standings.METHOD,
        standings.DIFFERENCES,
        beats.MEANING,
    ]
    return "\n\n".join(lines)
