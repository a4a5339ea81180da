"""From a model folder to an encoder, its tokenizer and its pooling, or one sentence naming the file.

Nothing is downloaded and no code from the folder is run.
"""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from engine.catalog.local import WEIGHTS
from store.errors import ModelError

_TOKENIZERS: Final = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
)
_POOLING_KEYS: Final = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
POOLING_MODES: Final = ("mean", "cls", "max", "lasttoken", "mean_sqrt_len_tokens")
_REPLACE_FOLDER: Final = "Download the model again, or point to a complete folder."


@dataclass(frozen=True, slots=True)
class Pooling:
    """How a model turns its token vectors into one text vector."""

    modes: tuple[str, ...] = ("mean",)
    """Of `POOLING_MODES`; several are concatenated in this order."""
    normalize: bool = False
    """Whether the result is scaled to unit length."""


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
    config = _read_config(folder, dropout)
    weights = _first_of(folder, WEIGHTS, "weights")
    module, info = _read_weights(folder, weights, config)
    _check_keys(folder / "config.json", weights, module, info)
    pooling, notes = read_pooling(folder)
    missing = {str(key).split(".")[0] for key in info["missing_keys"]}
    return Encoder(module, _read_tokenizer(folder), pooling, "pooler" not in missing, notes)


def read_pooling(folder: Path) -> tuple[Pooling, tuple[str, ...]]:
    """The pooling that sentence-transformers files in `folder` describe, else the mean; and notes.

    Raises:
        ModelError: a file is not JSON or names a pooling that is not in `POOLING_MODES`.
    """
    if not (folder / "modules.json").is_file():
        return Pooling(), ()
    modes: tuple[str, ...] = ("mean",)
    normalize = False
    notes = []
    for module in _read_json(folder / "modules.json"):
        kind = str(module["type"]).rsplit(".", 1)[-1]
        if kind == "Pooling":
            modes = _pooling_modes(folder / module["path"] / "config.json")
        elif kind == "Normalize":
            normalize = True
        elif kind != "Transformer":
            notes.append(f"The model's own {kind} layer ({module['path']}) is left out.")
    return Pooling(modes, normalize), tuple(notes)


def _pooling_modes(path: Path) -> tuple[str, ...]:
    settings = _read_json(path)
    named = settings.get("pooling_mode")
    if named is None:
        named = [mode for key, mode in _POOLING_KEYS.items() if settings.get(key)] or ["mean"]
    modes = (named,) if isinstance(named, str) else tuple(named)
    unknown = [mode for mode in modes if mode not in POOLING_MODES]
    if unknown:
        raise ModelError(f"{path} asks for {unknown[0]!r} pooling.", f"Known: {', '.join(POOLING_MODES)}.")
    return modes


def _read_config(folder: Path, dropout: float | None) -> Any:
    path = folder / "config.json"
    if not path.is_file():
        raise ModelError(f"{path} is missing, so this is no model folder.", _REPLACE_FOLDER)
    _read_json(path)
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, TypeError, StrictDataclassError) as error:
        raise ModelError(
            f"{path} does not describe a model that transformers can build: {first_sentence(error)}",
            "Choose a model whose architecture is part of transformers.",
        ) from error
    if getattr(config, "is_encoder_decoder", False):
        raise ModelError(f"{path} describes an encoder-decoder.", "Fine-tuning takes encoders only.")
    if dropout is not None:
        for name in config.to_dict():
            if "dropout" in name:
                setattr(config, name, dropout)
    return config


def _read_weights(folder: Path, weights: Path, config: Any) -> tuple[nn.Module, dict[str, Any]]:
    try:
        module, info = AutoModel.from_pretrained(
            folder,
            config=config,
            dtype=torch.float32,
            local_files_only=True,
            trust_remote_code=False,
            weights_only=True,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
        )
    except (SafetensorError, pickle.UnpicklingError, EOFError, OSError, RuntimeError) as error:
        raise ModelError(f"{weights} cannot be read: {first_sentence(error)}", _REPLACE_FOLDER) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{folder / 'config.json'} cannot be used: {first_sentence(error)}", _REPLACE_FOLDER
        ) from error
    return module, info


def _check_keys(config: Path, weights: Path, module: nn.Module, info: dict[str, Any]) -> None:
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
        raise ModelError(f"{weights} disagrees with {config.name}: {problem}.", _REPLACE_FOLDER)


def _read_tokenizer(folder: Path) -> Any:
    # Without any vocabulary file AutoTokenizer builds one that knows five special tokens only.
    vocabulary = _first_of(folder, _TOKENIZERS, "tokenizer")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        if (folder / name).is_file():
            _read_json(folder / name)
    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # the tokenizers library raises bare Exception
        raise ModelError(
            f"{vocabulary} cannot be read: {first_sentence(error)}", _REPLACE_FOLDER
        ) from error


def _first_of(folder: Path, names: tuple[str, ...], what: str) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise ModelError(f"{folder} has no {what} ({names[0]} is missing).", _REPLACE_FOLDER)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.", _REPLACE_FOLDER) from error
    except ValueError as error:
        raise ModelError(f"{path} is not valid JSON: {first_sentence(error)}", _REPLACE_FOLDER) from error


def first_sentence(error: BaseException) -> str:
    """The first sentence of an error's text."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].split(". ")[0].strip().rstrip(".:") + "."
