"""What a stack of splits does on its device: gradients of a step, as a CUDA graph, and scores."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.finetune.config import FinetuneConfig
from engine.finetune.learner import Autocast
from engine.finetune.masks import Masks
from engine.finetune.stack import Stack
from engine.finetune.stacked_bert import StackedBert

_WIDTHS: Final = 32
"""On a GPU texts are padded to multiples of this, so that few graphs are recorded."""
_GRAPH_TOKENS: Final = 3072
"""Batches of more tokens run without a graph: launches no longer matter there, and beyond this size
the gradient of an embedding sorts, which a graph may not record."""
_SCORED: Final = 32
"""Texts of each split scored at a time."""
_RECORDING: Final = threading.Lock()
"""One recording in this process at a time, whatever the card."""


@dataclass(frozen=True, slots=True)
class Batches:
    """One epoch's batches for every copy, on the device."""

    rows: Tensor
    """int64 [steps, copies, batch]: rows of the tokens; short batches are filled up with row 0."""
    shares: Tensor
    """float32 [steps, copies, batch]: each text's share in its batch's loss, 0 for a filler."""
    widths: tuple[int, ...]
    """Tokens of each step's longest text."""


class StackedStep:
    """Losses, clipped gradients and scores of one stack."""

    def __init__(
        self,
        bert: StackedBert,
        stack: Stack,
        labels: Tensor,
        config: FinetuneConfig,
        autocast: Autocast,
        graphs: bool,
    ) -> None:
        self.bert = bert
        self.stack = stack
        self.labels = labels
        self.config = config
        self._autocast = autocast
        self._graphs = graphs and labels.is_cuda
        self._key = torch.zeros((), dtype=torch.int64, device=labels.device)
        """Of the step's dropout; where graphs find it."""
        self._recorded: dict[int, tuple[Any, Tensor, Tensor, Tensor]] = {}
        """Width -> graph, its rows and shares to fill in, its losses to read."""

    def batches(self, orders: Sequence[Sequence[Sequence[int]]]) -> Batches:
        """Lay out an epoch: for each copy its batches, of which all copies have equally many."""
        size, lengths = self.config.batch_size, self.bert.tokens.lengths
        steps = list(zip(*orders, strict=True))
        rows = [[[*batch, *[0] * (size - len(batch))] for batch in step] for step in steps]
        shares = [
            [[1 / len(batch)] * len(batch) + [0.0] * (size - len(batch)) for batch in step]
            for step in steps
        ]
        widths = tuple(max(lengths[row] for batch in step for row in batch) for step in steps)
        device = self.labels.device
        return Batches(torch.tensor(rows, device=device), torch.tensor(shares, device=device), widths)

    def gradients(self, rows: Tensor, shares: Tensor, width: int, key: int) -> Tensor:
        """Leave each copy's clipped gradient in the stack and return the losses [copies].

        Args:
            rows: int64 [copies, batch], one step of `Batches`.
            shares: float32 [copies, batch].
            width: tokens of the longest text.
            key: of the step's dropout.
        """
        self._key.fill_(key)
        if self.labels.is_cuda:
            width = min(-(-width // _WIDTHS) * _WIDTHS, self.bert.tokens.inputs["input_ids"].shape[1])
        if not self._graphs or width * self.config.batch_size > _GRAPH_TOKENS:
            return self._compute(rows, shares, width)
        if width not in self._recorded:
            self._recorded[width] = self._record(rows.clone(), shares.clone(), width)
        graph, rows_in, shares_in, losses = self._recorded[width]
        rows_in.copy_(rows)
        shares_in.copy_(shares)
        graph.replay()
        return losses.clone()

    def scores(self, rows: Sequence[Sequence[int]]) -> list[NDArray[np.float64]]:
        """Each copy's probabilities for its own rows, float64 [len(rows[k]), n_classes]."""
        longest = max(len(own) for own in rows)
        filled = [[*own, *[0] * (longest - len(own))] for own in rows]
        index = torch.tensor(filled, device=self.labels.device)
        lengths = self.bert.tokens.lengths
        parts = []
        with torch.no_grad(), self._autocast():
            for first in range(0, longest, _SCORED):
                part = slice(first, first + _SCORED)
                width = max(lengths[row] for own in filled for row in own[part])
                parts.append(self.bert.logits(self.stack, index[:, part], width, masks=None).float())
        scores = torch.cat(parts, 1).cpu().double().softmax(-1).numpy()
        return [own[: len(wanted)] for own, wanted in zip(scores, rows, strict=True)]

    def _compute(self, rows: Tensor, shares: Tensor, width: int) -> Tensor:
        with self._autocast():
            logits = self.bert.logits(self.stack, rows, width, Masks(self._key))
        each = functional.cross_entropy(
            logits.flatten(0, 1).float(), self.labels[rows].flatten(), reduction="none"
        )
        losses = (each.unflatten(0, rows.shape) * shares).sum(1)
        self.stack.backward(losses.sum())
        if self.config.max_grad_norm:
            self.stack.clip(self.config.max_grad_norm)
        return losses.detach()

    def _record(self, rows: Tensor, shares: Tensor, width: int) -> tuple[Any, Tensor, Tensor, Tensor]:
        """Record `_compute` for one width; rehearsals are harmless, as only gradients are written."""
        # A stream of this card, since torch's own for recording is on the first card that recorded; and
        # other threads may allocate meanwhile, which the default mode would take for a mistake.
        side = torch.cuda.Stream(rows.device)
        graph = torch.cuda.CUDAGraph()
        with _RECORDING:
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(3):
                    self._compute(rows, shares, width)
            torch.cuda.current_stream().wait_stream(side)
            with torch.cuda.graph(graph, stream=side, capture_error_mode="thread_local"):
                losses = self._compute(rows, shares, width)
        return graph, rows, shares, losses
