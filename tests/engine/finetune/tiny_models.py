"""Tiny encoders with random weights, built in the test, and a task whose words tell the class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from store.records import Split

WORDS = [f"word{index}" for index in range(40)]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def tokenizer(token_types: bool) -> PreTrainedTokenizerFast:
    vocabulary = {word: index for index, word in enumerate([*SPECIAL, *WORDS])}
    core = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    core.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = ["input_ids", "attention_mask"] + (["token_type_ids"] if token_types else [])
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=names,
    )


_SMALL: dict[str, Any] = {
    "vocab_size": len(SPECIAL) + len(WORDS),
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 40,
    "pad_token_id": 0,
}


def config_for(kind: str, **changes: Any) -> Any:
    """A tiny config of `kind`: bert, roberta, mpnet, distilbert or modernbert."""
    settings = {**_SMALL, **changes}
    if kind == "modernbert":
        settings |= {"cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}
    if kind == "distilbert":
        settings["dim"] = settings.pop("hidden_size")
        settings["n_layers"] = settings.pop("num_hidden_layers")
        settings["n_heads"] = settings.pop("num_attention_heads")
        settings["hidden_dim"] = settings.pop("intermediate_size")
    names = {
        "bert": "BertConfig",
        "roberta": "RobertaConfig",
        "mpnet": "MPNetConfig",
        "distilbert": "DistilBertConfig",
        "modernbert": "ModernBertConfig",
    }
    return getattr(transformers, names[kind])(**settings)


def make_folder(where: Path, kind: str = "bert", **changes: Any) -> Path:
    """Save a tiny model with its tokenizer in `where`."""
    torch.manual_seed(0)
    model = transformers.AutoModel.from_config(config_for(kind, **changes))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(5)  # far enough from zero for texts to differ within a few steps
    model.save_pretrained(where)
    tokenizer(token_types=kind == "bert").save_pretrained(where)
    return where


def make_task(n: int = 60, classes: int = 2) -> tuple[list[str], list[int]]:
    """Texts of 3 to 20 words; each class prefers its own words."""
    generator = torch.Generator().manual_seed(1)
    texts, labels = [], []
    for index in range(n):
        label = index % classes
        length = int(torch.randint(3, 21, (1,), generator=generator))
        words = torch.randint(0, 20, (length,), generator=generator) + label * 20 // classes
        texts.append(" ".join(WORDS[int(word)] for word in words))
        labels.append(label)
    return texts, labels


def make_split(n: int = 60, seed: int = 41) -> Split:
    """80/10/10, in a seeded order."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed)).tolist()
    tenth = n // 10
    train, evaluation, test = order[2 * tenth :], order[:tenth], order[tenth : 2 * tenth]
    return Split("paper", seed, tuple(train), tuple(evaluation), tuple(test))
