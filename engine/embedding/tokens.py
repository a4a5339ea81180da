"""How long texts are for a model, by its tokenizer alone, and how long they may be for a loaded one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import median
from typing import Any

from tokenizers import Tokenizer

from engine.catalog.models import require_path
from engine.embedding.folder import ENDLESS, FolderFacts, read_facts
from store.errors import ModelError
from store.home import Home
from store.records import EmbeddingOptions, Model


def token_lengths(model: Model, texts: Sequence[str], home: Home, prefix: str = "") -> list[int]:
    """Tokens of each text, special ones included, before any cut.

    Raises:
        ModelError: the model is not on this machine, or its tokenizer cannot be read.
    """
    facts, tokenizer = open_tokenizer(require_path(model, home), model.files)
    encoded = tokenizer.encode_batch([prefix + text for text in texts], add_special_tokens=not facts.static)
    return [len(found.ids) for found in encoded]


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long texts are for one model, and how much of them it reads."""

    tokens: tuple[int, ...]
    """Of each text, special ones included, before any cut."""
    limit: int
    """Tokens that the model reads of a text."""

    @property
    def median(self) -> float:
        """The middle length."""
        return median(self.tokens)

    def share_beyond(self, limit: int) -> float:
        """The share of the texts that have more tokens than `limit`."""
        return sum(count > limit for count in self.tokens) / len(self.tokens)


def measure_lengths(model: Model, texts: Sequence[str], options: EmbeddingOptions, home: Home) -> Lengths:
    """The lengths of `texts`, of which there is at least one, as `model` sees them under `options`.

    Raises:
        ModelError: the model is not on this machine, or its files cannot be read.
    """
    facts, _ = open_tokenizer(require_path(model, home), model.files)
    limit = facts.limit(options.max_tokens)
    return Lengths(tuple(token_lengths(model, texts, home, options.prefix)), limit)


def positions(model: Any) -> int:
    """Tokens of the longest text that a loaded model (a torch module of transformers) has positions for.

    RoBERTa and its like count from just behind the padding index of their table of positions; other
    tables have no such index. Held to what 40 architectures of transformers 5 really take.
    """
    declared = getattr(model.config, "max_position_embeddings", None)
    limits = [declared] if isinstance(declared, int) and declared > 0 else []  # XLNet's is -1: none
    for name, table in model.named_modules():
        padding, weight = getattr(table, "padding_idx", None), getattr(table, "weight", None)
        if "position" in name.rpartition(".")[2] and isinstance(padding, int) and weight is not None:
            limits.append(len(weight) - padding - 1)
    return min(limits, default=ENDLESS)


def complete_padding(tokenizer: Any) -> None:
    """Name a token to pad with where a decoder's tokenizer names none; which one is all the same.

    What is padded is masked, and on the right a decoder never looks at it.
    """
    if tokenizer.pad_token is None:
        tokenizer.pad_token = (
            tokenizer.eos_token or tokenizer.bos_token or tokenizer.convert_ids_to_tokens(0)
        )
    tokenizer.padding_side = "right"


def open_tokenizer(folder: Path, named: Mapping[str, str] | None = None) -> tuple[FolderFacts, Tokenizer]:
    """What the files of a model folder declare, and its tokenizer, which cuts and pads nothing.

    `named` are the files of a package, as `Model.files`.

    Both are kept for as long as the files stay as they are: to read them takes 30 ms to 1 s.

    Raises:
        ModelError: the files cannot be read.
    """
    files = [file for pattern in ("*.json", "*/*.json", "*.txt") for file in folder.glob(pattern)]
    stats = sorted((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    return _open(folder, tuple((named or {}).items()), tuple(stats))


@lru_cache(maxsize=32)
def _open(
    folder: Path, named: tuple[tuple[str, str], ...], _stamp: tuple[tuple[str, int, int], ...]
) -> tuple[FolderFacts, Tokenizer]:
    facts = read_facts(folder, dict(named))
    return facts, _read(facts)


def _made(folder: Path) -> Tokenizer:
    """The tokenizer of an older folder that holds only a vocabulary."""
    from transformers import AutoTokenizer

    found = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    if not isinstance(backend := getattr(found, "backend_tokenizer", None), Tokenizer):
        raise TypeError(f"{type(found).__name__} has no fast form")
    return backend


def _read(facts: FolderFacts) -> Tokenizer:
    path, folder = facts.tokenizer, facts.encoder
    whole = facts.static or path.name == "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(path)) if whole else _made(folder)
    except Exception as error:  # the libraries raise nothing more particular
        reason = str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
        place = path if whole else folder
        raise ModelError(
            f"{place} has no readable tokenizer: {reason}.", "Fetch the model again."
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
