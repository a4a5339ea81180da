"""Static token vectors as an encoder: a text's vector is the mean of those of its tokens.

The mean is that of sentence-transformers' StaticEmbedding, which adds no special tokens. Every batch has
the same number of rows, so that a text's vector has the same bits in any company: PyTorch's EmbeddingBag
sums each row by itself, but a product of few rows, which a further module may need, is summed in another
order than one of many (measured: fewer than 8 on AVX-512).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
from tokenizers import Tokenizer

from engine.cancel import Cancel, check
from engine.embedding.folder import FolderFacts, disagreements, read_facts
from engine.embedding.loader import normalised
from store.errors import ModelError
from store.records import EmbeddingOptions, Model

BATCH: Final = 64
"""Rows of a batch; texts are read no faster by more (measured: 32 to 5,000)."""
_TENSOR: Final = "embedding.weight"


class StaticEncoder:
    """Loaded token vectors: texts in, float32 vectors out."""

    def __init__(
        self,
        bag: StaticEmbedding,
        head: Sequence[torch.nn.Module],
        *,
        prefix: str,
        device: str,
        notes: tuple[str, ...] = (),
    ) -> None:
        self._bag = bag.to(device).eval()
        self._head = [step.to(device).eval() for step in head]
        self._prefix = prefix
        self._device = device
        self.notes = notes
        """What the reader of a number should know about this model as loaded."""

    @property
    def parameters(self) -> int:
        """Numbers that were loaded."""
        return sum(weight.numel() for step in (self._bag, *self._head) for weight in step.parameters())

    def encode(
        self, texts: Sequence[str], cancel: Cancel
    ) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """Vectors of `texts`, batch by batch: (indices into `texts`, float32 [len(indices), d]).

        A text without tokens has a vector of zeros, unless a further module makes another of it.

        Raises:
            Stopped: `cancel` was set; looked at before every batch.
            ModelError: the model gives numbers that are not finite.
        """
        for start in range(0, len(texts), BATCH):
            check(cancel)
            rows = list(range(start, min(start + BATCH, len(texts))))
            words = [self._prefix + texts[row] for row in rows] + [""] * (BATCH - len(rows))
            yield rows, self._vectors(words)[: len(rows)]

    def _vectors(self, words: list[str]) -> NDArray[np.float32]:
        features = {name: value.to(self._device) for name, value in self._bag.preprocess(words).items()}
        with torch.inference_mode():
            for step in (self._bag, *self._head):
                features = step(features)
        vectors: NDArray[np.float32] = features["sentence_embedding"].cpu().numpy()
        if not np.isfinite(vectors).all():
            raise ModelError(
                "The model gives vectors with numbers that are not finite.", "Use another model."
            )
        return vectors


def load_static(model: Model, path: Path, options: EmbeddingOptions, device: str) -> StaticEncoder:
    """The static token vectors of `model` in `path`, ready to encode under `options`.

    Numbers are read as fp32 whatever the file holds; with precision bf16 they are rounded to it, and
    the mean is taken in fp32.

    Raises:
        ModelError: a file is missing, damaged or contradicts another, or another pooling is asked for.
    """
    facts = read_facts(path, model.files)
    if options.pooling not in (None, "mean"):
        raise ModelError(
            f"{model.name} holds static token vectors, of which the mean is taken, not {options.pooling}.",
            "Leave the axis pooling as the card says.",
        )
    try:
        bag, head, prompt = _loaded(path, facts)
    except Exception as error:  # tokenizers raises nothing more particular
        raise _unusable(facts, error) from error
    _check_rows(bag, facts)
    if options.max_tokens is not None:
        bag.tokenizer.enable_truncation(options.max_tokens)
    modules = torch.nn.ModuleList([bag, *head]).float()
    if options.precision == "bf16":
        modules.bfloat16().float()
    return StaticEncoder(
        bag,
        normalised(head, options.normalize),
        prefix=options.prefix or prompt,
        device=device,
        notes=tuple(_notes(model, facts, modules, options, prompt)),
    )


def _loaded(path: Path, facts: FolderFacts) -> tuple[StaticEmbedding, list[torch.nn.Module], str]:
    """The token vectors, the modules after them, and what the files put before each text."""
    if (path / "modules.json").is_file():
        whole = SentenceTransformer(str(path), device="cpu", local_files_only=True, trust_remote_code=False)
        bag, *head = whole.children()
        return bag, head, whole.prompts.get(whole.default_prompt_name or "", "")
    if facts.weights.name == "model.safetensors":
        bag = StaticEmbedding.load(str(path), local_files_only=True)
    else:
        tokenizer = Tokenizer.from_file(str(facts.tokenizer))
        bag = StaticEmbedding(tokenizer, embedding_weights=load_file(facts.weights)[_TENSOR])
    return bag, [Normalize()] if facts.normalize else [], ""


def _check_rows(bag: StaticEmbedding, facts: FolderFacts) -> None:
    """Refuse a tokenizer that has a token without a vector: torch would end at the first text with it."""
    vocabulary: dict[str, int] = bag.tokenizer.get_vocab(with_added_tokens=True)
    token = max(vocabulary, key=vocabulary.__getitem__, default="")
    if vocabulary and vocabulary[token] >= bag.num_embeddings:
        raise ModelError(
            f"{facts.tokenizer} gives {token!r} the number {vocabulary[token]:,}, but {facts.weights} "
            f"has {bag.num_embeddings:,} token vectors.",
            "Fetch the model again, or name a folder that is whole.",
        )


def _unusable(facts: FolderFacts, error: Exception) -> ModelError:
    hint = "Fetch the model again, or choose another."
    reason = str(error).strip().partition("\n")[0].rstrip(".")[:200] or type(error).__name__
    if isinstance(error, SafetensorError | EOFError):
        return ModelError(f"The weights in {facts.weights} are damaged: {reason}.", hint)
    if isinstance(error, KeyError):
        return ModelError(f"{facts.weights} has no tensor {reason}, so no static token vectors.", hint)
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
        return ModelError(f"{facts.encoder} has a file that is not valid JSON: {reason}.", hint)
    return ModelError(f"{facts.encoder} cannot be loaded as static token vectors: {reason}.", hint)


def _notes(
    model: Model, facts: FolderFacts, modules: torch.nn.Module, options: EmbeddingOptions, prompt: str
) -> Iterator[str]:
    yield from disagreements(model, facts, options)
    count = sum(weight.numel() for weight in modules.parameters())
    if model.parameters is not None and model.parameters != count:
        yield f"{model.name}: {count:,} parameters were loaded, the catalog says {model.parameters:,}."
    if prompt and not options.prefix:
        yield f"{model.name}: its own files put {prompt!r} before each text."
