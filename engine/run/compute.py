"""The real work behind a run: embed a model's texts, score one unit.

The runner's threads call a `Compute`; a test may hand the runner one of its own. Everything heavy
is imported here on first use, in the runner's process only.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from engine.cancel import Cancel, Progress
from engine.catalog.protocols import PROTOCOLS
from engine.embedding.cost import Cost
from engine.environment import now, require_folder
from store.errors import DataError, GeneArenaError, UsageError
from store.home import Home
from store.records import EmbeddingOptions, Epoch, Model, Prediction, Scored, Split, Task, Unit

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.classify import Classified
    from engine.finetune import FinetuneConfig

OnEpoch = Callable[[int, Epoch], None]
"""Told the place among the units and what an epoch brought."""


@dataclass(frozen=True, slots=True)
class TaskVectors:
    """One task's genes as a model sees them."""

    vectors: npt.NDArray[np.float32] | None
    """float32[n, d], a row for each gene of the task; None: a control, which has others in each split."""
    hash: str
    """SHA-256 of the matrix."""
    notes: tuple[str, ...]
    cost: Cost | None = None
    """Of embedding all tasks' texts at once; None if none had to be embedded."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where a piece of work is done, and how it is called off."""

    device: str
    """As torch names it."""
    environment: str
    """The hash of the environment that its results name."""
    cancel: Cancel
    progress: Progress | None = None
    """Told (done, total) of the steps of one unit that is classified."""


class Compute(Protocol):
    """What the runner needs done."""

    def devices(self, wanted: str) -> tuple[str, ...]:
        """The devices to use, as torch names them."""

    def card(self, device: str) -> str:
        """What kind of device it is, for the record: no number tells two of one kind apart."""

    def limits(self, threads: int) -> contextlib.AbstractContextManager[object]:
        """Hold while working, so that no core is asked for twice."""

    def embed(
        self, unit: Unit, model: Model, tasks: Sequence[Task], context: Context, progress: Progress
    ) -> dict[str, TaskVectors]:
        """Vectors for every task, by task name; `unit` tells the embedding options."""

    def classify(self, unit: Unit, task: Task, vectors: TaskVectors, context: Context) -> Scored:
        """Score one split from vectors."""

    def finetune(
        self,
        units: Sequence[Unit],
        model: Model,
        task: Task,
        context: Context,
        on_epoch: OnEpoch,
        on_step: Progress,
    ) -> Sequence[Scored | GeneArenaError]:
        """Score splits, at once if there are several, by training the model itself.

        The error of a split that fails by itself stands in its place.
        """


