from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_models import make_folder, make_split, make_task

from engine.finetune import FinetuneConfig, Finetuned, finetune

NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
QUICK = {"epochs": 3, "stage2_epochs": 1, "learning_rate": 1e-3, "stage2_learning_rate": 1e-4}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT with dropout."""
    return make_folder(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="session")
def calm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT without dropout."""
    return make_folder(tmp_path_factory.mktemp("calm"), **NO_DROPOUT)


@pytest.fixture
def run() -> Callable[..., Finetuned]:
    """Fine-tune on the 60-gene toy task; keyword arguments not known here are configuration."""

    def run(folder: Path, *, cancel: threading.Event | None = None, **settings: Any) -> Finetuned:
        calls = {name: settings.pop(name) for name in ("on_epoch", "on_step") if name in settings}
        classes = settings.pop("classes", 2)
        split = settings.pop("split", make_split())
        texts, labels = make_task(classes=classes)
        config = FinetuneConfig(
            **{
                "epochs": 3,
                "stage2_epochs": 1,
                "learning_rate": 1e-3,
                "stage2_learning_rate": 1e-4,
                **settings,
            }
        )
        return finetune(
            folder,
            texts,
            labels,
            split,
            config,
            n_classes=classes,
            device="cpu",
            cancel=cancel or threading.Event(),
            **calls,
        )

    return run
