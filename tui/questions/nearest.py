"""A gene among the others by embedding, and a text as a model's tokenizer cuts it.

Both use only what is on this machine already: cached vectors and tokenizer files; no model is loaded.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.errors import GeneArenaError, ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from store.home import Home
    from store.records import EmbeddingOptions, Model
    from tui.questions.genes import Embedded


MOST: Final = 30
"""Neighbours at most, unless another number is asked for."""


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


def neighbours(
    gene: str, embedded: Embedded | None, home: Home, most: int = MOST
) -> tuple[str, list[Neighbour], str]:
    """The genes nearest to `gene` of those that a model has embedded, if one has.

    Returns:
        The model and how it was used, the nearest genes, and why there are none.
    """
    if embedded is None:
        return "", [], f"No model has embedded {gene} here yet."
    try:
        vectors = vectors_of(embedded, home)
    except GeneArenaError as error:
        return embedded.name, [], str(error)
    if gene not in vectors:
        where = "its table" if embedded.model.kind == "vectors" else "the cache"
        return embedded.name, [], f"The vector of {gene} by {embedded.model.name} is not in {where}."
    return embedded.name, nearest(gene, vectors, embedded.labels, most), ""


def nearest(
    gene: str, vectors: Mapping[str, NDArray[np.float32]], labels: Mapping[str, str], most: int = MOST
) -> list[Neighbour]:
    """The genes whose vectors have the greatest cosine with that of `gene`.

    Args:
        gene: One of `vectors`.
        vectors: Gene -> float32 [d], not zero.
        labels: Gene -> what is said of it in the list.
        most: Neighbours at most.

    Returns:
        The nearest first.
    """
    import numpy as np

    names = [name for name in vectors if name != gene]
    if not names:
        return []
    matrix = np.stack([vectors[name] for name in names]).astype(np.float64)
    mine = vectors[gene].astype(np.float64)
    cosine = matrix @ mine / (np.linalg.norm(matrix, axis=1) * np.linalg.norm(mine))
    best = np.argsort(-cosine, kind="stable")[:most]
    return [Neighbour(names[i], float(cosine[i]), labels.get(names[i], "")) for i in best]


def vectors_of(embedded: Embedded, home: Home) -> dict[str, NDArray[np.float32]]:
    """Gene -> its vector (float32 [d]), of those that are in the cache or the model's table.

    Raises:
        UsageError, ModelError, DataError: the table is gone, or is not the one it was.
    """
    if embedded.model.kind == "vectors":
        return _from_table(embedded, home)
    found = cached(set(embedded.texts.values()), embedded.model, embedded.options, home.embeddings)
    return {gene: found[text] for gene, text in embedded.texts.items() if text in found}


def _from_table(embedded: Embedded, home: Home) -> dict[str, NDArray[np.float32]]:
    from engine.catalog.models import find_model
    from engine.embedding.embed import look_up

    # A unit knows its table by content; where it lies now, the catalog knows.
    model = replace(find_model(embedded.model.name, home), revision=embedded.model.revision)
    genes = tuple(embedded.texts)
    vectors, missing = look_up(model, genes, home)
    absent = set(missing)
    return {gene: row for gene, row in zip(genes, vectors, strict=True) if gene not in absent}


def cached(
    texts: Collection[str], model: Model, options: EmbeddingOptions, cache: Path
) -> dict[str, NDArray[np.float32]]:
    """Text -> its vector (float32 [d]), of those texts whose vectors are kept.

    Args:
        texts: What was embedded, without a prefix.
        model: Whose vectors.
        options: How it was used.
        cache: The folder of all embedding caches.
    """
    from engine.embedding.cache import VectorCache, text_key
    from engine.embedding.embed import fingerprint
    from engine.environment import LEVELS, cpu_kernels

    keys = {text_key(text): text for text in texts}
    best: dict[str, NDArray[np.float32]] = {}
    # Torch, which would tell its level, is not loaded here; an endpoint has none.
    computed = [("cpu", cpu_kernels(level)) for level in LEVELS] + [("cpu", ""), ("cuda", ""), ("mps", "")]
    for device, kernels in computed:
        found = VectorCache(cache / fingerprint(model, options, device, kernels)).read(set(keys))
        if len(found) > len(best):
            best = {keys[key]: vector for key, vector in found.items()}
    return best


def cuts(text: str, home: Home) -> Iterator[Cut]:
    """Where each model with a tokenizer file on this machine stops reading `text`, one after the other.

    Args:
        text: What is embedded; the authors' code put no prefix before it.
        home: Whose models.
    """
    from engine.catalog.layouts import static_files
    from engine.catalog.models import list_models, local_path

    for model in list_models(home):
        folder = local_path(model, home)
        if folder is None or not folder.is_dir():
            continue
        static = static_files(folder, model.files)
        # Older folders hold only a vocabulary, of which a heavy library would have to make a tokenizer.
        if static or any(
            (root / "tokenizer.json").is_file() for root in (folder, folder / "0_Transformer")
        ):
            with contextlib.suppress(ModelError):
                yield _cut(text, model, folder)


def _cut(text: str, model: Model, folder: Path) -> Cut:
    from engine.embedding.tokens import open_tokenizer

    facts, tokenizer = open_tokenizer(folder, model.files)
    encoded = tokenizer.encode(text, add_special_tokens=False)
    tokens = len(encoded.ids)
    special = 0 if facts.static else tokenizer.num_special_tokens_to_add(is_pair=False)
    limit = facts.limit(model.max_tokens) - special
    end = encoded.offsets[limit - 1][1] if tokens > limit else None
    return Cut(model.name, tokens, limit, end, text[:end])
