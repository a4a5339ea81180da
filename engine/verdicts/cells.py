"""The cells of a ranked table as `engine.stats` takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

import numpy as np

from engine.stats.scores import CellScores, FitScores
from store.arm import Arm
from store.controls import in_order, row_of
from store.queries import Tested


def cells(splits: Iterable[Tested], arm: Arm) -> Iterator[CellScores]:
    """One cell for each model and task, and then for each control and task.

    Draws of one control are one cell, with several fits in each split.

    Args:
        splits: Those of one table, together by model and task.
        arm: The table's; the same seed of another scheme is another split.

    Raises:
        DataError: a gene stands twice in one class of a test set.
    """
    shared: dict[tuple[str, ...], tuple[str, ...]] = {}
    drawn: dict[tuple[str, str], list[Tested]] = {}
    for (model, task), found in groupby(splits, key=attrgetter("model", "task")):
        together = list(found)
        if together[0].control:
            drawn.setdefault((row_of(model), task), []).extend(together)
        else:
            yield _cell(model, task, together, arm, shared)
    for row, task in sorted(drawn, key=lambda place: in_order(place[0])):
        yield _cell(row, task, drawn[row, task], arm, shared)


def _cell(
    model: str,
    task: str,
    splits: Iterable[Tested],
    arm: Arm,
    shared: dict[tuple[str, ...], tuple[str, ...]],
) -> CellScores:
    fits: list[FitScores] = []
    failed: list[str] = []
    trained = tested = 0
    control = False
    for split in splits:
        control = split.control
        name = f"{split.labels} {arm.scheme} {split.seed}"
        if split.genes is None or split.n_train is None or split.n_test is None:
            failed.append(name)
            continue
        genes = tuple(split.genes)
        genes = shared.setdefault(genes, genes)  # equal ones are then compared at once
        fits.append(FitScores(name, genes, np.array(split.classes), np.array(split.score or split.scores)))
        trained, tested = trained + split.n_train, tested + split.n_test
    ratio = tested / trained if trained else 0.0
    return CellScores(model, task, ratio, control=control, fits=tuple(fits), failed=frozenset(failed))
