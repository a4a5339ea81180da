"""A gene among the others by embedding, and a text as a model's tokeniser cuts it.

Both use only what is on this machine already: cached vectors and tokeniser files; no model is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store.records import EmbeddingOptions, Model

SPECIAL_TOKENS = 2
"""Tokens that an encoder puts around a text."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A gene near another."""

    gene: str
    similarity: float
    """Cosine of the two vectors."""
    labels: str


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a model stops reading a text."""

    model: str
    tokens: int
    limit: int
    at: int | None
    """Characters that are read; None: all."""
    seen: str


def nearest(
    gene: str,
    texts: Mapping[str, str],
    labels: Mapping[str, str],
    model: Model,
    options: EmbeddingOptions,
    cache: Path,
    most: int = 30,
) -> list[Neighbour]:
    """The genes whose cached vectors have the greatest cosine with that of `gene`.

    Args:
        gene: One of `texts`.
        texts: Gene -> the text that was embedded.
        labels: Gene -> what is said of it in the list.
        model: Whose vectors.
        options: How it was used.
        cache: The folder of all embedding caches.
        most: Neighbours at most.

    Returns:
        The nearest first; empty if the vectors are not cached.
    """
    import numpy as np

    from engine.embed import fingerprint
    from engine.embedding.cache import VectorCache, text_key

    keys = {name: text_key(text) for name, text in texts.items()}
    for device in ("cpu", "cuda", "mps"):
        found = VectorCache(cache / fingerprint(model, options, device)).read(set(keys.values()))
        if keys.get(gene) in found:
            break
    else:
        return []
    names = [name for name in texts if keys[name] in found and name != gene]
    if not names:
        return []
    matrix = np.stack([found[keys[name]] for name in names]).astype(np.float64)
    mine = found[keys[gene]].astype(np.float64)
    cosine = matrix @ mine / (np.linalg.norm(matrix, axis=1) * np.linalg.norm(mine))
    best = np.argsort(-cosine, kind="stable")[:most]
    return [Neighbour(names[i], float(cosine[i]), labels.get(names[i], "")) for i in best]


def cuts(text: str, models: Sequence[tuple[Model, str]]) -> list[Cut]:
    """Where each model with a tokeniser file on this machine stops reading `text`.

    Args:
        text: What would be embedded, without a prefix.
        models: Each with its folder.
    """
    from tokenizers import Tokenizer

    found = []
    for model, place in models:
        file = Path(place) / "tokenizer.json"
        if not model.max_tokens or not file.is_file():
            continue
        tokenizer = Tokenizer.from_file(str(file))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        encoded = tokenizer.encode(model.prefix + text, add_special_tokens=False)
        tokens, limit = len(encoded.ids), model.max_tokens - SPECIAL_TOKENS
        end = encoded.offsets[limit - 1][1] - len(model.prefix) if tokens > limit else None
        found.append(Cut(model.name, tokens, limit, end, text[:end] if end is not None else text))
    return found
