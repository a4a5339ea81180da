"""What needs a CUDA device; run with -m gpu."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_models import make_split, make_task

from engine.finetune import FinetuneConfig, finetune, finetune_stacked
from engine.finetune.keyed_dropout import kept, step_key

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here"),
]
SPLITS = [make_split(seed=seed) for seed in (41, 42, 43)]
CONFIG = FinetuneConfig(
    epochs=6, stage2_epochs=2, learning_rate=3e-3, stage2_learning_rate=3e-4, patience=2
)
COMMON: dict[str, Any] = {"n_classes": 2, "device": "cuda:0", "cancel": threading.Event()}


def test_masks_have_the_bits_of_the_cpus() -> None:
    key = torch.tensor(step_key(42, 1, 7))
    for shape in ((8, 384), (8, 128, 384), (8, 12, 128, 128)):
        assert torch.equal(kept(key.cuda(), 5, shape, 0.1).cpu(), kept(key, 5, shape, 0.1))


@pytest.mark.parametrize("graphs", [False, True])
def test_stacked_splits_equal_separate_ones_on_a_gpu(folder: Path, graphs: bool) -> None:
    texts, labels = make_task()
    together = finetune_stacked(folder, texts, labels, SPLITS, CONFIG, graphs=graphs, **COMMON)
    for split, result in zip(SPLITS, together, strict=True):
        alone = finetune(folder, texts, labels, split, CONFIG, **COMMON)
        np.testing.assert_allclose(result.scores, alone.scores, atol=1e-3)


def test_the_gpu_comes_close_to_the_cpu(folder: Path) -> None:
    texts, labels = make_task()
    config = replace(CONFIG, epochs=2)
    gpu = finetune(folder, texts, labels, SPLITS[0], config, **COMMON)
    cpu = finetune(folder, texts, labels, SPLITS[0], config, **{**COMMON, "device": "cpu"})
    np.testing.assert_allclose(gpu.scores, cpu.scores, atol=1e-3)
