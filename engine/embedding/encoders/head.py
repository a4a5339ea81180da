"""What vectors end with, whatever makes them: as many numbers as are wanted, and unit length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from sentence_transformers.sentence_transformer.modules import Normalize
from sentence_transformers.util import truncate_embeddings

from store.errors import ModelError
from store.records import EmbeddingOptions


class Truncate(torch.nn.Module):  # type: ignore[misc]
    """Keeps the first numbers of each vector, of which there have to be as many."""

    def __init__(self, dim: int, name: str) -> None:
        """Cut to `dim` numbers what the model called `name` gives."""
        super().__init__()
        self._dim = dim
        self._name = name

    def forward(self, features: dict[str, Any]) -> dict[str, Any]:
        """The features with `sentence_embedding` cut, [n, dim].

        Raises:
            ModelError: there are fewer numbers than that.
        """
        vectors = features["sentence_embedding"]
        if vectors.shape[1] < self._dim:
            raise ModelError(
                f"{self._name} gives vectors of {vectors.shape[1]} numbers, which cannot be cut to "
                f"{self._dim}.",
                f"Set truncate_dim to {vectors.shape[1]} or less.",
            )
        return {**features, "sentence_embedding": truncate_embeddings(vectors, self._dim)}


def ending(steps: Sequence[torch.nn.Module], options: EmbeddingOptions, name: str) -> list[torch.nn.Module]:
    """`steps` with vectors of the length that `options` want, in both senses.

    Vectors are cut at the very end, as sentence-transformers does it: what the model's own files
    normalise is shorter than 1 afterwards. Where unit length is asked for, it is that of what is kept.

    Args:
        steps: modules of the model after its first.
        options: of which `normalize` and `truncate_dim` are read.
        name: of the model, for a sentence about it.
    """
    ends = list(steps)
    if options.normalize is not None:
        ends = [step for step in ends if not isinstance(step, Normalize)]
    if options.truncate_dim is not None:
        ends.append(Truncate(options.truncate_dim, name))
    if options.normalize:
        ends.append(Normalize())
    return ends
