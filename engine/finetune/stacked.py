"""Fine-tuning many splits of one task, as stacked models where that pays.

One small model leaves a GPU waiting for kernel launches; ten stacked ones keep it at work. Each
split has its own weights, order of texts, clipping, learning rate and early stopping, and dropout's
masks are keyed by seed, stage and step, so its number is that of a run of its own: which splits share
a stack does not touch it. On a CPU, where a stack of several is no faster, every split is a stack of
one. A split that stops early or diverges leaves the stack at the end of the epoch.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.cancel import Cancel, check
from engine.finetune.batches import compact_vocabulary, epoch_batches, in_order, to_device, tokenise
from engine.finetune.config import FinetuneConfig
from engine.finetune.evaluation import evaluation_auc
from engine.finetune.keyed_dropout import step_key
from engine.finetune.learner import autocast, is_out_of_memory
from engine.finetune.loop import Clock, Diverged, Finetuned, Stage, finetune, report, two_stages
from engine.finetune.model import Classifier, load_classifier
from engine.finetune.optim import LearningRate
from engine.finetune.stack import Layout, Stack
from engine.finetune.stacked_bert import WORDS, StackedBert, stackable
from engine.finetune.stacked_step import StackedStep
from store.records import Epoch, Split

Result = Finetuned | Diverged
OnEpoch = Callable[[int, Epoch], None]
OnStep = Callable[[int, int], None]


def finetune_stacked(
    folder: Path,
    texts: Sequence[str],
    labels: Sequence[int],
    splits: Sequence[Split],
    config: FinetuneConfig,
    *,
    n_classes: int,
    device: str,
    cancel: Cancel,
    on_epoch: OnEpoch = lambda place, epoch: None,
    on_step: OnStep = lambda done, total: None,
    copies: int | None = None,
    graphs: bool = True,
) -> list[Result]:
    """Fine-tune on every split of one task; the results in the order of `splits`.

    Falls back to one plain run after another for other protocols than `finetune`, for models other
    than BERT and where a stack does not fit in memory.

    Args:
        folder: a Hugging Face or sentence-transformers model folder.
        texts: one for each gene of the task.
        labels: class indices from 0 to n_classes - 1, one for each gene.
        splits: which genes to train on, evaluate on and score.
        config: everything that can change a result.
        n_classes: number of classes of the task.
        device: `cpu`, `cuda:0`, `mps`, ...
        cancel: looked at before every step, on a CPU before every layer.
        on_epoch: told (place in `splits`, epoch) as each epoch ends; again from the first one if
            a stack turns out not to fit.
        on_step: told (steps done, most steps there can be) after each step of a stack.
        copies: most splits to a stack; None: all of them on CUDA and one elsewhere. Splits that take
            unequal numbers of steps never share one.
        graphs: replay each step as a CUDA graph.

    Raises:
        ModelError: as `finetune`; but a split that diverges is told in its place and touches no other.
        Stopped: `cancel` was set.
    """
    where = torch.device(device)
    one_by_one = partial(
        _one_by_one, folder, texts, labels, splits, config, n_classes, device, cancel, on_epoch, on_step
    )
    if config.method != "full":
        return one_by_one()
    check(cancel)
    clock = Clock()
    with clock("load"):
        model, tokenizer, notes = load_classifier(Path(folder), config, n_classes)
    with clock("tokenise"):
        tokens, cut = tokenise(tokenizer, model.encoder, texts, config)
    if not stackable(model, tokens):
        return one_by_one()
    tokens = to_device(compact_vocabulary(model.encoder, tokens), where)
    run = StackedRun(model, StackedBert(model, tokens, cancel), labels, config, where, cancel, graphs)
    spent = {phase: seconds / len(splits) for phase, seconds in clock.seconds.items()}
    members = [Member(place, split, two_stages(split, config)) for place, split in enumerate(splits)]
    together = copies or (len(splits) if where.type == "cuda" else 1)
    alike = sorted(members, key=lambda member: member.steps(config.batch_size))
    stacks = [
        stack
        for _, equal in groupby(alike, lambda member: member.steps(config.batch_size))
        for stack in in_order(list(equal), together)
    ]
    current = torch.cuda.device(where) if where.type == "cuda" else nullcontext()
    try:
        with current:
            return _stacks(run, stacks, spent, (*notes, *cut, *run.notes), on_epoch, on_step)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
    del run, model
    if where.type == "cuda":
        torch.cuda.empty_cache()
    return one_by_one()


@dataclass(slots=True)
class Member:
    """One split's way through both stages."""

    place: int
    """Among the splits."""
    split: Split
    stages: tuple[Stage, Stage]
    epochs: list[Epoch] = field(default_factory=list)
    weights: Tensor | None = None
    """Of the stage's best epoch, or where nothing is evaluated of its last; None before stage 1."""
    diverged: Diverged | None = None

    def steps(self, batch_size: int) -> tuple[int, int]:
        """Optimiser steps of both stages if no epoch is spared."""
        first, second = (stage.steps(batch_size) for stage in self.stages)
        return first, second