class LocalCompute:
    """The compute of this machine."""

    def __init__(self, home: Home, classify: Callable[..., Classified] | None = None) -> None:
        """Load nothing yet.

        Args:
            home: where models and vectors are.
            classify: does what `engine.classify.classify` does; None: a process of its own does.

        Raises:
            UsageError: nothing could be loaded from the folder that this process stands in.
        """
        require_folder()
        self._home = home
        self._classify = classify

    def devices(self, wanted: str) -> tuple[str, ...]:
        """Every CUDA device this process was given, else `mps` or `cpu`; or just the one wanted.

        Raises:
            UsageError: the one wanted is not here.
        """
        import torch

        cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
        found = [f"cuda:{index}" for index in range(cards)]
        found += ["mps"] if torch.backends.mps.is_available() else []
        if wanted == "auto":
            return tuple(found) or ("cpu",)
        if wanted not in (*found, "cpu") and not (wanted == "cuda" and cards):
            raise UsageError(
                f"Torch has no device {wanted} here.", f"Use auto, or one of: {', '.join((*found, 'cpu'))}."
            )
        return (wanted,)

    def card(self, device: str) -> str:
        """`cuda NVIDIA H200` for `cuda:0`; other devices as torch names them."""
        if not device.startswith("cuda"):
            return device
        import torch

        return f"cuda {torch.cuda.get_device_name(device)}"

    def limits(self, threads: int) -> contextlib.AbstractContextManager[object]:
        """One BLAS thread for each classifier, `threads` for torch."""
        import threadpoolctl
        import torch

        torch.set_num_threads(threads)
        limiter: contextlib.AbstractContextManager[object] = threadpoolctl.threadpool_limits(1, "blas")
        return limiter

    def embed(
        self, unit: Unit, model: Model, tasks: Sequence[Task], context: Context, progress: Progress
    ) -> dict[str, TaskVectors]:
        """Embed each unique text of all tasks once; look vectors up where the model is a table."""
        from engine.catalog.revision import require_same
        from engine.embedding.embed import embed, hash_vectors, look_up, zero_notes
        from engine.embedding.endpoint.consent import agreed_hosts

        if model.kind == "control":
            return {task.name: TaskVectors(None, "", ()) for task in tasks}
        if model.kind == "vectors":
            found = {}
            for task in tasks:
                vectors, missing = look_up(model, task.genes, self._home)
                if missing:
                    raise DataError(
                        f"{model.name} has no vector for {len(missing)} genes of {task.name}, "
                        f"{missing[0]} among them.",
                        "Run all models on the genes it has: genearena import task "
                        f"{task.name} --covered-by {model.name}",
                    )
                found[task.name] = TaskVectors(vectors, hash_vectors(vectors), ())
            return found
        if model.kind != "endpoint":
            require_same(model, self._home)
        texts = list(dict.fromkeys(text for task in tasks for text in task.texts))
        options = EmbeddingOptions(**unit.spec["embedding"])
        result = embed(
            model,
            texts,
            options,
            self._home,
            device=context.device,
            cancel=context.cancel,
            progress=progress,
            allowed_hosts=agreed_hosts(self._home) if model.kind == "endpoint" else (),
        )
        place = {text: row for row, text in enumerate(texts)}
        by_task = {task.name: result.vectors[[place[text] for text in task.texts]] for task in tasks}
        return {
            name: TaskVectors(
                vectors,
                hash_vectors(vectors),
                (*result.notes, *zero_notes(model, vectors)),
                result.cost,
            )
            for name, vectors in by_task.items()
        }

    def classify(self, unit: Unit, task: Task, vectors: TaskVectors, context: Context) -> Scored:
        """Split, fit, score."""
        from engine.data.tasks.splits import split_of
        from engine.run.apart import classify_apart

        classified = self._classify or classify_apart
        axes = unit.spec["axes"]
        split = split_of(unit, task, self._home)
        features, labels = _inputs(unit, task, split, vectors)
        result = classified(
            unit.protocol,
            _params(unit),
            features,
            labels,
            split,
            # What a control has is scaled as its definition says.
            scaling="none" if vectors.vectors is None else axes["scaling"],
            lr_solver=axes.get("lr_solver", "liblinear"),
            cancel=context.cancel,
            progress=context.progress,
        )
        return _scored(
            unit,
            task,
            split,
            result.scores,
            context.environment,
            seconds=result.seconds,
            vectors_hash=vectors.hash,
            best_params=result.best_params,
            trials=result.trials,
            notes=vectors.notes,
        )

    def finetune(
        self,
        units: Sequence[Unit],
        model: Model,
        task: Task,
        context: Context,
        on_epoch: OnEpoch,
        on_step: Progress,
    ) -> Sequence[Scored | GeneArenaError]:
        """Train the encoder with a head on it, in two stages; several splits as one stacked model."""
        from engine.catalog.revision import require_same
        from engine.data.tasks.splits import split_of
        from engine.finetune import finetune_stacked

        folder = require_same(model, self._home)
        splits = [split_of(unit, task, self._home) for unit in units]
        results = finetune_stacked(
            folder,
            task.texts,
            task.labels,
            splits,
            _config(units[0]),
            n_classes=len(task.classes),
            device=context.device,
            cancel=context.cancel,
            on_epoch=on_epoch,
            on_step=on_step,
        )
        return [
            result
            if isinstance(result, GeneArenaError)
            else _scored(
                unit,
                task,
                split,
                result.scores,
                context.environment,
                seconds=result.seconds,
                epochs=result.epochs,
                notes=result.notes,
            )
            for unit, split, result in zip(units, splits, results, strict=True)
        ]


def _inputs(unit: Unit, task: Task, split: Split, vectors: TaskVectors) -> tuple[Any, Any]:
    """What a classifier of `unit` is given: a row of features for each gene, and labels."""
    import numpy as np

    labels = np.asarray(task.labels)
    if not unit.control:
        return vectors.vectors, labels
    from engine.controls.features import features, permuted

    if vectors.vectors is None:
        return features(unit.control, task, split), labels
    return vectors.vectors[permuted(len(labels))], labels


def _config(unit: Unit) -> FinetuneConfig:
    from engine.finetune import FinetuneConfig

    return FinetuneConfig.from_params(unit.protocol, _params(unit), unit.spec["axes"], **unit.spec["input"])


def _params(unit: Unit) -> dict[str, Any]:
    """The unit's protocol parameters, lists as the tuples they were declared as."""
    declared = PROTOCOLS[unit.protocol].params
    params: Mapping[str, Any] = unit.spec["protocol"]["params"]
    return {
        name: tuple(value) if isinstance(declared.get(name), tuple) else value
        for name, value in params.items()
    }


def _scored(
    unit: Unit,
    task: Task,
    split: Split,
    scores: npt.NDArray[np.float64],
    environment: str,
    **details: Any,
) -> Scored:
    import numpy as np

    from engine.metrics import score

    labels = np.asarray(task.labels)[list(split.test)]
    started = time.perf_counter()
    metrics = score(labels, scores)
    seconds = {**details.pop("seconds"), "metrics": time.perf_counter() - started}
    predictions = tuple(
        Prediction(index, task.genes[index], task.labels[index], tuple(map(float, row)))
        for index, row in zip(split.test, scores, strict=True)
    )
    return Scored(
        unit,
        metrics,
        predictions,
        split.hash,
        len(split.train) + len(split.evaluation),
        len(split.test),
        environment,
        now(),
        seconds=seconds,
        **details,
    )
