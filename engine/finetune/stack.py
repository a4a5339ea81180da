"""Several copies of one classifier's weights in one block of memory, with one optimiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.finetune.optim import decays


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each trainable parameter of a model lies in a row of `size` numbers."""

    places: Mapping[str, tuple[int, torch.Size]]
    """Parameter name -> (offset, shape); those with weight decay come first."""
    decayed: int
    """How many numbers decay."""
    size: int

    @classmethod
    def of(cls, model: nn.Module) -> Layout:
        """The layout of `model`'s trainable parameters."""
        decay = decays(model)
        shapes = {name: item.shape for name, item in model.named_parameters() if name in decay}
        places: dict[str, tuple[int, torch.Size]] = {}
        offset = decayed = 0
        for name in sorted(decay, key=lambda name: not decay[name]):
            places[name] = (offset, shapes[name])
            offset += shapes[name].numel()
            decayed = offset if decay[name] else decayed
        return cls(places, decayed, offset)

    def flatten(self, model: nn.Module) -> Tensor:
        """`model`'s trainable parameters as one row [size]."""
        named = dict(model.named_parameters())
        return torch.cat([named[name].detach().flatten() for name in self.places])


class Stack:
    """`copies` rows of weights; parameter `name` is a view [copies, *shape] of them.

    Weights and gradients are two tensors [copies, size], so that clipping is three operations and
    AdamW sees two tensors a copy, each copy with a learning rate of its own.
    """

    def __init__(self, layout: Layout, weights: Tensor, tables: Sequence[str] = ()) -> None:
        """Stack `weights`.

        Args:
            layout: of the model.
            weights: [copies, size]; used as they are, not copied.
            tables: embedding tables, which are looked up copy by copy; a lookup over all copies
                would need a contiguous table and a gradient of its size.
        """
        self.layout = layout
        self.weights = weights
        self.gradients = torch.zeros_like(weights)
        self.stacked: dict[str, Tensor] = {}
        """Parameter name -> [copies, *shape]."""
        self.tables: dict[str, list[Tensor]] = {}
        """Embedding table -> one [rows, width] for each copy."""
        self._leaves: list[Tensor] = []
        self._into: list[Tensor] = []
        """Where the gradient of each leaf goes."""
        for name, (offset, shape) in layout.places.items():
            columns = slice(offset, offset + shape.numel())
            value, gradient = (item[:, columns].unflatten(1, shape) for item in (weights, self.gradients))
            if name in tables:
                self.tables[name] = [self._leaf(*pair) for pair in zip(value, gradient, strict=True)]
            else:
                self.stacked[name] = self._leaf(value, gradient)

    def backward(self, loss: Tensor) -> None:
        """Overwrite the gradients with those of `loss`."""
        found = torch.autograd.grad(loss, self._leaves)
        for into, gradient in zip(self._into, found, strict=True):
            into.copy_(gradient)

    def clip(self, max_norm: float) -> None:
        """Scale each copy's gradient down to `max_norm`, as torch's clip_grad_norm_ would."""
        norms = self.gradients.norm(dim=1, keepdim=True)
        self.gradients.mul_((max_norm / (norms + 1e-6)).clamp(max=1.0))

    def adamw(self, weight_decay: float) -> torch.optim.AdamW:
        """AdamW with two parameter groups for each copy in turn: with and without decay."""
        groups = []
        for weights, gradients in zip(self.weights, self.gradients, strict=True):
            for part, decay in (
                (slice(None, self.layout.decayed), weight_decay),
                (slice(self.layout.decayed, None), 0.0),
            ):
                parameter = weights[part].detach().requires_grad_()
                parameter.grad = gradients[part]
                groups.append({"params": [parameter], "weight_decay": decay})
        return torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.999), eps=1e-8, fused=True)

    def keep(
        self, copies: Sequence[int], optimizer: torch.optim.AdamW, weight_decay: float
    ) -> tuple[Stack, torch.optim.AdamW]:
        """A stack of some copies only, with an optimiser that goes on where theirs was."""
        smaller = Stack(self.layout, self.weights[list(copies)], tuple(self.tables))
        successor = smaller.adamw(weight_decay)
        old = [group["params"][0] for group in optimizer.param_groups]
        new = [group["params"][0] for group in successor.param_groups]
        for place, copy in enumerate(copies):
            for part in range(2):
                successor.state[new[2 * place + part]] = optimizer.state[old[2 * copy + part]]
        return smaller, successor

    def _leaf(self, value: Tensor, gradient: Tensor) -> Tensor:
        self._leaves.append(value.detach().requires_grad_())
        self._into.append(gradient)
        return self._leaves[-1]