@dataclass(slots=True)
class _Trainee:
    """A member within one stage."""

    member: Member
    stage: Stage
    rate: LearningRate
    best: float = -math.inf
    waited: int = 0

    def saw(self, epoch: Epoch, weights: Tensor) -> None:
        """Note an epoch and keep its weights if they are the best."""
        self.member.epochs.append(epoch)
        self.rate.after_epoch(epoch.eval_auc)
        if epoch.eval_auc is None:
            return
        if epoch.eval_auc > self.best:
            self.best, self.member.weights, self.waited = epoch.eval_auc, weights.clone(), 0
        else:
            self.waited += 1


class StackedRun:
    """What all stacks of a task share."""

    def __init__(
        self,
        model: Classifier,
        bert: StackedBert,
        labels: Sequence[int],
        config: FinetuneConfig,
        device: torch.device,
        cancel: Cancel,
        graphs: bool,
    ) -> None:
        self.bert = bert
        self.layout = Layout.of(model)
        self.start = self.layout.flatten(model).to(device)
        self.known = np.asarray(labels)
        self.labels = torch.tensor(labels, device=device)
        self.config = config
        self.cancel = cancel
        self.graphs = graphs
        self.autocast, self.notes = autocast(config, device)

    def both_stages(
        self,
        members: Sequence[Member],
        clock: Clock,
        on_epoch: OnEpoch,
        on_step: Callable[[int], None],
    ) -> list[NDArray[np.float64]]:
        """Train the splits of one stack through both stages; the test scores of those that converge."""
        staying, before = list(members), 0
        for number, steps in enumerate(members[0].steps(self.config.batch_size)):

            def stepped(taken: int, before: int = before) -> None:
                on_step(before + taken)

            if staying:
                self.train(staying, number, clock, on_epoch, stepped)
            staying = [member for member in staying if member.diverged is None]
            before += steps
        with clock("eval"):
            tests = [member.split.test for member in staying]
            return self.step(staying).scores(tests) if staying else []

    def train(
        self,
        members: Sequence[Member],
        number: int,
        clock: Clock,
        on_epoch: OnEpoch,
        on_step: Callable[[int], None],
    ) -> None:
        """One stage of a stack; its members get the weights to go on with, or their error."""
        config = self.config
        active = []
        for member in members:
            stage = member.stages[number]
            steps = stage.steps(config.batch_size)
            rate = LearningRate(config.schedule, stage.learning_rate, steps, stage.warmup)
            active.append(_Trainee(member, stage, rate))
        step = self.step(members)
        optimizer = step.stack.adamw(config.weight_decay)
        for epoch in range(1, active[0].stage.epochs + 1):
            self.epoch(active, step, optimizer, epoch, clock, on_epoch, on_step)
            staying = [
                place
                for place, one in enumerate(active)
                if one.member.diverged is None and one.waited < config.patience
            ]
            if len(staying) == len(active):
                continue
            active = [active[place] for place in staying]
            if not active:
                return
            stack, optimizer = step.stack.keep(staying, optimizer, config.weight_decay)
            step = self.over(stack)
        for one, row in zip(active, step.stack.weights, strict=True):
            if one.best == -math.inf:
                one.member.weights = row

    def epoch(
        self,
        active: Sequence[_Trainee],
        step: StackedStep,
        optimizer: torch.optim.AdamW,
        number: int,
        clock: Clock,
        on_epoch: OnEpoch,
        on_step: Callable[[int], None],
    ) -> None:
        """One epoch of the splits still training."""
        started = time.perf_counter()
        with clock("train"):
            means = self.mean_losses(active, step, optimizer, number, on_step)
        with clock("eval"):
            aucs = self.aucs(step, [one.stage.evaluation for one in active])
        seconds = (time.perf_counter() - started) / len(active)
        for one, row, loss, auc in zip(active, step.stack.weights, means, aucs, strict=True):
            if not math.isfinite(loss):
                one.member.diverged = Diverged(one.stage.number, number)
                continue
            epoch = Epoch(one.stage.number, number, loss, auc, one.rate.last, seconds)
            one.saw(epoch, row)
            on_epoch(one.member.place, epoch)

    def mean_losses(
        self,
        active: Sequence[_Trainee],
        step: StackedStep,
        optimizer: torch.optim.AdamW,
        number: int,
        on_step: Callable[[int], None],
    ) -> list[float]:
        """Take the steps of one epoch; each split's mean loss."""
        config, stage = self.config, active[0].stage.number
        orders = [
            list(epoch_batches(one.stage.rows, config.batch_size, config.seed, number - 1))
            for one in active
        ]
        batches = step.batches(orders)
        losses = []
        for rows, shares, width in zip(batches.rows, batches.shares, batches.widths, strict=True):
            check(self.cancel)
            key = step_key(config.seed, stage, active[0].rate.taken)
            losses.append(step.gradients(rows, shares, width, key))
            for place, group in enumerate(optimizer.param_groups):
                rate = active[place // 2].rate
                group["lr"] = rate.next() if place % 2 == 0 else rate.last
            optimizer.step()
            on_step(active[0].rate.taken)
        means: list[float] = torch.stack(losses).mean(0).tolist()  # the only wait for a GPU in an epoch
        return means

    def aucs(self, step: StackedStep, rows: Sequence[Sequence[int]]) -> list[float | None]:
        """Each split's evaluation AUC; None where nothing is evaluated."""
        if not any(rows):
            return [None] * len(rows)
        scores = step.scores(rows)
        return [
            evaluation_auc(self.known[list(own)], score) if own else None
            for own, score in zip(rows, scores, strict=True)
        ]

    def step(self, members: Sequence[Member]) -> StackedStep:
        """What a stack of the members' weights does on the device."""
        weights = [self.start if member.weights is None else member.weights for member in members]
        return self.over(Stack(self.layout, torch.stack(weights), (WORDS,)))

    def over(self, stack: Stack) -> StackedStep:
        """What `stack` does on the device."""
        return StackedStep(self.bert, stack, self.labels, self.config, self.autocast, self.graphs)


def _stacks(
    run: StackedRun,
    stacks: Sequence[Sequence[Member]],
    seconds: Mapping[str, float],
    notes: tuple[str, ...],
    on_epoch: OnEpoch,
    on_step: OnStep,
) -> list[Result]:
    """Train one stack after another; `seconds` are those that each split has spent before."""
    steps = [sum(members[0].steps(run.config.batch_size)) for members in stacks]
    results: dict[int, Result] = {}
    for number, members in enumerate(stacks):
        clock = Clock()
        stepped = partial(report, on_step, sum(steps[:number]), sum(steps))
        scores = iter(run.both_stages(members, clock, on_epoch, stepped))
        spent = {phase: seconds[phase] + own / len(members) for phase, own in clock.seconds.items()}
        for member in members:
            results[member.place] = member.diverged or Finetuned(
                next(scores), tuple(member.epochs), spent, notes
            )
    return [results[place] for place in sorted(results)]


def _one_by_one(
    folder: Path,
    texts: Sequence[str],
    labels: Sequence[int],
    splits: Sequence[Split],
    config: FinetuneConfig,
    n_classes: int,
    device: str,
    cancel: Cancel,
    on_epoch: OnEpoch,
    on_step: OnStep,
) -> list[Result]:
    """The plain loop on every split in turn."""
    results: list[Result] = []
    for place, split in enumerate(splits):

        def stepped(done: int, total: int, place: int = place) -> None:
            on_step(place * total + done, total * len(splits))

        told = partial(on_epoch, place)
        try:
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
                    on_epoch=told,
                    on_step=stepped,
                )
            )
        except Diverged as error:
            results.append(error)
    return results
