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

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here"),
]
SPLITS = [make_split(seed=seed) for seed in (41, 42, 43)]
CONFIG = FinetuneConfig(
    epochs=6, stage2_epochs=2, learning_rate=3e-3, stage2_learning_rate=3e-4, patience=2
)
COMMON: dict[str, Any] = {"n_classes": 2, "device": "cuda:0", "cancel": threading.Event()}


@pytest.mark.parametrize("graphs", [False, True])
def test_stacked_splits_equal_separate_ones_on_a_gpu(calm_folder: Path, graphs: bool) -> None:
    texts, labels = make_task()
    together = finetune_stacked(calm_folder, texts, labels, SPLITS, CONFIG, graphs=graphs, **COMMON)
    for split, result in zip(SPLITS, together, strict=True):
        alone = finetune(calm_folder, texts, labels, split, CONFIG, **COMMON)
        np.testing.assert_allclose(result.scores, alone.scores, atol=1e-3)


def test_the_gpu_comes_close_to_the_cpu(calm_folder: Path) -> None:
    texts, labels = make_task()
    config = replace(CONFIG, epochs=2)
    gpu = finetune(calm_folder, texts, labels, SPLITS[0], config, **COMMON)
    cpu = finetune(calm_folder, texts, labels, SPLITS[0], config, **{**COMMON, "device": "cpu"})
    np.testing.assert_allclose(gpu.scores, cpu.scores, atol=1e-3)
