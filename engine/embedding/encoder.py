"""The encoding loop: tokenise ahead, batch by length under a token budget, run, hand vectors back.

On a CPU in fp32 only texts of equal length in tokens share a batch: nothing is padded, and a text's
vector does not depend on its neighbours, to the last bit (checked for the linear algebra library
that PyTorch uses on x86); where the model allows it, several lengths are run at once (`packed`).
Small batches also stay in the cache: 1,024 tokens at once measure faster than 4,096.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from engine.cancel import Cancel, check
from engine.embedding.packed import Features, packed
from store.errors import ModelError
from store.records import Precision

CHUNK: Final = 2048
"""Texts tokenised and batched at once, while the batches of the chunk before are run."""

LEAST: Final = 16
"""Tokens in a batch on a CPU below which its own are repeated: a product of fewer than 12 rows is
summed in another order (MKL on AVX-512), so that a short text alone would differ in its last bits."""

Prepared = tuple[list[int], list[Features]]
"""Indices of a batch's texts, and what the model takes: its texts, one group or several."""


@dataclass(slots=True)
class Batching:
    """Which texts may share a batch."""

    budget: int
    """Padded tokens in one batch, at most, unless one text alone is longer."""
    step: int
    """Lengths that round up to the same multiple of this share a batch; 1: equal lengths only."""
    readers: int = 1
    """Threads that tokenise ahead: one keeps up with a CPU, not with a GPU."""


def batching(device: str, precision: Precision) -> Batching:
    """The measured choice for a device: a GPU wants few and large batches, a CPU small ones."""
    if device.startswith("cuda"):
        return Batching(65_536, 16, readers=4)
    if device == "cpu":
        # bf16 tiles want rows: 8 merges twice as many texts as equal lengths for 8% of padding.
        return Batching(1024, 1 if precision == "fp32" else 8)
    return Batching(16_384, 16)


