"""Stacked splits against the same splits one by one, on the CPU."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import NO_DROPOUT
from tiny_models import make_folder, make_split, make_task

from engine.cancel import Stopped
from engine.finetune import FinetuneConfig, Finetuned, finetune, finetune_stacked
from engine.finetune.batches import tokenise
from engine.finetune.learner import Learner
from engine.finetune.model import load_classifier
from engine.finetune.stack import Layout, Stack
from engine.finetune.stacked_bert import WORDS, StackedBert
from engine.finetune.stacked_step import StackedStep
from store.records import Epoch, Split

SPLITS = [make_split(seed=seed) for seed in (41, 42, 43)]
CONFIG = FinetuneConfig(
    epochs=6, stage2_epochs=2, learning_rate=3e-3, stage2_learning_rate=3e-4, patience=2
)


def both_ways(
    folder: Path, config: FinetuneConfig = CONFIG, splits: Sequence[Split] = SPLITS
) -> tuple[list[Finetuned], list[Finetuned]]:
    texts, labels = make_task()
    common: dict[str, Any] = {"n_classes": 2, "device": "cpu", "cancel": threading.Event()}
    single = [finetune(folder, texts, labels, split, config, **common) for split in splits]
    return single, finetune_stacked(folder, texts, labels, splits, config, everywhere=True, **common)


def assert_same(single: Sequence[Finetuned], together: Sequence[Finetuned], atol: float = 1e-5) -> None:
    for one, other in zip(single, together, strict=True):
        assert [(item.stage, item.epoch) for item in one.epochs] == [
            (item.stage, item.epoch) for item in other.epochs
        ]
        np.testing.assert_allclose(
            [item.loss for item in other.epochs], [item.loss for item in one.epochs], rtol=0, atol=atol
        )
        assert [item.learning_rate for item in one.epochs] == [item.learning_rate for item in other.epochs]
        assert [item.eval_auc for item in one.epochs] == [item.eval_auc for item in other.epochs]
        np.testing.assert_allclose(other.scores, one.scores, rtol=0, atol=atol)


def test_three_steps_of_three_splits_equal_separate_ones(
    calm_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses: list[float] = []
    step = Learner.step

    def recorded(self: Learner, rows: Sequence[int], *args: Any) -> torch.Tensor:
        loss = step(self, rows, *args)
        losses.append(float(loss))
        return loss

    stacked_losses: list[list[float]] = []
    gradients = StackedStep.gradients

    def recorded_together(self: StackedStep, *args: Any) -> torch.Tensor:
        together = gradients(self, *args)
        stacked_losses.append(together.tolist())
        return together

    monkeypatch.setattr(Learner, "step", recorded)
    monkeypatch.setattr(StackedStep, "gradients", recorded_together)
    splits = [replace(split, train=split.train[:24]) for split in SPLITS]
    both_ways(calm_folder, replace(CONFIG, epochs=1, stage2_epochs=0, warmup=0.0), splits)
    assert len(stacked_losses) == 3
    separate = np.array(losses).reshape(3, 3).T
    np.testing.assert_allclose(stacked_losses, separate, rtol=0, atol=1e-5)
    assert np.ptp(separate) > 0.01


def test_both_stages_with_early_stopping_equal_separate_runs(calm_folder: Path) -> None:
    single, together = both_ways(calm_folder)
    assert_same(single, together)
    assert len({len(one.epochs) for one in single}) > 1, "all splits stopped at the same epoch"


def test_the_native_head_equals_separate_runs(calm_folder: Path) -> None:
    assert_same(*both_ways(calm_folder, replace(CONFIG, head="native", epochs=3)))


def test_the_plateau_schedule_is_each_splits_own(calm_folder: Path) -> None:
    config = replace(CONFIG, schedule="plateau", epochs=8, patience=8, warmup=0.0)
    single, together = both_ways(calm_folder, config)
    assert_same(single, together, atol=1e-4)
    assert len({one.epochs[7].learning_rate for one in together}) > 1


def test_a_short_last_batch_weighs_as_it_does_alone(calm_folder: Path) -> None:
    splits = [replace(split, train=split.train[: 43 + k]) for k, split in enumerate(SPLITS)]
    single, together = both_ways(calm_folder, replace(CONFIG, epochs=2), splits)
    assert_same(single, together)


def test_bf16_is_told_apart_but_close(calm_folder: Path) -> None:
    config = replace(CONFIG, precision="bf16", epochs=2)
    single, together = both_ways(calm_folder, config)
    for one, other in zip(single, together, strict=True):
        np.testing.assert_allclose(other.scores, one.scores, atol=0.03)


def make_step(folder: Path, copies: int) -> StackedStep:
    config = FinetuneConfig(head="pooler")
    model, tokenizer, _ = load_classifier(folder, config, 2)
    texts, labels = make_task()
    tokens, _ = tokenise(tokenizer, model.encoder, texts, config)
    layout = Layout.of(model)
    stack = Stack(layout, layout.flatten(model).repeat(copies, 1), (WORDS,))
    return StackedStep(StackedBert(model, tokens), stack, torch.tensor(labels), config, nullcontext, False)


def test_dropout_differs_between_the_copies(folder: Path) -> None:
    step = make_step(folder, copies=3)
    rows = torch.arange(8).repeat(3, 1)
    losses = step.gradients(rows, torch.full((3, 8), 1 / 8), 20)
    assert len({round(float(loss), 6) for loss in losses}) == 3


def test_each_copy_is_clipped_by_its_own_norm(calm_folder: Path) -> None:
    stack = make_step(calm_folder, copies=2).stack
    stack.gradients[0] = 1.0
    stack.gradients[1] = 1e-6
    stack.clip(0.7)
    assert float(stack.gradients[0].norm()) == pytest.approx(0.7, rel=1e-4)
    assert float(stack.gradients[1, 0]) == pytest.approx(1e-6)


def test_cancel_stops_before_the_next_step(folder: Path) -> None:
    cancel = threading.Event()
    taken: list[int] = []

    def on_step(done: int, total: int) -> None:
        taken.append(done)
        if done == 4:
            cancel.set()

    texts, labels = make_task()
    with pytest.raises(Stopped):
        finetune_stacked(
            folder, texts, labels, SPLITS, CONFIG, n_classes=2, device="cpu", cancel=cancel,
            on_step=on_step, everywhere=True,
        )  # fmt: skip
    assert taken == [1, 2, 3, 4]


def test_every_splits_epochs_and_steps_are_reported(calm_folder: Path) -> None:
    seen: list[tuple[int, Epoch]] = []
    steps: list[tuple[int, int]] = []
    texts, labels = make_task()
    results = finetune_stacked(
        calm_folder, texts, labels, SPLITS, replace(CONFIG, patience=9), n_classes=2, device="cpu",
        cancel=threading.Event(), on_epoch=lambda place, epoch: seen.append((place, epoch)),
        on_step=lambda done, total: steps.append((done, total)), everywhere=True,
    )  # fmt: skip
    for place, result in enumerate(results):
        assert tuple(epoch for other, epoch in seen if other == place) == result.epochs
    assert steps[-1] == (6 * 6 + 2 * 7, 6 * 6 + 2 * 7)


@pytest.mark.parametrize(
    ("kind", "changes", "everywhere"),
    [
        ("roberta", {}, True),
        ("bert", {"method": "linear-probe"}, True),
        ("bert", {}, False),
    ],
)
def test_what_cannot_be_stacked_runs_one_by_one(
    tmp_path: Path, kind: str, changes: dict[str, Any], everywhere: bool
) -> None:
    folder = make_folder(tmp_path, kind, **NO_DROPOUT)
    texts, labels = make_task()
    config = replace(CONFIG, epochs=2, stage2_epochs=1, **changes)
    common: dict[str, Any] = {"n_classes": 2, "device": "cpu", "cancel": threading.Event()}
    places: list[int] = []
    results = finetune_stacked(
        folder, texts, labels, SPLITS[:2], config, everywhere=everywhere,
        on_epoch=lambda place, epoch: places.append(place), **common,
    )  # fmt: skip
    alone = finetune(folder, texts, labels, SPLITS[1], config, **common)
    assert results[1].scores.tobytes() == alone.scores.tobytes()
    assert places == [0, 0, 0, 1, 1, 1]


def test_a_stack_that_does_not_fit_runs_one_by_one(
    calm_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: StackedStep, *args: Any) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(StackedStep, "gradients", refused)
    single, together = both_ways(calm_folder, replace(CONFIG, epochs=2))
    assert [one.scores.tobytes() for one in single] == [other.scores.tobytes() for other in together]
