"""A BERT over texts of several lengths at once, without padding.

Only attention looks from one token to another. All else is done for the tokens of every text laid
end to end, so that few texts of a length still make a large product. On a CPU the products are then
four fifths of the time and run at the machine's own speed; what lies between them is kept short.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch.nn.functional import gelu, scaled_dot_product_attention
from transformers import BertModel

Features = dict[str, torch.Tensor]

SHORT: Final = 128
"""Tokens of a text up to which plain products make attention faster than PyTorch's own (1.8x at 42)."""


class Packed:
    """A BERT's own layers, called on groups of texts of one length each."""

    def __init__(self, bert: BertModel) -> None:
        self._bert: Final[Any] = bert
        self._heads: Final = bert.config.num_attention_heads

    def __call__(self, groups: Sequence[Features]) -> list[Features]:
        """The groups with their `token_embeddings` (n, length, d), as the model gives them one by one."""
        shapes = [tuple(features["input_ids"].shape) for features in groups]
        sizes = [count * length for count, length in shapes]
        lengths = [length for count, length in shapes for _ in range(count)]
        x = torch.cat([self._embedded(features).flatten(0, 1) for features in groups])
        for layer in self._bert.encoder.layer:
            x = _added(layer.attention.output, self._attended(layer.attention.self, x, lengths), x)
            x = _added(layer.output, _activated(layer.intermediate, x), x)
        return [
            {**features, "token_embeddings": rows.view(*shape, -1)}
            for features, shape, rows in zip(groups, shapes, x.split(sizes), strict=True)
        ]

    def _embedded(self, features: Features) -> torch.Tensor:
        rows: torch.Tensor = self._bert.embeddings(features["input_ids"], features.get("token_type_ids"))
        return rows

    def _attended(self, own: Any, x: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
        """What each text's tokens take from each other; (tokens, d) as `x`."""
        taken = torch.empty_like(x)
        texts = [
            rows.view(len(x), self._heads, -1).transpose(0, 1).split(lengths, dim=1)
            for rows in (own.query(x).mul_(own.scaling), own.key(x), own.value(x), taken)
        ]
        for query, key, value, found in zip(*texts, strict=True):
            found.copy_(_attention(query, key, value))
        return taken


def _attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Of one text, its query scaled already; each (heads, length, d of a head)."""
    if query.shape[1] > SHORT:
        return scaled_dot_product_attention(query[None], key[None], value[None], scale=1.0)[0]
    return torch.bmm(torch.bmm(query, key.transpose(1, 2)).softmax(-1), value)


def _activated(own: Any, x: torch.Tensor) -> torch.Tensor:
    """The hidden units of a layer's second half."""
    if getattr(own.intermediate_act_fn, "act", None) is gelu:
        # In place, for which PyTorch has no other name: 2% of all the time.
        hidden: torch.Tensor = torch.ops.aten.gelu_(own.dense(x))
    else:
        hidden = own(x)
    return hidden


def _added(own: Any, rows: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """`own` of `rows` and what it skips, `x`, into which the product is summed without another copy."""
    summed: torch.Tensor = own.LayerNorm(x.add_(own.dense.bias).addmm_(rows, own.dense.weight.t()))
    return summed


def packed(model: torch.nn.Module) -> Packed | None:
    """`model` for groups of texts; None if it is not the plain encoder that this is exact for."""
    if type(model) is not BertModel or model.config.is_decoder or model.config.add_cross_attention:
        return None
    return Packed(model)
