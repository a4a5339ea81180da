"""A ranked table in words with what its splits can tell: intervals, places, letters, a line of honesty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from store.export import Best
from tui.ranked.tables import SOURCES, incomplete, mean_name

if TYPE_CHECKING:
    from engine.stats.intervals import Estimate
    from engine.stats.ranks import Place
    from engine.verdicts.table import Judged
    from store.queries import Rankings, RankRow

MEAN: Final = "mean"
LEADING: Final = "*"
"""Marks the leading group."""
_ROUNDED: Final = 1e-6
"""What a mean is off for having been rounded."""
METHOD: Final = (
    "95 % intervals of an AUC on the logit scale from the larger of two standard errors: of genes "
    "(DeLong 1988, clustered by gene) and of splits (Nadeau and Bengio 2003). Places and letters by "
    "step-down max-t over all pairs (Romano and Wolf 2005), the leading group by Hsu (1984)."
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A ranked table and what its splits can tell."""

    table: Rankings
    judged: Judged
    by: str = MEAN
    """The column that places are of: a task, or the mean."""

    @property
    def places(self) -> dict[str, Place]:
        """Model -> its place among the own ones that can be ranked together."""
        return {place.model: place for place in self.judged.ranking(self.by).places}

    def by_column(self, column: str) -> Standing:
        """The same with places of another column, and the own rows in its order."""
        rows = self.table.rows
        if column != MEAN:  # the sorting is stable, so that equal ones and published rows keep their order
            rows = tuple(
                sorted(rows, key=lambda row: -row.auc.get(column, -1.0) if row.source == "own" else 2.0)
            )
        return replace(self, table=replace(self.table, rows=rows), by=column)

    def estimate(self, row: RankRow, column: str) -> Estimate | None:
        """What is known of an own row in a column; None of published ones, which are means only.

        None also where the kept scores do not give the AUC that is shown.
        """
        value, found = _value(row, column), self.judged.estimates.get((row.model, column))
        if row.source != "own" or value is None or found is None or abs(found.auc - value) > _ROUNDED:
            return None
        return found


# ---------------------------------------------------------------------------- numbers


def short(value: float) -> str:
    """`.912`; 1.000 keeps its digit."""
    return f"{value:.3f}".removeprefix("0")


def with_interval(value: float, estimate: Estimate | None) -> str:
    """`.912 [.867, .941]`; an interval is not symmetric, so never ±."""
    if estimate is None or estimate.interval is None:
        return short(value)
    low, high = estimate.interval
    return f"{short(value)} [{short(low)}, {short(high)}]"


def place_text(place: Place) -> str:
    """`1–3 ab *`."""
    return f"{_range(place.first, place.last)} {place.letters}{f' {LEADING}' if place.leading else ''}"


def _range(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}–{last}"


def among_paper(standing: Standing, row: RankRow) -> tuple[int, int, int] | None:
    """Where an own row would stand among the paper's: the places its interval allows, and of how many.

    None without published rows or an interval. In the mean; for a task, in that.
    """
    printed = [
        value
        for other in standing.table.rows
        if other.source == "paper" and (value := _value(other, standing.by)) is not None
    ]
    estimate = standing.estimate(row, standing.by)
    if not printed or estimate is None or estimate.interval is None:
        return None
    low, high = estimate.interval
    first, last = (1 + sum(value > end for value in printed) for end in (high, low))
    return first, last, len(printed) + 1


def _value(row: RankRow, column: str) -> float | None:
    return row.mean if column == MEAN else row.auc.get(column)


# ---------------------------------------------------------------------------- rows for people


@dataclass(frozen=True, slots=True)
class Layout:
    """What there is room for."""

    intervals: bool = True
    """In every cell; else only in the column that places are of."""
    heading: int = 0
    """Characters of a task's name; 0: all."""
    model: int = 0
    """Characters of a model's name; 0: all."""


_HEADING: Final = 6
"""The least of a task's name that is shown."""
_MODEL: Final = 14
"""The least of a model's."""


def layouts(standing: Standing) -> Iterator[Layout]:
    """From the richest to the smallest."""
    yield Layout()
    yield Layout(intervals=False)
    longest = max(map(len, standing.table.tasks), default=0)
    yield from (Layout(False, heading) for heading in range(longest - 1, _HEADING, -1))
    longest = max((len(row.model) for row in standing.table.rows), default=0)
    yield from (Layout(False, _HEADING, model) for model in range(longest, _MODEL - 1, -1))


def columns(standing: Standing, layout: Layout = Layout()) -> list[str]:
    """The headings."""
    table = standing.table
    names = [_cut(task, layout.heading) for task in table.tasks]
    found = ["model", *names, mean_name(table)]
    if standing.places:
        found.append("place" if standing.by == MEAN else f"place in {standing.by}")
    if any(among_paper(standing, row) for row in table.rows):
        found.append("of paper's")
    return found


def row(standing: Standing, row: RankRow, layout: Layout = Layout()) -> list[str]:
    """One model as people read it."""
    table = standing.table
    cells = [f"{_cut(row.model, layout.model)}{SOURCES[row.source]}"]
    for column in (*table.tasks, MEAN):
        full = layout.intervals or column == standing.by
        cells.append(_cell(standing, row, column, full))
    if standing.places:
        place = standing.places.get(row.model) if row.source == "own" else None
        cells.append(place_text(place) if place else "-" if row.source == "own" else "")
    if any(among_paper(standing, other) for other in table.rows):
        found = among_paper(standing, row)
        cells.append(f"{_range(*found[:2])} of {found[2]}" if found else _printed(row, standing.by))
    return cells


