"""Small made-up cells: a pool of genes with two or more classes, splits of it, and models that score it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from engine.stats.scores import CellScores, FitScores

RATIO = 18 / 158


def cell(
    model: str,
    splits: dict[str, Sequence[tuple[str, int, float]]],
    task: str = "T",
    ratio: float = RATIO,
    control: bool = False,
    failed: Sequence[str] = (),
) -> CellScores:
    """A cell from the (symbol, label, score) of each split's test genes."""
    fits = [
        FitScores(
            split,
            tuple(gene for gene, _, _ in rows),
            np.array([label for _, label, _ in rows]),
            np.array([score for _, _, score in rows]),
        )
        for split, rows in splits.items()
    ]
    return CellScores(model, task, ratio, control, tuple(fits), frozenset(failed))


def board(
    seed: int,
    models: int = 3,
    splits: int = 10,
    sizes: Sequence[int] = (20, 30),
    tested: Sequence[int] = (5, 8),
    *,
    task: str = "T",
    signal: float | Sequence[float] = 1.0,
    own: float = 0.7,
    genes_from: int = 0,
    twice: int = 0,
) -> list[CellScores]:
    """Models that see class c at c * signal, with luck in each gene that is shared and luck of their own.

    Scores are of two classes, or one column a class with more. The first `twice` genes of class 1 have the
    symbols of the first ones of class 0.
    """
    rng = np.random.default_rng([seed, len(task), sum(map(ord, task))])
    labels = np.repeat(np.arange(len(sizes)), sizes)
    names = np.array([f"G{genes_from + place:04d}" for place in range(len(labels))], dtype=object)
    names[sizes[0] : sizes[0] + twice] = names[:twice]
    levels = np.broadcast_to(signal, models)
    columns = 1 if len(sizes) == 2 else len(sizes)
    luck = rng.standard_normal((len(labels), columns))
    truth = (labels == 1)[:, None] if columns == 1 else labels[:, None] == np.arange(columns)
    own_luck = own * rng.standard_normal((models, len(labels), columns))
    drawn = [
        np.concatenate(
            [
                rng.choice(np.flatnonzero(labels == c), size, replace=False)
                for c, size in enumerate(tested[: len(sizes)])
            ]
        )
        for _ in range(splits)
    ]
    cells = []
    for model in range(models):
        fits = []
        for number, rows in enumerate(drawn):
            noise = 0.3 * rng.standard_normal((len(rows), columns))
            scores = levels[model] * truth[rows] + luck[rows] + own_luck[model][rows] + noise
            scores = scores[:, 0] if columns == 1 else scores
            fits.append(FitScores(f"{task}-{number}", tuple(names[rows]), labels[rows], scores))
        cells.append(CellScores(f"m{model}", task, RATIO, False, tuple(fits)))
    return cells


boards = st.builds(
    board,
    seed=st.integers(0, 10_000),
    models=st.integers(2, 4),
    splits=st.integers(1, 7),
    sizes=st.sampled_from([(7, 9), (12, 6), (6, 6, 8)]).map(tuple),
    tested=st.just((2, 3, 2)),
    signal=st.sampled_from([0.0, 1.0, 4.0]),
    twice=st.integers(0, 3),
)
"""Boards of a few models, of two or three classes, with symbols that are in two of them."""
