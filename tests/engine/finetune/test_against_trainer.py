"""The loop against Hugging Face's Trainer: same order, same seed, no dropout, same losses."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_models import make_folder, make_split, make_task

from engine.finetune import FinetuneConfig, finetune, finetune_stacked
from engine.finetune.learner import Learner
from engine.finetune.stacked_step import StackedStep


def our_losses(monkeypatch: pytest.MonkeyPatch, engine: type, step: str) -> list[float]:
    losses: list[float] = []
    take = getattr(engine, step)

    def recorded(self: Any, *args: Any) -> torch.Tensor:
        loss = take(self, *args)
        losses.append(float(loss))
        return loss

    monkeypatch.setattr(engine, step, recorded)
    return losses


@pytest.mark.parametrize("learning_rate", [1e-5, 1e-3])
def test_both_stages_equal_the_trainer_alone_and_stacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, learning_rate: float
) -> None:
    from reference_trainer import run_reference  # the Trainer is slow to import

    dropouts = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    folder = make_folder(tmp_path / "model", "bert", max_position_embeddings=128, **dropouts)
    texts, labels = make_task()
    split = make_split()
    config = FinetuneConfig.from_params(
        "finetune",
        {
            "epochs": 4,
            "stage2_epochs": 2,
            "learning_rate": learning_rate,
            "stage2_learning_rate": learning_rate / 10,
        },
        {},
    )
    expected, expected_scores = run_reference(folder, texts, labels, split, config, tmp_path / "work")
    common: dict[str, Any] = {"n_classes": 2, "device": "cpu", "cancel": threading.Event()}
    losses_alone = our_losses(monkeypatch, Learner, "step")
    alone = finetune(folder, texts, labels, split, config, **common)
    losses_stacked = our_losses(monkeypatch, StackedStep, "gradients")
    [stacked] = finetune_stacked(folder, texts, labels, [split], config, **common)
    for result, losses in ((alone, losses_alone), (stacked, losses_stacked)):
        assert len(losses) == len(expected) > 20
        np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-5)
        np.testing.assert_allclose(result.scores, expected_scores, rtol=0, atol=1e-5)
        assert len({round(loss, 3) for loss in losses}) > 3
