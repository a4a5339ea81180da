"""Loading a model folder through sentence-transformers: no network, no foreign code, no missing weight."""

from __future__ import annotations

import pickle
from itertools import chain
from pathlib import Path
from typing import Any, Final

import torch
from huggingface_hub.utils import disable_progress_bars
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
from transformers.utils import logging as transformers_logging

from engine.embedding.encoder import Encoder
from engine.embedding.folder import FolderFacts, disagreements, read_facts
from engine.embedding.tokens import complete_padding, positions
from store.errors import ModelError
from store.records import EmbeddingOptions, Model

_LOAD_ERRORS: Final = (
    OSError,
    ValueError,
    RuntimeError,
    KeyError,
    TypeError,
    AttributeError,
    ImportError,
    EOFError,
    pickle.UnpicklingError,
    SafetensorError,
)
"""What the libraries raise for a folder that is not as it should be."""
_UNTRAINED: Final = ("pooler.", "position_ids")
"""Weights that vectors do not depend on, and that many folders leave out."""


def load_encoder(model: Model, folder: Path, options: EmbeddingOptions, device: str) -> Encoder:
    """`model` from `folder`, ready to encode under `options`.

    Weights are read as fp32 whatever the file holds, as the libraries did when the paper was written.

    Raises:
        ModelError: a file is missing, damaged or contradicts another.
    """
    _silence()
    facts = read_facts(folder)
    try:
        loaded = SentenceTransformer(
            str(folder),
            device="cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"dtype": torch.float32},
        )
    except _LOAD_ERRORS as error:
        raise _unusable(folder, facts, error) from error
    transformer, *head = loaded.children()
    if not isinstance(transformer, Transformer) or transformer.tokenizer is None:
        raise ModelError(
            f"{folder} holds a {type(transformer).__name__}, not a text encoder.",
            "Choose an encoder model.",
        )
    _check_weights(transformer, facts)
    complete_padding(transformer.tokenizer)
    limit = facts.limit(options.max_tokens or transformer.max_seq_length, positions(transformer.model))
    head = normalised(_pooled(transformer, head, options), options.normalize)
    prompt = loaded.prompts.get(loaded.default_prompt_name, "") if loaded.default_prompt_name else ""
    return Encoder(
        transformer,
        head,
        prefix=options.prefix or prompt,
        max_tokens=limit,
        device=device,
        precision=options.precision,
        notes=tuple(
            chain(
                disagreements(model, facts, options),
                _more_notes(model, facts, loaded, options, prompt),
                _cut(model, options.max_tokens, limit),
            )
        ),
    )


def _silence() -> None:
    """No bars or warnings of the libraries on a terminal that a screen may own."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    disable_progress_bars()


def _unusable(folder: Path, facts: FolderFacts, error: Exception) -> ModelError:
    reason = str(error).strip().partition("\n")[0].rstrip(".")[:200] or type(error).__name__
    hint = "Fetch the model again, or choose another."
    if isinstance(error, SafetensorError | EOFError):
        return ModelError(f"The weights in {facts.weights} are damaged: {reason}.", hint)
    if isinstance(error, pickle.UnpicklingError):
        where = facts.weights if facts.pickled else f"A pickle in {folder}"
        return ModelError(f"{where} is damaged or holds more than weights.", hint)
    if isinstance(error, RuntimeError) and "mismatch" in str(error):
        return ModelError(
            f"The weights in {facts.weights} disagree with the config.json beside them.", hint
        )
    return ModelError(f"{folder} cannot be loaded as a model: {reason}.", hint)


def _check_weights(transformer: Transformer, facts: FolderFacts) -> None:
    """Refuse weights that the file lacks: the libraries would fill them with random numbers.

    sentence-transformers does not pass on what was missing, so the encoder is read a second time
    (0.1 s for 23 million parameters).
    """
    try:
        _, info = type(transformer.model).from_pretrained(
            str(facts.encoder), local_files_only=True, output_loading_info=True, dtype=torch.float32
        )
    except _LOAD_ERRORS as error:
        raise _unusable(facts.encoder, facts, error) from error
    missing = sorted(key for key in info["missing_keys"] if not any(part in key for part in _UNTRAINED))
    if missing:
        raise ModelError(
            f"The weights in {facts.weights} lack {len(missing)} tensors that the config.json beside them "
            f"asks for, {missing[0]} among them.",
            "Fetch the model again, or correct config.json.",
        )


def _pooled(transformer: Transformer, steps: list[Any], options: EmbeddingOptions) -> list[Any]:
    """What follows the encoder, with pooling as `options` want it."""
    if options.pooling is not None:
        pooling = Pooling(transformer.get_embedding_dimension(), options.pooling)
        steps = [pooling if isinstance(step, Pooling) else step for step in steps]
        if not any(isinstance(step, Pooling) for step in steps):
            steps = [pooling, *steps]
    return steps


def normalised(steps: list[Any], wanted: bool | None) -> list[Any]:
    """`steps`, with unit length at the end as it is `wanted`; None: as they are."""
    if wanted is None:
        return steps
    others = [step for step in steps if not isinstance(step, Normalize)]
    return [*others, Normalize()] if wanted else others


def _cut(model: Model, wanted: int | None, limit: int) -> list[str]:
    if wanted is None or wanted <= limit:
        return []
    return [f"{model.name}: texts are cut at {limit} tokens, not {wanted}: it has no more positions."]


def _more_notes(
    model: Model, facts: FolderFacts, loaded: SentenceTransformer, options: EmbeddingOptions, prompt: str
) -> list[str]:
    notes = []
    if facts.pooling is None and options.pooling is None:
        notes.append(f"{model.name}: its files do not say how to pool; the mean of the tokens was taken.")
    count = sum(parameter.numel() for parameter in loaded.parameters())
    if model.parameters is not None and model.parameters != count:
        notes.append(
            f"{model.name}: {count:,} parameters were loaded, the catalog says {model.parameters:,}."
        )
    if prompt and not options.prefix:
        notes.append(f"{model.name}: its own files put {prompt!r} before each text.")
    return notes
