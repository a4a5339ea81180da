"""What figures of cells are drawn from; each takes a read-only connection and gives frozen values."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.stats import reliability
from tui.questions.cells import Curve, Place, cell_detail

if TYPE_CHECKING:
    import duckdb

GROUPS: Final = 10
"""Of a calibration plot."""


@dataclass(frozen=True, slots=True)
class CellCurves:
    """The curves of one cell, and how much they are of."""

    place: Place
    roc: Sequence[Curve]
    precision_recall: Sequence[Curve]
    auc: float
    """Mean over splits, as `auprc` is."""
    auprc: float
    auprc_sd: float | None
    """Between splits; None with one."""
    splits: int
    genes: int
    """Of the task."""
    tested: tuple[int, int]
    """Genes in a test set: the fewest and the most."""
    positive: str
    """What class 1 is called."""
    share: float
    """Of class 1 among the genes of the task."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Whether the scores of one cell can be read as probabilities."""

    positive: str
    """What class 1 is called."""
    groups: Sequence[reliability.Group]
    brier: float
    """Mean over all tests."""
    tests: int


@dataclass(frozen=True, slots=True)
class Learning:
    """The epochs of one fine-tuned split in one stage."""

    seed: int
    stage: int
    loss: Sequence[tuple[int, float]]
    """Epoch, loss."""
    auc: Sequence[tuple[int, float]]
    """Epoch, AUC on the genes that pick the epoch; empty where none do."""

    @property
    def kept(self) -> int:
        """The epoch whose weights were kept: the first of the best, or the last where nothing picks."""
        if self.auc:
            return max(self.auc, key=lambda point: (point[1], -point[0]))[0]
        return self.loss[-1][0] if self.loss else 0


def cell_curves(con: duckdb.DuckDBPyConnection, place: Place) -> CellCurves | None:
    """The curves of a cell of two classes; None if it has none."""
    detail = cell_detail(con, place)
    scored = [split for split in detail.splits if split["state"] == "scored"]
    roc = [curve for curve in detail.roc.values() if curve]
    counted = con.execute(
        """select count(*), count(*) filter (label = 1), any_value(class) filter (label = 1), max(label)
        from task_genes where task_hash in (select task_hash from units where list_contains(?, key))""",
        [[split["key"] for split in scored][:1]],
    ).fetchone()
    if not roc or counted is None or counted[3] != 1:
        return None
    genes, positives, positive, _ = counted
    tested = [split["n_test"] for split in scored]
    return CellCurves(
        place,
        roc,
        [curve for curve in detail.precision_recall.values() if curve],
        _mean([split["auc"] for split in scored]),
        _mean([split["auprc"] for split in scored]),
        statistics.stdev([split["auprc"] for split in scored]) if len(scored) > 1 else None,
        len(scored),
        genes,
        (min(tested), max(tested)),
        positive,
        positives / genes,
    )


def calibrated(con: duckdb.DuckDBPyConnection, place: Place, groups: int = GROUPS) -> Calibrated | None:
    """The tests of a cell in groups of equal number by their score; None without two classes or a test."""
    keys = [split["key"] for split in cell_detail(con, place).splits if split["state"] == "scored"]
    rows = con.execute(
        """select score, label, gene from predictions
        where list_contains(?, key) and score is not null order by score, gene, key""",
        [keys],
    ).fetchall()
    named = con.execute(
        """select any_value(class) from task_genes where label = 1 and task_hash in (
            select task_hash from units where list_contains(?, key))""",
        [keys[:1]],
    ).fetchone()
    if not rows or named is None:
        return None
    found = reliability.groups([(score, label == 1, gene) for score, label, gene in rows], groups)
    brier = _mean([(score - label) ** 2 for score, label, _ in rows])
    return Calibrated(named[0] or "", found, brier, len(rows))


def learning(con: duckdb.DuckDBPyConnection, place: Place) -> list[Learning]:
    """The epochs of a cell by stage and seed; none if nothing was fine-tuned."""
    found: dict[tuple[int, int], tuple[list[tuple[int, float]], list[tuple[int, float]]]] = {}
    for seed, stage, epoch, loss, auc, _ in cell_detail(con, place).epochs:
        losses, aucs = found.setdefault((stage, seed), ([], []))
        if loss is not None:
            losses.append((epoch, loss))
        if auc is not None:
            aucs.append((epoch, auc))
    return [Learning(seed, stage, losses, aucs) for (stage, seed), (losses, aucs) in sorted(found.items())]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
