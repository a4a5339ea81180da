"""The paper's procedure on Hugging Face's own Trainer: the reference of the loop's tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    EarlyStoppingCallback,
    Trainer,
    TrainingArguments,
)

from engine.finetune import FinetuneConfig
from engine.finetune.model import init_linear
from store.records import Split


class Rows(torch.utils.data.Dataset):  # type: ignore[type-arg]
    def __init__(self, encoded: Any, labels: Sequence[int], rows: Sequence[int]) -> None:
        self.encoded, self.labels, self.rows = encoded, labels, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> dict[str, Any]:
        row = self.rows[place]
        item = {name: torch.tensor(values[row]) for name, values in self.encoded.items()}
        return {**item, "labels": torch.tensor(self.labels[row])}


class Recording(Trainer):
    """A Trainer that keeps every step's loss."""

    losses: list[float]

    def training_step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        loss = super().training_step(*args, **kwargs)
        self.losses.append(float(loss))
        return loss


def auc(prediction: Any) -> dict[str, float]:
    scores = torch.tensor(prediction.predictions).softmax(-1).numpy()
    return {"auc": float(roc_auc_score(prediction.label_ids, scores[:, 1]))}


def run_reference(
    folder: Path, texts: list[str], labels: list[int], split: Split, config: FinetuneConfig, work: Path
) -> tuple[list[float], np.ndarray]:
    """Every step's loss over both stages, and the test probabilities [n_test, 2]."""
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2, local_files_only=True)
    init_linear(model.classifier, model.config.initializer_range, config.seed)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    encoded = tokenizer(texts, truncation=True, padding="max_length", max_length=config.max_tokens)
    common: dict[str, Any] = {
        "output_dir": str(work),
        "per_device_train_batch_size": config.batch_size,
        "per_device_eval_batch_size": config.batch_size,
        "weight_decay": config.weight_decay,
        "max_grad_norm": config.max_grad_norm,
        "save_total_limit": 1,
        "report_to": [],
        "disable_tqdm": True,
        "use_cpu": True,
        "logging_strategy": "no",
    }
    first = Recording(
        model,
        TrainingArguments(
            **common,
            num_train_epochs=config.epochs,
            learning_rate=config.learning_rate,
            warmup_steps=config.warmup,
            eval_strategy="epoch",
            save_strategy="epoch",
            load_best_model_at_end=True,
            metric_for_best_model="auc",
            greater_is_better=True,
        ),
        train_dataset=Rows(encoded, labels, split.train),
        eval_dataset=Rows(encoded, labels, split.evaluation),
        compute_metrics=auc,
        callbacks=[EarlyStoppingCallback(config.patience)],
    )
    first.losses = []
    first.train()
    second = Recording(
        first.model,
        TrainingArguments(
            **common,
            num_train_epochs=config.stage2_epochs,
            learning_rate=config.stage2_learning_rate,
            save_strategy="no",
        ),
        train_dataset=Rows(encoded, labels, (*split.train, *split.evaluation)),
    )
    second.losses = []
    second.train()
    logits = torch.tensor(second.predict(Rows(encoded, labels, split.test)).predictions)
    return first.losses + second.losses, logits.double().softmax(-1).numpy()
