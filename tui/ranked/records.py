"""What is known of a ranked table, for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from store.controls import REFERENCE
from tui.ranked import beats
from tui.ranked.standings import MEAN, Standing
from tui.ranked.unrounded import OF_A_CELL, numbers

if TYPE_CHECKING:
    from engine.stats.baseline import Baseline
    from store.queries import RankRow

_BESIDE: Final = ("difference", "low", "high", "p", "verdict")
"""What JSON calls a difference to TF-IDF."""


def record(standing: Standing, row: RankRow) -> dict[str, Any]:
    """What is known of an own row beside its numbers, for JSON: intervals and places by column."""
    found = {}
    for column in (*standing.table.tasks, MEAN):
        names = ("low", "high", "first", "last", "letters", "leading")
        values = dict(zip(OF_A_CELL, numbers(standing, row, column), strict=True))
        if values["auc"] is not None:
            found[column] = {name: values[name] for name in names}
            if row.contestant and beats.beside(standing, column):
                beside = zip(_BESIDE, beats.numbers(standing, row, column), strict=True)
                found[column][REFERENCE] = dict(beside)
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
            "beside_tfidf": _beside_tfidf(beats.beside(standing, column)),
        }
    return found


def _beside_tfidf(found: Baseline | None) -> dict[str, Any] | None:
    """How much the differences to TF-IDF say, for JSON; None without them."""
    if found is None:
        return None
    return {
        "models": found.k,
        "critical": found.critical,
        "splits": {splits.task: splits.used for splits in found.splits},
        "preliminary": found.preliminary,
        "left_out": {gone.model: gone.reason for gone in found.left_out},
    }
