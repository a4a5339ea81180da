"""What made-up tables can tell; apart, since numpy comes with it."""

from __future__ import annotations

import numpy as np

from engine.stats.baseline import Against, Baseline, Standing
from engine.stats.eligible import LeftOut
from engine.stats.intervals import Estimate, SplitCount
from engine.stats.ranks import Place, Ranking
from store.queries import Rankings


class FakeJudged:
    """What a table's own rows can tell: each cell .05 to either side, and no two models alike."""

    def __init__(self, table: Rankings) -> None:
        self.rows = [row for row in table.rows if row.source == "own"]
        self.models = tuple(row.model for row in self.rows)
        self.contestants = tuple(row.model for row in self.rows if not row.control)
        self.estimates = {
            (row.model, column): self.estimate(row, column, value)
            for row in self.rows
            for column, value in {**row.auc, "mean": row.mean}.items()
            if value is not None
        }

    def estimate(self, row, column, value) -> Estimate:
        n = min(row.n.values()) if column == "mean" else row.n[column]
        reach = value - 0.05, min(value + 0.05, 1.0)
        return Estimate(row.model, value, 0.03, 0.02, 0.02, 20, reach, (SplitCount(column, n, n, 0),))

    def ranking(self, column="mean") -> Ranking:
        found = [
            self.estimates[model, column] for model in self.contestants if (model, column) in self.estimates
        ]
        found.sort(key=lambda estimate: -estimate.auc)
        if len(found) < 2:
            return Ranking(left_out=tuple(LeftOut(one.model, "nothing to rank it among") for one in found))
        places = [
            Place(one, number, number, number, chr(96 + min(number, 26)), number == 1)
            for number, one in enumerate(found, start=1)
        ]
        above = np.triu(np.ones((len(found), len(found)), bool), 1)
        return Ranking(tuple(places), better=above, optimism=0.004, detectable=0.04)

    def against(self, baseline, column="mean") -> Baseline:
        of = self.estimates[baseline, column].auc
        rows = [
            Against(model, found.auc - of, (found.auc - of - 0.06, found.auc - of + 0.06), 0.04, standing)
            for model in self.contestants
            if model != baseline and (found := self.estimates.get((model, column)))
            for standing in [Standing.BELOW if found.auc < of - 0.06 else Standing.NOT_SHOWN]
        ]
        return Baseline(baseline, tuple(rows), splits=self.estimates[baseline, column].splits)

    def beside_control(self, column="mean", control="tfidf") -> Baseline | None:
        return self.against(control, column) if (control, column) in self.estimates else None
