"""Which models can be ranked together: those with every task of the set and enough splits in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.stats.influence import Influences, influences, mean_over_tasks
from engine.stats.intervals import FEW_SPLITS
from engine.stats.scores import CellScores, one_of_each


@dataclass(frozen=True)
class LeftOut:
    """A contestant that stands below the ranks, and why."""

    model: str
    reason: str


def contestants(cells: Iterable[CellScores]) -> list[CellScores]:
    """All but the controls."""
    return [cell for cell in cells if not cell.control]


def together(
    cells: Sequence[CellScores], tasks: Sequence[str] | None = None, pinned: str | None = None
) -> tuple[Influences | None, tuple[LeftOut, ...]]:
    """The models of `cells` that can be judged together over `tasks` (those that occur, unless given).

    A model needs a cell in each task, and in each task five splits in common with all others, or all that
    were run if those are fewer. While they have fewer, the model whose leaving gives the others the most
    is left out; of equals the one that shares the fewest with each other, then the last; never `pinned`.

    Returns:
        Their influences on the tests they share, None if those are of fewer than two models; the others.

    Raises:
        DataError: a model has two cells in one task, or cells of one task differ in their classes.
    """
    wanted = list(dict.fromkeys(cell.task for cell in cells)) if tasks is None else list(tasks)
    by_model: dict[str, dict[str, CellScores]] = {}
    for cell in one_of_each(cells):
        by_model.setdefault(cell.model, {})[cell.task] = cell
    left_out = []
    for model, own in by_model.items():
        if lacking := [task for task in wanted if task not in own or not own[task].by_split]:
            left_out.append(LeftOut(model, f"no score in {', '.join(lacking)}"))
    for gone in left_out:
        del by_model[gone.model]
    left_out += _without_common_splits(by_model, wanted, pinned)
    if len(by_model) < 2:
        return None, (*left_out, *(LeftOut(model, "nothing to rank it among") for model in by_model))
    parts = [influences([own[task] for own in by_model.values()]) for task in wanted]
    known = [part for part in parts if part is not None]
    of = mean_over_tasks(known) if known and len(known) == len(parts) else None
    if of is None or of.nu < 1:
        reason = "no test in common" if of is None else "a class with a single tested gene"
        return None, (*left_out, *(LeftOut(model, reason) for model in by_model))
    return of, tuple(left_out)


def _without_common_splits(
    by_model: dict[str, dict[str, CellScores]], tasks: Sequence[str], pinned: str | None
) -> list[LeftOut]:
    """Take out of `by_model` who keeps the others from having enough splits in common."""
    left_out = []
    while len(by_model) > 1:
        short = [task for task in tasks if _lacks(by_model, task)]
        if not short:
            break
        gain, shared = np.sum([_common(by_model, task) for task in short], axis=0)
        order = sorted(
            zip((-gain).tolist(), shared.tolist(), range(0, -len(gain), -1), by_model, strict=True)
        )
        worst = next(model for *_, model in order if model != pinned)
        del by_model[worst]
        left_out.append(LeftOut(worst, f"too few splits in common with the others in {', '.join(short)}"))
    return left_out


def _lacks(by_model: dict[str, dict[str, CellScores]], task: str) -> bool:
    cells = [own[task] for own in by_model.values()]
    common = frozenset(cells[0].by_split).intersection(*(cell.by_split for cell in cells))
    return len(common) < min(FEW_SPLITS, len(frozenset().union(*(cell.tried for cell in cells))))


def _common(by_model: dict[str, dict[str, CellScores]], task: str) -> NDArray[np.int64]:
    """Shape (2, models): splits that all others share, and those a model shares with each of them."""
    cells = [own[task] for own in by_model.values()]
    splits = sorted(frozenset().union(*(cell.by_split for cell in cells)))
    has = np.array([[split in cell.by_split for split in splits] for cell in cells])
    others = has.sum(axis=0) - has
    return np.array([(others == len(cells) - 1).sum(axis=1), (others * has).sum(axis=1)])
