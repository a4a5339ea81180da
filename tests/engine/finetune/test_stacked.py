"""Stacked splits against the same splits in other stacks and by the plain loop, on the CPU."""

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
from tiny_models import make_folder, make_split, make_task

from engine.cancel import Stopped
from engine.finetune import FinetuneConfig, Finetuned, finetune, finetune_stacked
from engine.finetune.batches import tokenise
from engine.finetune.keyed_dropout import step_key
from engine.finetune.learner import Learner
from engine.finetune.loop import Diverged
from engine.finetune.model import load_classifier
from engine.finetune.stack import Layout, Stack
from engine.finetune.stacked import StackedRun
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
    return single, finetune_stacked(folder, texts, labels, splits, config, copies=len(splits), **common)


def in_stacks(
    folder: Path, *groups: Sequence[Split], config: FinetuneConfig = CONFIG
) -> dict[int, Finetuned]:
    """Seed -> result, every group trained as one stack."""
    texts, labels = make_task()
    results = {}
    for splits in groups:
        together = finetune_stacked(
            folder, texts, labels, splits, config, n_classes=2, device="cpu", cancel=threading.Event(),
            copies=len(splits),
        )  # fmt: skip
        results |= {split.seed: result for split, result in zip(splits, together, strict=True)}
    return results


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


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_both_stages_with_early_stopping_equal_separate_runs(folder: Path, dropout: float) -> None:
    single, together = both_ways(folder, replace(CONFIG, dropout=dropout))
    assert_same(single, together)
    assert len({len(one.epochs) for one in single}) > 1, "all splits stopped at the same epoch"


def test_with_dropout_a_split_is_the_same_in_every_stack(folder: Path) -> None:
    config = replace(CONFIG, dropout=0.1)
    # 43, 44 and 45 genes: short last batches, each of another length.
    a, b, c = (replace(split, train=split.train[: 43 + k]) for k, split in enumerate(SPLITS))
    together = in_stacks(folder, [a, b, c], config=config)
    assert len({len(one.epochs) for one in together.values()}) > 1, "all stopped at the same epoch"
    for groups in ([[c, a, b]], [[a], [b, c]], [[a], [b], [c]]):
        others = in_stacks(folder, *groups, config=config)
        seeds = [split.seed for split in (a, b, c)]
        assert_same([together[seed] for seed in seeds], [others[seed] for seed in seeds], atol=1e-6)


def test_splits_of_unequal_length_stack_with_their_equals(
    calm_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stacks: list[list[int]] = []
    both_stages = StackedRun.both_stages

    def recorded(self: StackedRun, members: Sequence[Any], *args: Any) -> Any:
        stacks.append([member.place for member in members])
        return both_stages(self, members, *args)

    monkeypatch.setattr(StackedRun, "both_stages", recorded)
    long, short, other = SPLITS
    short = replace(short, train=short.train[:16])
    single, together = both_ways(
        calm_folder, replace(CONFIG, epochs=2, stage2_epochs=1), [long, short, other]
    )
    assert sorted(stacks) == [[0, 2], [1]]
    assert_same(single, together)


def test_on_a_cpu_a_split_has_the_same_bits_alone_and_among_others(folder: Path) -> None:
    texts, labels = make_task()
    common: dict[str, Any] = {"n_classes": 2, "device": "cpu", "cancel": threading.Event()}
    config = replace(CONFIG, dropout=0.1)
    among = finetune_stacked(folder, texts, labels, SPLITS, config, **common)
    for split, one in zip(SPLITS, among, strict=True):
        [alone] = finetune_stacked(folder, texts, labels, [split], config, **common)
        assert alone.scores.tobytes() == one.scores.tobytes()
        assert [epoch.loss for epoch in alone.epochs] == [epoch.loss for epoch in one.epochs]


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
    bert = StackedBert(model, tokens, threading.Event())
    return StackedStep(bert, stack, torch.tensor(labels), config, nullcontext, False)


def test_dropout_is_the_same_for_all_copies_and_another_at_each_step(folder: Path) -> None:
    step = make_step(folder, copies=3)
    rows, shares = torch.arange(8).repeat(3, 1), torch.full((3, 8), 1 / 8)
    first, again, second = (
        step.gradients(rows, shares, 22, step_key(42, 1, taken)).tolist() for taken in (0, 0, 1)
    )
    np.testing.assert_allclose(first, first[:1] * 3, atol=1e-6)
    assert first == again
    assert abs(first[0] - second[0]) > 1e-3


def test_a_batch_wider_than_its_texts_keeps_its_dropout(folder: Path) -> None:
    step = make_step(folder, copies=1)
    lengths = step.bert.tokens.lengths
    short = sorted(range(len(lengths)), key=lambda row: lengths[row])[:8]
    widths = (lengths[short[-1]], max(lengths))
    shares = torch.full((1, 8), 1 / 8)
    narrow, wide = (step.gradients(torch.tensor([short]), shares, width, 7) for width in widths)
    assert widths[0] < widths[1]
    torch.testing.assert_close(narrow, wide, atol=1e-6, rtol=0)


def test_scores_are_without_dropout(folder: Path) -> None:
    texts, _ = make_task()
    step = make_step(folder, copies=2)
    first = step.scores([[0, 1, 2]] * 2)
    step.gradients(torch.arange(8).repeat(2, 1), torch.full((2, 8), 1 / 8), 22, step_key(42, 1, 3))
    second = step.scores([[0, 1, 2]] * 2)
    assert [one.tobytes() for one in first] == [one.tobytes() for one in second]
    model, tokenizer, _ = load_classifier(folder, FinetuneConfig(), 2)
    tokens, _ = tokenise(tokenizer, model.encoder, texts, FinetuneConfig())
    with torch.no_grad():
        plain = model.eval()(tokens.batch([0, 1, 2])).double().softmax(-1)
    np.testing.assert_allclose(first[1], plain, atol=1e-6)


@pytest.mark.parametrize("stage", [1, 2])
def test_a_split_that_diverges_fails_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, stage: int
) -> None:
    undisturbed = in_stacks(folder, SPLITS)
    gradients = StackedStep.gradients
    steps: list[int] = []

    def poisoned(self: StackedStep, rows: torch.Tensor, *args: Any) -> torch.Tensor:
        losses = gradients(self, rows, *args)
        steps.append(len(rows))
        if len(steps) == late:
            self.stack.weights[1] = float("nan")
        return losses

    monkeypatch.setattr(StackedStep, "gradients", poisoned)
    longest = max(sum(item.stage == 1 for item in one.epochs) for one in undisturbed.values())
    late = 2 if stage == 1 else 6 * longest + 3
    texts, labels = make_task()
    told: list[int] = []
    first, second, third = finetune_stacked(
        folder, texts, labels, SPLITS, CONFIG, n_classes=2, device="cpu", cancel=threading.Event(),
        copies=3, on_epoch=lambda place, epoch: told.append(place),
    )  # fmt: skip
    assert isinstance(second, Diverged)
    assert str(second).startswith(f"Training diverged: the loss of stage {stage}, epoch 1 is not")
    assert_same([undisturbed[41], undisturbed[43]], [first, third], atol=1e-6)
    assert told.count(0) == len(first.epochs)
    assert steps[-1] == 2


