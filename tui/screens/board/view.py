"""A ranked table as one looks at it: which rows in which order, and what is known of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from store.controls import REFERENCE
from tui.ranked import beats
from tui.ranked.standings import MEAN, value_of
from tui.widgets.words import UNICODE, Charset

if TYPE_CHECKING:
    from engine.stats.baseline import Against, Baseline
    from engine.stats.ranks import Place
    from store.queries import Rankings, RankRow
    from tui.ranked.standings import Standing

SEPARATOR: Final = "\x1f"
SOURCES: Final = (("own", "paper"), ("own", "paper", "rerun"), ("own",))
"""Whose rows are shown, in the order the key goes through."""


def row_key(row: RankRow) -> str:
    """A key that stays the same while numbers change."""
    return f"{row.source}{SEPARATOR}{row.model}"


@dataclass(frozen=True, slots=True)
class Sorting:
    """Which column orders the rows."""

    column: str = MEAN
    """A task, `mean`, `model` or `source`."""
    upside_down: bool = False

    def reversed(self) -> Sorting:
        """The other way round."""
        return replace(self, upside_down=not self.upside_down)

    def by(self, rankings: Rankings) -> str:
        """The column that places are of: the one sorted by, else the mean."""
        return self.column if self.column in rankings.tasks else MEAN


@dataclass(frozen=True)
class View:
    """A ranked table as one looks at it."""

    rankings: Rankings
    sorting: Sorting = Sorting()
    sources: Sequence[str] = SOURCES[0]
    standing: Standing | None = None
    """What is known of it by now, by the column sorted by; None before its scores are read."""
    settled: bool = False
    """Whether that has places, or differences to its baseline; intervals are known before them."""
    awaited: bool = False
    """Whether places are still worked out."""
    charset: Charset = UNICODE
    marked: frozenset[str] = frozenset()
    """Keys of the rows that are marked to be compared."""
    bare: bool = False
    """Whether there are no colours, so that what they say is said by signs."""

    @property
    def by(self) -> str:
        """The column that places are of."""
        return self.sorting.by(self.rankings)

    @cached_property
    def rows(self) -> list[RankRow]:
        """In order, of the sources shown; the controls stand below all others."""
        found = [row for row in self.rankings.rows if row.source in self.sources]
        ranked = order([row for row in found if not row.control], self.sorting)
        return [*ranked, *(row for row in found if row.control)]

    @cached_property
    def own(self) -> list[RankRow]:
        """What was measured here, contestants first."""
        return [row for row in self.rows if row.source == "own"]

    @property
    def placed(self) -> Standing | None:
        """The standing once it has places."""
        return self.standing if self.settled else None

    @cached_property
    def beside(self) -> Baseline | None:
        """The contestants against the pinned row or, without one, against TF-IDF; None: neither is here."""
        if self.placed is None:
            return None
        return self.placed.beside or beats.beside(self.placed, self.by)

    @property
    def base(self) -> str:
        """The model that differences are to; empty: there is none."""
        if self.standing is None:
            return ""
        there = any(row.control and row.model == REFERENCE for row in self.rankings.rows)
        return self.standing.baseline or (REFERENCE if there else "")

    @cached_property
    def differences(self) -> dict[str, Against]:
        """Contestant -> how it stands to that model."""
        return {row.model: row for row in self.beside.rows} if self.beside else {}

    def is_base(self, row: RankRow) -> bool:
        """Whether differences are to this row."""
        return row.source == "own" and bool(self.base) and row.model == self.base

    def place(self, row: RankRow) -> Place | None:
        """Where a contestant stands among the own rows, once that is known."""
        return self.placed.places.get(row.model) if self.placed and row.contestant else None

    def interval(self, row: RankRow, column: str) -> tuple[float, float] | None:
        """95 % of an own number."""
        estimate = self.standing.estimate(row, column) if self.standing else None
        return estimate.interval if estimate else None

    @cached_property
    def tied(self) -> list[list[str]]:
        """Each largest group of contestants that are not told apart, as their letters say."""
        places = self.placed.places.values() if self.placed else ()
        groups: dict[str, list[str]] = {}
        for place in places:
            for letter in place.letters:
                groups.setdefault(letter, []).append(place.model)
        return [group for _, group in sorted(groups.items()) if len(group) > 1]

    def plain(self, text: str) -> str:
        """In the characters that may be drawn."""
        return text.replace("–", "-").replace("·", "-") if self.charset.ascii else text


def order(found: Sequence[RankRow], sorting: Sorting) -> list[RankRow]:
    """Rows by a column, best first; rows without a number always last."""
    if sorting.column in ("model", "source"):
        key = (lambda row: row.model.casefold()) if sorting.column == "model" else (lambda row: row.source)
        return sorted(found, key=key, reverse=sorting.upside_down)
    known = [row for row in found if value_of(row, sorting.column) is not None]
    unknown = [row for row in found if value_of(row, sorting.column) is None]
    known.sort(key=lambda row: -(value_of(row, sorting.column) or 0.0), reverse=sorting.upside_down)
    return known + sorted(unknown, key=lambda row: row.model.casefold())
