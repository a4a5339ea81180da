"""Texts as tokens: tokenised once, kept on the device, cut to the longest of each batch."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from engine.embedding.tokens import positions
from engine.finetune.config import FinetuneConfig
from store.errors import ModelError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tokens:
    """All texts of a task, padded on the right to the longest."""

    inputs: dict[str, Tensor]
    """The model's arguments by name, each int64 [n, t]."""
    lengths: tuple[int, ...]
    """Tokens of each text, special ones included."""

    def batch(self, rows: Sequence[int]) -> dict[str, Tensor]:
        """The rows asked for, no wider than their longest text."""
        width = max(self.lengths[row] for row in rows)
        index = as_index(rows, self.inputs["input_ids"].device)
        return {name: values[index, :width] for name, values in self.inputs.items()}


def tokenise(
    tokenizer: Any, encoder: nn.Module, texts: Sequence[str], config: FinetuneConfig
) -> tuple[Tokens, tuple[str, ...]]:
    """Tokenise every text once; and what a reader of the result should know.

    Raises:
        ModelError: the tokenizer knows tokens for which the model has no embedding.
    """
    limit = min(config.max_tokens, positions(encoder))
    encoded = tokenizer([config.prefix + text for text in texts], truncation=True, max_length=limit)
    lengths = tuple(max(1, len(ids)) for ids in encoded["input_ids"])
    notes: tuple[str, ...] = ()
    if max(lengths) == limit < config.max_tokens:
        notes = (f"Texts are cut at {limit} tokens: the model has no more positions.",)
    accepted = inspect.signature(encoder.forward).parameters
    pad = tokenizer.pad_token_id
    inputs = {
        "input_ids": _padded(encoded["input_ids"], max(lengths), pad),
        "attention_mask": _padded([[1] * length for length in lengths], max(lengths), 0),
    }
    if "token_type_ids" in encoded and "token_type_ids" in accepted:
        inputs["token_type_ids"] = _padded(encoded["token_type_ids"], max(lengths), 0)
    _check_vocabulary(tokenizer, encoder, inputs["input_ids"])
    return Tokens(inputs, lengths), notes


def compact_vocabulary(encoder: Any, tokens: Tokens) -> Tokens:
    """Drop the embedding rows that no text of the task uses, and renumber the tokens.

    Exact: a row without a gradient only decays, which neither outputs nor gradient norms feel. A
    task uses about 2,000 of BERT's 30,522 tokens, so MiniLM trains 12 instead of 23 million
    parameters and a step saves a tenth of its time. A table that does more than look up stays.
    """
    ids = tokens.inputs["input_ids"]
    table = encoder.get_input_embeddings()
    if type(table) is not nn.Embedding:
        return tokens
    # RoBERTa and MPNet tell padding by its index, so everything up to there keeps its number.
    first = torch.arange((table.padding_idx or 0) + 1)
    used = torch.cat([first, ids.flatten()]).unique()
    smaller = nn.Embedding.from_pretrained(
        table.weight.detach()[used], freeze=False, padding_idx=table.padding_idx
    )
    encoder.set_input_embeddings(smaller)
    return Tokens({**tokens.inputs, "input_ids": torch.searchsorted(used, ids)}, tokens.lengths)


def to_device(tokens: Tokens, device: torch.device) -> Tokens:
    """The same tokens in the memory of `device`."""
    return Tokens({name: values.to(device) for name, values in tokens.inputs.items()}, tokens.lengths)


def epoch_batches(rows: Sequence[int], size: int, seed: int, epoch: int) -> Iterator[list[int]]:
    """`rows` in the order in which Hugging Face's Trainer shuffles them in this epoch (from 0)."""
    generator = torch.Generator().manual_seed(seed + epoch)
    order = torch.randperm(len(rows), generator=generator).tolist()
    for start in range(0, len(rows), size):
        yield [rows[place] for place in order[start : start + size]]


def as_index(rows: Sequence[int], device: torch.device) -> Tensor:
    """`rows` on the device; a blocking copy would wait for everything a GPU still has to do."""
    return torch.tensor(rows).to(device, non_blocking=True)


def in_order(rows: Sequence[T], size: int) -> Iterator[list[T]]:
    """`rows` in groups of `size`, the last one possibly smaller."""
    for start in range(0, len(rows), size):
        yield list(rows[start : start + size])


def _padded(rows: Sequence[Sequence[int]], width: int, value: int) -> Tensor:
    padded = torch.full((len(rows), width), value, dtype=torch.int64)
    for place, row in enumerate(rows):
        padded[place, : len(row)] = torch.tensor(row, dtype=torch.int64)
    return padded


def _check_vocabulary(tokenizer: Any, encoder: Any, ids: Tensor) -> None:
    rows = len(encoder.get_input_embeddings().weight)
    largest = int(ids.max())
    if largest >= rows:
        folder = Path(str(tokenizer.name_or_path))
        raise ModelError(
            f"{folder / 'tokenizer.json'} uses token {largest}, but the model has {rows} embeddings.",
            "Download the model again, or point to a complete folder.",
        )
