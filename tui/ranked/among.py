"""Rows of one ranked table against each other in the mean over its tasks: who is told apart from whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.verdicts.table import Judged


@dataclass(frozen=True, slots=True)
class Among:
    """Rows, the best first and controls last, and the differences between every two of them."""

    rows: tuple[str, ...] = ()
    aucs: Mapping[str, float] = field(default_factory=dict)
    """Of each row, in the mean over the tasks."""
    told: frozenset[tuple[str, str]] = frozenset()
    """Pairs that are told apart, the better first."""
    tasks: int = 0
    contestants: int = 0
    """Among so many what is said of contestants holds together."""
    controls: frozenset[str] = frozenset()

    def difference(self, first: str, second: str) -> float | None:
        """Of the digits that are shown."""
        if first not in self.aucs or second not in self.aucs:
            return None
        one, two = (round(round(self.aucs[row], 9), 3) for row in (first, second))
        return one - two


def among(judged: Judged, rows: Collection[str] = ()) -> Among:
    """The rows of a table, all unless some are named, as its kept scores tell them apart.

    Contestants by the step-down over all pairs of the table, so that naming fewer rows changes no word;
    a contestant and a control by the intervals of all contestants to that control.
    """
    ranking = judged.ranking()
    order = [place.model for place in ranking.places]
    aucs = {place.model: place.estimate.auc for place in ranking.places}
    told = set()
    if ranking.better is not None:
        told = {
            (order[i], order[j])
            for i in range(len(order))
            for j in range(len(order))
            if ranking.better[i, j]
        }
    controls = [model for model in judged.models if model not in judged.contestants]
    for control in controls:
        beside = judged.beside_control(control=control)
        for row in beside.rows if beside else ():
            if row.interval is not None and row.interval[0] > 0:
                told.add((row.model, control))
            elif row.interval is not None and row.interval[1] < 0:
                told.add((control, row.model))
    for (model, column), found in judged.estimates.items():
        if column == "mean":
            aucs.setdefault(model, found.auc)
    shown = [row for row in (*order, *controls) if row in aucs and (not rows or row in rows)]
    return Among(tuple(shown), aucs, frozenset(told), len(judged.tasks), len(order), frozenset(controls))
