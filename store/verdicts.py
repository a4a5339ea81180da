"""What was worked out from the scores of ranked tables, for SQL; rows of other scores are not shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from store.arm import Arm, Table
from store.database import insert, writing
from store.home import Home
from store.queries import named

if TYPE_CHECKING:
    import duckdb

VIEWS: Final = ("intervals", "contrasts", "rank_intervals", "beats_tfidf")
"""What they are called in SQL."""
_KEPT: Final = (
    *("kept_verdicts", "kept_intervals", "kept_contrasts"),
    *("kept_rank_intervals", "kept_beats"),
)


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A ranked table of whose scores nothing is worked out yet."""

    table: Table
    digest: str
    """Of its scores."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A row of `intervals`; see there."""

    model: str
    task: str
    auc: float
    low: float | None
    high: float | None
    se_genes: float
    se_splits: float | None
    nu: int
    n: int
    preliminary: bool


@dataclass(frozen=True, slots=True)
class Contrast:
    """A row of `contrasts`; see there."""

    task: str
    model: str
    other: str
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    model_better: float | None
    same: float | None
    other_better: float | None
    verdict: str
    n: int | None


@dataclass(frozen=True, slots=True)
class RankInterval:
    """A row of `rank_intervals`; see there."""

    task: str
    model: str
    first_place: int
    last_place: int
    among: int
    letters: str
    may_be_best: bool


@dataclass(frozen=True, slots=True)
class Beats:
    """A row of `beats_tfidf`; see there."""

    task: str
    model: str
    difference: float
    low: float | None
    high: float | None
    p: float | None
    verdict: str
    among: int
    n: int
    preliminary: bool


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All that is kept of one ranked table."""

    of: Unjudged
    intervals: Sequence[Interval] = ()
    contrasts: Sequence[Contrast] = ()
    rank_intervals: Sequence[RankInterval] = ()
    beats: Sequence[Beats] = ()
    trouble: str = ""
    """Why nothing could be worked out."""


def unjudged(con: duckdb.DuckDBPyConnection) -> list[Unjudged]:
    """The ranked tables whose rows are missing or stale."""
    found = con.execute(named("unjudged")).fetchall()
    return [Unjudged(Table(Arm(*place), task_set), digest) for *place, task_set, digest in found]


def keep(home: Home, found: Iterable[Verdicts]) -> None:
    """Replace what is kept of these tables; each in a transaction of its own.

    Raises:
        StoreBusy: another process holds the file.
        StoreError: it cannot be written.
    """
    with writing(home.database) as con:
        for verdicts in found:
            con.begin()
            _replace(con, verdicts)
            con.commit()


def _replace(con: duckdb.DuckDBPyConnection, verdicts: Verdicts) -> None:
    place = verdicts.of.table.place
    here = " AND ".join(f"{column} = ${column}" for column in place)
    for table in _KEPT:
        con.execute(f"DELETE FROM {table} WHERE {here}", place)
    head = {**place, "digest": verdicts.of.digest, "trouble": verdicts.trouble}
    insert(con, "kept_verdicts", {column: [value] for column, value in head.items()})
    kept = verdicts.intervals, verdicts.contrasts, verdicts.rank_intervals, verdicts.beats
    for table, rows in zip(_KEPT[1:], kept, strict=True):
        if rows:
            insert(con, table, _columns(place, rows))


def _columns(place: Mapping[str, str], rows: Sequence[Any]) -> dict[str, list[Any]]:
    columns = {column: [value] * len(rows) for column, value in place.items()}
    names = [field.name for field in fields(rows[0])]
    return columns | {name: [getattr(row, name) for row in rows] for name in names}
