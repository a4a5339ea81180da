"""The packaged published tables as arrays."""

from __future__ import annotations

import numpy as np

from store.reference import PAPER_TASKS, reference_scores

PROTOCOLS = ("lr", "rf", "lr-cv", "rf-cv", "finetune")
"""Of Tables 3, 4, 5, 6 and 8."""


def published(protocol: str, value: str = "auc", source: str = "paper") -> np.ndarray:
    """Shape (models, tasks): the printed AUCs or ranks, models in the paper's order."""
    rows = [row for row in reference_scores() if row.protocol == protocol]
    cells = {(row.source, row.model, row.task): getattr(row, value) for row in rows}
    models = list(dict.fromkeys(model for origin, model, _ in cells if origin == "paper"))
    return np.array([[cells[source, model, task] for task in PAPER_TASKS] for model in models])