def _printed(row: RankRow, column: str) -> str:
    """The rank that was published."""
    rank = row.mean_rank if column == MEAN else row.rank.get(column)
    return "-" if rank is None else f"({rank:g})"


def _cell(standing: Standing, row: RankRow, column: str, interval: bool) -> str:
    value = _value(row, column)
    if value is None:
        failed = row.failed.get(column, 0)
        return f"{failed} failed" if failed else "-"
    text = with_interval(value, standing.estimate(row, column) if interval else None)
    if column != MEAN and incomplete(standing.table, row, column):
        text += f" {row.n.get(column, 0)}/{standing.table.expected}"
    return text


def _cut(name: str, width: int) -> str:
    return name if not width or len(name) <= width else f"{name[: width - 1]}…"


def printed(standing: Standing) -> tuple[list[str], list[list[str]]]:
    """As `columns` and `row` in full, with the best own number of each column in bold."""
    shown = (*standing.table.tasks, MEAN)
    own = [other for other in standing.table.rows if other.source == "own"]
    best = {
        column: max((value for other in own if (value := _value(other, column)) is not None), default=None)
        for column in shown
    }
    rows = []
    for other in standing.table.rows:
        cells = row(standing, other)
        for place, column in enumerate(shown, start=1):
            value = _value(other, column)
            if other.source == "own" and len(own) > 1 and value is not None and value == best[column]:
                cells[place] = Best(cells[place])
        rows.append(cells)
    return columns(standing), rows


# ---------------------------------------------------------------------------- what must be known


def honesty(standing: Standing) -> list[str]:
    """How much the places say, in a line or two; why a model has none."""
    ranking = standing.judged.ranking(standing.by)
    lines = []
    if ranking.places:
        used = sorted({splits.used for splits in ranking.splits})
        n = f"{used[0]}" if len(used) == 1 else f"{used[0]} to {used[-1]}"
        early = ", preliminary" if ranking.preliminary else ""
        lines.append(
            f"Among {ranking.k} models on {n} splits each{early}: places hold together with 95 %; models "
            f"that share a letter cannot be told apart; {LEADING} may be the best."
        )
        told = f"{ranking.separable} of {ranking.k - 1} neighbours are told apart"
        if ranking.detectable is not None:
            told += f"; the smallest difference these splits could show is {short(ranking.detectable)}"
        if ranking.optimism is not None and ranking.optimism >= 0.0005:
            too_high = short(ranking.optimism)
            told += f"; the first is picked as best of {ranking.k}, so about {too_high} too high"
        lines.append(f"{told}.")
    elif len(standing.judged.models) == 1 and len(standing.table.rows) - 1:
        lines.append("A single own model: there is nothing of your own to rank it among.")
    else:
        lines += [f"{gone.model} has no place: {gone.reason}." for gone in ranking.left_out[:1]]
    if ranking.places:
        lines += [f"{gone.model} has no place: {gone.reason}." for gone in ranking.left_out]
    if any(among_paper(standing, row) for row in standing.table.rows):
        lines.append(f"Beside the paper's rows only as a range of places: {_differs(standing)}.")
    return lines


def _differs(standing: Standing) -> str:
    """What own and published rows do not share."""
    arm = standing.table.arm
    parts = ["other splits of the same genes"]
    parts += [f"preset {arm.preset}"] if arm.preset != "paper" else []
    parts += [f"text {arm.text}"] if arm.text != "facts" else []
    parts += [f"splits {arm.scheme}"] if arm.scheme != "paper" else []
    return ", ".join(parts)


# ---------------------------------------------------------------------------- numbers for programs

_OF_A_CELL: Final = ("auc", "low", "high", "sd", "n", "failed", "first", "last", "letters", "leading")


def long_table(standing: Standing) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows with one number a cell, none rounded."""
    table = standing.table
    place = table.table.place
    names = [*table.tasks, mean_name(table)]
    columns = [*place, "model", "source", *(f"{name} {what}" for name in names for what in _OF_A_CELL)]
    rows = [
        [
            *place.values(),
            row.model,
            row.source,
            *(value for column in (*table.tasks, MEAN) for value in _numbers(standing, row, column)),
        ]
        for row in table.rows
    ]
    return columns, rows


def _numbers(standing: Standing, row: RankRow, column: str) -> Sequence[Any]:
    estimate = standing.estimate(row, column)
    low, high = (estimate and estimate.interval) or (None, None)
    places = {place.model: place for place in standing.judged.ranking(column).places}
    place = places.get(row.model) if row.source == "own" else None
    among = (place.first, place.last, place.letters, place.leading) if place else (None,) * 4
    spread = (row.sd.get(column), row.n.get(column), row.failed.get(column))
    return _value(row, column), low, high, *spread, *among


def record(standing: Standing, row: RankRow) -> dict[str, Any]:
    """What is known of an own row beside its numbers, for JSON: intervals and places by column."""
    found = {}
    for column in (*standing.table.tasks, MEAN):
        names = ("low", "high", "first", "last", "letters", "leading")
        values = dict(zip(_OF_A_CELL, _numbers(standing, row, column), strict=True))
        if values["auc"] is not None:
            found[column] = {name: values[name] for name in names}
    return found


def summary(standing: Standing) -> dict[str, Any]:
    """How much the places of each column say, for JSON."""
    found = {}
    for column in (*standing.table.tasks, MEAN):
        ranking = standing.judged.ranking(column)
        found[column] = {
            "models": ranking.k,
            "splits": {splits.task: splits.used for splits in ranking.splits},
            "preliminary": ranking.preliminary,
            "neighbours_told_apart": ranking.separable,
            "smallest_difference": ranking.detectable,
            "optimism_of_the_best": ranking.optimism,
            "no_place": {gone.model: gone.reason for gone in ranking.left_out},
        }
    return found
