"""Texts to vectors, through the cache: each unique text is embedded once, in any run, in any order."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.cancel import Cancel, Progress, check
from engine.catalog.layouts import static_files
from engine.catalog.models import require_path
from engine.catalog.revision import content_revision
from engine.embedding.cache import VectorCache, text_key
from engine.embedding.cost import Cost, forget_peak, peak_memory
from engine.environment import cpu_kernels
from store.errors import ModelError
from store.home import Home
from store.records import EmbeddingOptions, Model, content_hash

_LIBRARIES: Final = ("torch", "transformers", "tokenizers", "sentence-transformers")


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Vectors in the order of the texts that were asked for, and what is known about their making."""

    vectors: NDArray[np.float32]
    """[n, d], contiguous."""
    hash: str
    """SHA-256 of `vectors`."""
    from_cache: int
    """Unique texts that did not have to be embedded."""
    seconds: float
    """Wall time of this call."""
    notes: tuple[str, ...]
    """Disagreements between card and files, a halved batch: for the reader of a number."""
    cost: Cost | None = None
    """What it took; None if nothing had to be embedded."""


class Encodes(Protocol):
    """The seam to whatever turns texts into vectors.

    What it must keep to is checked in `tests/contracts/test_encodes.py`.
    """

    notes: tuple[str, ...]

    @property
    def parameters(self) -> int | None:
        """Weights that were loaded, if they are here."""

    def encode(
        self, texts: Sequence[str], cancel: Cancel
    ) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """(indices into `texts`, float32 [len(indices), d]), batch by batch.

        Every index comes once, in any order; a text's vector depends on nothing but the text.

        Raises:
            Stopped: `cancel` was set, which is looked at before every batch.
        """


def embed(
    model: Model,
    texts: Sequence[str],
    options: EmbeddingOptions,
    home: Home,
    *,
    device: str,
    cancel: Cancel,
    progress: Progress,
    allowed_hosts: Collection[str] = (),
) -> Embeddings:
    """Vectors of `texts`; those already in the cache are not computed again.

    Args:
        model: any kind but `vectors`.
        texts: may repeat; each different one is embedded once.
        options: how the model is used.
        home: whose cache, and where its downloads lie.
        device: as torch names it; part of what a cached vector is found by.
        cancel: looked at before every batch; finished texts stay in the cache.
        progress: called with the unique texts done and in all, never from another thread.
        allowed_hosts: hosts that texts may be sent to; only an endpoint needs one.

    Raises:
        Stopped: `cancel` was set.
        ModelError: the model is missing, unusable, or no vectors come of it.
    """
    started = time.perf_counter()
    if not texts:
        raise ModelError(f"There is no text to embed with {model.name}.")
    keys = [text_key(text) for text in texts]
    by_key = dict(zip(keys, texts, strict=True))
    with VectorCache(
        home.embeddings / fingerprint(model, options, device, _kernels(model, device))
    ) as shelf:
        found = shelf.read(set(by_key))
        from_cache = len(found)
        progress(from_cache, len(by_key))
        check(cancel)
        # In the order of the hashes, so that batches do not depend on the order that was asked for.
        missing = sorted(key for key in by_key if key not in found)
        cost = None
        if missing:
            forget_peak(device)
            encoder = _encoder(model, options, home, device, allowed_hosts)
            loaded = time.perf_counter()
            for rows, whole in encoder.encode([by_key[key] for key in missing], cancel):
                batch = [missing[row] for row in rows]
                made = truncated(model, whole, options)
                found.update(zip(batch, made, strict=True))
                shelf.add(batch, made)
                progress(len(found), len(by_key))
            seconds = time.perf_counter() - loaded
            cost = Cost(len(missing), seconds, encoder.parameters, peak_memory(device))
            shelf.note(_about(model, encoder))
    vectors = _stack(model, [found[key] for key in keys])
    return Embeddings(
        vectors,
        hash_vectors(vectors),
        from_cache,
        time.perf_counter() - started,
        (*shelf.about.get("notes", ()), *shelf.problems),
        cost,
    )


