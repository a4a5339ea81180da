"""CPU time from kept scores to rank intervals, of a board as it is and of one as large as it gets."""

from __future__ import annotations

import statistics
import time
from typing import Any, Final

import numpy as np

from engine.stats.baseline import against
from engine.stats.intervals import estimate_cells
from engine.stats.ranks import rank
from engine.stats.scores import CellScores, FitScores

SIZES: Final = ((130, 46), (364, 122), (76, 95), (39, 95))
TESTED: Final = ((13, 5), (37, 12), (8, 10), (4, 10))
"""Of the paper's four tasks, which follow each other."""


def board(models: int, tasks: int) -> list[CellScores]:
    """A cell of ten splits of each model in each task, some models better than others."""
    rng = np.random.default_rng(0)
    levels = rng.normal(1.5, 0.3, models)
    cells = []
    for task in range(tasks):
        labels = np.repeat([0, 1], SIZES[task % 4])
        genes = np.array(
            [f"G{gene:05d}" for gene in rng.choice(20_000, len(labels), replace=False)], object
        )
        seen = rng.standard_normal(len(labels)) + 0.5 * rng.standard_normal((models, len(labels)))
        drawn = [
            np.concatenate(
                [
                    rng.choice(np.flatnonzero(labels == c), n, replace=False)
                    for c, n in enumerate(TESTED[task % 4])
                ]
            )
            for _ in range(10)
        ]
        tests = [(rows, tuple(genes[rows]), labels[rows]) for rows in drawn]
        for model in range(models):
            fits = tuple(
                FitScores(str(split), names, held, levels[model] * held + seen[model, rows])
                for split, (rows, names, held) in enumerate(tests)
            )
            cells.append(CellScores(f"m{model}", f"t{task}", 1 / 9, False, fits))
    return cells


def cpu_seconds(work: Any, rounds: int) -> float:
    """The median of so many calls."""
    spent = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return statistics.median(spent)


def ranks() -> list[dict[str, Any]]:
    rows = []
    for models, tasks, limit, rounds in ((11, 4, 0.5, 5), (250, 40, 10.0, 1)):
        cells = board(models, tasks)

        def everything(cells: list[CellScores] = cells) -> None:
            rank(cells)
            against(cells, "m0")
            estimate_cells(cells)

        for work, function in (("ranked", lambda cells=cells: rank(cells)), ("all of it", everything)):
            spent = cpu_seconds(function, rounds)
            asked = limit if (work == "ranked") == (models == 11) else None
            rows.append(
                {
                    "work": f"{models} models x {tasks} tasks, {work}",
                    "reference": "" if asked is None else f"{asked} CPU s",
                    "ours": f"{spent:.3g} CPU s",
                    "ratio": None if asked is None else spent / asked,
                    "equal": "",
                    "limit": "" if asked is None else "<= 1",
                }
            )
    return rows


BENCHMARKS = {"rank-intervals": ranks}
