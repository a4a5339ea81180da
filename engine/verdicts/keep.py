"""Works out, of every ranked table whose scores have changed, what SQL and other tools ask for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from engine.stats.pairs import compare_all
from engine.verdicts.table import MEAN, Judged, judged
from store.database import connect
from store.errors import DataError
from store.home import Home
from store.reference import as_printed
from store.verdicts import Beats, Contrast, Interval, RankInterval, Unjudged, Verdicts, keep, unjudged

MOST_PAIRS: Final = 20_000
"""Of more pairs (models two by two in each column) no contrasts are kept: they would take minutes."""


def refresh(home: Home) -> int:
    """Bring the tables of intervals, contrasts and rank intervals up to date; how many tables had changed.

    Raises:
        StoreBusy: another process holds the database.
        StoreError: it cannot be read or written.
    """
    with connect(home) as con:
        stale = unjudged(con)
        found = []
        for one in stale:
            try:
                found.append(verdicts(one, judged(con, one.table)))
            except DataError as error:
                found.append(Verdicts(one, trouble=str(error)))
    if found:
        keep(home, found)
    return len(found)


def verdicts(of: Unjudged, table: Judged) -> Verdicts:
    """What is kept of one ranked table."""
    columns = [*sorted(table.tasks, key=as_printed), MEAN]
    return Verdicts(
        of,
        tuple(_intervals(table)),
        tuple(_contrasts(table, columns)),
        tuple(_ranks(table, columns)),
        tuple(_beats(table, columns)),
    )


def _intervals(table: Judged) -> Iterator[Interval]:
    for (model, task), estimate in table.estimates.items():
        low, high = estimate.interval or (None, None)
        yield Interval(
            model,
            task,
            estimate.auc,
            low,
            high,
            estimate.gene_se,
            estimate.split_se,
            estimate.nu,
            min(count.used for count in estimate.splits),
            estimate.preliminary,
        )


def _contrasts(table: Judged, columns: list[str]) -> Iterator[Contrast]:
    pairs = len(list(combinations(table.models, 2))) * len(columns)
    for column in columns if pairs <= MOST_PAIRS else ():
        whole = [model for model in table.models if len(table.of(model, column)) == table.width(column)]
        for pair in compare_all([cell for model in whole for cell in table.of(model, column)]):
            low, high = pair.interval or (None, None)
            chances = pair.probabilities
            yield Contrast(
                task=column,
                model=pair.first,
                other=pair.second,
                difference=pair.difference,
                low=low,
                high=high,
                p=pair.p,
                model_better=chances.first if chances else None,
                same=chances.same if chances else None,
                other_better=chances.second if chances else None,
                verdict=pair.word,
                n=min((count.used for count in pair.splits), default=None),
            )


def _ranks(table: Judged, columns: list[str]) -> Iterator[RankInterval]:
    for column in columns:
        ranking = table.ranking(column)
        for place in ranking.places:
            yield RankInterval(
                column, place.model, place.first, place.last, ranking.k, place.letters, place.leading
            )


def _beats(table: Judged, columns: list[str]) -> Iterator[Beats]:
    for column in columns:
        beside = table.beside_control(column)
        if beside is None:
            continue
        for row in beside.rows:
            low, high = row.interval or (None, None)
            yield Beats(
                task=column,
                model=row.model,
                difference=row.difference,
                low=low,
                high=high,
                p=row.p,
                verdict=row.standing.value,
                among=beside.k,
                n=min(count.used for count in beside.splits),
                preliminary=beside.preliminary,
            )
