"""Fine-tuning many splits of one task at once, as one stacked model; made for GPUs.

One small model leaves a GPU waiting for kernel launches; ten stacked ones keep it at work. Each
split has its own weights, order of texts, clipping, learning rate and early stopping, so without
dropout its losses are those of a run of its own. Dropout is drawn for the whole stack: which splits
share it decides the draws, and the result says so. A split that stops early leaves the stack at the
end of the epoch.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.cancel import check
from engine.finetune.batches import compact_vocabulary, epoch_batches, to_device, tokenise
from engine.finetune.config import FinetuneConfig
from engine.finetune.evaluation import evaluation_auc
from engine.finetune.learner import autocast, is_out_of_memory, seed_dropout
from engine.finetune.loop import Clock, Finetuned, Stage, diverged, finetune, report, two_stages
from engine.finetune.model import Classifier, load_classifier
from engine.finetune.optim import LearningRate
from engine.finetune.stack import Layout, Stack
from engine.finetune.stacked_bert import WORDS, StackedBert, stackable
from engine.finetune.stacked_step import StackedStep
from store.records import Epoch, Split


def finetune_stacked(
    folder: Path,
    texts: Sequence[str],
    labels: Sequence[int],
    splits: Sequence[Split],
    config: FinetuneConfig,
    *,
    n_classes: int,
    device: str,
    cancel: threading.Event,
    on_epoch: Callable[[int, Epoch], None] = lambda place, epoch: None,
    on_step: Callable[[int, int], None] = lambda done, total: None,
    everywhere: bool = False,
    graphs: bool = True,
) -> list[Finetuned]:
    """Fine-tune on every split of one task; the results in the order of `splits`.

    Falls back to one plain run after another for a single split, off CUDA, for other protocols than
    `finetune`, for models other than BERT, for splits of unequal length and where the stack does not
    fit in memory.

    Args:
        folder: a Hugging Face or sentence-transformers model folder.
        texts: one for each gene of the task.
        labels: class indices from 0 to n_classes - 1, one for each gene.
        splits: which genes to train on, evaluate on and score.
        config: everything that can change a result.
        n_classes: number of classes of the task.
        device: `cuda:0`, ...
        cancel: looked at before every step.
        on_epoch: told (place in `splits`, epoch) as each epoch ends; again from the first one if
            the stack turns out not to fit.
        on_step: told (steps done, most steps there can be) after each step of the stack.
        everywhere: stack on other devices than CUDA too, where it is slower than the plain loop.
        graphs: replay each step as a CUDA graph.

    Raises:
        ModelError: as `finetune`.
        Stopped: `cancel` was set.
    """
    where = torch.device(device)
    one_by_one = partial(
        _one_by_one, folder, texts, labels, splits, config, n_classes, device, cancel, on_epoch, on_step
    )
    stages = [two_stages(split, config) for split in splits]
    equal = len({tuple(stage.steps(config.batch_size) for stage in pair) for pair in stages}) == 1
    together = len(splits) > 1 and equal and (where.type == "cuda" or everywhere)
    if config.method != "full" or not together:
        return one_by_one()
    clock = Clock()
    with clock("load"):
        model, tokenizer, notes = load_classifier(Path(folder), config, n_classes)
    with clock("tokenise"):
        tokens, cut = tokenise(tokenizer, model.encoder, texts, config)
    if not stackable(model, tokens):
        return one_by_one()
    tokens = to_device(compact_vocabulary(model.encoder, tokens), where)
    run = _Run(model, StackedBert(model, tokens), labels, config, where, cancel, clock, graphs)
    shared = f"trained in a stack of {len(splits)} splits, whose dropout is drawn together"
    run.notes = (*notes, *cut, *run.notes, shared)
    current = torch.cuda.device(where) if where.type == "cuda" else nullcontext()
    try:
        with current:
            return run.both_stages(stages, [split.test for split in splits], on_epoch, on_step)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
    del run, model
    if where.type == "cuda":
        torch.cuda.empty_cache()
    return one_by_one()


@dataclass(slots=True)
class _Member:
    """One split's way through a stage."""

    place: int
    """Among the splits."""
    stage: Stage
    rate: LearningRate
    best: float = -math.inf
    weights: Tensor | None = None
    """Of the best epoch; without evaluation, of the last."""
    waited: int = 0

    def saw(self, auc: float | None, weights: Tensor) -> None:
        """Note an epoch's evaluation AUC and keep its weights if they are the best."""
        self.rate.after_epoch(auc)
        if auc is None:
            return
        if auc > self.best:
            self.best, self.weights, self.waited = auc, weights.clone(), 0
        else:
            self.waited += 1


