"""What a folder has to hold to be a model: an encoder, or static token vectors. Reads small files alone.

Static token vectors come as sentence-transformers' StaticEmbedding, as model2vec writes them, or as files
of a package that the catalog names; a text's vector is the mean of those of its tokens.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

WEIGHTS: Final = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
TOKENIZERS: Final = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
)
STATIC_WEIGHTS: Final = "model.safetensors"
STATIC_TOKENIZER: Final = "tokenizer.json"
PIPELINE: Final = "config_sentence_transformers.json"


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """Where the two files of static token vectors lie, or would."""

    weights: Path
    tokenizer: Path


def static_files(folder: Path, named: Mapping[str, str] | None = None) -> StaticFiles | None:
    """The files of the static token vectors in `folder`; None if it holds something else.

    Args:
        folder: of a model, or of a package.
        named: as `Model.files`; what the catalog says of a package is not looked for.
    """
    if named:
        return StaticFiles(folder / named[STATIC_WEIGHTS], folder / named[STATIC_TOKENIZER])
    steps = read_json(folder / "modules.json")
    first = steps[0] if isinstance(steps, list) and steps else None
    if isinstance(first, dict) and str(first.get("type", "")).endswith(".StaticEmbedding"):
        root = folder / str(first.get("path", ""))
    elif not steps and _of(folder / "config.json", "model_type") == "model2vec":
        root = folder
    else:
        return None
    return StaticFiles(root / STATIC_WEIGHTS, root / STATIC_TOKENIZER)


def lacking(folder: Path, named: Mapping[str, str] | None = None) -> str:
    """The first file that a model folder has to hold and does not; empty if it is whole."""
    if static := static_files(folder, named):
        absent = (path for path in (static.tokenizer, static.weights) if not path.is_file())
        return next((path.relative_to(folder).as_posix() for path in absent), "")
    # Older sentence-transformers folders keep the encoder in a subfolder that modules.json names.
    root = folder / "0_Transformer" if (folder / "0_Transformer/config.json").is_file() else folder
    for names in (("config.json",), TOKENIZERS, WEIGHTS):
        if not any((root / name).is_file() for name in names):
            return " or ".join(names[:2])
    return ""


def stated_dim(folder: Path) -> int | None:
    """To how many numbers a model's own files say that its vectors are cut; None if they do not."""
    dim = _of(folder / PIPELINE, "truncate_dim")
    return dim if type(dim) is int and dim > 0 else None


def read_json(path: Path) -> Any:
    """What the JSON file `path` holds; None if it is not there or is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return None


def _of(path: Path, name: str) -> Any:
    content = read_json(path)
    return content.get(name) if isinstance(content, dict) else None