def truncated(model: Model, vectors: NDArray[np.float32], options: EmbeddingOptions) -> NDArray[np.float32]:
    """The first numbers of each vector, as many as `options` want: float32 [n, truncate_dim].

    They are cut at the very end, as sentence-transformers does it: what the model's own files normalise
    is shorter than 1 afterwards. Where `options` ask for unit length, it is that of what is kept.

    Raises:
        ModelError: there are fewer numbers.
    """
    dim = options.truncate_dim
    if dim is None:
        return vectors
    if vectors.shape[1] < dim:
        raise ModelError(
            f"{model.name} gives vectors of {vectors.shape[1]} numbers, which cannot be cut to {dim}.",
            f"Set its truncate_dim to {vectors.shape[1]} or less.",
        )
    kept = np.ascontiguousarray(vectors[:, :dim])
    if options.normalize:
        kept /= np.maximum(np.linalg.norm(kept, axis=1, keepdims=True), 1e-12)
    return kept


def zero_notes(model: Model, vectors: NDArray[np.float32]) -> tuple[str, ...]:
    """For the reader of a number: how many texts had no token, and so a vector of zeros."""
    count = len(vectors) - int(vectors.any(axis=1).sum())
    if not count:
        return ()
    return (f"{model.name}: {count:,} of {len(vectors):,} texts have no tokens, and so vectors of zeros.",)


def look_up(model: Model, genes: Sequence[str], home: Home) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Vectors of `genes` from a table.

    Returns:
        float32 [n, d] in the order of `genes`, zero for a gene that has none, and those genes.

    Raises:
        ModelError: the table is not on this machine, or is not the one that the revision names.
        DataError: the table cannot be read as vectors, or has more than genes and dimensions.
    """
    from engine.files.vectors import read_whole

    path = require_path(model, home)
    if content_revision(path, home) != model.revision:
        raise ModelError(
            f"{path} is another file than {model.name} was taken from.", "Put the right one in its place."
        )
    table = read_whole(path, frozenset(genes).__contains__)
    rows = {gene: row for row, gene in enumerate(table.genes)}
    vectors = np.zeros((len(genes), table.matrix.shape[1]), np.float32)
    for place, gene in enumerate(genes):
        if gene in rows:
            vectors[place] = table.matrix[rows[gene]]
    return vectors, tuple(dict.fromkeys(gene for gene in genes if gene not in rows))


def hash_vectors(vectors: NDArray[np.float32]) -> str:
    """SHA-256 of a matrix: its shape and its numbers, little-endian."""
    digest = hashlib.sha256(str(vectors.shape).encode())
    digest.update(np.ascontiguousarray(vectors, "<f4").data)
    return digest.hexdigest()


def fingerprint(model: Model, options: EmbeddingOptions, device: str, kernels: str) -> str:
    """The name of the cache folder: everything besides the text that can change a vector, here.

    Args:
        model: with its revision.
        options: how it is used.
        device: as torch names it.
        kernels: which kernels its CPU computes with (`cpu_kernels`); empty where it does not compute.
    """
    return content_hash(
        {
            "v": 4,
            "model": [model.kind, "" if model.kind == "folder" else model.source, model.revision],
            "options": options.spec,
            "device": device.partition(":")[0],
            "kernels": kernels,
            "libraries": {} if model.kind == "endpoint" else _versions(),
        }
    )[:40]


def _kernels(model: Model, device: str) -> str:
    """The kernels that make vectors of `model` on `device`, if it is this machine's CPU."""
    if model.kind == "endpoint" or device != "cpu":
        return ""
    import torch  # noqa: F401 - which tells its level

    return cpu_kernels()


def _versions() -> dict[str, str]:
    versions = {}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = ""
    return versions


def _encoder(
    model: Model, options: EmbeddingOptions, home: Home, device: str, allowed_hosts: Collection[str]
) -> Encodes:
    """The heavy libraries are imported only here: what the cache has needs none of them."""
    if model.kind == "endpoint":
        from engine.embedding.endpoint.client import Endpoint

        return Endpoint(model, options, allowed_hosts)
    path = require_path(model, home)
    if static_files(path, model.files):
        from engine.embedding.encoders.static import load_static

        return load_static(model, path, options, device)
    from engine.embedding import loader

    encoder: Encodes = loader.load_encoder(model, path, options, device)
    return encoder


def _about(model: Model, encoder: Encodes) -> dict[str, Any]:
    return {
        "model": model.name,
        "source": model.source,
        "revision": model.revision,
        "notes": list(encoder.notes),
        "libraries": _versions(),
    }


def _stack(model: Model, rows: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    if len({row.shape for row in rows}) > 1:
        raise ModelError(f"{model.name} gave vectors of different lengths.", "Delete the embedding cache.")
    return np.ascontiguousarray(np.stack(rows), np.float32)
