"""The forward pass of several BERTs at once: every product of one copy is a batched product of all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers.activations import ACT2FN

from engine.finetune.batches import Tokens
from engine.finetune.folder import Pooling
from engine.finetune.learner import look_at
from engine.finetune.masks import Masks
from engine.finetune.model import Classifier, pool
from engine.finetune.stack import Stack

WORDS = "encoder.embeddings.word_embeddings.weight"


def stackable(model: Classifier, tokens: Tokens) -> bool:
    """Whether `model` is a BERT encoder of the usual build, reading texts of one part."""
    config: Any = model.encoder.config
    types = tokens.inputs.get("token_type_ids")
    return (
        config.model_type == "bert"
        and not config.is_decoder
        and getattr(config, "position_embedding_type", "absolute") == "absolute"
        and not (types is not None and bool(types.any()))
    )


class StackedBert:
    """The classifier of `engine.finetune.model` for BERT, over a stack of weights."""

    def __init__(self, model: Classifier, tokens: Tokens, cancel: threading.Event) -> None:
        """Take the shape, not the weights, of `model`; `tokens` lie on the stack's device."""
        config: Any = model.encoder.config
        self.layers: int = config.num_hidden_layers
        self.heads: int = config.num_attention_heads
        self.width: int = config.hidden_size
        self.eps: float = config.layer_norm_eps
        self.hidden_dropout: float = config.hidden_dropout_prob
        self.attention_dropout: float = config.attention_probs_dropout_prob
        self.head_dropout: float = model.dropout.p
        act = config.hidden_act
        self.activation: Callable[[Tensor], Tensor] = ACT2FN[act] if isinstance(act, str) else act
        self.pooling: Pooling | None = model.pooling
        self.tokens = tokens
        self._cancel = cancel

    def logits(self, stack: Stack, rows: Tensor, length: int, masks: Masks | None) -> Tensor:
        """Logits [copies, batch, n_classes].

        Args:
            stack: the copies' weights.
            rows: int64 [copies, batch]: each copy's texts, as rows of the tokens.
            length: tokens to read of each text; the longest one's or more.
            masks: of dropout, the same ones for every copy; None: dropout does not act.
        """
        one = _Pass(self, stack, rows.shape[1], masks)
        ids = self.tokens.inputs["input_ids"][:, :length][rows]
        mask = self.tokens.inputs["attention_mask"][:, :length][rows]
        states = one.embed(ids)
        attended = mask.flatten(0, 1).bool()[:, None, None, :]
        for number in range(self.layers):
            states = one.layer(states, f"encoder.encoder.layer.{number}.", attended)
            if not states.is_cuda:
                look_at(self._cancel, states)
        states = states.unflatten(1, (*rows.shape[1:], length))
        if self.pooling is None:
            vectors = one.linear(states[:, :, 0], "encoder.pooler.dense").tanh()
        else:
            vectors = pool(states.flatten(0, 1), mask.flatten(0, 1), self.pooling).unflatten(0, rows.shape)
        return one.linear(one.dropout(vectors, self.head_dropout, vectors.shape[1:]), "head")


class _Pass:
    """One forward pass: states are [copies, batch * length, width]."""

    def __init__(self, bert: StackedBert, stack: Stack, batch: int, masks: Masks | None) -> None:
        self.bert = bert
        self.stack = stack
        self.weights = stack.stacked
        self.batch = batch
        self.masks = masks

    def embed(self, ids: Tensor) -> Tensor:
        """Sum of word, position and type embeddings for ids [copies, batch, length]."""
        tables = self.stack.tables[WORDS]
        words = torch.stack(
            [functional.embedding(own, table) for own, table in zip(ids, tables, strict=True)]
        )
        positions = self.weights["encoder.embeddings.position_embeddings.weight"][:, None, : ids.shape[2]]
        types = self.weights["encoder.embeddings.token_type_embeddings.weight"][:, None, None, 0]
        states = self.norm((words + positions + types).flatten(1, 2), "encoder.embeddings.LayerNorm")
        return self.hidden_dropout(states)

    def layer(self, states: Tensor, name: str, attended: Tensor) -> Tensor:
        """One transformer layer; `attended` is [copies * batch, 1, 1, length]."""
        mixed = self.linear(self.attention(states, name, attended), name + "attention.output.dense")
        mixed = self.hidden_dropout(mixed) + states
        states = self.norm(mixed, name + "attention.output.LayerNorm")
        inner = self.bert.activation(self.linear(states, name + "intermediate.dense"))
        outer = self.hidden_dropout(self.linear(inner, name + "output.dense"))
        return self.norm(outer + states, name + "output.LayerNorm")

    def attention(self, states: Tensor, name: str, attended: Tensor) -> Tensor:
        """Self-attention, every text of every copy by itself."""
        batch, length, heads = attended.shape[0], attended.shape[-1], self.bert.heads
        query, key, value = (
            self.linear(states, f"{name}attention.self.{part}")
            .reshape(batch, length, heads, self.bert.width // heads)
            .transpose(1, 2)
            for part in ("query", "key", "value")
        )
        if self.masks is None:
            mixed = functional.scaled_dot_product_attention(query, key, value, attended)
        else:
            share = self.bert.attention_dropout
            mixed = self.masks.attend(query, key, value, attended, share, texts=self.batch)
        return mixed.transpose(1, 2).reshape(states.shape)

    def linear(self, states: Tensor, name: str) -> Tensor:
        """Each copy's own linear layer on [copies, n, width]."""
        bias, weight = self.weights[name + ".bias"], self.weights[name + ".weight"]
        return torch.baddbmm(bias.unsqueeze(1), states, weight.mT)

    def norm(self, states: Tensor, name: str) -> Tensor:
        """Each copy's own layer normalisation."""
        plain = functional.layer_norm(states, (self.bert.width,), eps=self.bert.eps)
        return plain * self.weights[name + ".weight"].unsqueeze(1) + self.weights[name + ".bias"].unsqueeze(
            1
        )

    def hidden_dropout(self, states: Tensor) -> Tensor:
        """Dropout of the encoder's states, if this pass trains."""
        length = states.shape[1] // self.batch
        return self.dropout(states, self.bert.hidden_dropout, (self.batch, length, self.bert.width))

    def dropout(self, values: Tensor, share: float, shape: Sequence[int]) -> Tensor:
        """Dropout on values [copies..., *shape], if this pass trains."""
        return values if self.masks is None else self.masks.drop(values, share, shape)