def plan_batches(lengths: Sequence[int], rules: Batching) -> list[list[int]]:
    """Indices of the texts of each batch, shortest texts first."""
    batches: list[list[int]] = []
    width = 0
    for index in sorted(range(len(lengths)), key=lambda index: (lengths[index], index)):
        wanted = -(-lengths[index] // rules.step)
        if wanted != width or (len(batches[-1]) + 1) * lengths[index] > rules.budget:
            batches.append([])
            width = wanted
        batches[-1].append(index)
    return batches


def plan_packed(lengths: Sequence[int], budget: int) -> list[list[list[int]]]:
    """Batches of groups of indices, each group of one length, shortest texts first.

    A batch has as many tokens as keep to `budget`, unless one text alone is longer.
    """
    batches: list[list[list[int]]] = []
    room = 0
    for index in sorted(range(len(lengths)), key=lambda index: (lengths[index], index)):
        if lengths[index] > room:
            batches.append([])
            room = budget
        groups = batches[-1]
        if not groups or lengths[groups[-1][0]] != lengths[index]:
            groups.append([])
        groups[-1].append(index)
        room -= lengths[index]
    return batches


class Encoder:
    """A loaded model: texts in, float32 vectors out."""

    def __init__(
        self,
        transformer: Any,
        head: Sequence[torch.nn.Module],
        *,
        prefix: str,
        max_tokens: int,
        device: str,
        precision: Precision,
        notes: tuple[str, ...] = (),
    ) -> None:
        half = precision == "bf16" and device != "cpu"
        self._transformer = transformer.to(device, torch.bfloat16 if half else torch.float32).eval()
        self._head = [step.to(device).eval() for step in head]
        self._tokenizer = transformer.tokenizer
        self._prefix = prefix
        self._max_tokens = max_tokens
        self._device = device
        self._autocast = precision == "bf16" and device == "cpu"
        if self._autocast:
            # Cast once here; autocast would do it again for every batch, a fifth of the time.
            for module in self._transformer.modules():
                if isinstance(module, torch.nn.Linear):
                    module.to(torch.bfloat16)
        self._rules = batching(device, precision)
        self._packed = packed(transformer.model) if self._rules.step == 1 else None
        # Sets the tokenizer's cut once, so that its threads never change it under each other.
        self._tokenizer("", truncation=True, max_length=max_tokens, padding=False)
        self.notes = notes
        """What the reader of a number should know about this model as loaded."""

    @property
    def parameters(self) -> int:
        """Weights that were loaded."""
        return sum(
            weight.numel() for step in (self._transformer, *self._head) for weight in step.parameters()
        )

    def encode(
        self, texts: Sequence[str], cancel: Cancel
    ) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """Vectors of `texts`, batch by batch: (indices into `texts`, float32 [len(indices), d]).

        Raises:
            Stopped: `cancel` was set; looked at before every batch.
            ModelError: the model gives numbers that are not finite, or one text alone does not fit
                into the GPU's memory.
        """
        # One batch is in flight while the next is handed out, so that a GPU never waits for a copy.
        waiting: tuple[list[int], torch.Tensor] | None = None
        for rows, groups in self._prepared(texts):
            check(cancel)
            launched = (rows, self._run(groups))
            if waiting is not None:
                yield waiting[0], _array(waiting[1])
            waiting = launched
        if waiting is not None:
            yield waiting[0], _array(waiting[1])

    def _prepared(self, texts: Sequence[str]) -> Iterator[Prepared]:
        """Batches of all texts, shortest texts first, made ahead in other threads."""
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        chunks = [order[start : start + CHUNK] for start in range(0, len(order), CHUNK)]
        with ThreadPoolExecutor(self._rules.readers, thread_name_prefix="tokenise") as pool:
            ahead: deque[Future[list[Prepared]]] = deque()
            for chunk in chunks:
                ahead.append(pool.submit(self._batches, chunk, texts))
                if len(ahead) > self._rules.readers:
                    yield from ahead.popleft().result()
            while ahead:
                yield from ahead.popleft().result()

    def _batches(self, chunk: list[int], texts: Sequence[str]) -> list[Prepared]:
        """Tokenise the texts with these indices and sort them into batches."""
        words = [self._prefix + texts[row] for row in chunk]
        tokens = self._tokenizer(words, truncation=True, max_length=self._max_tokens, padding=False)
        self._fill_empty(tokens)
        lengths = [len(ids) for ids in tokens["input_ids"]]
        batches = (
            plan_packed(lengths, self._rules.budget)
            if self._packed
            else [[places] for places in plan_batches(lengths, self._rules)]
        )
        return [
            (
                [chunk[place] for places in batch for place in places],
                [self._group(tokens, p) for p in batch],
            )
            for batch in batches
        ]

    def _fill_empty(self, tokens: Mapping[str, Any]) -> None:
        """Give a text without any token, which a decoder's tokenizer makes of "", one to be read."""
        fill = {"input_ids": self._tokenizer.pad_token_id, "attention_mask": 1}
        for place, ids in enumerate(tokens["input_ids"]):
            if not ids:
                for name, rows in tokens.items():
                    rows[place] = [fill.get(name, 0)]

    def _group(self, tokens: Mapping[str, Any], places: Sequence[int]) -> Features:
        """Some of the tokenised texts as tensors, padded to the longest."""
        chosen = {name: [values[place] for place in places] for name, values in tokens.items()}
        return dict(self._tokenizer.pad(chosen, padding=True, return_tensors="pt"))

    def _run(self, groups: list[Features]) -> torch.Tensor:
        try:
            return self._forward(groups)
        except torch.OutOfMemoryError:
            [features] = groups  # only a GPU's memory is told of so, where no groups are run together
            count, width = features["input_ids"].shape
            if count == 1:
                raise ModelError(
                    f"One text of {width} tokens does not fit into the memory of {self._device}.",
                    "Set max_tokens lower, or use the CPU.",
                ) from None
        torch.cuda.empty_cache()
        self._rules.budget = max(1, self._rules.budget // 2)
        note = "Batches were made smaller to fit into the GPU's memory."
        self.notes = (*self.notes, note) if note not in self.notes else self.notes
        halves = (slice(count // 2), slice(count // 2, None))
        return torch.cat([self._run([{k: v[half] for k, v in features.items()}]) for half in halves])

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def _forward(self, groups: list[Features]) -> torch.Tensor:
        texts = sum(len(features["input_ids"]) for features in groups)
        if self._rules.step == 1:
            groups = enough(groups)
        moved = [
            {name: value.to(self._device, non_blocking=True) for name, value in features.items()}
            for features in groups
        ]
        with torch.autocast("cpu", torch.bfloat16) if self._autocast else contextlib.nullcontext():
            states = self._packed(moved) if self._packed else [self._transformer(one) for one in moved]
        return torch.cat([self._pooled(state) for state in states])[:texts]

    def _pooled(self, state: Features) -> torch.Tensor:
        if "token_embeddings" in state:
            state["token_embeddings"] = state["token_embeddings"].float()
        for step in self._head:
            state = step(state)
        return state["sentence_embedding"].float()


def enough(groups: list[Features]) -> list[Features]:
    """The groups, the last one repeated until a batch has `LEAST` tokens."""
    tokens = [features["input_ids"].numel() for features in groups]
    times = -(-(LEAST - sum(tokens[:-1])) // tokens[-1])
    if times <= 1:
        return groups
    return [*groups[:-1], {name: value.repeat(times, 1) for name, value in groups[-1].items()}]


def _array(vectors: torch.Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = vectors.cpu().numpy()
    if not np.isfinite(array).all():
        raise ModelError(
            "The model gives vectors with numbers that are not finite.",
            "Use precision fp32, or another model.",
        )
    return array
