"""Keyed dropout where models drop out: in the stacked BERT by name, in any other model from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from engine.finetune.keyed_dropout import LEVELS, kept, levels

_fused: Final = functional.scaled_dot_product_attention


class Masks:
    """The masks of one forward pass in training: every call is the next site."""

    def __init__(self, key: Tensor, first: int = 0) -> None:
        """Begin at site 0 of the step with this key, int64 [], at slot `first` of its batch."""
        self._key = key
        self._first = first
        self._site = 0

    def drop(self, values: Tensor, share: float, shape: Sequence[int] | None = None) -> Tensor:
        """Dropout on `values`, in their dtype.

        Args:
            values: [copies..., *shape] in memory order; all copies get the same mask.
            share: of the elements to drop; where it is 0 the site is counted all the same.
            shape: as `kept` wants it; None: that of `values`.
        """
        if not share:
            self._site += 1
            return values
        return self._thin(values, share, values.shape if shape is None else shape) * _scale(share)

    def _thin(self, values: Tensor, share: float, shape: Sequence[int]) -> Tensor:
        """`values` with zeros at the next site, not yet scaled.

        In bf16 a mask of 0 and 1.111 would be rounded by a part in 600, every time downwards.
        """
        mask = kept(self._key, self._site, shape, share, self._first).to(values.dtype)
        self._site += 1
        return (values.reshape(-1, *shape) * mask).reshape(values.shape)

    def attend(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attended: Tensor | None,
        share: float,
        scale: float | None = None,
        texts: int | None = None,
    ) -> Tensor:
        """Attention with dropout on its probabilities, in three steps: a fused one draws its own masks.

        Args:
            query: [b, heads, q, d].
            key: [b, heads, k, d].
            value: [b, heads, k, d].
            attended: bool, or float to be added to the scores, broadcastable to [b, heads, q, k].
            share: of the probabilities to drop.
            scale: of the scores; None: 1 / sqrt(d).
            texts: of which the first dimension holds several copies; None: it holds one.
        """
        if not share:
            self._site += 1
            return _fused(query, key, value, attended, scale=scale)
        # The probabilities are the largest tensors of a step, so both scales go to smaller ones.
        query = query * (query.shape[-1] ** -0.5 if scale is None else scale)
        if attended is None:
            scores = query @ key.mT
        else:
            added = _added(attended).expand(*query.shape[:2], -1, -1).flatten(0, 1)
            scores = torch.baddbmm(added, query.flatten(0, 1), key.flatten(0, 1).mT)
            scores = scores.unflatten(0, query.shape[:2])
        # In the dtype of the scores: autocast alone would give twice the bytes.
        shares = torch.softmax(scores, -1, dtype=scores.dtype)
        thinned = self._thin(shares, share, (texts or len(shares), *shares.shape[1:]))
        return thinned @ (value * _scale(share))


class KeyedDropout(TorchFunctionMode):  # type: ignore[misc]
    """While it is entered, every dropout of any model in this thread takes its mask from `Masks`.

    Torch asks the mode before it runs a function, so no module has to be replaced, and dropout within
    an attention function is met as well.
    """

    def __init__(self, masks: Masks) -> None:
        super().__init__()
        self._masks = masks

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Answer for the two functions that drop out; let the others through."""
        kwargs = kwargs or {}
        if function is functional.dropout:
            return self._dropout(*args, **kwargs)
        if function is _fused:
            return self._attention(*args, **kwargs)
        return function(*args, **kwargs)

    def _dropout(
        self, values: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> Tensor:
        return self._masks.drop(values, p) if training else values

    def _attention(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        if enable_gqa:
            groups = query.shape[1] // key.shape[1]
            key, value = (item.repeat_interleave(groups, 1) for item in (key, value))
        if is_causal:
            square = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool, device=query.device)
            attn_mask = square.tril()
        return self._masks.attend(query, key, value, attn_mask, dropout_p, scale)


def _scale(share: float) -> float:
    """What is left is multiplied by this, so that the mean stays."""
    return LEVELS / (LEVELS - levels(share))


def _added(attended: Tensor) -> Tensor:
    """A mask of attention as numbers to add to the scores.

    Not -inf: a padded query that may look at nothing must not become NaN.
    """
    if attended.dtype != torch.bool:
        return attended
    return torch.zeros(attended.shape, device=attended.device).masked_fill_(~attended, -1e30)
