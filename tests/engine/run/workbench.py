"""A compute that computes instantly, and tasks small enough to plan with, for runner tests."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from engine.cancel import check
from engine.embedding.cost import Cost
from engine.environment import now
from engine.run.compute import Context, OnEpoch, Progress, TaskVectors
from store.records import Epoch, Metrics, Model, Prediction, Scored, Task, Unit


def write_task(folder, name: str = "toy", per_class: int = 12) -> str:
    """A CSV of symbols that need no look-up, with their own descriptions; its path."""
    path = folder / f"{name}.csv"
    rows = ["gene,label,description"]
    for label in ("up", "down"):
        rows += [f"{name}_{label}{n},{label},text of {label} {n}" for n in range(per_class)]
    path.write_text("\n".join(rows) + "\n")
    return str(path)


def score_of(unit: Unit) -> float:
    """A number in [0, 1] that depends on the unit's key alone."""
    return int(hashlib.sha256(unit.key.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF


class FakeCompute:
    """Scores come from the unit's key; `behave` may raise, block or count."""

    def __init__(
        self, behave: Callable[[Unit, threading.Event], None] | None = None, device: str = "cpu"
    ) -> None:
        self.device = device
        self.behave = behave or (lambda unit, cancel: None)
        self.embedded: list[str] = []
        self.classified: list[str] = []
        self.stacks: list[list[int]] = []

    def devices(self, wanted: str) -> tuple[str, ...]:
        return (self.device,)

    def card(self, device: str) -> str:
        return device.partition(":")[0]

    @contextlib.contextmanager
    def limits(self, threads: int) -> Iterator[None]:
        yield

    def embed(
        self, unit: Unit, model: Model, tasks: Sequence[Task], context: Context, progress: Progress
    ) -> dict[str, TaskVectors]:
        self.embedded.append(model.name)
        progress(1, 1)
        cost = Cost(sum(len(set(task.texts)) for task in tasks), 0.5, 1000, 2000)
        return {
            task.name: TaskVectors(np.zeros((len(task.genes), 2), "f4"), "h", (), cost) for task in tasks
        }

    def classify(self, unit: Unit, task: Task, vectors: TaskVectors, context: Context) -> Scored:
        self.behave(unit, context.cancel)
        check(context.cancel)
        self.classified.append(unit.key)
        return self._scored(unit, context.environment)

    def finetune(
        self,
        units: Sequence[Unit],
        model: Model,
        task: Task,
        context: Context,
        on_epoch: OnEpoch,
        on_step: Progress,
    ) -> list[Scored]:
        self.stacks.append([unit.seed for unit in units])
        for place, unit in enumerate(units):
            on_epoch(place, Epoch(1, 1, 0.7, 0.5, 1e-5, 0.0))
            self.behave(unit, context.cancel)
            check(context.cancel)
        return [self._scored(unit, context.environment) for unit in units]

    def _scored(self, unit: Unit, environment: str) -> Scored:
        auc = score_of(unit)
        return Scored(
            unit,
            Metrics(auc, auc, auc, auc, auc, auc),
            (Prediction(0, "TP53", 1, (1 - auc, auc)),),
            "split",
            20,
            4,
            environment,
            now(),
        )
