"""One model in training: a step, scores, and weights to go back to, within the memory there is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.cancel import check
from engine.finetune.batches import Tokens, as_index, in_order
from engine.finetune.config import FinetuneConfig
from engine.finetune.evaluation import evaluation_auc
from engine.finetune.masks import KeyedDropout, Masks
from engine.finetune.model import Classifier
from store.errors import ModelError

Autocast = Callable[[], AbstractContextManager[Any]]


class Learner:
    """A classifier with its task's tokens and labels on one device."""

    def __init__(
        self,
        model: Classifier,
        tokens: Tokens,
        labels: Sequence[int],
        config: FinetuneConfig,
        device: torch.device,
        cancel: threading.Event,
    ) -> None:
        self.model = model
        self.tokens = tokens
        self._known = np.asarray(labels)
        self.labels = torch.tensor(labels, device=device)
        self.config = config
        self.device = device
        self.cancel = cancel
        self.notes: list[str] = []
        self._at_once = config.batch_size
        """Texts in memory at a time."""
        self._features: Tensor | None = None
        self._autocast, notes = autocast(config, device)
        self.notes += notes
        if device.type == "cpu":
            for layer in model.encoder.modules():
                if isinstance(layer, nn.Linear):
                    layer.register_forward_hook(lambda _layer, _inputs, output: look_at(cancel, output))

    def step(self, rows: Sequence[int], optimizer: torch.optim.Optimizer, rate: float, key: int) -> Tensor:
        """One optimiser step on `rows`, with dropout of this key; their mean loss, still on the device."""
        self.model.train()
        on_device = torch.tensor(key).to(self.device, non_blocking=True)

        def backward(part: list[int], first: int) -> Tensor:
            with self._autocast(), KeyedDropout(Masks(on_device, first)):
                logits = self._logits(part)
            wanted = self.labels[as_index(part, self.device)]
            loss = functional.cross_entropy(logits.float(), wanted, reduction="sum") / len(rows)
            loss.backward()
            return loss.detach()

        losses = self._in_parts(rows, backward)
        if self.config.max_grad_norm:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.config.max_grad_norm)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        return torch.stack(losses).sum()

    def scores(self, rows: Sequence[int]) -> NDArray[np.float64]:
        """Probabilities, float64 [len(rows), n_classes]."""

        def logits(part: list[int], _first: int) -> Tensor:
            with self._autocast():
                return self._logits(part).float()

        scores: NDArray[np.float64] = self._evaluated(rows, logits).cpu().double().softmax(-1).numpy()
        return scores

    def auc(self, rows: Sequence[int]) -> float | None:
        """AUC on `rows`; None without rows or if they leave nothing to rank."""
        return evaluation_auc(self._known[list(rows)], self.scores(rows)) if rows else None

    def freeze_features(self) -> None:
        """Compute every text's features once; from here on only the head is run."""

        def features(part: list[int], _first: int) -> Tensor:
            with self._autocast():
                return self.model.features(self.tokens.batch(part)).float()

        self._features = self._evaluated(range(len(self.tokens.lengths)), features)

    def weights(self) -> dict[str, Tensor]:
        """A copy of everything that is trained."""
        named = self.model.named_parameters()
        return {name: item.detach().clone() for name, item in named if item.requires_grad}

    def restore(self, weights: Mapping[str, Tensor]) -> None:
        """Put back what `weights` returned."""
        self.model.load_state_dict(dict(weights), strict=False)

    def _logits(self, part: list[int]) -> Tensor:
        if self._features is not None:
            features = self._features[as_index(part, self.device)]
            logits: Tensor = self.model.head(self.model.dropout(features))
            return logits
        return self.model.forward(self.tokens.batch(part))

    def _evaluated(self, rows: Sequence[int], work: Callable[[list[int], int], Tensor]) -> Tensor:
        self.model.eval()
        parts = []
        with torch.no_grad():
            for batch in in_order(rows, self.config.batch_size):
                parts += self._in_parts(batch, work)
        return torch.cat(parts)

    def _in_parts(self, rows: Sequence[int], work: Callable[[list[int], int], Tensor]) -> list[Tensor]:
        """`work` on as many of `rows` at a time as memory holds, from the start after every refusal.

        It is told the rows and the place of the first of them.
        """
        while True:
            self.model.zero_grad()
            try:
                results = []
                for first in range(0, len(rows), self._at_once):
                    check(self.cancel)
                    results.append(work(list(rows[first : first + self._at_once]), first))
                return results
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
            # Outside the handler: the error's frames hold the tensors of the failed attempt.
            self._halve()

    def _halve(self) -> None:
        if self._at_once == 1:
            raise ModelError(
                f"One text of {max(self.tokens.lengths)} tokens is too much for {self.device}'s memory.",
                "Cut texts shorter (finetune_tokens), or use another device.",
            )
        self._at_once = (self._at_once + 1) // 2
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        said = f"Memory ran out on {self.device}: "
        self.notes = [note for note in self.notes if not note.startswith(said)]
        count = "one text" if self._at_once == 1 else f"{self._at_once} texts"
        self.notes.append(f"{said}{count} at a time, accumulated to steps of {self.config.batch_size}.")


def autocast(config: FinetuneConfig, device: torch.device) -> tuple[Autocast, tuple[str, ...]]:
    """What to run matrix products under, and a note where the wish cannot be met."""
    if config.precision == "fp32":
        return nullcontext, ()
    supported = bool(torch.amp.is_autocast_available(device.type))
    if device.type == "cuda":
        supported = bool(torch.cuda.is_bf16_supported())
    if not supported:
        return nullcontext, (f"{device} does not support bf16: run in fp32.",)
    # Without the cache, since every weight is used once and a CUDA graph must not hold stale casts.
    return partial(torch.autocast, device.type, torch.bfloat16, cache_enabled=False), ()


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a device or the host refused memory; CPU and MPS say so in the text only."""
    text = str(error)
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in text or "allocate memory" in text


def look_at(cancel: threading.Event, states: Tensor) -> None:
    """Raise `Stopped` now, and again when the backward pass comes by `states`, if `cancel` is set.

    A step of a large model takes seconds on a CPU; a layer takes milliseconds.
    """
    check(cancel)
    if states.requires_grad:
        states.register_hook(lambda _gradient: check(cancel))