def test_a_split_that_diverges_by_itself_is_told_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(tmp_path, "roberta")
    texts, labels = make_task()
    config = replace(CONFIG, epochs=1, stage2_epochs=0)
    taken: list[int] = []
    step = Learner.step

    def poisoned(self: Learner, *args: Any) -> torch.Tensor:
        taken.append(1)
        return step(self, *args) * (float("nan") if len(taken) == 3 else 1)

    monkeypatch.setattr(Learner, "step", poisoned)
    first, second = finetune_stacked(
        folder, texts, labels, SPLITS[:2], config, n_classes=2, device="cpu", cancel=threading.Event()
    )
    assert isinstance(first, Diverged)
    assert np.isfinite(second.scores).all()


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
            on_step=on_step,
        )  # fmt: skip
    assert taken == [1, 2, 3, 4]


def test_cancel_stops_within_a_backward_pass(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cancel = threading.Event()
    backward = Stack.backward
    ended: list[int] = []

    def cancelling(self: Stack, loss: torch.Tensor) -> None:
        cancel.set()
        backward(self, loss)
        ended.append(1)

    monkeypatch.setattr(Stack, "backward", cancelling)
    texts, labels = make_task()
    with pytest.raises(Stopped):
        finetune_stacked(
            folder, texts, labels, SPLITS[:1], CONFIG, n_classes=2, device="cpu", cancel=cancel
        )
    assert ended == []


@pytest.mark.parametrize("copies", [1, 3])
def test_every_splits_epochs_and_steps_are_reported(calm_folder: Path, copies: int) -> None:
    seen: list[tuple[int, Epoch]] = []
    steps: list[tuple[int, int]] = []
    texts, labels = make_task()
    results = finetune_stacked(
        calm_folder, texts, labels, SPLITS, replace(CONFIG, patience=9), n_classes=2, device="cpu",
        cancel=threading.Event(), on_epoch=lambda place, epoch: seen.append((place, epoch)),
        on_step=lambda done, total: steps.append((done, total)), copies=copies,
    )  # fmt: skip
    for place, result in enumerate(results):
        assert tuple(epoch for other, epoch in seen if other == place) == result.epochs
    total = (6 * 6 + 2 * 7) * 3 // copies
    assert steps == [(done, total) for done in range(1, total + 1)]


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("roberta", {}),
        ("bert", {"method": "linear-probe"}),
        ("bert", {"method": "lora"}),
    ],
)
def test_what_cannot_be_stacked_runs_one_by_one(tmp_path: Path, kind: str, changes: dict[str, Any]) -> None:
    folder = make_folder(tmp_path, kind)
    texts, labels = make_task()
    config = replace(CONFIG, epochs=2, stage2_epochs=1, **changes)
    common: dict[str, Any] = {"n_classes": 2, "device": "cpu", "cancel": threading.Event()}
    places: list[int] = []
    results = finetune_stacked(
        folder, texts, labels, SPLITS[:2], config, copies=2,
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
