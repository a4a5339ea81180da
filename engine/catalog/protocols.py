"""The protocols: how a model's vectors, or the model itself, become scores for the test genes.

A protocol is one entry here and its computation in `engine.classify` or `engine.finetune`; everything
else that there is to know of it is a field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal


@dataclass(frozen=True, slots=True)
class Protocol:
    """One way from texts or vectors to test scores."""

    name: str
    title: str
    revision: int
    """Bumped by hand whenever its numbers may change; part of every key."""
    axes: Literal["vectors", "tuned-lr", "finetune", "frozen"]
    """Which axes matter: a key of `presets.RELEVANT`."""
    params: Mapping[str, Any]
    """Defaults; part of every key."""
    paper_table: int | None = None
    first: bool = False
    """Whether it is chosen when nobody has chosen yet."""
    weights: int = 1
    """How often the model's weights are in memory at least: beside them, fine-tuning all of them holds
    gradients and two moments."""
    slow: bool = False
    """Whether a split takes seconds from given vectors, so that others are better done first."""

    @property
    def finetunes(self) -> bool:
        """Whether it trains on the texts, the whole encoder or what sits on a frozen one."""
        return self.axes in ("finetune", "frozen")


_FINETUNE: Final[Mapping[str, Any]] = {
    "seed": 42,
    "batch_size": 8,
    "epochs": 20,
    "learning_rate": 1e-5,
    "weight_decay": 0.2,
    "warmup": 0.1,
    "max_grad_norm": 0.7,
    "patience": 5,
    "stage2_epochs": 10,
    "stage2_learning_rate": 1e-6,
}

PROTOCOLS: Final[Mapping[str, Protocol]] = {
    protocol.name: protocol
    for protocol in (
        Protocol("lr", "Logistic regression", 1, "vectors", {"C": 1.0, "max_iter": 100}, 3, first=True),
        Protocol("rf", "Random forest", 1, "vectors", {"trees": 100, "seed": 42}, 4, first=True),
        Protocol(
            "lr-cv",
            "Logistic regression, tuned",
            1,
            "tuned-lr",
            {"C": (0.01, 0.1, 1.0, 10.0, 100.0), "penalty": ("l1", "l2"), "folds": 5, "seed": 42},
            5,
            first=True,
        ),
        Protocol(
            "rf-cv",
            "Random forest, tuned",
            1,
            "vectors",
            {
                "trees": (25, 50, 100, 200, 400),
                "max_depth": (None, 10, 20, 30),
                "folds": 5,
                "seed": 42,
            },
            6,
            first=True,
            slow=True,
        ),
        Protocol("finetune", "Fine-tuned, two stages", 2, "finetune", _FINETUNE, 8, weights=4),
        Protocol(
            "linear-probe",
            "Frozen encoder, linear head",
            2,
            "frozen",
            {**_FINETUNE, "learning_rate": 1e-3, "stage2_learning_rate": 1e-4},
        ),
        Protocol(
            "lora",
            "LoRA adapters, two stages",
            2,
            "frozen",
            {**_FINETUNE, "learning_rate": 1e-4, "stage2_learning_rate": 1e-5, "rank": 8, "alpha": 16},
        ),
    )
}
"""By name, in the order in which they are listed everywhere."""

FIRST: Final = tuple(protocol.name for protocol in PROTOCOLS.values() if protocol.first)


def listed(name: str) -> int:
    """Where results of a protocol are listed; of one that is not in the catalog any more, last."""
    return list(PROTOCOLS).index(name) if name in PROTOCOLS else len(PROTOCOLS)


LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "C": (1e-12, 1e12),
    "max_iter": (1, 1_000_000),
    "trees": (1, 100_000),
    "max_depth": (1, 10_000),
    "folds": (2, 1000),
    "seed": (0, 2**32 - 1),
    "batch_size": (1, 4096),
    "epochs": (1, 10_000),
    "stage2_epochs": (0, 10_000),
    "learning_rate": (1e-12, 1),
    "stage2_learning_rate": (1e-12, 1),
    "weight_decay": (0, 1000),
    "warmup": (0, 1),
    "max_grad_norm": (1e-6, 1e6),
    "patience": (1, 10_000),
    "rank": (1, 4096),
    "alpha": (1, 4096),
}
"""Parameter that is a number -> the smallest and the largest value that can be run."""

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"penalty": ("l1", "l2")}
"""Parameter that is a word -> what it can be."""
