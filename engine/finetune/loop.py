"""The two-stage loop: train with early stopping, go on over train + evaluation genes, score the test.

Bit for bit the same on a CPU in fp32 for the same number of threads: nothing draws from a generator
that others draw from.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.cancel import check
from engine.finetune.batches import compact_vocabulary, epoch_batches, to_device, tokenise
from engine.finetune.config import FinetuneConfig
from engine.finetune.keyed_dropout import step_key
from engine.finetune.learner import Learner
from engine.finetune.model import load_classifier
from engine.finetune.optim import LearningRate, adamw
from store.errors import ModelError
from store.records import Epoch, Split


@dataclass(frozen=True, slots=True)
class Finetuned:
    """What one split's fine-tuning leaves behind."""

    scores: NDArray[np.float64]
    """[n_test, n_classes]: probabilities, in the order of `split.test`."""
    epochs: tuple[Epoch, ...]
    seconds: Mapping[str, float]
    """Wall time by phase: load, tokenise, train, eval."""
    notes: tuple[str, ...]
    """What a reader of the number should know."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the two stages."""

    number: int
    rows: tuple[int, ...]
    """Genes to train on."""
    evaluation: tuple[int, ...]
    """Genes whose AUC picks the best epoch; none: the last epoch stands."""
    epochs: int
    learning_rate: float
    warmup: float

    def steps(self, batch_size: int) -> int:
        """Optimiser steps if no epoch is spared."""
        return self.epochs * math.ceil(len(self.rows) / batch_size)


class Diverged(ModelError):
    """The loss of a split is no longer a number; others of its task may do well."""

    def __init__(self, stage: int, epoch: int) -> None:
        super().__init__(
            f"Training diverged: the loss of stage {stage}, epoch {epoch} is not a finite number.",
            "Lower learning_rate, or run in fp32.",
        )


class Clock:
    """Wall time by phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = dict.fromkeys(("load", "tokenise", "train", "eval"), 0.0)

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        """Add the time spent inside to `phase`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[phase] += time.perf_counter() - start


def finetune(
    folder: Path,
    texts: Sequence[str],
    labels: Sequence[int],
    split: Split,
    config: FinetuneConfig,
    *,
    n_classes: int,
    device: str,
    cancel: threading.Event,
    on_epoch: Callable[[Epoch], None] = lambda epoch: None,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> Finetuned:
    """Fine-tune the model in `folder` on one split and score its test genes.

    Args:
        folder: a Hugging Face or sentence-transformers model folder.
        texts: one for each gene of the task.
        labels: class indices from 0 to n_classes - 1, one for each gene.
        split: which genes to train on, evaluate on and score.
        config: everything that can change the result.
        n_classes: number of classes of the task.
        device: `cpu`, `cuda:0`, `mps`, ...
        cancel: looked at before every step, on a CPU before every layer.
        on_epoch: told about each epoch as it ends.
        on_step: told (steps done, most steps there can be) after each step.

    Raises:
        ModelError: the folder cannot be used, or not even one text fits in memory.
        Diverged: the loss is no longer a number.
        Stopped: `cancel` was set.
    """
    clock = Clock()
    where = torch.device(device)
    check(cancel)
    with clock("load"):
        model, tokenizer, notes = load_classifier(Path(folder), config, n_classes)
    with clock("tokenise"):
        tokens, cut = tokenise(tokenizer, model.encoder, texts, config)
    if config.method == "full":
        tokens = compact_vocabulary(model.encoder, tokens)
    model.to(where)
    learner = Learner(model, to_device(tokens, where), labels, config, where, cancel)
    if config.method == "linear-probe":
        with clock("train"):
            learner.freeze_features()
    epochs: list[Epoch] = []
    stages = two_stages(split, config)
    total = sum(stage.steps(config.batch_size) for stage in stages)
    done = 0
    for stage in stages:
        epochs += train(learner, stage, clock, on_epoch, partial(report, on_step, done, total))
        done += stage.steps(config.batch_size)
    with clock("eval"):
        scores = learner.scores(split.test)
    return Finetuned(scores, tuple(epochs), clock.seconds, (*notes, *cut, *learner.notes))


def report(on_step: Callable[[int, int], None], before: int, total: int, taken: int) -> None:
    """Tell `on_step` of the steps of one stage as steps of the whole."""
    on_step(before + taken, total)


def two_stages(split: Split, config: FinetuneConfig) -> tuple[Stage, Stage]:
    """Train with evaluation and warm-up; then train + evaluation genes without either."""
    both = (*split.train, *split.evaluation)
    return (
        Stage(1, split.train, split.evaluation, config.epochs, config.learning_rate, config.warmup),
        Stage(2, both, (), config.stage2_epochs, config.stage2_learning_rate, 0.0),
    )


def train(
    learner: Learner,
    stage: Stage,
    clock: Clock,
    on_epoch: Callable[[Epoch], None],
    on_step: Callable[[int], None],
) -> list[Epoch]:
    """Run one stage; the learner is left with the weights of its best epoch."""
    config = learner.config
    steps = stage.steps(config.batch_size)
    rate = LearningRate(config.schedule, stage.learning_rate, steps, stage.warmup)
    optimizer = adamw(learner.model, config.weight_decay)
    epochs: list[Epoch] = []
    best, weights, waited = -math.inf, None, 0
    for number in range(1, stage.epochs + 1):
        started = time.perf_counter()
        losses = []
        with clock("train"):
            for batch in epoch_batches(stage.rows, config.batch_size, config.seed, number - 1):
                key = step_key(config.seed, stage.number, rate.taken)
                losses.append(learner.step(batch, optimizer, rate.next(), key))
                on_step(rate.taken)
            loss = float(torch.stack(losses).mean())  # the only wait for a GPU in an epoch
        if not math.isfinite(loss):
            raise Diverged(stage.number, number)
        with clock("eval"):
            auc = learner.auc(stage.evaluation)
        rate.after_epoch(auc)
        seconds = time.perf_counter() - started
        epochs.append(Epoch(stage.number, number, loss, auc, rate.last, seconds))
        on_epoch(epochs[-1])
        if auc is None:
            continue
        if auc > best:
            best, weights, waited = auc, learner.weights(), 0
        else:
            waited += 1
        if waited >= config.patience:
            break
    if weights is not None:
        learner.restore(weights)
    return epochs