class _Run:
    """What all epochs of a stacked run share."""

    def __init__(
        self,
        model: Classifier,
        bert: StackedBert,
        labels: Sequence[int],
        config: FinetuneConfig,
        device: torch.device,
        cancel: threading.Event,
        clock: Clock,
        graphs: bool,
    ) -> None:
        self.bert = bert
        self.layout = Layout.of(model)
        self.start = self.layout.flatten(model).to(device)
        self.known = np.asarray(labels)
        self.labels = torch.tensor(labels, device=device)
        self.config = config
        self.device = device
        self.cancel = cancel
        self.clock = clock
        self.graphs = graphs
        self.autocast, self.notes = autocast(config, device)

    def both_stages(
        self,
        stages: Sequence[tuple[Stage, Stage]],
        tests: Sequence[Sequence[int]],
        on_epoch: Callable[[int, Epoch], None],
        on_step: Callable[[int, int], None],
    ) -> list[Finetuned]:
        """Train all splits through both stages and score their test genes."""
        weights = self.start.repeat(len(stages), 1)
        epochs: list[list[Epoch]] = [[] for _ in stages]
        lengths = [stage.steps(self.config.batch_size) for stage in stages[0]]
        for number in range(2):
            before = number * lengths[0]
            stepped = partial(report, on_step, before, sum(lengths))
            weights = self.train([pair[number] for pair in stages], weights, epochs, on_epoch, stepped)
        with self.clock("eval"):
            scores = self.step(Stack(self.layout, weights, (WORDS,))).scores(tests)
        share = {phase: seconds / len(tests) for phase, seconds in self.clock.seconds.items()}
        return [
            Finetuned(own_scores, tuple(own_epochs), share, self.notes)
            for own_scores, own_epochs in zip(scores, epochs, strict=True)
        ]

    def train(
        self,
        stages: Sequence[Stage],
        weights: Tensor,
        epochs: Sequence[list[Epoch]],
        on_epoch: Callable[[int, Epoch], None],
        on_step: Callable[[int], None],
    ) -> Tensor:
        """One stage of all splits: their weights [splits, size] to go on with; `epochs` grow."""
        config = self.config
        steps = stages[0].steps(config.batch_size)
        members = [
            _Member(place, stage, LearningRate(config.schedule, stage.learning_rate, steps, stage.warmup))
            for place, stage in enumerate(stages)
        ]
        active = members
        step = self.step(Stack(self.layout, weights, (WORDS,)))
        optimizer = step.stack.adamw(config.weight_decay)
        seed_dropout(self.device, config.seed)
        for number in range(1, stages[0].epochs + 1):
            for place, epoch in self.epoch(active, step, optimizer, number, on_step):
                epochs[place].append(epoch)
                on_epoch(place, epoch)
            staying = [k for k, member in enumerate(active) if member.waited < config.patience]
            if len(staying) == len(active):
                continue
            active = [active[k] for k in staying]
            if not active:
                break
            stack, optimizer = step.stack.keep(staying, optimizer, config.weight_decay)
            step = self.step(stack)
        for member, row in zip(active, step.stack.weights, strict=False):
            member.weights = row if member.weights is None else member.weights
        return torch.stack([member.weights for member in members])

    def epoch(
        self,
        active: Sequence[_Member],
        step: StackedStep,
        optimizer: torch.optim.AdamW,
        number: int,
        on_step: Callable[[int], None],
    ) -> list[tuple[int, Epoch]]:
        """One epoch of the splits still training: (place, epoch) of each."""
        started = time.perf_counter()
        config = self.config
        with self.clock("train"):
            batches = step.batches(
                [
                    list(epoch_batches(member.stage.rows, config.batch_size, config.seed, number - 1))
                    for member in active
                ]
            )
            losses = []
            for rows, shares, width in zip(batches.rows, batches.shares, batches.widths, strict=True):
                check(self.cancel)
                losses.append(step.gradients(rows, shares, width))
                for place, group in enumerate(optimizer.param_groups):
                    rate = active[place // 2].rate
                    group["lr"] = rate.next() if place % 2 == 0 else rate.last
                optimizer.step()
                on_step(active[0].rate.taken)
            means = torch.stack(losses).mean(0).tolist()
        with self.clock("eval"):
            aucs = self.aucs(step, [member.stage.evaluation for member in active])
        seconds = (time.perf_counter() - started) / len(active)
        ended = []
        for member, row, loss, auc in zip(active, step.stack.weights, means, aucs, strict=True):
            if not math.isfinite(loss):
                raise diverged(member.stage.number, number)
            member.saw(auc, row)
            ended.append(
                (member.place, Epoch(member.stage.number, number, loss, auc, member.rate.last, seconds))
            )
        return ended

    def aucs(self, step: StackedStep, rows: Sequence[Sequence[int]]) -> list[float | None]:
        """Each split's evaluation AUC; None where nothing is evaluated."""
        if not any(rows):
            return [None] * len(rows)
        scores = step.scores(rows)
        return [
            evaluation_auc(self.known[list(own)], score) if own else None
            for own, score in zip(rows, scores, strict=True)
        ]

    def step(self, stack: Stack) -> StackedStep:
        """What `stack` does on the device."""
        return StackedStep(self.bert, stack, self.labels, self.config, self.autocast, self.graphs)


def _one_by_one(
    folder: Path,
    texts: Sequence[str],
    labels: Sequence[int],
    splits: Sequence[Split],
    config: FinetuneConfig,
    n_classes: int,
    device: str,
    cancel: threading.Event,
    on_epoch: Callable[[int, Epoch], None],
    on_step: Callable[[int, int], None],
) -> list[Finetuned]:
    """The plain loop on every split in turn."""
    results = []
    for place, split in enumerate(splits):

        def stepped(done: int, total: int, place: int = place) -> None:
            on_step(place * total + done, total * len(splits))

        results.append(
            finetune(
                folder,
                texts,
                labels,
                split,
                config,
                n_classes=n_classes,
                device=device,
                cancel=cancel,
                on_epoch=partial(on_epoch, place),
                on_step=stepped,
            )
        )
    return results
