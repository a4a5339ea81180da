"""From a model folder to an encoder, its tokenizer and its pooling, or one sentence naming the file.

Nothing is downloaded and no code from the folder is run.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from torch import nn
from transformers import (
    MODEL_FOR_TEXT_ENCODING_MAPPING,
    MODEL_MAPPING,
    AutoConfig,
    AutoModel,
    AutoTokenizer,
)
from transformers.utils import logging as transformers_logging

from engine.embedding.folder import FolderFacts, read_facts
from engine.embedding.tokens import complete_padding
from store.errors import ModelError

POOLING_MODES: Final = ("mean", "cls", "max", "lasttoken", "mean_sqrt_len_tokens")
_REPLACE_FOLDER: Final = "Download the model again, or point to a complete folder."


@dataclass(frozen=True, slots=True)
class Pooling:
    """How a model turns its token vectors into one text vector."""

    modes: tuple[str, ...] = ("mean",)
    """Of `POOLING_MODES`; several are concatenated in this order."""
    normalize: bool = False
    """Whether the result is scaled to unit length."""
    truncate_dim: int | None = None
    """Numbers that are kept of it; None: all."""
    rescale: bool = False
    """Whether what is kept is scaled to unit length again."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """What a model folder holds."""

    module: nn.Module
    """In fp32, on the CPU."""
    tokenizer: Any
    pooling: Pooling
    pooler_loaded: bool
    """Whether the checkpoint brought weights for the module's pooler."""
    notes: tuple[str, ...]


def load_encoder(folder: Path, dropout: float | None = None) -> Encoder:
    """Load encoder, tokenizer and pooling from `folder`.

    Args:
        folder: a Hugging Face or sentence-transformers model folder.
        dropout: replaces every dropout of the model's config, if given.

    Raises:
        ModelError: a file is missing, damaged or contradicts another; the sentence names it.
    """
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    facts = read_facts(folder)
    pooling = pooling_of(facts)
    config = _read_config(facts.encoder, dropout)
    module, info = _read_weights(facts, config)
    _check_keys(facts, module, info)
    notes = tuple(f"The model's own {layer} layer is left out." for layer in facts.further)
    missing = {str(key).split(".")[0] for key in info["missing_keys"]}
    return Encoder(module, _read_tokenizer(facts), pooling, "pooler" not in missing, notes)


def pooling_of(facts: FolderFacts) -> Pooling:
    """The pooling that the model's files declare, else the mean.

    Raises:
        ModelError: it is not one of `POOLING_MODES`.
    """
    modes = tuple((facts.pooling or "mean").split("+"))
    for mode in modes:
        if mode not in POOLING_MODES:
            raise ModelError(
                f"{facts.encoder} asks for {mode!r} pooling.", f"Known: {', '.join(POOLING_MODES)}."
            )
    return Pooling(modes, bool(facts.normalize))


def _read_config(folder: Path, dropout: float | None) -> Any:
    path = folder / "config.json"
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError, StrictDataclassError) as error:
        raise ModelError(
            f"{path} does not describe a model that transformers can build: {first_sentence(error)}",
            "Choose a model whose architecture is part of transformers.",
        ) from error
    if config.is_encoder_decoder and not _encoder_class(config):
        raise ModelError(
            f"{path} describes an encoder-decoder, of which transformers has no encoder alone.",
            "Fine-tune another model; this one may still be embedded.",
        )
    if dropout is not None:
        for name in config.to_dict():
            if "dropout" in name:
                setattr(config, name, dropout)
    return config


def _encoder_class(config: Any) -> Any:
    """The class of the encoder alone, where AutoModel would build a decoder as well (T5 and its like)."""
    whole, alone = (
        mapping.get(type(config), None) for mapping in (MODEL_MAPPING, MODEL_FOR_TEXT_ENCODING_MAPPING)
    )
    return alone if alone is not whole else None


def _read_weights(facts: FolderFacts, config: Any) -> tuple[nn.Module, dict[str, Any]]:
    try:
        module, info = (_encoder_class(config) or AutoModel).from_pretrained(
            facts.encoder,
            config=config,
            dtype=torch.float32,
            local_files_only=True,
            trust_remote_code=False,
            weights_only=True,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    except (SafetensorError, pickle.UnpicklingError, EOFError, OSError, RuntimeError) as error:
        raise ModelError(
            f"{facts.weights} cannot be read: {first_sentence(error)}", _REPLACE_FOLDER
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{facts.encoder / 'config.json'} cannot be used: {first_sentence(error)}", _REPLACE_FOLDER
        ) from error
    return module, info


def _check_keys(facts: FolderFacts, module: nn.Module, info: dict[str, Any]) -> None:
    """Refuse a checkpoint that is not the model that its config describes.

    Heads that the encoder does not have (masked-language-model layers, say) may be left over in
    the checkpoint, and a pooler may be missing from it; anything else is a contradiction.
    """
    problem = ""
    for name, stored, expected in sorted(info["mismatched_keys"], key=str):
        problem = f"{name} is {tuple(stored)} where {tuple(expected)} is expected"
        break
    parts = {name for name, _ in module.named_children()}
    extra = sorted(str(key) for key in info["unexpected_keys"] if str(key).split(".")[0] in parts)
    absent = sorted(str(key) for key in info["missing_keys"] if str(key).split(".")[0] != "pooler")
    if not problem and absent:
        problem = f"{absent[0]} is missing"
    if not problem and extra:
        problem = f"{extra[0]} has no place in the model"
    if problem:
        raise ModelError(f"{facts.weights} disagrees with config.json: {problem}.", _REPLACE_FOLDER)


def _read_tokenizer(facts: FolderFacts) -> Any:
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            facts.encoder, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # the tokenizers library raises bare Exception
        raise ModelError(
            f"{facts.tokenizer} cannot be read: {first_sentence(error)}", _REPLACE_FOLDER
        ) from error
    complete_padding(tokenizer)
    return tokenizer


def first_sentence(error: BaseException) -> str:
    """The first sentence of an error's text."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].split(". ")[0].strip().rstrip(".:") + "."
